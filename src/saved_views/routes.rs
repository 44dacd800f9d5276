//! `/v1/saved-views`.

use actix_web::web::Path;

use super::{
    model::{SavedView, SavedViewFilter, SavedViewPatch, SavedViewTerms},
    queries,
    view::SavedViewView,
};
use crate::{
    access::{Create, Delete, Read, Scope, Update},
    change::{self, Change},
    clients::SavedViewId,
    db::{Cost, Db},
    error::Result,
    http::{Body, Changed, Created, IfMatch, NoContent, OneParams, Query, Reply, Routes, Tagged, endpoint},
    list::{ListQuery, Page},
};

/// The operations on saved views.
pub fn routes(api: &mut Routes) {
    api.add(
        "saved views",
        [
            endpoint!(list_saved_views),
            endpoint!(create_saved_view),
            endpoint!(get_saved_view),
            endpoint!(update_saved_view),
            endpoint!(delete_saved_view),
        ],
    );
}

/// List saved views
///
/// Use it to offer the views from which somebody chooses: their own, and those that are shared with their team.
#[utoipa::path(
    get,
    path = "/v1/saved-views",
    responses((status = 200, description = "A page of the views."))
)]
async fn list_saved_views(
    scope: Scope<SavedView, Read>,
    query: ListQuery<SavedViewFilter>,
    db: Db,
) -> Result<Page<SavedViewView>> {
    let db = db.reader(query.cost).await?;
    let page = queries::list(&db, &scope, &query).await?;
    Ok(page.map(|view| SavedViewView::of(view, scope.actor())))
}

/// Create a saved view
///
/// Use it to keep a condition on clients under a name, for oneself or for the team.
///
/// `GET /v1/clients`, `GET /v1/clients/summary` and `POST /v1/clients/search` take the view as `view_id`. Whoever uses a shared
/// view sees with it only what they may see themselves.
#[utoipa::path(
    post,
    path = "/v1/saved-views",
    responses((status = 201, description = "The new view."))
)]
async fn create_saved_view(
    scope: Scope<SavedView, Create>,
    change: Change,
    new: Body<SavedViewTerms>,
) -> Result<Created<SavedViewView>> {
    let Body(new) = new;
    change
        .run(async |tx| {
            let view = queries::insert(tx, &scope, new).await?;
            Reply::created(&SavedViewView::of(view, tx.actor()))
        })
        .await
}

/// Get a saved view
///
/// Use it to show what a view asks for, and to read the `ETag` that a change asks for.
#[utoipa::path(
    get,
    path = "/v1/saved-views/{id}",
    responses((status = 200, description = "The view."))
)]
async fn get_saved_view(
    scope: Scope<SavedView, Read>,
    id: Path<SavedViewId>,
    query: Query<OneParams>,
    db: Db,
) -> Result<Tagged<SavedViewView>> {
    let fields = query.0.fields()?;
    let db = db.reader(Cost::Small).await?;
    let view = queries::find(&db, &scope, *id).await?;
    Ok(Tagged::new(SavedViewView::of(view, scope.actor()), fields))
}

/// Change a saved view
///
/// Use it to rename a view, to change what it asks for, or to share it.
///
/// `conditions` are replaced as a whole.
#[utoipa::path(
    patch,
    path = "/v1/saved-views/{id}",
    responses((status = 200, description = "The changed view."))
)]
async fn update_saved_view(
    scope: Scope<SavedView, Update>,
    id: Path<SavedViewId>,
    seen: IfMatch,
    change: Change,
    patch: Body<SavedViewPatch>,
) -> Result<Changed<SavedViewView>> {
    let Body(patch) = patch;
    change
        .run(async |tx| {
            let view = change::update(tx, &scope, *id, &seen, &patch).await?;
            Reply::ok(&SavedViewView::of(view, tx.actor()))
        })
        .await
}

/// Delete a saved view
///
/// Use it when nobody needs the view any more. A list that still names it is refused.
#[utoipa::path(
    delete,
    path = "/v1/saved-views/{id}",
    responses((status = 204, description = "The view is deleted."))
)]
async fn delete_saved_view(
    scope: Scope<SavedView, Delete>,
    id: Path<SavedViewId>,
    seen: IfMatch,
    change: Change,
) -> Result<NoContent> {
    change
        .run(async |tx| {
            queries::delete(tx, &scope, *id, &seen).await?;
            Ok(Reply::no_content())
        })
        .await
}
