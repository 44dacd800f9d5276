//! Deputies: from one day to another, a colleague sees and does with the clients of somebody who is absent what that person may,
//! as far as the colleague's own role allows it. [`crate::access`] decides about it; this slice keeps who stands in for whom.

mod model;
mod queries;
mod routes;
mod view;

pub use model::{Deputy, DeputyId, NewDeputy};
pub use queries::insert;
pub use routes::routes;
