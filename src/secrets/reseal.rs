//! Seals everything anew with the secret in use, in small transactions, while servers run.
//!
//! A sealed value says which secret sealed it, so values that are done already are skipped. A run can end anywhere, be
//! repeated, and share the work with another one.

use std::{fmt::Display, time::Duration};

use diesel::{
    QueryableByName, sql_query,
    sql_types::{Array, BigInt, Bytea, Nullable, Text},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};

use super::{MARK_BYTES, Secrets};
use crate::error::Result;

/// Maximum number of rows in one transaction.
const BATCH: i64 = 500;
/// How many times rows that others have locked are tried.
const ROUNDS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);

/// Where sealed values are stored.
#[derive(Debug)]
pub struct Place {
    /// What the values are, in the plural.
    pub what: &'static str,
    /// The table.
    pub table: &'static str,
    /// The columns of its primary key, each with its type.
    pub key: &'static [(&'static str, &'static str)],
    /// The column with the sealed values.
    pub column: &'static str,
    /// Which of the rows are sealed, in SQL.
    pub only: &'static str,
    /// What the labels begin with.
    pub prefix: &'static str,
}

impl Place {
    /// The label of the value in the row with this primary key. A value that is moved to another row does not open.
    pub fn label(&self, key: &[&dyn Display]) -> String {
        let key: Vec<String> = key.iter().map(ToString::to_string).collect();
        format!("{}{}", self.prefix, key.join(" "))
    }

    fn columns(&self) -> String {
        self.key.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    fn texts(&self) -> String {
        self.key.iter().map(|(name, _)| format!("{name}::text")).collect::<Vec<_>>().join(", ")
    }

    /// The primary key in SQL, out of a parameter that is an array of texts.
    fn given(&self, parameter: &str) -> String {
        let of = |(index, (_, kind)): (usize, &(&str, &str))| format!("({parameter}::text[])[{}]::{kind}", index + 1);
        self.key.iter().enumerate().map(of).collect::<Vec<_>>().join(", ")
    }

    /// The condition for rows that were not sealed with the secret in use, whose mark is `$1`.
    fn others(&self) -> String {
        let Self { column, only, .. } = self;
        format!("{only} AND substring({column} FROM 1 FOR {MARK_BYTES}) <> $1")
    }
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Array<Text>)]
    key: Vec<String>,
    #[diesel(sql_type = Bytea)]
    sealed: Vec<u8>,
}

impl Row {
    fn label(&self, place: &Place) -> String {
        place.label(&self.key.iter().map(|part| part as &dyn Display).collect::<Vec<_>>())
    }
}

/// The result for a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// How many values were sealed anew.
    pub resealed: usize,
    /// How many are left, since none of the secrets opens them.
    pub unreadable: usize,
    /// How many are left, since others keep them locked.
    pub locked: usize,
}

/// Seals anew all values of `place` that another secret has sealed. Must run as the database's owner.
///
/// # Errors
/// When the database fails.
pub async fn reseal(db: &mut AsyncPgConnection, secrets: &Secrets, place: &Place) -> Result<Resealed> {
    let mut done = Resealed::default();
    for round in 0..ROUNDS {
        if round > 0 {
            tokio::time::sleep(PAUSE).await;
        }
        let mut after = None;
        done.unreadable = 0;
        loop {
            let batch = db.transaction(async |db| reseal_some(db, secrets, place, after.as_deref()).await).await?;
            let Some((last, resealed, unreadable)) = batch else { break };
            done.resealed += resealed;
            done.unreadable += unreadable;
            after = Some(last);
        }
        done.locked = left(db, secrets, place).await?.saturating_sub(done.unreadable);
        if done.locked == 0 {
            break;
        }
    }
    Ok(done)
}

/// Seals the next rows anew. Returns the last key, how many were sealed anew and how many could not be opened; `None`
/// when there are no more rows.
async fn reseal_some(
    db: &mut AsyncPgConnection,
    secrets: &Secrets,
    place: &Place,
    after: Option<&[String]>,
) -> Result<Option<(Vec<String>, usize, usize)>> {
    // The rows are locked, so that nobody writes another value meanwhile. Rows that others have locked are skipped:
    // with no waiting there is no deadlock.
    let rows = others(db, secrets, place, after, "FOR NO KEY UPDATE SKIP LOCKED").await?;
    let (table, column) = (place.table, place.column);
    let update = format!("UPDATE {table} SET {column} = $1 WHERE ({}) = ({})", place.columns(), place.given("$2"));
    let mut resealed = 0;
    for row in &rows {
        let label = row.label(place);
        let Some(plain) = secrets.open(&label, &row.sealed) else { continue };
        let sealed = secrets.seal(&label, &plain)?;
        sql_query(&update).bind::<Bytea, _>(sealed).bind::<Array<Text>, _>(&row.key).execute(db).await?;
        resealed += 1;
    }
    let count = rows.len();
    Ok(rows.into_iter().last().map(|last| (last.key, resealed, count - resealed)))
}

/// The next rows after the key `after` that another secret has sealed.
async fn others(
    db: &mut AsyncPgConnection,
    secrets: &Secrets,
    place: &Place,
    after: Option<&[String]>,
    lock: &str,
) -> Result<Vec<Row>> {
    let (table, column, columns) = (place.table, place.column, place.columns());
    let (texts, others, given) = (place.texts(), place.others(), place.given("$2"));
    let sql = format!(
        "SELECT ARRAY[{texts}] AS key, {column} AS sealed FROM {table} \
         WHERE {others} AND ($2::text[] IS NULL OR ({columns}) > ({given})) ORDER BY {columns} LIMIT $3 {lock}"
    );
    let rows = sql_query(sql)
        .bind::<Bytea, _>(&secrets.seal_mark()[..])
        .bind::<Nullable<Array<Text>>, _>(after)
        .bind::<BigInt, _>(BATCH)
        .load(db)
        .await?;
    Ok(rows)
}

async fn left(db: &mut AsyncPgConnection, secrets: &Secrets, place: &Place) -> Result<usize> {
    #[derive(QueryableByName)]
    struct Left {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let sql = format!("SELECT count(*) AS count FROM {} WHERE {}", place.table, place.others());
    let left: Left = sql_query(sql).bind::<Bytea, _>(&secrets.seal_mark()[..]).get_result(db).await?;
    Ok(usize::try_from(left.count).unwrap_or(usize::MAX))
}

/// How many values of `place` none of the secrets can open. Values that the secret in use has sealed are not counted.
///
/// # Errors
/// When the database fails.
pub async fn unreadable(db: &mut AsyncPgConnection, secrets: &Secrets, place: &Place) -> Result<usize> {
    let (mut count, mut after) = (0, None);
    loop {
        let rows = others(db, secrets, place, after.as_deref(), "").await?;
        count += rows.iter().filter(|row| secrets.open(&row.label(place), &row.sealed).is_none()).count();
        let Some(last) = rows.into_iter().last() else { return Ok(count) };
        after = Some(last.key);
    }
}
