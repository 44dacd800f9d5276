//! Merges of clients that were one: one survives with all that belonged to both, and the other one is given up. A merge asks
//! several slices, so it has a slice of its own above them.

mod combine;
mod merge;
mod model;
mod queries;
mod routes;
mod undo;
mod view;

pub use merge::merge;
pub use model::NewClientMerge;
pub use routes::routes;
