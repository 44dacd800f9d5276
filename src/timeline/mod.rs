//! Everything that happened with a client, newest first. Everyone who may read the client may read its timeline,
//! without the kinds of resources that they may not read.

mod model;
mod queries;
mod routes;

pub use routes::routes;
