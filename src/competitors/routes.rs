//! `/v1/competitors`.

use actix_web::web::Path;

use super::{
    model::{Competitor, CompetitorFilter, CompetitorId, CompetitorPatch, CompetitorTerms},
    queries,
    view::CompetitorView,
};
use crate::{
    access::{Create, Read, Scope, Update},
    change::{self, Change},
    db::{Cost, Db},
    error::Result,
    http::{Body, Changed, Created, IfMatch, OneParams, Query, Reply, Routes, Tagged, endpoint},
    list::{ListQuery, Page},
};

/// The operations on the competitors.
pub fn routes(api: &mut Routes) {
    api.add(
        "competitors",
        [
            endpoint!(list_competitors),
            endpoint!(create_competitor),
            endpoint!(get_competitor),
            endpoint!(update_competitor),
        ],
    );
}

/// List the competitors
///
/// Use it to choose whose offer is entered, and to see who is met in the market.
#[utoipa::path(
    get,
    path = "/v1/competitors",
    responses((status = 200, description = "A page of the competitors."))
)]
async fn list_competitors(
    scope: Scope<Competitor, Read>,
    query: ListQuery<CompetitorFilter>,
    db: Db,
) -> Result<Page<CompetitorView>> {
    let db = db.reader(query.cost).await?;
    let page = queries::list(&db, &scope, &query).await?;
    Ok(page.map(|competitor| CompetitorView::of(competitor, scope.actor())))
}

/// Create a competitor
///
/// Use it when somebody new sells what we sell.
#[utoipa::path(
    post,
    path = "/v1/competitors",
    responses((status = 201, description = "The new competitor."))
)]
async fn create_competitor(
    scope: Scope<Competitor, Create>,
    change: Change,
    new: Body<CompetitorTerms>,
) -> Result<Created<CompetitorView>> {
    let Body(new) = new;
    change
        .run(async |tx| {
            let competitor = queries::insert(tx, &scope, new).await?;
            Reply::created(&CompetitorView::of(competitor, tx.actor()))
        })
        .await
}

/// Get a competitor
///
/// Use it to show one competitor, and to read the `ETag` that a change asks for.
#[utoipa::path(
    get,
    path = "/v1/competitors/{id}",
    responses((status = 200, description = "The competitor."))
)]
async fn get_competitor(
    scope: Scope<Competitor, Read>,
    id: Path<CompetitorId>,
    query: Query<OneParams>,
    db: Db,
) -> Result<Tagged<CompetitorView>> {
    let fields = query.0.fields()?;
    let db = db.reader(Cost::Small).await?;
    let competitor = queries::find(&db, &scope, *id).await?;
    Ok(Tagged::new(CompetitorView::of(competitor, scope.actor()), fields))
}

/// Change a competitor
///
/// Use it when something new is known of a competitor.
///
/// A competitor is never deleted: with `is_active` off, its offers are left out of comparisons.
#[utoipa::path(
    patch,
    path = "/v1/competitors/{id}",
    responses((status = 200, description = "The changed competitor."))
)]
async fn update_competitor(
    scope: Scope<Competitor, Update>,
    id: Path<CompetitorId>,
    seen: IfMatch,
    change: Change,
    patch: Body<CompetitorPatch>,
) -> Result<Changed<CompetitorView>> {
    let Body(patch) = patch;
    change
        .run(async |tx| {
            let competitor = change::update(tx, &scope, *id, &seen, &patch).await?;
            Reply::ok(&CompetitorView::of(competitor, tx.actor()))
        })
        .await
}
