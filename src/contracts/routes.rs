//! `/v1/contracts`.

use actix_web::web::{Data, Path};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    approval,
    events::{self, ContractEventView, HistoryFilter},
    life,
    model::{
        Approve, Contract, ContractFilter, ContractId, ContractParams, ContractPatch, NewContract, Sign, Signature,
        Terminate,
    },
    queries,
    status::Transition,
    view::{ContractView, changed, views},
};
use crate::{
    access::{Create, Read, Scope, Update},
    change::{Change, Reason, RequiredReason},
    clock::Clock,
    db::{Cost, Db},
    error::{Error, Result},
    http::{Body, Changed, Created, Fields, IfMatch, Query, Reply, Tagged, endpoint},
    list::{ListQuery, Page},
};

/// The operations on contracts.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(endpoint!(list_contracts))
        .service(endpoint!(create_contract))
        .service(endpoint!(get_contract))
        .service(endpoint!(update_contract))
        .service(endpoint!(list_contract_history))
        .service(endpoint!(submit_contract))
        .service(endpoint!(approve_contract))
        .service(endpoint!(return_contract))
        .service(endpoint!(withdraw_contract))
        .service(endpoint!(sign_contract))
        .service(endpoint!(complete_contract))
        .service(endpoint!(terminate_contract));
}

/// List contracts
#[utoipa::path(
    get,
    path = "/v1/contracts",
    tag = "contracts",
    responses((status = 200, description = "A page of the contracts within reach."))
)]
async fn list_contracts(
    scope: Scope<Contract, Read>,
    query: ListQuery<ContractFilter>,
    clock: Data<Clock>,
    db: Db,
) -> Result<Page<ContractView>> {
    let db = db.reader(query.cost).await?;
    let mut page = queries::list(&db, &scope, &query, clock.now().day()).await?;
    let contracts = std::mem::take(&mut page.data);
    Ok(page.with(views(&db, contracts, &query.filter.include, scope.actor()).await?))
}

/// Draft a contract
///
/// The caller is the author. The number is given at once, from the sequence of the year.
#[utoipa::path(
    post,
    path = "/v1/contracts",
    tag = "contracts",
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
/// With what was ordered under it.
#[utoipa::path(
    get,
    path = "/v1/contracts/{id}",
    tag = "contracts",
    params(("id" = ContractId, Path, description = "The contract.")),
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
/// Only a draft can be changed. Its author and its client stay.
#[utoipa::path(
    patch,
    path = "/v1/contracts/{id}",
    tag = "contracts",
    params(("id" = ContractId, Path, description = "The contract.")),
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
/// Every step of its life, newest first: who took it, when and why.
#[utoipa::path(
    get,
    path = "/v1/contracts/{id}/history",
    tag = "contracts",
    params(("id" = ContractId, Path, description = "The contract.")),
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

/// Submit a contract
///
/// A draft within the caller's own limit is approved at once; any other waits for an approver.
#[utoipa::path(
    post,
    path = "/v1/contracts/{id}/submit",
    tag = "contracts",
    params(("id" = ContractId, Path, description = "The contract.")),
    responses((status = 200, description = "The changed contract."))
)]
async fn submit_contract(
    scope: Scope<Contract, Update>,
    id: Path<ContractId>,
    seen: IfMatch,
    change: Change,
    body: Body<Reason>,
) -> Result<Changed<ContractView>> {
    let Body(body) = body;
    change
        .run(async |tx| {
            let contract = approval::submit(tx, &scope, *id, &seen, body.reason.as_ref()).await?;
            Reply::ok(&changed(tx, contract).await?)
        })
        .await
}

/// Approve a contract
///
/// Never by its author or by who submitted it for review, and only within the caller's own limit.
#[utoipa::path(
    post,
    path = "/v1/contracts/{id}/approve",
    tag = "contracts",
    params(("id" = ContractId, Path, description = "The contract.")),
    responses((status = 200, description = "The changed contract."))
)]
async fn approve_contract(
    scope: Scope<Contract, Approve>,
    id: Path<ContractId>,
    seen: IfMatch,
    change: Change,
    body: Body<Reason>,
) -> Result<Changed<ContractView>> {
    let Body(body) = body;
    change
        .run(async |tx| {
            let contract = approval::approve(tx, &scope, *id, &seen, body.reason.as_ref()).await?;
            Reply::ok(&changed(tx, contract).await?)
        })
        .await
}

/// Return a contract
///
/// From review back to its author, with the reason.
#[utoipa::path(
    post,
    path = "/v1/contracts/{id}/return",
    tag = "contracts",
    params(("id" = ContractId, Path, description = "The contract.")),
    responses((status = 200, description = "The changed contract."))
)]
async fn return_contract(
    scope: Scope<Contract, Approve>,
    id: Path<ContractId>,
    seen: IfMatch,
    change: Change,
    body: Body<RequiredReason>,
) -> Result<Changed<ContractView>> {
    let Body(body) = body;
    change
        .run(async |tx| {
            let contract = life::step(tx, &scope, *id, &seen, Transition::Return, Some(&body.reason)).await?;
            Reply::ok(&changed(tx, contract).await?)
        })
        .await
}

/// Withdraw a contract
///
/// Takes a contract in review or approved back to draft; an approval is void.
#[utoipa::path(
    post,
    path = "/v1/contracts/{id}/withdraw",
    tag = "contracts",
    params(("id" = ContractId, Path, description = "The contract.")),
    responses((status = 200, description = "The changed contract."))
)]
async fn withdraw_contract(
    scope: Scope<Contract, Update>,
    id: Path<ContractId>,
    seen: IfMatch,
    change: Change,
    body: Body<Reason>,
) -> Result<Changed<ContractView>> {
    let Body(body) = body;
    change
        .run(async |tx| {
            let contract = life::step(tx, &scope, *id, &seen, Transition::Withdraw, body.reason.as_ref()).await?;
            Reply::ok(&changed(tx, contract).await?)
        })
        .await
}

/// Sign a contract
///
/// Records that both sides have signed. The contract is active from its first day on, at once when that is past.
#[utoipa::path(
    post,
    path = "/v1/contracts/{id}/sign",
    tag = "contracts",
    params(("id" = ContractId, Path, description = "The contract.")),
    responses((status = 200, description = "The changed contract."))
)]
async fn sign_contract(
    scope: Scope<Contract, Sign>,
    id: Path<ContractId>,
    seen: IfMatch,
    change: Change,
    body: Body<Signature>,
) -> Result<Changed<ContractView>> {
    let Body(body) = body;
    change
        .run(async |tx| {
            let contract = life::sign(tx, &scope, *id, &seen, &body).await?;
            Reply::ok(&changed(tx, contract).await?)
        })
        .await
}

/// Complete a contract
///
/// Everything agreed was done.
#[utoipa::path(
    post,
    path = "/v1/contracts/{id}/complete",
    tag = "contracts",
    params(("id" = ContractId, Path, description = "The contract.")),
    responses((status = 200, description = "The changed contract."))
)]
async fn complete_contract(
    scope: Scope<Contract, Update>,
    id: Path<ContractId>,
    seen: IfMatch,
    change: Change,
    body: Body<Reason>,
) -> Result<Changed<ContractView>> {
    let Body(body) = body;
    change
        .run(async |tx| {
            let contract = life::step(tx, &scope, *id, &seen, Transition::Complete, body.reason.as_ref()).await?;
            Reply::ok(&changed(tx, contract).await?)
        })
        .await
}

/// Terminate a contract
///
/// Ends a signed or active contract early, with the reason.
#[utoipa::path(
    post,
    path = "/v1/contracts/{id}/terminate",
    tag = "contracts",
    params(("id" = ContractId, Path, description = "The contract.")),
    responses((status = 200, description = "The changed contract."))
)]
async fn terminate_contract(
    scope: Scope<Contract, Terminate>,
    id: Path<ContractId>,
    seen: IfMatch,
    change: Change,
    body: Body<RequiredReason>,
) -> Result<Changed<ContractView>> {
    let Body(body) = body;
    change
        .run(async |tx| {
            let contract = life::step(tx, &scope, *id, &seen, Transition::Terminate, Some(&body.reason)).await?;
            Reply::ok(&changed(tx, contract).await?)
        })
        .await
}
