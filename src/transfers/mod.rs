//! Transfers: clients get another owner, who leaves their account teams and takes over the old owner's planned
//! interactions. A transfer changes several slices, so it has a slice of its own above them.

mod bulk;
mod give;
mod model;
mod plan;
mod routes;
mod transfer;

pub use routes::routes;
