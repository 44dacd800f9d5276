//! `/v1/lost-reasons`.

use actix_web::web::Path;

use super::{
    model::{LostReason, LostReasonFilter, LostReasonId, LostReasonPatch, LostReasonTerms},
    queries,
    view::LostReasonView,
};
use crate::{
    access::{Create, Read, Scope, Update},
    change::{self, Change},
    db::{Cost, Db},
    error::Result,
    http::{Body, Changed, Created, IfMatch, OneParams, Query, Reply, Routes, Tagged, endpoint},
    list::{ListQuery, Page},
};

/// The operations on the reasons for losing clients.
pub fn routes(api: &mut Routes) {
    api.add(
        "lost reasons",
        [
            endpoint!(list_lost_reasons),
            endpoint!(create_lost_reason),
            endpoint!(get_lost_reason),
            endpoint!(update_lost_reason),
        ],
    );
}

/// List the reasons for losing clients
///
/// Use it to offer the reasons when a client is marked lost, with `is_active=true`.
#[utoipa::path(
    get,
    path = "/v1/lost-reasons",
    responses((status = 200, description = "A page of the reasons."))
)]
async fn list_lost_reasons(
    scope: Scope<LostReason, Read>,
    query: ListQuery<LostReasonFilter>,
    db: Db,
) -> Result<Page<LostReasonView>> {
    let db = db.reader(query.cost).await?;
    let page = queries::list(&db, &scope, &query).await?;
    Ok(page.map(|reason| LostReasonView::of(reason, scope.actor())))
}

/// Create a reason for losing clients
///
/// Use it when clients are lost for a reason that is not in the list yet.
#[utoipa::path(
    post,
    path = "/v1/lost-reasons",
    responses((status = 201, description = "The new reason."))
)]
async fn create_lost_reason(
    scope: Scope<LostReason, Create>,
    change: Change,
    new: Body<LostReasonTerms>,
) -> Result<Created<LostReasonView>> {
    let Body(new) = new;
    change
        .run(async |tx| {
            let reason = queries::insert(tx, &scope, new).await?;
            Reply::created(&LostReasonView::of(reason, tx.actor()))
        })
        .await
}

/// Get a reason for losing clients
///
/// Use it to show why a client was lost, and to read the `ETag` that a change asks for.
#[utoipa::path(
    get,
    path = "/v1/lost-reasons/{id}",
    responses((status = 200, description = "The reason."))
)]
async fn get_lost_reason(
    scope: Scope<LostReason, Read>,
    id: Path<LostReasonId>,
    query: Query<OneParams>,
    db: Db,
) -> Result<Tagged<LostReasonView>> {
    let fields = query.0.fields()?;
    let db = db.reader(Cost::Small).await?;
    let reason = queries::find(&db, &scope, *id).await?;
    Ok(Tagged::new(LostReasonView::of(reason, scope.actor()), fields))
}

/// Change a reason for losing clients
///
/// Use it to rename a reason, to move it in the list or to put it out of use.
///
/// A reason is never deleted, since clients have it: with `is_active` off, it is given to no more of them.
#[utoipa::path(
    patch,
    path = "/v1/lost-reasons/{id}",
    responses((status = 200, description = "The changed reason."))
)]
async fn update_lost_reason(
    scope: Scope<LostReason, Update>,
    id: Path<LostReasonId>,
    seen: IfMatch,
    change: Change,
    patch: Body<LostReasonPatch>,
) -> Result<Changed<LostReasonView>> {
    let Body(patch) = patch;
    change
        .run(async |tx| {
            let reason = change::update(tx, &scope, *id, &seen, &patch).await?;
            Reply::ok(&LostReasonView::of(reason, tx.actor()))
        })
        .await
}
