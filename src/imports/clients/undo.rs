//! Takes back what an import has done with clients: those that it made go to the archive, and fields that it filled are empty
//! again.

use diesel::{QueryableByName, sql_query, sql_types};
use diesel_async::RunQueryDsl;

use super::apply::patch;
use crate::{
    access::{Read, Update},
    change::Tx,
    clients::{self, Archive, Client, ClientId},
    departures,
    error::Result,
    http::IfMatch,
    imports::{
        filling::emptied,
        row::{Fate, Undo},
        rows::Loaded,
    },
};

/// Takes back what one row has done.
///
/// # Errors
/// When the database fails.
pub async fn take_back(tx: &mut Tx<'_>, row: &Loaded) -> Result<Undo> {
    let (Some(id), Some(version)) = (row.target_id.map(ClientId::from), row.target_version) else {
        return Ok(Undo::Undone);
    };
    let Ok(read) = tx.scope::<Client, Read>() else { return Ok(Undo::Forbidden) };
    let Ok(client) = clients::find(tx, &read, id).await else { return Ok(Undo::Forbidden) };
    if client.version != version {
        return Ok(Undo::ChangedSince);
    }
    match row.fate {
        Some(Fate::Create) => archive(tx, &client).await,
        _ => empty(tx, &client, &row.filled.0).await,
    }
}

/// Archives a client that nothing hangs on but what the import itself has made.
async fn archive(tx: &mut Tx<'_>, client: &Client) -> Result<Undo> {
    let Ok(scope) = tx.scope::<Client, Archive>() else { return Ok(Undo::Forbidden) };
    if scope.permit(client).is_err() {
        return Ok(Undo::Forbidden);
    }
    if is_in_use(tx, client).await? {
        return Ok(Undo::InUse);
    }
    departures::archive(tx, &scope, client.id, &IfMatch::Any).await?;
    Ok(Undo::Undone)
}

async fn empty(tx: &mut Tx<'_>, client: &Client, filled: &[String]) -> Result<Undo> {
    match tx.scope::<Client, Update>().and_then(|scope| scope.permit(client)) {
        Ok(()) => patch(tx, client.id, emptied(filled), &IfMatch::Any).await.map(|_| Undo::Undone),
        Err(_forbidden) => Ok(Undo::Forbidden),
    }
}

/// Whether there are contracts, orders, or interactions that were made after the client.
async fn is_in_use(tx: &mut Tx<'_>, client: &Client) -> Result<bool> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql_types::Bool)]
        used: bool,
    }
    let query = sql_query(
        "SELECT EXISTS (SELECT FROM contracts WHERE client_id = $1) OR EXISTS (SELECT FROM orders WHERE client_id = $1)
            OR EXISTS (SELECT FROM interactions WHERE client_id = $1 AND created_at > $2) AS used",
    )
    .bind::<sql_types::Uuid, _>(client.id)
    .bind::<sql_types::Timestamptz, _>(client.created_at);
    let row: Row = query.get_result(&mut **tx).await?;
    Ok(row.used)
}
