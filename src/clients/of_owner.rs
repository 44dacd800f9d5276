//! Several clients at once: those of an owner, and those with certain ids.

use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{
    model::{Client, ClientId},
    status::ClientStatus,
};
use crate::{
    access::{Action, Scope, UserId},
    change::Tx,
    db::{columns_of, wide::clients},
    error::Result,
};

/// The ids of the clients of `owner` within reach that are not archived, in their order, at most so many.
///
/// # Errors
/// When the database fails.
pub async fn of_owner<A: Action>(
    mut db: &AsyncPgConnection,
    scope: &Scope<Client, A>,
    owner: UserId,
    most: i64,
) -> Result<Vec<ClientId>> {
    let theirs = clients::table
        .filter(scope.visible())
        .filter(clients::owner_id.eq(owner))
        .filter(clients::status.ne(ClientStatus::Archived));
    Ok(theirs.order(clients::id).limit(most).select(clients::id).load(&mut db).await?)
}

/// How many clients of `owner` within reach are not archived.
///
/// # Errors
/// When the database fails.
pub async fn count_of_owner<A: Action>(
    mut db: &AsyncPgConnection,
    scope: &Scope<Client, A>,
    owner: UserId,
) -> Result<i64> {
    let theirs = clients::table
        .filter(scope.visible())
        .filter(clients::owner_id.eq(owner))
        .filter(clients::status.ne(ClientStatus::Archived));
    Ok(theirs.count().get_result(&mut db).await?)
}

/// The clients among `ids` within reach, in the order of their ids.
///
/// # Errors
/// When the database fails.
pub async fn find_all<A: Action>(
    mut db: &AsyncPgConnection,
    scope: &Scope<Client, A>,
    ids: &[ClientId],
) -> Result<Vec<Client>> {
    let rows = clients::table.filter(scope.visible()).filter(clients::id.eq_any(ids)).order(clients::id);
    Ok(rows.select(columns_of::<Client>()).load(&mut db).await?)
}

/// The same clients, locked one after another in the order of their ids, so that two who lock several clients at once do not
/// wait for each other.
///
/// # Errors
/// When the database fails.
pub async fn lock_all<A: Action>(tx: &mut Tx<'_>, scope: &Scope<Client, A>, ids: &[ClientId]) -> Result<Vec<Client>> {
    let rows = clients::table.filter(scope.visible()).filter(clients::id.eq_any(ids)).order(clients::id);
    Ok(rows.select(columns_of::<Client>()).for_no_key_update().load(&mut **tx).await?)
}
