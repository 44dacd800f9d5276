//! What each role may do. Everyone may read it.

mod model;
mod queries;
mod routes;

pub use model::RolePolicy;
pub use queries::insert_initial;
pub use routes::routes;
