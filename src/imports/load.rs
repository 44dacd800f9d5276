//! Reads the rows of the file into the database, before they are checked for the first time.

use super::{
    model::{Import, ImportId},
    queries, rows,
    table::{self, Record},
};
use crate::{
    background_jobs::{Progress, Run, Stopped},
    change::{Tx, save},
    error::{Error, ProblemType, Result},
    values::{Entity, Resource},
};

/// How many rows are written at a time.
const CHUNK: usize = 2000;

/// The import, whose rows are all in the database.
///
/// # Errors
/// 422 for a file that is no table, 410 when the file is no longer there.
pub async fn load(run: &Run) -> Result<Import, Stopped> {
    let id = ImportId::from(run.subject());
    let import = run.chunk(async |tx, _| queries::locked(tx, id).await).await?;
    if import.row_count.is_some() {
        return Ok(import);
    }
    let records = records(run, &import).await?;
    let written = run.chunk(async |tx, _| rows::count(tx, id).await).await?;
    let written = usize::try_from(written).map_err(Error::internal)?;
    for chunk in records.get(written..).unwrap_or_default().chunks(CHUNK) {
        run.chunk(async |tx, _| rows::insert(tx, id, chunk).await).await?;
    }
    let loaded = run.chunk(async |tx, progress| loaded(tx, progress, id, records.len()).await).await?;
    // Nothing needs the file any more; what is left of it by a crash goes when its time is over.
    run.files().remove(Import::NAME, import.uuid()).await?;
    Ok(loaded)
}

/// The records after the head. The file is read in a thread of its own.
async fn records(run: &Run, import: &Import) -> Result<Vec<Record>> {
    let bytes = run.files().get_all(Import::NAME, import.uuid()).await?.ok_or_else(gone)?;
    let head = import.head_line;
    let read = tokio::task::spawn_blocking(move || table::read(&bytes)).await.map_err(Error::internal)?;
    let (_, mut records) = read?;
    records.retain(|record| record.line > head);
    Ok(records)
}

async fn loaded(tx: &mut Tx<'_>, progress: &mut Progress, id: ImportId, count: usize) -> Result<Import> {
    let before = queries::locked(tx, id).await?;
    let count = i64::try_from(count).map_err(Error::internal)?;
    *progress = Progress { done: 0, total: Some(count) };
    save(tx, "loaded", &before, Import { row_count: Some(count), ..before.clone() }).await
}

fn gone() -> Error {
    Error::new(ProblemType::Conflict)
        .detail("The file is no longer there. Send it in again.", "Файла больше нет. Отправьте его ещё раз.")
}
