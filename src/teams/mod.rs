//! Teams of users. Everyone may read them; supervisors create and rename them.

mod model;
mod queries;
mod routes;

pub use model::{Team, TeamTerms};
pub use queries::insert;
pub use routes::routes;
