//! Service accounts and their API keys: how integrations are let in. Supervisors manage them. An account may do what a
//! user of its role may do, within its scopes.

mod api_keys;
mod bodies;
mod leaked;
mod model;
mod queries;
mod routes;
mod view;

pub use model::{ScopeName, Scopes, ServiceAccountTerms};
pub use queries::insert;
pub use routes::routes;
