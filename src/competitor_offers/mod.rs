//! What competitors offer on the same need as a product, and how it compares. Everyone may read and enter it.

mod comparison;
mod model;
mod queries;
mod routes;
mod view;

pub use model::{CompetitorOffer, CompetitorOfferId, CompetitorOfferTerms};
pub use queries::insert;
pub use routes::routes;
