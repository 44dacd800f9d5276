//! Every query on requests for access. Who asks reads their own requests; the others are read within reach of the client.

use diesel::{BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, pg::Pg};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{
    AccessRequest, AccessRequestFilter, AccessRequestId, AccessRequestStatus, Decide, Decision, DecisionBody,
    NewAccessRequest,
};
use crate::{
    access::{Action, Create, Read, Scope, UserId},
    account_teams,
    change::{Row, Tx, lock, save},
    clients::{self, Client, ClientId, Identifiers},
    db::{
        Sql, columns_of,
        schema::{access_requests, clients as client_rows},
    },
    error::{Error, OnConstraint, ProblemType, Result},
    http::IfMatch,
    list::{ListQuery, Page, SortBy, SortValue, keyset},
    users,
    values::{Entity, Instant, Invalid, Line, Resource},
};

type Boxed = access_requests::BoxedQuery<'static, Pg>;

/// The requests of the caller, and those within reach.
fn readable(scope: &Scope<AccessRequest, Read>) -> Boxed {
    match scope.actor().user_id() {
        Some(user) => {
            access_requests::table.filter(access_requests::requester_id.eq(user).or(scope.visible())).into_boxed()
        }
        None => access_requests::table.filter(scope.visible()).into_boxed(),
    }
}

fn filtered(scope: &Scope<AccessRequest, Read>, filter: &AccessRequestFilter) -> Boxed {
    let mut query = readable(scope);
    if !filter.status.is_empty() {
        query = query.filter(access_requests::status.eq_any(filter.status.clone()));
    }
    match (filter.own, scope.actor().user_id()) {
        (Some(true), Some(user)) => query.filter(access_requests::requester_id.eq(user)),
        (Some(false), Some(user)) => query.filter(access_requests::requester_id.ne(user)),
        _ => query,
    }
}

/// A page of the requests that the caller may read, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    mut db: &AsyncPgConnection,
    scope: &Scope<AccessRequest, Read>,
    query: &ListQuery<AccessRequestFilter>,
) -> Result<Page<AccessRequest>> {
    let order = SortBy::column(AccessRequest::NAME, "created_at", true);
    let rows = keyset(filtered(scope, &query.filter), order, query.after.clone(), query.limit)
        .select(columns_of::<AccessRequest>())
        .load(&mut db)
        .await?;
    let total = match query.total {
        true => Some(filtered(scope, &query.filter).count().get_result(&mut db).await?),
        false => None,
    };
    query.page(rows, total, |request: &AccessRequest| (SortValue::Instant(request.created_at), request.uuid()))
}

/// The request `id`.
///
/// # Errors
/// 404 when the caller may read none of this id.
pub async fn find(
    mut db: &AsyncPgConnection,
    scope: &Scope<AccessRequest, Read>,
    id: AccessRequestId,
) -> Result<AccessRequest> {
    let request = readable(scope).filter(access_requests::id.eq(id)).select(columns_of::<AccessRequest>());
    request.first(&mut db).await.optional()?.ok_or_else(Error::not_found)
}

/// Asks for access to the client that has what the caller knows of it. A request that waits already is answered again.
///
/// # Errors
/// 422 when nothing identifies a client, or no client of somebody else has it.
pub async fn insert(
    tx: &mut Tx<'_>,
    _scope: &Scope<AccessRequest, Create>,
    new: NewAccessRequest,
) -> Result<AccessRequest> {
    let requester = tx.user_id().ok_or_else(|| Error::new(ProblemType::Unauthorized))?;
    let client = client_of_others(tx, &new, requester).await?;
    let waiting = access_requests::table
        .filter(access_requests::client_id.eq(client.id))
        .filter(access_requests::requester_id.eq(requester))
        .filter(access_requests::status.eq(AccessRequestStatus::Open))
        .select(columns_of::<AccessRequest>());
    let waiting: Option<AccessRequest> = waiting.first(&mut **tx).await.optional()?;
    if let Some(waiting) = waiting {
        return Ok(waiting);
    }
    record(tx, &client, requester, new.reason).await
}

/// Writes a request of `requester` for access to `client`.
///
/// # Errors
/// 503 when they ask twice at once.
pub async fn record(tx: &mut Tx<'_>, client: &Client, requester: UserId, reason: Line) -> Result<AccessRequest> {
    let request = request(tx, client, requester, reason);
    let insert = diesel::insert_into(access_requests::table).values(&request);
    insert.execute(&mut **tx).await.on_constraint(breached)?;
    tx.created(&request);
    Ok(request)
}

fn request(tx: &mut Tx<'_>, client: &Client, requester_id: UserId, reason: Line) -> AccessRequest {
    let now = tx.now();
    AccessRequest {
        id: tx.new_id(),
        version: 1,
        created_at: now,
        updated_at: now,
        client_id: client.id,
        owner_id: client.owner_id,
        team_id: client.team_id,
        is_key: client.is_key,
        requester_id,
        reason,
        status: AccessRequestStatus::Open,
        decided_by: None,
        decided_at: None,
        answer: None,
    }
}

/// The client that `new` describes. It is the first of those that are not the caller's own.
async fn client_of_others(tx: &mut Tx<'_>, new: &NewAccessRequest, requester: UserId) -> Result<Client> {
    let given = [new.tax_id.is_some(), new.phone.is_some(), new.email.is_some()];
    let Some(at) = ["/tax_id", "/phone", "/email"].into_iter().zip(given).find(|(_, given)| *given) else {
        return Err(Error::field("/tax_id", Invalid::Required));
    };
    let identifiers = Identifiers::known(new.tax_id.as_ref(), new.phone.as_ref(), new.email.as_ref());
    let alike: Vec<ClientId> = clients::certain(tx, &identifiers).await?;
    let others = client_rows::table
        .filter(client_rows::id.eq_any(alike))
        .filter(client_rows::owner_id.ne(requester))
        .order(client_rows::id)
        .select(columns_of::<Client>())
        .for_key_share();
    let others: Option<Client> = others.first(&mut **tx).await.optional()?;
    others.ok_or_else(|| Error::field(at.0, Invalid::UnknownReference))
}

/// Decides on a request. Who is granted access joins the client's account team.
///
/// # Errors
/// 404, 403, 412, 409 when it was decided before or the account team is full, 422 when the requester no longer works here.
pub async fn decide(
    tx: &mut Tx<'_>,
    scope: &Scope<AccessRequest, Decide>,
    id: AccessRequestId,
    seen: &IfMatch,
    decision: Decision,
    body: DecisionBody,
) -> Result<AccessRequest> {
    let visible = access_requests::table.filter(access_requests::id.eq(id)).filter(scope.visible());
    let client: Option<ClientId> = visible.select(access_requests::client_id).first(&mut **tx).await.optional()?;
    // The client is locked before what belongs to it, as in a transfer.
    let client = clients::lock_to_touch(tx, client.ok_or_else(Error::not_found)?).await?;
    let before = lock(tx, scope, id, seen).await?;
    before.refuse_decided()?;
    if decision == Decision::Grant {
        let requester = users::owner(tx, before.requester_id, "/requester_id").await?;
        account_teams::admit(tx, client, requester.id).await?;
    }
    let after = AccessRequest {
        status: decision.status(),
        decided_by: tx.user_id(),
        decided_at: Some(tx.now()),
        answer: body.answer,
        ..before.clone()
    };
    save(tx, decision.status().into(), &before, after).await
}

impl Row for AccessRequest {
    type Id = AccessRequestId;

    async fn find_locked<A: Action>(
        tx: &mut Tx<'_>,
        scope: &Scope<Self, A>,
        id: AccessRequestId,
    ) -> Result<Option<Self>> {
        let row = access_requests::table.filter(access_requests::id.eq(id)).filter(scope.visible());
        Ok(row.select(columns_of::<Self>()).for_no_key_update().first(&mut **tx).await.optional()?)
    }

    async fn write(&self, tx: &mut Tx<'_>) -> Result<()> {
        static SAVE: Sql = Sql::new();
        let update = SAVE.of(diesel::update(access_requests::table.find(self.id)).set(self.clone()));
        update.execute(&mut **tx).await?;
        Ok(())
    }

    fn advance(&mut self, now: Instant) {
        self.version += 1;
        self.updated_at = now;
    }
}

/// Two requests for the same at once.
fn breached(constraint: &str) -> Option<Error> {
    (constraint == "access_requests_open_key").then(|| Error::new(ProblemType::Busy).retry_after(1))
}
