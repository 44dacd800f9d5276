//! Makes the file of an export: rows are read part by part with the rights that the owner has then, written to a file of this
//! machine, and the whole file is put where files are kept.

use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{
    model::{Export, ExportId},
    queries::KEPT,
    rows::Filter,
    write::Writer,
};
use crate::{
    access::{Actor, Create, Scope, Update},
    background_jobs::{Progress, Run, Stopped},
    change::{Row, Tx, save},
    db::schema::exports,
    error::{Error, Result},
    files::Files,
    values::{Entity, Instant, Resource},
};

/// How long what is known of an export is kept.
const KNOWN: chrono::Duration = chrono::Duration::days(90);

/// Does the job of an export.
///
/// # Errors
/// Why it goes no further.
pub async fn work(run: Run) -> Result<(), Stopped> {
    let id = ExportId::from(run.subject());
    let (export, filter) = run.chunk(async |tx, progress| begin(tx, progress, id).await).await?;
    let columns = export.columns.0.iter().map(|column| column.as_str().to_owned()).collect();
    let mut writer = Writer::begin(export.format, export.separator, columns)?;
    let mut after = Uuid::nil();
    loop {
        let chunk = run
            .chunk(async |tx, progress| {
                // The right to export may have gone meanwhile.
                tx.scope::<Export, Create>()?;
                let chunk = filter.chunk(tx, tx.actor(), after).await?;
                progress.done += i64::try_from(chunk.rows.len()).map_err(Error::internal)?;
                Ok(chunk)
            })
            .await?;
        chunk.rows.iter().try_for_each(|row| writer.row(row))?;
        match chunk.next {
            Some(next) => after = next,
            None => break,
        }
    }
    let finished = writer.finish()?;
    let bytes = run.files().put_file(Export::NAME, export.uuid(), finished.path()).await?;
    run.chunk(async |tx, progress| end(tx, progress, id, bytes).await).await
}

/// A file is always made anew: it was on the machine of whoever began it.
async fn begin(tx: &mut Tx<'_>, progress: &mut Progress, id: ExportId) -> Result<(Export, Filter)> {
    let export = locked(tx, id).await?;
    *progress = Progress { done: 0, total: None };
    let Actor::Caller(caller) = tx.actor() else { return Err(Error::internal("an export of nobody")) };
    let filter = Filter::read(export.resource, &export.filter.0, caller)?;
    Ok((export, filter))
}

async fn end(tx: &mut Tx<'_>, progress: &mut Progress, id: ExportId, bytes: u64) -> Result<()> {
    let before = locked(tx, id).await?;
    progress.total = Some(progress.done);
    let after = Export {
        row_count: Some(progress.done),
        byte_count: Some(i64::try_from(bytes).map_err(Error::internal)?),
        expires_at: Some(tx.now().after(KEPT)),
        ..before.clone()
    };
    save(tx, "finished", &before, after).await.map(drop)
}

async fn locked(tx: &mut Tx<'_>, id: ExportId) -> Result<Export> {
    let found = Export::find_locked(tx, &Scope::<Export, Update>::system(), id).await?;
    found.ok_or_else(Error::not_found)
}

/// Removes the files whose time is over, and what is known of exports long ago.
///
/// # Errors
/// When the database or the place of the files fails.
pub async fn sweep(db: &mut AsyncPgConnection, files: &Files, now: Instant) -> Result<()> {
    files.remove_older(Export::NAME, now.after(-KEPT)).await?;
    diesel::delete(exports::table.filter(exports::created_at.lt(now.after(-KNOWN)))).execute(db).await?;
    Ok(())
}
