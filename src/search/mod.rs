//! One search through everything that people look for by words.

mod model;
mod queries;
mod routes;

pub use routes::routes;
