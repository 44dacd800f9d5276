//! The caller's own account: a person's or a service account's.

mod model;
mod routes;

pub use routes::routes;
