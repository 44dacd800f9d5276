//! Service accounts and their API keys: how integrations are let in. Supervisors keep them; an account acts as a user
//! of its role does, within its scopes.

mod api_keys;
mod bodies;
mod leaked;
mod model;
mod queries;
mod routes;
mod view;

pub use routes::routes;
