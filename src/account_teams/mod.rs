//! Account teams: users, besides its owner, for whom a client counts as their own. Whoever may read a client sees its
//! team. Key-account managers change it for their own clients and their team's key clients, supervisors for all.

mod model;
mod queries;
mod routes;

pub use queries::leave;
pub use routes::routes;
