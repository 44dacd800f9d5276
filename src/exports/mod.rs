//! Exports: files of what somebody sees, made in the background. Everyone exports what the policy of their role lets them, and
//! sees their own exports; supervisors see all.

mod cells;
mod columns;
mod download;
mod model;
mod queries;
mod routes;
mod rows;
mod work;
mod write;

pub use model::{Export, ExportId};
pub use routes::routes;
pub use work::{sweep, work};
