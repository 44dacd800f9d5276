//! Teams of users. Everyone may know them; supervisors make and rename them.

mod model;
mod queries;
mod routes;

pub use model::{NewTeam, Team};
pub use queries::insert;
pub use routes::routes;
