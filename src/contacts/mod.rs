//! Persons at a client. A contact is within reach when its client is: the client's owner, team and designation as key
//! decide.

mod consent;
mod external;
mod model;
mod of_client;
mod outreach;
mod primary;
mod queries;
mod reference;
mod routes;
mod steps;
mod view;

use crate::http::Routes;

pub use consent::{Consent, ConsentChannel};
pub use model::{
    Contact, ContactFilter, ContactId, ContactPatch, ContactStart, ContactTerms, DecisionRole, NewContact,
};
pub use of_client::{count_of_client, of_client};
pub use outreach::{Outreach, permit_outreach};
pub use queries::{chunk, find, insert, insert_first, lock_client, retire};
pub use reference::references;
pub use view::ContactView;

/// The operations on contacts.
pub fn routes(api: &mut Routes) {
    routes::routes(api);
    external::routes(api);
    steps::routes(api);
}
