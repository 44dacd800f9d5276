//! A request for access as a caller sees it.

use std::collections::HashMap;

use diesel::{ExpressionMethods, QueryDsl, SelectableHelper};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{AccessRequest, AccessRequestId, AccessRequestStatus, Decide};
use crate::{
    access::{Actor, Read},
    clients::{Client, ClientId, ClientRef},
    db::schema::clients,
    error::{Error, Result},
    http::View,
    users::{self, UserRef},
    values::{Instant, Line},
};

/// A request for access, and what the caller may do with it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccessRequest, example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e60", "version": 1,
    "created_at": "2026-11-24T09:30:00Z", "updated_at": "2026-11-24T09:30:00Z",
    "client": {"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "name": "Romashka", "status": "active", "is_key": false},
    "requester": {"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30", "name": "Anna Petrova", "job_title": "Sales manager"},
    "reason": "They asked us for an offer at the fair.", "status": "open", "decided_at": null, "answer": null,
    "actions": ["grant", "decline"]}))]
pub struct AccessRequestView {
    #[serde(skip)]
    request: AccessRequest,
    /// Identifier.
    id: AccessRequestId,
    /// Grows by one with each change.
    #[schema(minimum = 1)]
    version: i64,
    /// When access was asked for.
    created_at: Instant,
    /// When the request was last changed.
    updated_at: Instant,
    /// The client, for who may see it.
    client: Option<ClientRef>,
    /// Who asks.
    requester: Option<UserRef>,
    /// Why they ask.
    reason: Line,
    /// What became of it.
    status: AccessRequestStatus,
    /// When it was decided.
    decided_at: Option<Instant>,
    /// What the requester is told.
    answer: Option<Line>,
    /// What the caller may do with the request now.
    actions: Vec<&'static str>,
}

impl View for AccessRequestView {
    type Row = AccessRequest;

    fn row(&self) -> &AccessRequest {
        &self.request
    }
}

/// `requests` as `actor` sees them, in a number of queries that does not grow with them.
///
/// # Errors
/// When the database fails.
pub async fn views(
    db: &AsyncPgConnection,
    requests: Vec<AccessRequest>,
    actor: &Actor,
) -> Result<Vec<AccessRequestView>> {
    let requesters = users::references(db, requests.iter().map(|request| request.requester_id).collect()).await?;
    let clients = visible_clients(db, &requests, actor).await?;
    let view = |request: AccessRequest| AccessRequestView {
        id: request.id,
        version: request.version,
        created_at: request.created_at,
        updated_at: request.updated_at,
        client: clients.get(&request.client_id).cloned(),
        requester: requesters.get(&request.requester_id).cloned(),
        reason: request.reason.clone(),
        status: request.status,
        decided_at: request.decided_at,
        answer: request.answer.clone(),
        actions: actions(&request, actor),
        request,
    };
    Ok(requests.into_iter().map(view).collect())
}

/// One request as `actor` sees it.
///
/// # Errors
/// When the database fails.
pub async fn view(db: &AsyncPgConnection, request: AccessRequest, actor: &Actor) -> Result<AccessRequestView> {
    views(db, vec![request], actor).await?.pop().ok_or_else(Error::not_found)
}

fn actions(request: &AccessRequest, actor: &Actor) -> Vec<&'static str> {
    let is_open = request.status == AccessRequestStatus::Open;
    match is_open && actor.may::<AccessRequest, Decide>(request) {
        true => vec!["grant", "decline"],
        false => Vec::new(),
    }
}

/// The clients that `actor` may see. Who asks for access does not see the client by that.
async fn visible_clients(
    mut db: &AsyncPgConnection,
    requests: &[AccessRequest],
    actor: &Actor,
) -> Result<HashMap<ClientId, ClientRef>> {
    let Ok(scope) = actor.scope::<Client, Read>() else { return Ok(HashMap::new()) };
    let ids: Vec<ClientId> = requests.iter().map(|request| request.client_id).collect();
    let rows: Vec<ClientRef> = clients::table
        .filter(clients::id.eq_any(ids))
        .filter(scope.visible())
        .select(ClientRef::as_select())
        .load(&mut db)
        .await?;
    Ok(rows.into_iter().map(|client| (client.id, client)).collect())
}
