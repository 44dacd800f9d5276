//! Does what the check has found, part by part. Each part is one transaction that marks its rows, so that none is done twice.

use super::{
    check::read,
    kind::{About, Kind},
    model::{Import, ImportId, ImportState},
    queries,
    reader::{Read, notes_of},
    row::Fate,
    rows::{self, Applied, Wanted},
};
use crate::{
    background_jobs::{Progress, Run, Stopped},
    change::{Tx, save},
    db::Jsonb,
    error::{Error, Result},
};

/// Does the job of applying an import whose rows are of the kind `K`.
///
/// # Errors
/// Why it goes no further.
pub async fn work<K: Kind>(run: &Run) -> Result<(), Stopped> {
    let id = ImportId::from(run.subject());
    let import = run.chunk(async |tx, progress| begin::<K>(tx, progress, id).await).await?;
    // Each part begins where the one before has ended: looking through all that is done would take longer and longer.
    let (mut size, mut after) = (K::CHUNK, 0);
    loop {
        match run.chunk(async |tx, progress| chunk::<K>(tx, progress, &import, (after, size)).await).await {
            Ok(None) => break,
            Ok(Some(last)) => (size, after) = (K::CHUNK, last),
            // What one row does must not keep the others from being applied: they are taken one by one, and the one is told.
            Err(Stopped::Failed(error))
                if error.problem().status().is_client_error() && error.retry_after_seconds().is_none() =>
            {
                if size > 1 {
                    size = 1;
                    continue;
                }
                run.chunk(async |tx, progress| refuse::<K>(tx, progress, &import, (after, error.copy())).await).await?;
            }
            Err(stopped) => return Err(stopped),
        }
    }
    run.chunk(async |tx, _| end(tx, id).await).await
}

async fn begin<K: Kind>(tx: &mut Tx<'_>, progress: &mut Progress, id: ImportId) -> Result<Import> {
    K::permit(tx)?;
    let import = queries::locked(tx, id).await?;
    let counts = &import.counts.0;
    progress.total = Some(counts.create + counts.update - counts.applied);
    Ok(import)
}

async fn end(tx: &mut Tx<'_>, id: ImportId) -> Result<()> {
    let before = queries::locked(tx, id).await?;
    let counts = Jsonb(rows::counts(tx, &before).await?);
    let after = Import { state: ImportState::Applied, counts, ..before.clone() };
    save(tx, "applied", &before, after).await.map(drop)
}

async fn chunk<K: Kind>(
    tx: &mut Tx<'_>,
    progress: &mut Progress,
    import: &Import,
    (after, size): (i64, i64),
) -> Result<Option<i64>> {
    let Some(part) = rows::next(tx, import, Wanted::Unapplied, after, size).await? else { return Ok(None) };
    if part.rows.is_empty() {
        return Ok(Some(part.last));
    }
    let (read, language) = read::<K>(tx, import, &part.rows).await?;
    let applied = K::apply(tx, &About { import, language }, read).await?;
    let now = tx.now();
    rows::apply(tx, import, &applied, now).await?;
    progress.done += i64::try_from(applied.len()).map_err(Error::internal)?;
    Ok(Some(part.last))
}

/// Marks the next row, or the rows of the next group, as such that cannot be applied.
async fn refuse<K: Kind>(
    tx: &mut Tx<'_>,
    progress: &mut Progress,
    import: &Import,
    (after, error): (i64, Error),
) -> Result<()> {
    let Some(part) = rows::next(tx, import, Wanted::Unapplied, after, 1).await? else { return Ok(()) };
    let (read, language) = read::<K>(tx, import, &part.rows).await?;
    let notes = notes_of(&error, language);
    let refused = |read: &Read<'_, K::Entry>| Applied { notes: notes.clone(), ..read.kept(Fate::Error, None) };
    let refused: Vec<Applied> = read.iter().map(refused).collect();
    let now = tx.now();
    rows::apply(tx, import, &refused, now).await?;
    progress.done += i64::try_from(refused.len()).map_err(Error::internal)?;
    Ok(())
}
