//! Why clients are lost: a list to choose from. Everyone may read it; supervisors keep it.

mod model;
mod queries;
mod routes;
mod view;

pub use model::{LostReason, LostReasonId, LostReasonTerms};
pub use queries::find_active;
pub use routes::routes;
