//! The fields that the organisation adds to clients, contacts, interactions, products, contracts and orders. Everyone may read
//! which there are; supervisors define them. Their values stand with the rows, see the module `custom`.

mod model;
mod queries;
mod routes;
mod rules;
mod view;
mod words;

pub use model::{CustomField, CustomFieldId, NewCustomField};
pub use queries::insert;
pub use routes::routes;
