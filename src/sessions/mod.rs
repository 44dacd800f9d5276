//! The sessions that people are signed in with. Everyone sees and ends their own, supervisors everyone's.

mod model;
mod queries;
mod routes;

pub use model::{DeviceInfo, IDLE, MAX_LIVE, Session};
pub use queries::{begin, end_all, live};
pub use routes::routes;
