//! Every query on the owners of clients.

use diesel::{ExpressionMethods, QueryDsl, SelectableHelper};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{ClientOwner, ClientOwnerView, OwnerFilter, OwnerInclude, Why};
use crate::{
    access::{Read, Scope, UserId},
    change::Tx,
    clients::{Client, ClientId, queries},
    db::{Sql, insert_many, schema::client_owners},
    error::Result,
    list::{ListQuery, Page, SortBy, SortValue, keyset},
    users,
    values::Id,
};

static INSERT: Sql = Sql::new();

/// A page of the owners of the client `id`, newest first.
///
/// # Errors
/// 404 for a client out of reach.
pub async fn list(
    mut db: &AsyncPgConnection,
    scope: &Scope<Client, Read>,
    id: ClientId,
    query: &ListQuery<OwnerFilter>,
) -> Result<Page<ClientOwnerView>> {
    let client = queries::find(db, scope, id).await?;
    let of_client = || client_owners::table.filter(client_owners::client_id.eq(client.id)).into_boxed();
    let order = SortBy::column("client_owners", "began_at", true);
    let rows = keyset(of_client(), order, query.after.clone(), query.limit)
        .select(ClientOwner::as_select())
        .load(&mut db)
        .await?;
    let total = match query.total {
        true => Some(of_client().count().get_result(&mut db).await?),
        false => None,
    };
    let page = query.page(rows, total, |entry: &ClientOwner| (SortValue::Instant(entry.began_at), entry.id.uuid()))?;
    let users = match query.filter.include.has(OwnerInclude::User) {
        true => page.data.iter().map(|entry| entry.user_id).collect(),
        false => Vec::new(),
    };
    let users = users::references(db, users).await?;
    Ok(page.map(|entry| ClientOwnerView { user: users.get(&entry.user_id).cloned(), entry }))
}

/// Notes who owns a client that was just created.
///
/// # Errors
/// When the database fails.
pub async fn begin(tx: &mut Tx<'_>, client: &Client) -> Result<()> {
    let first = entry(tx, client.id, client.owner_id, &Why::default());
    INSERT.of(diesel::insert_into(client_owners::table).values(&first)).execute(&mut **tx).await?;
    Ok(())
}

/// Notes who owns each of clients that were just created.
///
/// # Errors
/// When the database fails.
pub async fn begin_all(tx: &mut Tx<'_>, clients: &[Client]) -> Result<()> {
    let first: Vec<ClientOwner> =
        clients.iter().map(|client| entry(tx, client.id, client.owner_id, &Why::default())).collect();
    write(tx, &first).await
}

/// Notes that `owner` follows the present owners of `clients`, which the caller has locked.
///
/// # Errors
/// When the database fails.
pub async fn follow(tx: &mut Tx<'_>, clients: &[ClientId], owner: UserId, why: &Why) -> Result<()> {
    let present =
        client_owners::table.filter(client_owners::client_id.eq_any(clients)).filter(client_owners::ended_at.is_null());
    let now = tx.now();
    diesel::update(present).set(client_owners::ended_at.eq(now)).execute(&mut **tx).await?;
    let next: Vec<ClientOwner> = clients.iter().map(|client| entry(tx, *client, owner, why)).collect();
    write(tx, &next).await
}

async fn write(db: &AsyncPgConnection, entries: &[ClientOwner]) -> Result<()> {
    static INSERT: Sql = Sql::new();
    Ok(insert_many(db, &INSERT, entries, |some| diesel::insert_into(client_owners::table).values(some)).await?)
}

/// The entry of `user`, who owns the client from now on.
fn entry(tx: &Tx<'_>, client_id: ClientId, user_id: UserId, why: &Why) -> ClientOwner {
    ClientOwner {
        id: Id::generate(),
        client_id,
        user_id,
        began_at: tx.now(),
        ended_at: None,
        given_by: tx.user_id(),
        reason: why.reason.clone(),
        note: why.note.clone(),
    }
}
