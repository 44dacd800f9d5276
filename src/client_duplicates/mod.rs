//! Pairs of clients that may be one: who reaches both looks through them and says of each whether they are.

mod model;
mod queries;
mod routes;
mod scan;

pub use routes::routes;
pub use scan::work as scan;
