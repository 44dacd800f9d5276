//! Removes what was sent in, once its time is over: it is personal data that nobody needs any more.

use chrono::Duration;
use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::Import;
use crate::{
    db::{
        Jsonb,
        schema::{import_rows, imports},
    },
    error::Result,
    files::Files,
    values::{Instant, Resource},
};

/// How long the file, the rows and the sample of an import are kept.
const KEPT: Duration = Duration::days(30);

/// Removes the files, the rows and the samples of imports whose time is over. What an import was and what came of it stays.
///
/// # Errors
/// When the database or the place of the files fails.
pub async fn sweep(db: &mut AsyncPgConnection, files: &Files, now: Instant) -> Result<()> {
    let end = now.after(-KEPT);
    files.remove_older(Import::NAME, end).await?;
    let over = imports::table.filter(imports::created_at.lt(end)).select(imports::id);
    diesel::delete(import_rows::table.filter(import_rows::import_id.eq_any(over))).execute(db).await?;
    let nothing: Jsonb<Vec<Vec<String>>> = Jsonb(Vec::new());
    let sampled = imports::table.filter(imports::created_at.lt(end)).filter(imports::sample.ne(nothing.clone()));
    diesel::update(sampled).set(imports::sample.eq(nothing)).execute(db).await?;
    Ok(())
}
