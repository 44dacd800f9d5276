//! The page of a client: the client with what belongs to it, in one request. It asks several slices, so it has a slice of its
//! own above them.

mod model;
mod routes;
mod view;

pub use routes::routes;
