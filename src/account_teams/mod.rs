//! Account teams: users to whom a client counts as their own besides its owner. Whoever may read a client sees its team;
//! key-account managers change it for their team's key clients, supervisors for all.

mod model;
mod queries;
mod routes;

pub use queries::leave;
pub use routes::routes;
