//! `/v1/client-merges`.

use actix_web::web::Path;

use super::{
    merge,
    model::{ClientMergeFilter, ClientMergeId, ClientMergeView, NewClientMerge, Preview},
    queries::{self, Right},
    undo::undo,
    view::{view, views},
};
use crate::{
    access::{Read, Scope},
    change::Change,
    clients::Client,
    db::{Cost, Db},
    error::Result,
    http::{Body, Changed, Created, IfMatch, NoParams, OneParams, Plain, Query, Reply, Routes, Tagged, endpoint},
    list::{ListQuery, Page},
};

/// The operations on merges.
pub fn routes(api: &mut Routes) {
    api.add(
        "clients",
        [
            endpoint!(list_client_merges),
            endpoint!(preview_client_merge),
            endpoint!(create_client_merge),
            endpoint!(get_client_merge),
            endpoint!(undo_client_merge),
        ],
    );
}

/// List merges of clients
///
/// Use it to see which clients were one, and what can be undone.
#[utoipa::path(
    get,
    path = "/v1/client-merges",
    responses((status = 200, description = "A page of the merges within reach, the latest first."))
)]
async fn list_client_merges(
    scope: Scope<Client, Read>,
    query: ListQuery<ClientMergeFilter>,
    db: Db,
) -> Result<Page<ClientMergeView>> {
    let db = db.reader(query.cost).await?;
    let mut page = queries::list(&db, &scope, &query).await?;
    let merges = std::mem::take(&mut page.data);
    Ok(page.with(views(&db, merges, scope.actor()).await?))
}

/// Preview a merge of clients
///
/// Use it before `POST /v1/client-merges`, with the same body, to choose whose fields remain.
///
/// Shows the client as it would be, the fields in which both differ, and how much would move. Nothing is changed.
#[utoipa::path(
    post,
    path = "/v1/client-merges/preview",
    responses((status = 200, description = "What the merge would do."))
)]
async fn preview_client_merge(
    scope: Right,
    _: Query<NoParams>,
    new: Body<NewClientMerge>,
    db: Db,
) -> Result<Plain<Preview>> {
    let Body(new) = new;
    let db = db.reader(Cost::Small).await?;
    let preview = merge::preview(&db, &scope, &new).await?;
    Ok(Reply::json(&preview)?.reply.into_response(false).into())
}

/// Merge two clients
///
/// Use it when a client was entered twice.
///
/// Contacts, interactions, contracts, orders, requests for access, erasures and the clients that belong to it move to the survivor,
/// with their histories; of two open requests of the same user, the survivor's stays. The survivor keeps its owner and its account team. A field that it lacks is filled from the other client,
/// lists have the items of both, and `take` names fields that are taken from the other client all the same. The id of the client
/// that is given up answers 410 with `merged_into`. A merge can be undone.
/// Clients of different owners are merged only by who reaches all clients.
#[utoipa::path(
    post,
    path = "/v1/client-merges",
    responses((status = 201, description = "The merge."))
)]
async fn create_client_merge(
    scope: Right,
    change: Change,
    new: Body<NewClientMerge>,
) -> Result<Created<ClientMergeView>> {
    let Body(new) = new;
    change
        .run(async |tx| {
            let merge = merge::merge(tx, &scope, new).await?;
            Reply::created(&view(tx, merge, tx.actor()).await?)
        })
        .await
}

/// Get a merge of clients
///
/// Use it to show what was merged, and to read the `ETag` that undoing it asks for.
#[utoipa::path(
    get,
    path = "/v1/client-merges/{id}",
    responses((status = 200, description = "The merge."))
)]
async fn get_client_merge(
    scope: Scope<Client, Read>,
    id: Path<ClientMergeId>,
    query: Query<OneParams>,
    db: Db,
) -> Result<Tagged<ClientMergeView>> {
    let fields = query.0.fields()?;
    let db = db.reader(Cost::Small).await?;
    let merge = queries::find(&db, &scope, *id).await?;
    Ok(Tagged::new(view(&db, merge, scope.actor()).await?, fields))
}

/// Undo a merge of clients
///
/// Use it when two clients were merged that are two.
///
/// The client that was given up is back with its owners, its account team and its pairs. What moved from it and is still with the
/// survivor goes back, and so does what was added to that since. A field of the survivor goes back unless it was changed since.
/// Refused when something new belongs to both clients.
#[utoipa::path(
    post,
    path = "/v1/client-merges/{id}/undo",
    responses((status = 200, description = "The undone merge."))
)]
async fn undo_client_merge(
    scope: Right,
    id: Path<ClientMergeId>,
    seen: IfMatch,
    change: Change,
) -> Result<Changed<ClientMergeView>> {
    change
        .run(async |tx| {
            let merge = undo(tx, &scope, *id, &seen).await?;
            Reply::ok(&view(tx, merge, tx.actor()).await?)
        })
        .await
}
