//! `/v1/clients/duplicates`, and `/v1/client-duplicates` for one pair.

use actix_web::web::Path;

use super::{
    model::{ClientDuplicateFilter, ClientDuplicateView},
    queries, scan,
};
use crate::{
    access::{Read, Scope, Update},
    background_jobs::JobView,
    change::Change,
    clients::{Client, ClientDuplicateId},
    db::{Cost, Db},
    error::Result,
    http::{Accepted, Changed, IfMatch, OneParams, Query, Reply, Routes, Tagged, endpoint},
    list::{ListQuery, Page},
};

/// The operations on pairs of clients that may be one.
pub fn routes(api: &mut Routes) {
    api.add(
        "clients",
        [endpoint!(list_client_duplicates), endpoint!(get_client_duplicate), endpoint!(settle_client_duplicate)],
    );
    api.add("clients", [endpoint!(scan_client_duplicates)]);
}

/// List clients that may be one
///
/// Use it to clean the client base: it shows pairs of clients that have something in common.
///
/// The likeliest first, of those whose two clients are both within reach. A pair is left whenever a client is entered or
/// changed though another one is alike.
#[utoipa::path(
    get,
    path = "/v1/clients/duplicates",
    responses((status = 200, description = "A page of the pairs within reach."))
)]
async fn list_client_duplicates(
    scope: Scope<Client, Read>,
    query: ListQuery<ClientDuplicateFilter>,
    db: Db,
) -> Result<Page<ClientDuplicateView>> {
    let db = db.reader(query.cost).await?;
    queries::list(&db, &scope, &query).await
}

/// Look for clients that may be one
///
/// Use it to clean a client base that was filled by others, such as by an import from elsewhere.
///
/// A job goes through all clients and leaves the pairs that have the tax number, a telephone number, an e-mail address, the domain,
/// the name or a similar name in one town in common. It is for who may change all clients. Pairs that were settled stay settled.
/// One such job works at a time, and is answered again while it does.
#[utoipa::path(
    post,
    path = "/v1/clients/duplicates/scan",
    responses((status = 202, description = "The job."))
)]
async fn scan_client_duplicates(scope: Scope<Client, Update>, change: Change) -> Result<Accepted<JobView>> {
    change.run(async |tx| Reply::accepted(&scan::begin(tx, &scope).await?)).await
}

/// Get a pair of clients that may be one
///
/// Use it to show both clients, and to read the `ETag` that a decision asks for.
#[utoipa::path(
    get,
    path = "/v1/client-duplicates/{id}",
    responses((status = 200, description = "The pair."))
)]
async fn get_client_duplicate(
    scope: Scope<Client, Read>,
    id: Path<ClientDuplicateId>,
    query: Query<OneParams>,
    db: Db,
) -> Result<Tagged<ClientDuplicateView>> {
    let fields = query.0.fields()?;
    let db = db.reader(Cost::Small).await?;
    Ok(Tagged::new(queries::find(&db, &scope, *id).await?, fields))
}

/// Settle a pair of clients
///
/// Use it when somebody has looked at both and they are two clients.
///
/// The pair is not found again.
#[utoipa::path(
    post,
    path = "/v1/client-duplicates/{id}/settle",
    responses((status = 200, description = "The settled pair."))
)]
async fn settle_client_duplicate(
    scope: Scope<Client, Update>,
    id: Path<ClientDuplicateId>,
    seen: IfMatch,
    change: Change,
) -> Result<Changed<ClientDuplicateView>> {
    change.run(async |tx| Reply::ok(&queries::settle(tx, &scope, *id, &seen).await?)).await
}
