//! Persons at a client. A contact is within reach when its client is: the client's owner, team and designation as key
//! decide.

mod consent;
mod model;
mod of_client;
mod primary;
mod queries;
mod reference;
mod routes;
mod view;

pub use consent::{Consent, ConsentChannel};
pub use model::{Contact, ContactId, ContactStart, ContactTerms, DecisionRole};
pub use of_client::{count_of_client, of_client};
pub use queries::insert;
pub use reference::references;
pub use routes::routes;
pub use view::ContactView;
