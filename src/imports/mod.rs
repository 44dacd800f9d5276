//! Imports: a file is sent in, its columns are mapped, a dry run tells the fate of each row, and only then anything is changed.
//! All of it is done by jobs, with the rights that the owner of the import has by then. Everyone sees their own imports,
//! supervisors all.

mod apply;
mod check;
mod clients;
mod fields;
mod filling;
mod inspect;
mod kind;
mod kinds;
mod known;
mod load;
mod model;
mod orders;
mod owners;
mod products;
mod queries;
mod reader;
mod routes;
mod row;
mod rows;
mod steps;
mod sweep;
mod table;
mod undo;
mod written;

use crate::http::Routes;

pub use kinds::{apply, check, undo};
pub use sweep::sweep;

/// The operations on imports.
pub fn routes(api: &mut Routes) {
    routes::routes(api);
    steps::routes(api);
}
