//! What the company sells, with its strengths and weaknesses. Everyone may read the catalogue; supervisors maintain it.
//! The lowest price is confidential.

mod external;
mod model;
mod queries;
mod routes;
mod view;

use crate::http::Routes;

pub use model::{Product, ProductFilter, ProductId, ProductKind, ProductPatch, ProductTerms};
pub use queries::{chunk, find, find_all, indivisible, insert, prepare};

/// The operations on products.
pub fn routes(api: &mut Routes) {
    routes::routes(api);
    external::routes(api);
}
