//! The organisation that works with this server: its requisites, and its currency, time zone, telephone region, language
//! and fiscal year. There is exactly one. Everyone may read it; supervisors change it.

mod model;
mod queries;
mod routes;
mod view;

pub use model::{Organization, OrganizationTerms, Representative};
pub use queries::{currency, rules};
pub use routes::routes;
