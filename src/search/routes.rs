//! `/v1/search`.

use actix_web::web::Json;

use super::{
    model::{SearchParams, SearchResults},
    queries,
};
use crate::{
    access::{Actor, SignedIn},
    db::{Cost, Db},
    error::Result,
    http::{Query, Routes, endpoint},
};

/// The operation that searches.
pub fn routes(api: &mut Routes) {
    api.add("search", [endpoint!(search_everything)]);
}

/// Search everything
///
/// Use it for the search field of a front end: one request finds clients, contacts, products, contracts, orders and
/// interactions.
///
/// At most ten of each, best matches first, within the caller's reach. The lists have the same search as `q`, with pages and
/// filters.
#[utoipa::path(
    get,
    path = "/v1/search",
    responses((status = 200, description = "What was found."))
)]
async fn search_everything(caller: SignedIn, query: Query<SearchParams>, db: Db) -> Result<Json<SearchResults>> {
    let db = db.reader(Cost::Large).await?;
    let words = query.0.q.unwrap_or_default();
    let found = queries::everything(&db, &Actor::Caller(caller.0), &words).await?;
    Ok(Json(found))
}
