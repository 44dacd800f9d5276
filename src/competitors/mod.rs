//! Who else sells. Everyone may read the list; supervisors keep it.

mod model;
mod queries;
mod routes;
mod view;

pub use model::{Competitor, CompetitorId, CompetitorTerms};
pub use queries::{check_exists, insert};
pub use routes::routes;
