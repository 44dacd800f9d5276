//! Everything that happened with a client, newest first. Seen by everyone who sees the client, as far as they see the
//! kind of resource that it happened to.

mod model;
mod queries;
mod routes;

pub use routes::routes;
