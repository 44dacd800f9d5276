//! `/v1/competitor-offers`.

use actix_web::web::{Json, Path};

use super::{
    comparison::{self, Comparison},
    model::{CompetitorOffer, CompetitorOfferFilter, CompetitorOfferId, CompetitorOfferPatch, CompetitorOfferTerms},
    queries,
    view::CompetitorOfferView,
};
use crate::{
    access::{Create, Read, Scope, Update},
    change::{self, Change},
    db::{Cost, Db},
    error::Result,
    http::{Body, Changed, Created, IfMatch, NoParams, OneParams, Query, Reply, Routes, Tagged, endpoint},
    list::{ListQuery, Page},
    products::ProductId,
};

/// The operations on competitor offers.
pub fn routes(api: &mut Routes) {
    api.add(
        "competitors",
        [
            endpoint!(list_competitor_offers),
            endpoint!(create_competitor_offer),
            endpoint!(get_competitor_offer),
            endpoint!(update_competitor_offer),
            endpoint!(compare_product),
        ],
    );
}

/// List offers of competitors
///
/// Use it to see what is offered on the same need as a product, or what one competitor offers.
#[utoipa::path(
    get,
    path = "/v1/competitor-offers",
    responses((status = 200, description = "A page of the offers."))
)]
async fn list_competitor_offers(
    scope: Scope<CompetitorOffer, Read>,
    query: ListQuery<CompetitorOfferFilter>,
    db: Db,
) -> Result<Page<CompetitorOfferView>> {
    let db = db.reader(query.cost).await?;
    let page = queries::list(&db, &scope, &query).await?;
    Ok(page.map(|offer| CompetitorOfferView::of(offer, scope.actor())))
}

/// Enter an offer of a competitor
///
/// Use it when somebody learns what a competitor offers.
#[utoipa::path(
    post,
    path = "/v1/competitor-offers",
    responses((status = 201, description = "The new offer."))
)]
async fn create_competitor_offer(
    scope: Scope<CompetitorOffer, Create>,
    change: Change,
    new: Body<CompetitorOfferTerms>,
) -> Result<Created<CompetitorOfferView>> {
    let Body(new) = new;
    change
        .run(async |tx| {
            let offer = queries::insert(tx, &scope, new).await?;
            Reply::created(&CompetitorOfferView::of(offer, tx.actor()))
        })
        .await
}

/// Get an offer of a competitor
///
/// Use it to show one offer, and to read the `ETag` that a change asks for.
#[utoipa::path(
    get,
    path = "/v1/competitor-offers/{id}",
    responses((status = 200, description = "The offer."))
)]
async fn get_competitor_offer(
    scope: Scope<CompetitorOffer, Read>,
    id: Path<CompetitorOfferId>,
    query: Query<OneParams>,
    db: Db,
) -> Result<Tagged<CompetitorOfferView>> {
    let fields = query.0.fields()?;
    let db = db.reader(Cost::Small).await?;
    let offer = queries::find(&db, &scope, *id).await?;
    Ok(Tagged::new(CompetitorOfferView::of(offer, scope.actor()), fields))
}

/// Change an offer of a competitor
///
/// Use it when its price has changed, with the day on which it was seen, or when it is offered no more.
#[utoipa::path(
    patch,
    path = "/v1/competitor-offers/{id}",
    responses((status = 200, description = "The changed offer."))
)]
async fn update_competitor_offer(
    scope: Scope<CompetitorOffer, Update>,
    id: Path<CompetitorOfferId>,
    seen: IfMatch,
    change: Change,
    patch: Body<CompetitorOfferPatch>,
) -> Result<Changed<CompetitorOfferView>> {
    let Body(patch) = patch;
    change
        .run(async |tx| {
            let offer = change::update(tx, &scope, *id, &seen, &patch).await?;
            Reply::ok(&CompetitorOfferView::of(offer, tx.actor()))
        })
        .await
}

/// Compare a product with its competitors
///
/// Use it when a client asks why they should buy from us: what our product and each offer are better and worse at, side by side.
///
/// The offers that are made now, the last seen first, at most fifty. `price_difference_percent` tells how much dearer an offer is
/// than our usual price, and is negative for a cheaper one; it is `null` where a price or an exchange rate is not known.
#[utoipa::path(
    get,
    path = "/v1/products/{id}/comparison",
    responses((status = 200, description = "The product beside the offers."))
)]
async fn compare_product(
    scope: Scope<CompetitorOffer, Read>,
    id: Path<ProductId>,
    _: Query<NoParams>,
    db: Db,
) -> Result<Json<Comparison>> {
    let db = db.reader(Cost::Small).await?;
    Ok(Json(comparison::compare(&db, &scope, *id).await?))
}
