//! Every query on merges. A merge is within reach when its survivor is.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper, pg::Pg};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{
    merge::Written,
    model::{ClientMerge, ClientMergeFilter, ClientMergeId},
};
use crate::{
    access::{Action, Read, Scope},
    change::Tx,
    clients::Client,
    db::schema::{client_merges, clients},
    error::{Error, Result},
    list::{ListQuery, Page, SortBy, SortValue, keyset},
    values::{Entity, Line, Resource},
};

/// Merge clients.
#[derive(Debug)]
pub enum Merge {}
impl Action for Merge {
    const NAME: &'static str = "merge";
    const BY_HELPERS: bool = false;
}

/// The right to merge clients.
pub type Right = Scope<Client, Merge>;

type Boxed = client_merges::BoxedQuery<'static, Pg>;

/// The merges whose survivors are within reach.
fn visible<A: Action>(scope: &Scope<Client, A>) -> Boxed {
    let reached = clients::table.filter(scope.visible()).select(clients::id).into_boxed::<Pg>();
    client_merges::table.filter(client_merges::survivor_id.eq_any(reached)).into_boxed()
}

fn filtered(scope: &Scope<Client, Read>, filter: &ClientMergeFilter) -> Boxed {
    let mut query = visible(scope);
    if !filter.survivor_id.is_empty() {
        query = query.filter(client_merges::survivor_id.eq_any(filter.survivor_id.clone()));
    }
    if !filter.merged_id.is_empty() {
        query = query.filter(client_merges::merged_id.eq_any(filter.merged_id.clone()));
    }
    match filter.is_undone {
        Some(true) => query.filter(client_merges::undone_at.is_not_null()),
        Some(false) => query.filter(client_merges::undone_at.is_null()),
        None => query,
    }
}

/// A page of the merges within reach, the latest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    mut db: &AsyncPgConnection,
    scope: &Scope<Client, Read>,
    query: &ListQuery<ClientMergeFilter>,
) -> Result<Page<ClientMerge>> {
    let order = SortBy::column(ClientMerge::NAME, "created_at", true);
    let rows: Vec<ClientMerge> = keyset(filtered(scope, &query.filter), order, query.after.clone(), query.limit)
        .select(ClientMerge::as_select())
        .load(&mut db)
        .await?;
    let total = match query.total {
        true => Some(filtered(scope, &query.filter).count().get_result(&mut db).await?),
        false => None,
    };
    query.page(rows, total, |merge: &ClientMerge| (SortValue::Instant(merge.created_at), merge.uuid()))
}

/// The merge `id`.
///
/// # Errors
/// 404 when its survivor is not within reach.
pub async fn find(mut db: &AsyncPgConnection, scope: &Scope<Client, Read>, id: ClientMergeId) -> Result<ClientMerge> {
    let merge = visible(scope).filter(client_merges::id.eq(id)).select(ClientMerge::as_select());
    merge.first(&mut db).await.optional()?.ok_or_else(Error::not_found)
}

/// The merge `id`, locked.
///
/// # Errors
/// 404 when its survivor is not within reach.
pub async fn find_locked(tx: &mut Tx<'_>, scope: &Right, id: ClientMergeId) -> Result<ClientMerge> {
    let reached = visible(scope).filter(client_merges::id.eq(id)).select(client_merges::id);
    let reached: Option<ClientMergeId> = reached.first(&mut **tx).await.optional()?;
    let merge = client_merges::table.find(reached.ok_or_else(Error::not_found)?).select(ClientMerge::as_select());
    Ok(merge.for_no_key_update().first(&mut **tx).await?)
}

/// Writes a merge.
///
/// # Errors
/// When the database fails.
pub async fn insert(
    tx: &mut Tx<'_>,
    survivor: &Client,
    merged: &Client,
    reason: Option<Line>,
    written: Written,
) -> Result<ClientMerge> {
    let merge = ClientMerge { reason, ..ClientMerge::of(tx, survivor, merged, written) };
    diesel::insert_into(client_merges::table).values(&merge).execute(&mut **tx).await?;
    tx.created(&merge);
    Ok(merge)
}

/// Notes that the locked merge was undone. What was kept is no longer needed.
///
/// # Errors
/// When the database fails.
pub async fn write_undone(tx: &mut Tx<'_>, before: ClientMerge) -> Result<ClientMerge> {
    let now = tx.now();
    let (undone_at, undone_by) = (Some(now), tx.user_id());
    let after = ClientMerge { version: before.version + 1, updated_at: now, undone_at, undone_by, ..before.clone() };
    let row = (
        client_merges::version.eq(after.version),
        client_merges::updated_at.eq(after.updated_at),
        client_merges::undone_at.eq(after.undone_at),
        client_merges::undone_by.eq(after.undone_by),
    );
    diesel::update(client_merges::table.find(after.id)).set(row).execute(&mut **tx).await?;
    tx.changed("undone", &before, &after);
    Ok(after)
}
