//! Saved views: conditions on clients that somebody keeps under a name, for themself or shared with their team. A list of
//! clients takes one as `view_id`.

mod model;
mod queries;
mod routes;
mod view;

pub use model::SavedViewTerms;
pub use queries::record;
pub use routes::routes;
