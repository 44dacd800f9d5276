//! What is held on a person: all of it in one answer, for whoever asks the company what it knows of them. Where it is held
//! stands in one list, [`places`], which the erasure goes through as well.

mod model;
mod page;
pub mod places;
mod queries;
mod routes;

pub use places::{Place, Subject};
pub use queries::addresses;
pub use routes::routes;
