//! Requests for access to a client that somebody else has. Who is refused a client as a duplicate asks; the client's owner or a
//! supervisor decides, and who is granted access joins the client's account team.

mod model;
mod queries;
mod routes;
mod steps;
mod view;

use crate::http::Routes;

pub use queries::record;

/// The operations on requests for access.
pub fn routes(api: &mut Routes) {
    routes::routes(api);
    steps::routes(api);
}
