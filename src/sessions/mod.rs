//! The sessions that people are signed in with. Their operations are in `auth`: everyone sees and ends their own,
//! supervisors everyone's.

mod model;
mod queries;

pub use model::{DeviceInfo, IDLE, MAX_LIVE, Session, SessionFilter, SessionView};
pub use queries::{begin, end, end_all, end_unrecorded, list, live};
