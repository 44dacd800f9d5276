//! Takes back what an import has done, where nothing was changed since: clients that it made go to the archive, and fields that
//! it filled are empty again.

use diesel::{QueryableByName, sql_query, sql_types};
use diesel_async::RunQueryDsl;
use serde_json::{Map, Value, json};

use super::{
    apply::patch,
    model::{Import, ImportId, ImportState},
    queries,
    row::{Fate, Undo},
    rows::{self, Loaded, Undone, Wanted},
};
use crate::{
    access::Read,
    background_jobs::{Progress, Run, Stopped},
    change::{Tx, save},
    clients::{self, Archive, Client, ClientId},
    db::Jsonb,
    departures,
    error::{Error, Result},
    http::IfMatch,
};

/// How many rows are taken back in one transaction.
const CHUNK: i64 = 100;

/// Does the job of taking an import back.
///
/// # Errors
/// Why it goes no further.
pub async fn work(run: Run) -> Result<(), Stopped> {
    let id = ImportId::from(run.subject());
    let import = run.chunk(async |tx, progress| begin(tx, progress, id).await).await?;
    let mut after = 0;
    while let Some(last) = run.chunk(async |tx, progress| chunk(tx, progress, &import, after).await).await? {
        after = last;
    }
    run.chunk(async |tx, _| end(tx, id).await).await
}

async fn begin(tx: &mut Tx<'_>, progress: &mut Progress, id: ImportId) -> Result<Import> {
    let import = queries::locked(tx, id).await?;
    progress.total = Some(rows::counts(tx, &import).await?.applied);
    Ok(import)
}

async fn end(tx: &mut Tx<'_>, id: ImportId) -> Result<()> {
    let before = queries::locked(tx, id).await?;
    let counts = Jsonb(rows::counts(tx, &before).await?);
    let after = Import { state: ImportState::Undone, counts, ..before.clone() };
    save(tx, "undone", &before, after).await.map(drop)
}

async fn chunk(tx: &mut Tx<'_>, progress: &mut Progress, import: &Import, after: i64) -> Result<Option<i64>> {
    let loaded = rows::next(tx, import, Wanted::Applied, after, CHUNK).await?;
    let mut undone = Vec::with_capacity(loaded.len());
    for row in &loaded {
        undone.push(Undone { line: row.line, undo: take_back(tx, row).await? });
    }
    rows::undo(tx, import, &undone).await?;
    progress.done += i64::try_from(undone.len()).map_err(Error::internal)?;
    Ok(loaded.last().map(|row| row.line))
}

async fn take_back(tx: &mut Tx<'_>, row: &Loaded) -> Result<Undo> {
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
    const LISTS: [&str; 6] = ["tags", "other_phones", "other_emails", "messengers", "foreign_ids", "bank_accounts"];
    let cleared = |name: &String| {
        let value = if LISTS.contains(&name.as_str()) { json!([]) } else { Value::Null };
        (name.clone(), value)
    };
    let members: Map<String, Value> = filled.iter().map(cleared).collect();
    match tx.scope::<Client, crate::access::Update>().and_then(|scope| scope.permit(client)) {
        Ok(()) => patch(tx, client.id, members, &IfMatch::Any).await.map(|_| Undo::Undone),
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
