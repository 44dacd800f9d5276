//! Transfers: a client gets another owner, who leaves its account team and takes over the old owner's planned
//! interactions. A transfer changes several slices, so it has a slice of its own above them.

mod give;
mod model;
mod routes;
mod transfer;

pub use routes::routes;
