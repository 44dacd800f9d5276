//! The departments that orders are handed to, management among them. Everyone may read them; supervisors maintain them.

mod model;
mod queries;
mod reference;
mod routes;
mod view;

pub use model::{Department, DepartmentId, DepartmentKind, DepartmentTerms};
pub use queries::{QUEUED, check_all_exist, find_active, insert};
pub use reference::{DepartmentRef, check_exists, references};
pub use routes::routes;
