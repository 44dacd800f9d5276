//! What the company sells, with its strengths and weaknesses. Everyone may read the catalogue; supervisors maintain it.
//! The lowest price is confidential.

mod model;
mod queries;
mod routes;
mod view;

pub use model::{Product, ProductFilter, ProductId, ProductKind, ProductTerms};
pub use queries::{chunk, find_all, insert};
pub use routes::routes;
