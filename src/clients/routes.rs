//! `/v1/clients`.

use actix_web::web::Path;

use super::{
    completeness::{self, CompletenessParams, CompletenessSummary},
    designation,
    filter::{ClientFilter, ClientSearch},
    model::{Client, ClientId, ClientPatch, DesignateKey, NewClient},
    queries,
    summary::{self, ClientSummary, SummaryParams},
    view::{ClientView, changed, views},
};
use crate::{
    access::{Create, Read, Scope, Update},
    change::Change,
    db::{Cost, Db},
    error::Result,
    http::{Body, Changed, Created, IfMatch, Plain, Reply, Routes, endpoint},
    list::{ListQuery, Page, RowsQuery},
};

/// The operations on clients that are not steps.
pub fn routes(api: &mut Routes) {
    api.add(
        "clients",
        [
            endpoint!(list_clients),
            endpoint!(search_clients),
            endpoint!(summarize_clients),
            endpoint!(summarize_completeness),
            endpoint!(create_client),
            endpoint!(update_client),
            endpoint!(verify_client),
            endpoint!(designate_key_client),
            endpoint!(revoke_key_client),
        ],
    );
}

/// List clients
///
/// Use it to find clients by name, status, owner or any other filter, and to page through all within reach.
#[utoipa::path(
    get,
    path = "/v1/clients",
    responses((status = 200, description = "A page of the clients within reach."))
)]
async fn list_clients(scope: Scope<Client, Read>, query: ListQuery<ClientFilter>, db: Db) -> Result<Page<ClientView>> {
    let db = db.reader(query.cost).await?;
    let mut page = queries::list(&db, &scope, &query, Vec::new()).await?;
    let clients = std::mem::take(&mut page.data);
    Ok(page.with(views(&db, clients, &query.filter.include, scope.actor()).await?))
}

/// Search clients by conditions
///
/// Use it when the filters of the list are not enough: conditions joined by and, or and not, also on contracts and orders.
///
/// Takes the parameters of `GET /v1/clients`, and answers as it does; the conditions of the body hold besides. A further page is
/// asked for with the same body. A condition on contracts or orders sees those that the caller may read.
#[utoipa::path(
    post,
    path = "/v1/clients/search",
    responses((status = 200, description = "A page of the clients within reach that meet the conditions."))
)]
async fn search_clients(
    scope: Scope<Client, Read>,
    query: ListQuery<ClientFilter>,
    search: Body<ClientSearch>,
    db: Db,
) -> Result<Page<ClientView>> {
    let Body(search) = search;
    search.check()?;
    let query = query.asked_with(&search)?;
    let db = db.reader(query.cost).await?;
    let mut page = queries::list(&db, &scope, &query, search.conditions).await?;
    let clients = std::mem::take(&mut page.data);
    Ok(page.with(views(&db, clients, &query.filter.include, scope.actor()).await?))
}

/// Summarize clients
///
/// Use it to count the clients of each status, owner, branch of business and so on, as a front end shows them above a list.
///
/// Counts the clients that `GET /v1/clients` gives with the same filters.
#[utoipa::path(
    get,
    path = "/v1/clients/summary",
    responses((status = 200, description = "How many clients there are in each group."))
)]
async fn summarize_clients(
    scope: Scope<Client, Read>,
    query: RowsQuery<SummaryParams, ClientFilter>,
    db: Db,
) -> Result<Plain<ClientSummary>> {
    let RowsQuery { of, filter } = query;
    let db = db.reader(Cost::Large).await?;
    let summary = summary::summary(&db, &scope, &filter, of.by).await?;
    Ok(Reply::json(&summary)?.reply.into_response(false).into())
}

/// Sum up the completeness of clients
///
/// Use it to see whose clients lack what the organisation expects to know, so that the base stays true.
///
/// Counts the clients that `GET /v1/clients` gives with the same filters. Expected are the fields that the organisation names for
/// the kind of client, and those of its own fields that are required. `include=completeness` tells what one client lacks.
#[utoipa::path(
    get,
    path = "/v1/clients/completeness",
    responses((status = 200, description = "What is known of the clients of each group."))
)]
async fn summarize_completeness(
    scope: Scope<Client, Read>,
    query: RowsQuery<CompletenessParams, ClientFilter>,
    db: Db,
) -> Result<Plain<CompletenessSummary>> {
    let RowsQuery { of, filter } = query;
    let db = db.reader(Cost::Large).await?;
    let summary = completeness::summary(&db, &scope, &filter, of.by).await?;
    Ok(Reply::json(&summary)?.reply.into_response(false).into())
}

/// Create a client
///
/// Use it when a company or a person is first heard of.
///
/// The client begins as a lead of the caller, or of `owner_id` where the caller may give clients to others. One that is
/// entered already, also out of the caller's reach, is refused; `allow_duplicate` lets pass what is only likely the same.
#[utoipa::path(
    post,
    path = "/v1/clients",
    responses((status = 201, description = "The new client."))
)]
async fn create_client(scope: Scope<Client, Create>, change: Change, new: NewClient) -> Result<Created<ClientView>> {
    change
        .run(async |tx| {
            let client = queries::insert(tx, &scope, new).await?;
            Reply::created(&changed(tx, client).await?)
        })
        .await
}

/// Change a client
///
/// Use it to correct or complete what is known of the client.
///
/// Status, owner and designation are changed by transitions. A change that makes it the double of another client is refused as
/// in a creation.
#[utoipa::path(
    patch,
    path = "/v1/clients/{id}",
    responses((status = 200, description = "The changed client."))
)]
async fn update_client(
    scope: Scope<Client, Update>,
    id: Path<ClientId>,
    seen: IfMatch,
    change: Change,
    patch: ClientPatch,
) -> Result<Changed<ClientView>> {
    change
        .run(async |tx| {
            let client = queries::update(tx, &scope, *id, &seen, patch).await?;
            Reply::ok(&changed(tx, client).await?)
        })
        .await
}

/// Verify a client
///
/// Use it after somebody has checked the data with the client, so that stale data can be found by its age.
///
/// Notes that the client's data was checked just now.
#[utoipa::path(
    post,
    path = "/v1/clients/{id}/verify",
    responses((status = 200, description = "The changed client."))
)]
async fn verify_client(
    scope: Scope<Client, Update>,
    id: Path<ClientId>,
    seen: IfMatch,
    change: Change,
) -> Result<Changed<ClientView>> {
    change
        .run(async |tx| {
            let client = queries::verify(tx, &scope, *id, &seen).await?;
            Reply::ok(&changed(tx, client).await?)
        })
        .await
}

/// Designate a key client
///
/// Use it when a client has become so important that it needs a key-account manager.
///
/// No client becomes key automatically, and nobody designates their own. The role of the client's owner must allow them to
/// own key clients. The reach `team` covers all clients of the team here, also for a key-account manager.
#[utoipa::path(
    post,
    path = "/v1/clients/{id}/designate-key",
    responses((status = 200, description = "The changed client."))
)]
async fn designate_key_client(
    scope: Scope<Client, DesignateKey>,
    id: Path<ClientId>,
    seen: IfMatch,
    change: Change,
) -> Result<Changed<ClientView>> {
    change
        .run(async |tx| {
            let client = designation::designate(tx, &scope, *id, &seen, true).await?;
            Reply::ok(&changed(tx, client).await?)
        })
        .await
}

/// Revoke the designation as key
///
/// Use it when the client no longer needs a key-account manager.
///
/// The client becomes an ordinary one. The answer shows it even to a caller who can no longer read it, and who may revoke
/// may designate it again.
#[utoipa::path(
    post,
    path = "/v1/clients/{id}/revoke-key",
    responses((status = 200, description = "The changed client."))
)]
async fn revoke_key_client(
    scope: Scope<Client, DesignateKey>,
    id: Path<ClientId>,
    seen: IfMatch,
    change: Change,
) -> Result<Changed<ClientView>> {
    change
        .run(async |tx| {
            let client = designation::designate(tx, &scope, *id, &seen, false).await?;
            Reply::ok(&changed(tx, client).await?)
        })
        .await
}
