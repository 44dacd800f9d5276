//! Transfers: clients get another owner, who leaves their account teams and takes over the old owner's planned
//! interactions. So does who receives what a blocked user has worked on. A transfer changes several slices, so it has a slice
//! of its own above them.

mod block;
mod bulk;
mod give;
mod model;
mod plan;
mod routes;
mod transfer;

pub use routes::routes;
