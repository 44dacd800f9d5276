//! Account teams: users, besides its owner, for whom a client counts as their own. Whoever may read a client sees its
//! team. Its owner and supervisors change it. Who helps with a client so sees no confidential field of it, and neither
//! archives, gives away nor designates it.

mod model;
mod queries;
mod routes;

pub use queries::{admit, leave, members_of};
pub use routes::routes;
