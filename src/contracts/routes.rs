//! `/v1/contracts`.

use actix_web::web::{Data, Path};
use chrono_tz::Tz;

use super::{
    events::{self, ContractEventView, HistoryFilter},
    model::{Contract, ContractFilter, ContractId, ContractParams, ContractPatch, NewContract},
    queries,
    view::{ContractView, changed, views},
};
use crate::{
    access::{Create, Read, Scope, Update},
    change::Change,
    clock::Clock,
    db::{Cost, Db},
    error::{Error, Result},
    http::{Body, Changed, Created, Fields, IfMatch, Query, Reply, Routes, Tagged, endpoint},
    list::{ListQuery, Page},
};

/// The operations on contracts that are not steps.
pub fn routes(api: &mut Routes) {
    api.add(
        "contracts",
        [
            endpoint!(list_contracts),
            endpoint!(create_contract),
            endpoint!(get_contract),
            endpoint!(update_contract),
            endpoint!(list_contract_history),
        ],
    );
}

/// List contracts
///
/// Use it to find contracts by client, status or term, such as those that end soon.
#[utoipa::path(
    get,
    path = "/v1/contracts",
    responses((status = 200, description = "A page of the contracts within reach."))
)]
async fn list_contracts(
    scope: Scope<Contract, Read>,
    query: ListQuery<ContractFilter>,
    clock: Data<Clock>,
    db: Db,
) -> Result<Page<ContractView>> {
    let db = db.reader(query.cost).await?;
    let zone = scope.actor().zone_of_organization().unwrap_or(Tz::UTC);
    let mut page = queries::list(&db, &scope, &query, clock.now().day_in(zone)).await?;
    let contracts = std::mem::take(&mut page.data);
    Ok(page.with(views(&db, contracts, &query.filter.include, scope.actor()).await?))
}

/// Draft a contract
///
/// Use it to begin a contract; submit it when it is complete.
///
/// The caller is the author. The number is given at once, from the sequence of the year.
#[utoipa::path(
    post,
    path = "/v1/contracts",
    responses((status = 201, description = "The new contract."))
)]
async fn create_contract(
    scope: Scope<Contract, Create>,
    change: Change,
    new: NewContract,
) -> Result<Created<ContractView>> {
    change
        .run(async |tx| {
            let contract = queries::insert(tx, &scope, new).await?;
            Reply::created(&changed(tx, contract).await?)
        })
        .await
}

/// Get a contract
///
/// Use it to show one contract and how much of its ceiling is left.
///
/// With what was ordered under it.
#[utoipa::path(
    get,
    path = "/v1/contracts/{id}",
    responses((status = 200, description = "The contract."))
)]
async fn get_contract(
    scope: Scope<Contract, Read>,
    id: Path<ContractId>,
    query: Query<ContractParams>,
    db: Db,
) -> Result<Tagged<ContractView>> {
    let Query(params) = query;
    let fields = Fields::parse(params.fields.as_deref())?;
    let db = db.reader(Cost::Small).await?;
    let contract = queries::find(&db, &scope, *id).await?;
    let view = views(&db, vec![contract], &params.include, scope.actor()).await?.pop();
    let view = view.ok_or_else(Error::not_found)?.with_ordered_total(&db).await?;
    Ok(Tagged::new(view, fields))
}

/// Change a contract
///
/// Use it while the terms are still negotiated.
///
/// Only a draft can be changed. Its author and its client stay.
#[utoipa::path(
    patch,
    path = "/v1/contracts/{id}",
    responses((status = 200, description = "The changed contract."))
)]
async fn update_contract(
    scope: Scope<Contract, Update>,
    id: Path<ContractId>,
    seen: IfMatch,
    change: Change,
    patch: Body<ContractPatch>,
) -> Result<Changed<ContractView>> {
    let Body(patch) = patch;
    change
        .run(async |tx| {
            let contract = queries::update(tx, &scope, *id, &seen, &patch).await?;
            Reply::ok(&changed(tx, contract).await?)
        })
        .await
}

/// List a contract's history
///
/// Use it to see why a contract stands where it stands.
///
/// Every step of its life, newest first: who took it, when and why.
#[utoipa::path(
    get,
    path = "/v1/contracts/{id}/history",
    responses((status = 200, description = "A page of the contract's history."))
)]
async fn list_contract_history(
    scope: Scope<Contract, Read>,
    id: Path<ContractId>,
    query: ListQuery<HistoryFilter>,
    db: Db,
) -> Result<Page<ContractEventView>> {
    let db = db.reader(query.cost).await?;
    events::list(&db, &scope, *id, &query).await
}
