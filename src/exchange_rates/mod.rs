//! What other currencies are worth in the organisation's, day by day. Everyone may read it; supervisors and who they let keep it.

mod model;
mod queries;
mod rates;
mod routes;
mod view;

pub use model::{ExchangeRate, ExchangeRateId, ExchangeRateTerms};
pub use queries::insert;
pub use rates::in_own_currency;
pub use routes::routes;
