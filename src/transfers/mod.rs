//! Transfers: a client gets another owner, and the account team and the planned interactions follow. It is one decision
//! over several slices, and stands above them.

mod model;
mod routes;
mod transfer;

pub use routes::routes;
