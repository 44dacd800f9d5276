//! The dry run: finds out what would become of each row, and changes nothing.

use super::{
    kind::{About, Earlier, Kind, Seen},
    load::load,
    model::{Import, ImportId, ImportState},
    owners::Owners,
    queries,
    reader::{Read, Reader},
    row::Fate,
    rows::{self, Loaded, Wanted},
};
use crate::{
    access::Actor,
    background_jobs::{Progress, Run, Stopped},
    change::{Tx, save},
    db::Jsonb,
    error::{Error, Result},
    organization,
    values::Language,
};

/// Does the job of a check, of an import whose rows are of the kind `K`.
///
/// # Errors
/// Why it goes no further.
pub async fn work<K: Kind>(run: &Run) -> Result<(), Stopped> {
    let import = load(run).await?;
    let mut seen = Seen::default();
    for (line, keys) in run.chunk(async |tx, progress| begin::<K>(tx, progress, &import).await).await? {
        seen.note(&keys, line);
    }
    let mut after = 0;
    while let Some(part) = run.chunk(async |tx, progress| chunk::<K>(tx, progress, &import, after, &seen).await).await?
    {
        after = part.last;
        for (line, keys) in part.created {
            seen.note(&keys, line);
        }
    }
    run.chunk(async |tx, _| end(tx, import.id).await).await
}

async fn begin<K: Kind>(tx: &mut Tx<'_>, progress: &mut Progress, import: &Import) -> Result<Vec<(i64, Vec<String>)>> {
    K::permit(tx)?;
    progress.total = import.row_count;
    if let Some(field) = K::GROUPED_BY {
        rows::group(tx, import, import.column_of(field)).await?;
    }
    rows::keys(tx, import).await
}

async fn end(tx: &mut Tx<'_>, id: ImportId) -> Result<()> {
    let before = queries::locked(tx, id).await?;
    let counts = Jsonb(rows::counts(tx, &before).await?);
    let after = Import { state: ImportState::Checked, counts, ..before.clone() };
    save(tx, "checked", &before, after).await.map(drop)
}

/// A part that is checked.
struct CheckedPart {
    /// The group that it ends with.
    last: i64,
    /// The rows that make something, with their keys.
    created: Vec<(i64, Vec<String>)>,
}

async fn chunk<K: Kind>(
    tx: &mut Tx<'_>,
    progress: &mut Progress,
    import: &Import,
    after: i64,
    seen: &Seen,
) -> Result<Option<CheckedPart>> {
    let Some(part) = rows::next(tx, import, Wanted::Unchecked, after, K::CHUNK).await? else { return Ok(None) };
    if part.rows.is_empty() {
        return Ok(Some(CheckedPart { last: part.last, created: Vec::new() }));
    }
    let (read, language) = read::<K>(tx, import, &part.rows).await?;
    let checked = K::check(tx, &About { import, language }, Earlier::than(seen), read).await?;
    rows::check(tx, import, &checked).await?;
    progress.done += i64::try_from(checked.len()).map_err(Error::internal)?;
    let created = checked.into_iter().filter(|row| row.fate == Fate::Create);
    Ok(Some(CheckedPart { last: part.last, created: created.map(|row| (row.line, row.keys)).collect() }))
}

/// What rows say, as the actor reads them, and the language for the actor.
///
/// # Errors
/// When the database fails.
pub async fn read<'r, K: Kind>(
    tx: &mut Tx<'_>,
    import: &Import,
    rows: &'r [Loaded],
) -> Result<(Vec<Read<'r, K::Entry>>, Language)> {
    let owners = Owners::load(tx).await?;
    let currency = organization::currency(tx).await?;
    let Actor::Caller(caller) = tx.actor() else { return Err(Error::internal("an import of nobody")) };
    let reader = Reader::new::<K>(import, &owners, (tx.actor(), caller), tx.today(), currency);
    Ok((rows.iter().map(|row| reader.read::<K>(row)).collect(), caller.locale.language))
}
