//! The audit log as supervisors read it, and its verification.

mod model;
mod queries;
mod routes;

pub use routes::routes;
