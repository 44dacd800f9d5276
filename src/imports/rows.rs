//! Every query on the rows of imports.

use diesel::{ExpressionMethods, QueryDsl, QueryableByName, pg::Pg, sql_query, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use uuid::Uuid;

use super::{
    model::{Counts, Import, ImportId},
    row::{Fate, ImportRowRef, Note, RowFilter, Undo},
    table::Record,
};
use crate::{
    db::{Jsonb, columns_of, schema::import_rows},
    error::{Error, Result},
    list::{ListQuery, Page, SortBy, SortValue, keyset},
    values::Instant,
};

/// A row as a job reads it.
#[derive(Debug, QueryableByName)]
pub struct Loaded {
    #[diesel(sql_type = sql_types::BigInt)]
    pub line: i64,
    #[diesel(sql_type = sql_types::BigInt)]
    pub group_line: i64,
    #[diesel(sql_type = sql_types::Jsonb)]
    pub cells: Jsonb<Vec<String>>,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Text>)]
    pub broken: Option<String>,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Text>)]
    pub fate: Option<Fate>,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Uuid>)]
    pub target_id: Option<Uuid>,
    #[diesel(sql_type = sql_types::Nullable<sql_types::BigInt>)]
    pub target_version: Option<i64>,
    #[diesel(sql_type = sql_types::Jsonb)]
    pub filled: Jsonb<Vec<String>>,
}

const COLUMNS: &str = "line, group_line, cells, broken, fate, target_id, target_version, filled";

/// The fate of a row, found by a check.
#[derive(Debug, Serialize)]
pub struct Checked {
    pub line: i64,
    pub fate: Fate,
    pub target_id: Option<Uuid>,
    pub duplicate_of_line: Option<i64>,
    pub notes: Vec<Note>,
    pub keys: Vec<String>,
}

/// What became of a row when it was applied.
#[derive(Debug, Serialize)]
pub struct Applied {
    pub line: i64,
    pub fate: Fate,
    pub target_id: Option<Uuid>,
    pub target_version: Option<i64>,
    pub notes: Vec<Note>,
    pub filled: Vec<String>,
}

/// What became of a row when it was taken back.
#[derive(Debug, Serialize)]
pub struct Undone {
    pub line: i64,
    pub undo: Undo,
}

/// A page of the rows of an import, in their order.
///
/// # Errors
/// When the database fails.
pub async fn list(
    mut db: &AsyncPgConnection,
    import: &Import,
    query: &ListQuery<RowFilter>,
) -> Result<Page<ImportRowRef>> {
    let filtered = || {
        let mut rows = import_rows::table.filter(import_rows::import_id.eq(import.id)).into_boxed::<Pg>();
        if !query.filter.fate.is_empty() {
            rows = rows
                .filter(import_rows::fate.eq_any(query.filter.fate.clone()))
                .filter(import_rows::revision.eq(import.revision));
        }
        if !query.filter.undo.is_empty() {
            rows = rows.filter(import_rows::undo.eq_any(query.filter.undo.clone()));
        }
        rows
    };
    let order = SortBy::column("import_rows", "line", false);
    let rows: Vec<ImportRowRef> = keyset(filtered(), order, query.after.clone(), query.limit)
        .select(columns_of::<ImportRowRef>())
        .load(&mut db)
        .await?;
    let total = match query.total {
        true => Some(filtered().count().get_result(&mut db).await?),
        false => None,
    };
    let page = query.page(rows, total, |row: &ImportRowRef| (SortValue::Number(row.line), row.id.uuid()))?;
    // What an earlier check has found no longer counts.
    Ok(page.map(|row| if row.revision == import.revision { row } else { row.unchecked() }))
}

/// Writes records of the file.
///
/// # Errors
/// When the database fails.
pub async fn insert(db: &mut AsyncPgConnection, import: ImportId, records: &[Record]) -> Result<()> {
    #[derive(Debug, Serialize)]
    struct New<'r> {
        line: i64,
        cells: &'r [String],
        broken: Option<&'r str>,
    }
    let new: Vec<New<'_>> = records
        .iter()
        .map(|record| New {
            line: record.line,
            cells: &record.cells,
            broken: record.broken.as_ref().map(AsRef::as_ref),
        })
        .collect();
    sql_query(
        "INSERT INTO import_rows (id, import_id, line, group_line, cells, broken, revision, notes, keys, filled)
        SELECT gen_random_uuid(), $1, line, line, cells, broken, 0, '[]', '[]', '[]'
        FROM jsonb_to_recordset($2) AS new(line bigint, cells jsonb, broken text)",
    )
    .bind::<sql_types::Uuid, _>(import)
    .bind::<sql_types::Jsonb, _>(Jsonb(new))
    .execute(db)
    .await?;
    Ok(())
}

/// How many rows were written.
///
/// # Errors
/// When the database fails.
pub async fn count(db: &mut AsyncPgConnection, import: ImportId) -> Result<i64> {
    Ok(import_rows::table.filter(import_rows::import_id.eq(import)).count().get_result(db).await?)
}

/// The next groups after the one that begins in line `after`, at most `most`. `None` when there are no more. A row that belongs to no
/// other is a group of its own.
///
/// # Errors
/// When the database fails.
pub async fn next(
    db: &mut AsyncPgConnection,
    import: &Import,
    wanted: Wanted,
    after: i64,
    most: i64,
) -> Result<Option<Part>> {
    // Also groups that are done already: to look for others, the database would read all rows each time.
    let of_import = import_rows::table.filter(import_rows::import_id.eq(import.id));
    let groups = of_import.filter(import_rows::group_line.gt(after)).select(import_rows::group_line).distinct();
    let groups: Vec<i64> = groups.order(import_rows::group_line).limit(most).load(db).await?;
    let Some(last) = groups.last().copied() else { return Ok(None) };
    let condition = match wanted {
        Wanted::Unchecked => "revision < $2",
        Wanted::Unapplied => "revision = $2 AND fate IN ('create', 'update') AND applied_at IS NULL",
        Wanted::Applied => "revision = $2 AND fate IN ('create', 'update') AND applied_at IS NOT NULL AND undo IS NULL",
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM import_rows WHERE import_id = $1 AND group_line > $3 AND group_line <= $4 AND {condition}
         ORDER BY group_line, line"
    );
    let query = sql_query(sql)
        .bind::<sql_types::Uuid, _>(import.id)
        .bind::<sql_types::BigInt, _>(import.revision)
        .bind::<sql_types::BigInt, _>(after)
        .bind::<sql_types::BigInt, _>(last);
    Ok(Some(Part { rows: query.load(db).await?, last }))
}

/// Some groups of an import.
#[derive(Debug)]
pub struct Part {
    /// Their rows that a job has to do.
    pub rows: Vec<Loaded>,
    /// The line in which the last group begins.
    pub last: i64,
}

/// Which rows a job has to do.
#[derive(Clone, Copy, Debug)]
pub enum Wanted {
    /// Those without a fate.
    Unchecked,
    /// Those that change something, and have not yet.
    Unapplied,
    /// Those that have changed something, and were not taken back.
    Applied,
}

/// Puts the rows together that have the same value in a column, which is counted from 0; without a column, each row stands alone.
///
/// # Errors
/// When the database fails.
pub async fn group(db: &mut AsyncPgConnection, import: &Import, column: Option<usize>) -> Result<()> {
    let column = column.map(i32::try_from).transpose().map_err(Error::internal)?;
    sql_query(
        "UPDATE import_rows SET group_line = groups.first_line FROM (
             SELECT id, min(line) OVER (PARTITION BY coalesce('=' || nullif(trim(cells ->> $2), ''), line::text)) AS first_line
             FROM import_rows WHERE import_id = $1
         ) AS groups WHERE import_rows.id = groups.id AND import_rows.group_line <> groups.first_line",
    )
    .bind::<sql_types::Uuid, _>(import.id)
    .bind::<sql_types::Nullable<sql_types::Integer>, _>(column)
    .execute(db)
    .await?;
    Ok(())
}

/// By what the rows that make a client are known, each with its line.
///
/// # Errors
/// When the database fails.
pub async fn keys(db: &mut AsyncPgConnection, import: &Import) -> Result<Vec<(i64, Vec<String>)>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql_types::BigInt)]
        line: i64,
        #[diesel(sql_type = sql_types::Jsonb)]
        keys: Jsonb<Vec<String>>,
    }
    let query =
        sql_query("SELECT line, keys FROM import_rows WHERE import_id = $1 AND revision = $2 AND fate = 'create'")
            .bind::<sql_types::Uuid, _>(import.id)
            .bind::<sql_types::BigInt, _>(import.revision);
    let rows: Vec<Row> = query.load(db).await?;
    Ok(rows.into_iter().map(|row| (row.line, row.keys.0)).collect())
}

/// Writes the fates of rows.
///
/// # Errors
/// When the database fails.
pub async fn check(db: &mut AsyncPgConnection, import: &Import, rows: &[Checked]) -> Result<()> {
    sql_query(
        "UPDATE import_rows SET revision = $2, fate = new.fate, target_id = new.target_id,
            duplicate_of_line = new.duplicate_of_line, notes = new.notes, keys = new.keys
        FROM jsonb_to_recordset($3)
            AS new(line bigint, fate text, target_id uuid, duplicate_of_line bigint, notes jsonb, keys jsonb)
        WHERE import_id = $1 AND import_rows.line = new.line",
    )
    .bind::<sql_types::Uuid, _>(import.id)
    .bind::<sql_types::BigInt, _>(import.revision)
    .bind::<sql_types::Jsonb, _>(Jsonb(rows))
    .execute(db)
    .await?;
    Ok(())
}

/// Writes what became of rows that were applied.
///
/// # Errors
/// When the database fails.
pub async fn apply(db: &mut AsyncPgConnection, import: &Import, rows: &[Applied], now: Instant) -> Result<()> {
    sql_query(
        "UPDATE import_rows SET fate = new.fate, target_id = new.target_id, target_version = new.target_version,
            notes = new.notes, filled = new.filled, applied_at = $3
        FROM jsonb_to_recordset($2)
            AS new(line bigint, fate text, target_id uuid, target_version bigint, notes jsonb, filled jsonb)
        WHERE import_id = $1 AND import_rows.line = new.line",
    )
    .bind::<sql_types::Uuid, _>(import.id)
    .bind::<sql_types::Jsonb, _>(Jsonb(rows))
    .bind::<sql_types::Timestamptz, _>(now)
    .execute(db)
    .await?;
    Ok(())
}

/// Writes what became of rows that were taken back.
///
/// # Errors
/// When the database fails.
pub async fn undo(db: &mut AsyncPgConnection, import: &Import, rows: &[Undone]) -> Result<()> {
    sql_query(
        "UPDATE import_rows SET undo = new.undo FROM jsonb_to_recordset($2) AS new(line bigint, undo text)
        WHERE import_id = $1 AND import_rows.line = new.line",
    )
    .bind::<sql_types::Uuid, _>(import.id)
    .bind::<sql_types::Jsonb, _>(Jsonb(rows))
    .execute(db)
    .await?;
    Ok(())
}

/// How many rows have which fate.
///
/// # Errors
/// When the database fails.
pub async fn counts(db: &mut AsyncPgConnection, import: &Import) -> Result<Counts> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql_types::Text)]
        fate: Fate,
        #[diesel(sql_type = sql_types::BigInt)]
        count: i64,
        #[diesel(sql_type = sql_types::BigInt)]
        applied: i64,
        #[diesel(sql_type = sql_types::BigInt)]
        undone: i64,
    }
    let query = sql_query(
        "SELECT fate, count(*) AS count,
            count(*) FILTER (WHERE applied_at IS NOT NULL AND fate IN ('create', 'update')) AS applied,
            count(*) FILTER (WHERE undo = 'undone') AS undone
        FROM import_rows WHERE import_id = $1 AND revision = $2 AND fate IS NOT NULL GROUP BY fate",
    );
    let query = query.bind::<sql_types::Uuid, _>(import.id).bind::<sql_types::BigInt, _>(import.revision);
    let rows: Vec<Row> = query.load(db).await?;
    let mut counts = Counts::default();
    for row in rows {
        *match row.fate {
            Fate::Create => &mut counts.create,
            Fate::Update => &mut counts.update,
            Fate::Unchanged => &mut counts.unchanged,
            Fate::Duplicate => &mut counts.duplicate,
            Fate::Error => &mut counts.error,
        } = row.count;
        counts.applied += row.applied;
        counts.undone += row.undone;
    }
    Ok(counts)
}
