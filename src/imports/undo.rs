//! Takes back what an import has done, where nothing was changed since.

use super::{
    kind::Kind,
    model::{Import, ImportId, ImportState},
    queries,
    row::Undo,
    rows::{self, Undone, Wanted},
};
use crate::{
    background_jobs::{Progress, Run, Stopped},
    change::{Tx, save},
    db::Jsonb,
    error::{Error, Result},
};

/// How many rows, or groups of rows, are taken back in one transaction.
const CHUNK: i64 = 100;

/// Does the job of taking an import back, whose rows are of the kind `K`.
///
/// # Errors
/// Why it goes no further.
pub async fn work<K: Kind>(run: &Run) -> Result<(), Stopped> {
    let id = ImportId::from(run.subject());
    let import = run.chunk(async |tx, progress| begin(tx, progress, id).await).await?;
    let mut after = 0;
    while let Some(last) = run.chunk(async |tx, progress| chunk::<K>(tx, progress, &import, after).await).await? {
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

async fn chunk<K: Kind>(tx: &mut Tx<'_>, progress: &mut Progress, import: &Import, after: i64) -> Result<Option<i64>> {
    let Some(part) = rows::next(tx, import, Wanted::Applied, after, CHUNK).await? else { return Ok(None) };
    let mut undone = Vec::with_capacity(part.rows.len());
    let mut group: Option<(i64, Undo)> = None;
    for row in &part.rows {
        // The rows of a group have made one thing, which is taken back once.
        let undo = match group {
            Some((line, undo)) if line == row.group_line => undo,
            _ => K::take_back(tx, row).await?,
        };
        group = Some((row.group_line, undo));
        undone.push(Undone { line: row.line, undo });
    }
    rows::undo(tx, import, &undone).await?;
    progress.done += i64::try_from(undone.len()).map_err(Error::internal)?;
    Ok(Some(part.last))
}
