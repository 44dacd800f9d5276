//! What the company sells, with its strengths and weaknesses. Everyone may read the catalogue; supervisors maintain it.
//! The lowest price is confidential.

mod model;
mod queries;
mod routes;
mod view;

pub use model::{Product, ProductId, ProductKind, ProductTerms};
pub use queries::{find_all, insert};
pub use routes::routes;
