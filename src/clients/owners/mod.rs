//! Who owned a client from when to when. Everyone who may read the client may read it.

mod model;
mod queries;
mod routes;

pub use model::Why;
pub use queries::{begin, begin_all, follow};
pub use routes::routes;
