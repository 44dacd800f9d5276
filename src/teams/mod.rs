//! Teams of users. Everyone may know them; supervisors make and rename them.

mod model;
mod queries;
mod routes;

pub use model::{Team, TeamTerms};
pub use queries::insert;
pub use routes::routes;
