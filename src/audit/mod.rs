//! Who changed what, when and why: one row for each change. Supervisors read it; confidential values only who may see
//! them everywhere.

mod model;
mod queries;
mod record;
mod routes;

pub use record::{Record, insert};
pub use routes::routes;
