//! `/v1/contracts`.

use actix_web::web::{Data, Path};
use chrono_tz::Tz;

use super::{
    amend,
    events::{self, ContractEventView, HistoryFilter},
    model::{
        Amend, Contract, ContractFilter, ContractId, ContractParams, ContractPatch, NewContract, NewPastContract,
        RecordContract,
    },
    past, queries,
    view::{ContractView, changed, views},
};
use crate::{
    access::{Create, Delete, Read, Scope, Update},
    change::Change,
    clock::Clock,
    db::{Cost, Db},
    error::{Error, Result},
    http::{Body, Changed, Created, Fields, IfMatch, NoContent, Query, Reply, Routes, Tagged, endpoint},
    list::{ListQuery, Page},
};

/// The operations on contracts that are not steps.
pub fn routes(api: &mut Routes) {
    api.add(
        "contracts",
        [
            endpoint!(list_contracts),
            endpoint!(create_contract),
            endpoint!(record_contract),
            endpoint!(get_contract),
            endpoint!(update_contract),
            endpoint!(delete_contract),
            endpoint!(amend_contract),
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
/// The caller is the author. The contract gets its number when it is approved.
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

/// Record a past contract
///
/// Use it to bring in contracts from another system, and those that were signed on paper.
///
/// With its real days, and with its own number where it has one. No limits are checked: it is signed already. Its client must be
/// neither lost nor archived.
#[utoipa::path(
    post,
    path = "/v1/contracts/record",
    responses((status = 201, description = "The recorded contract."))
)]
async fn record_contract(
    scope: Scope<Contract, RecordContract>,
    change: Change,
    new: NewPastContract,
) -> Result<Created<ContractView>> {
    change
        .run(async |tx| {
            let contract = past::record(tx, &scope, new).await?;
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
    let mut contract = queries::find(&db, &scope, *id).await?;
    if let Some(day) = params.as_of {
        contract = amend::as_of(&db, contract, day).await?;
    }
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

/// Discard a draft
///
/// Use it when nothing comes of a draft.
///
/// Only a draft that was never approved: it has no number yet, so none is lost. Its history goes with it; the audit log keeps it.
#[utoipa::path(
    delete,
    path = "/v1/contracts/{id}",
    responses((status = 204, description = "The draft is gone."))
)]
async fn delete_contract(
    scope: Scope<Contract, Delete>,
    id: Path<ContractId>,
    seen: IfMatch,
    change: Change,
) -> Result<NoContent> {
    change
        .run(async |tx| {
            queries::discard(tx, &scope, *id, &seen).await?;
            Ok(Reply::no_content())
        })
        .await
}

/// Amend a contract
///
/// Use it when the terms of a signed contract are to change.
///
/// Drafts an amendment with the terms of the contract, to be changed, approved and signed as any draft. When it is signed and its
/// `effective_on` has come, its terms become those of the contract, which keeps its number, its orders and its history. The currency
/// and the first day stay. One amendment at a time.
#[utoipa::path(
    post,
    path = "/v1/contracts/{id}/amend",
    responses((status = 201, description = "The draft of the amendment."))
)]
async fn amend_contract(
    scope: Scope<Contract, Update>,
    id: Path<ContractId>,
    seen: IfMatch,
    change: Change,
    body: Body<Amend>,
) -> Result<Created<ContractView>> {
    let Body(body) = body;
    change
        .run(async |tx| {
            let amendment = amend::amend(tx, &scope, *id, &seen, body).await?;
            Reply::created(&changed(tx, amendment).await?)
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
