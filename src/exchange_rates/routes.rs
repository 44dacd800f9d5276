//! `/v1/exchange-rates`.

use actix_web::web::Path;

use super::{
    model::{ExchangeRate, ExchangeRateFilter, ExchangeRateId, ExchangeRatePatch, ExchangeRateTerms},
    queries,
    view::ExchangeRateView,
};
use crate::{
    access::{Create, Read, Scope, Update},
    change::{self, Change},
    db::{Cost, Db},
    error::Result,
    http::{Body, Changed, Created, IfMatch, OneParams, Query, Reply, Routes, Tagged, endpoint},
    list::{ListQuery, Page},
};

/// The operations on exchange rates.
pub fn routes(api: &mut Routes) {
    api.add(
        "exchange rates",
        [
            endpoint!(list_exchange_rates),
            endpoint!(create_exchange_rate),
            endpoint!(get_exchange_rate),
            endpoint!(update_exchange_rate),
        ],
    );
}

/// List exchange rates
///
/// Use it to see by what rates limits and ceilings are compared with amounts in other currencies.
#[utoipa::path(
    get,
    path = "/v1/exchange-rates",
    responses((status = 200, description = "A page of the rates."))
)]
async fn list_exchange_rates(
    scope: Scope<ExchangeRate, Read>,
    query: ListQuery<ExchangeRateFilter>,
    db: Db,
) -> Result<Page<ExchangeRateView>> {
    let db = db.reader(query.cost).await?;
    let page = queries::list(&db, &scope, &query).await?;
    Ok(page.map(|rate| ExchangeRateView::of(rate, scope.actor())))
}

/// Enter an exchange rate
///
/// Use it each day, or whenever the rate that the organisation works with changes.
///
/// The rate is to the organisation's currency and holds until there is a later one. Where a currency has no rate, what is in it
/// needs approval by somebody without a limit.
#[utoipa::path(
    post,
    path = "/v1/exchange-rates",
    responses((status = 201, description = "The new rate."))
)]
async fn create_exchange_rate(
    scope: Scope<ExchangeRate, Create>,
    change: Change,
    new: Body<ExchangeRateTerms>,
) -> Result<Created<ExchangeRateView>> {
    let Body(new) = new;
    change
        .run(async |tx| {
            let rate = queries::insert(tx, &scope, new).await?;
            Reply::created(&ExchangeRateView::of(rate, tx.actor()))
        })
        .await
}

/// Get an exchange rate
///
/// Use it to show one rate, and to read the `ETag` that a change asks for.
#[utoipa::path(
    get,
    path = "/v1/exchange-rates/{id}",
    responses((status = 200, description = "The rate."))
)]
async fn get_exchange_rate(
    scope: Scope<ExchangeRate, Read>,
    id: Path<ExchangeRateId>,
    query: Query<OneParams>,
    db: Db,
) -> Result<Tagged<ExchangeRateView>> {
    let fields = query.0.fields()?;
    let db = db.reader(Cost::Small).await?;
    let rate = queries::find(&db, &scope, *id).await?;
    Ok(Tagged::new(ExchangeRateView::of(rate, scope.actor()), fields))
}

/// Change an exchange rate
///
/// Use it to correct a rate that was entered wrongly.
///
/// What was decided by the former rate stays decided.
#[utoipa::path(
    patch,
    path = "/v1/exchange-rates/{id}",
    responses((status = 200, description = "The changed rate."))
)]
async fn update_exchange_rate(
    scope: Scope<ExchangeRate, Update>,
    id: Path<ExchangeRateId>,
    seen: IfMatch,
    change: Change,
    patch: Body<ExchangeRatePatch>,
) -> Result<Changed<ExchangeRateView>> {
    let Body(patch) = patch;
    change
        .run(async |tx| {
            let rate = change::update(tx, &scope, *id, &seen, &patch).await?;
            Reply::ok(&ExchangeRateView::of(rate, tx.actor()))
        })
        .await
}
