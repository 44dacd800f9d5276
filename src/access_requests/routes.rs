//! `/v1/access-requests`.

use actix_web::web::Path;

use super::{
    model::{AccessRequest, AccessRequestFilter, AccessRequestId, NewAccessRequest},
    queries,
    view::{AccessRequestView, view, views},
};
use crate::{
    access::{Create, Read, Scope},
    change::Change,
    db::{Cost, Db},
    error::Result,
    http::{Body, Created, OneParams, Query, Reply, Routes, Tagged, endpoint},
    list::{ListQuery, Page},
};

/// The operations on requests for access that are not steps.
pub fn routes(api: &mut Routes) {
    let endpoints = [endpoint!(list_access_requests), endpoint!(create_access_request), endpoint!(get_access_request)];
    api.add("access requests", endpoints);
}

/// List requests for access
///
/// Use it to see who waits for a decision, and what became of one's own requests.
///
/// Newest first: the caller's own requests, and those for clients within reach.
#[utoipa::path(
    get,
    path = "/v1/access-requests",
    responses((status = 200, description = "A page of the requests that the caller may read."))
)]
async fn list_access_requests(
    scope: Scope<AccessRequest, Read>,
    query: ListQuery<AccessRequestFilter>,
    db: Db,
) -> Result<Page<AccessRequestView>> {
    let db = db.reader(query.cost).await?;
    let mut page = queries::list(&db, &scope, &query).await?;
    let requests = std::mem::take(&mut page.data);
    Ok(page.with(views(&db, requests, scope.actor()).await?))
}

/// Ask for access to a client
///
/// Use it when a client is refused as a duplicate of one that somebody else has.
///
/// The client is the one that has the given tax number, telephone number or e-mail address and is not the caller's own. Its
/// owner or a supervisor decides.
#[utoipa::path(
    post,
    path = "/v1/access-requests",
    responses((status = 201, description = "The new request, or the one that waits already."))
)]
async fn create_access_request(
    scope: Scope<AccessRequest, Create>,
    change: Change,
    new: Body<NewAccessRequest>,
) -> Result<Created<AccessRequestView>> {
    let Body(new) = new;
    change
        .run(async |tx| {
            let request = queries::insert(tx, &scope, new).await?;
            Reply::created(&view(tx, request, tx.actor()).await?)
        })
        .await
}

/// Get a request for access
///
/// Use it to show one request, and to read the `ETag` that a decision asks for.
#[utoipa::path(
    get,
    path = "/v1/access-requests/{id}",
    responses((status = 200, description = "The request."))
)]
async fn get_access_request(
    scope: Scope<AccessRequest, Read>,
    id: Path<AccessRequestId>,
    query: Query<OneParams>,
    db: Db,
) -> Result<Tagged<AccessRequestView>> {
    let fields = query.0.fields()?;
    let db = db.reader(Cost::Small).await?;
    let request = queries::find(&db, &scope, *id).await?;
    Ok(Tagged::new(view(&db, request, scope.actor()).await?, fields))
}
