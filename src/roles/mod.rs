//! The policies: what each role may do. Everyone may read them; supervisors change them.

mod model;
mod queries;
mod routes;
mod rules;

pub use model::RolePolicy;
pub use queries::insert_initial;
pub use routes::routes;
