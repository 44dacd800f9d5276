//! Every query on pairs of clients that may be one. A pair is within reach when both its clients are.

use std::collections::HashMap;

use diesel::{BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper, pg::Pg};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{ClientDuplicate, ClientDuplicateFilter, ClientDuplicateView, PairStatus};
use crate::{
    access::{Action, Actor, Read, Scope, Update},
    change::Tx,
    clients::{Client, ClientDuplicateId, ClientId, ClientRef},
    db::{
        columns_of,
        schema::{client_duplicates, clients},
    },
    error::{Error, Result},
    http::IfMatch,
    list::{ListQuery, Page, SortBy, SortValue, keyset},
    values::{Entity, Resource},
};

type Boxed = client_duplicates::BoxedQuery<'static, Pg>;

/// The pairs of which `scope` reaches both clients.
fn visible<A: Action>(scope: &Scope<Client, A>) -> Boxed {
    let reached = || clients::table.filter(scope.visible()).select(clients::id).into_boxed::<Pg>();
    client_duplicates::table
        .filter(client_duplicates::client_id.eq_any(reached()))
        .filter(client_duplicates::other_id.eq_any(reached()))
        .into_boxed()
}

fn filtered(scope: &Scope<Client, Read>, filter: &ClientDuplicateFilter) -> Boxed {
    let mut query = visible(scope);
    if !filter.client_id.is_empty() {
        let one = client_duplicates::client_id.eq_any(filter.client_id.clone());
        query = query.filter(one.or(client_duplicates::other_id.eq_any(filter.client_id.clone())));
    }
    match filter.status.is_empty() {
        true => query.filter(client_duplicates::status.eq(PairStatus::Open)),
        false => query.filter(client_duplicates::status.eq_any(filter.status.clone())),
    }
}

/// A page of the pairs within reach, the likeliest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    mut db: &AsyncPgConnection,
    scope: &Scope<Client, Read>,
    query: &ListQuery<ClientDuplicateFilter>,
) -> Result<Page<ClientDuplicateView>> {
    let order = SortBy::column(ClientDuplicate::NAME, "score", true);
    let rows: Vec<ClientDuplicate> = keyset(filtered(scope, &query.filter), order, query.after.clone(), query.limit)
        .select(ClientDuplicate::as_select())
        .load(&mut db)
        .await?;
    let total = match query.total {
        true => Some(filtered(scope, &query.filter).count().get_result(&mut db).await?),
        false => None,
    };
    let key = |pair: &ClientDuplicate| (SortValue::Number(i64::from(pair.score)), pair.uuid());
    let mut page = query.page(rows, total, key)?;
    let pairs = std::mem::take(&mut page.data);
    Ok(page.with(views(db, pairs, scope.actor()).await?))
}

/// The pair `id`.
///
/// # Errors
/// 404 when not both clients are within reach.
pub async fn find(
    mut db: &AsyncPgConnection,
    scope: &Scope<Client, Read>,
    id: ClientDuplicateId,
) -> Result<ClientDuplicateView> {
    let pair = visible(scope).filter(client_duplicates::id.eq(id)).select(ClientDuplicate::as_select());
    let pair: Option<ClientDuplicate> = pair.first(&mut db).await.optional()?;
    let pair = pair.ok_or_else(Error::not_found)?;
    views(db, vec![pair], scope.actor()).await?.pop().ok_or_else(Error::not_found)
}

/// Decides that a pair is two clients.
///
/// # Errors
/// 404, 403, 412, 409 when it was decided before.
pub async fn settle(
    tx: &mut Tx<'_>,
    scope: &Scope<Client, Update>,
    id: ClientDuplicateId,
    seen: &IfMatch,
) -> Result<ClientDuplicateView> {
    let reached = visible(scope).filter(client_duplicates::id.eq(id)).select(client_duplicates::id);
    let reached: Option<ClientDuplicateId> = reached.first(&mut **tx).await.optional()?;
    let pair = client_duplicates::table.find(reached.ok_or_else(Error::not_found)?);
    let before: ClientDuplicate =
        pair.select(ClientDuplicate::as_select()).for_no_key_update().first(&mut **tx).await?;
    permit(tx, scope, &before).await?;
    seen.check(before.version)?;
    if before.status != PairStatus::Open {
        return Err(Error::transition(before.status.as_ref(), &[]));
    }
    let now = tx.now();
    let after = ClientDuplicate {
        version: before.version + 1,
        updated_at: now,
        status: PairStatus::Distinct,
        settled_by: tx.user_id(),
        settled_at: Some(now),
        ..before.clone()
    };
    let row = (
        client_duplicates::version.eq(after.version),
        client_duplicates::updated_at.eq(after.updated_at),
        client_duplicates::status.eq(after.status),
        client_duplicates::settled_by.eq(after.settled_by),
        client_duplicates::settled_at.eq(after.settled_at),
    );
    diesel::update(client_duplicates::table.find(id)).set(row).execute(&mut **tx).await?;
    tx.changed("settled", &before, &after);
    views(tx, vec![after], tx.actor()).await?.pop().ok_or_else(Error::not_found)
}

/// Refuses a caller who may not change both clients.
async fn permit(tx: &mut Tx<'_>, scope: &Scope<Client, Update>, pair: &ClientDuplicate) -> Result<()> {
    let both = clients::table.filter(clients::id.eq_any([pair.client_id, pair.other_id]));
    let both: Vec<Client> = both.select(columns_of::<Client>()).load(&mut **tx).await?;
    both.iter().try_for_each(|client| scope.permit(client))
}

async fn views(
    mut db: &AsyncPgConnection,
    pairs: Vec<ClientDuplicate>,
    actor: &Actor,
) -> Result<Vec<ClientDuplicateView>> {
    let ids: Vec<ClientId> = pairs.iter().flat_map(|pair| [pair.client_id, pair.other_id]).collect();
    let rows: Vec<Client> =
        clients::table.filter(clients::id.eq_any(ids)).select(columns_of::<Client>()).load(&mut db).await?;
    let known: HashMap<ClientId, Client> = rows.into_iter().map(|client| (client.id, client)).collect();
    let view = |pair: ClientDuplicate| {
        let both: Vec<&Client> = [pair.client_id, pair.other_id].iter().filter_map(|id| known.get(id)).collect();
        let may_settle = both.iter().all(|client| actor.may::<Client, Update>(client));
        let actions = if may_settle && pair.status == PairStatus::Open { vec!["settle"] } else { Vec::new() };
        ClientDuplicateView { clients: both.into_iter().map(ClientRef::of).collect(), pair, actions }
    };
    Ok(pairs.into_iter().map(view).collect())
}
