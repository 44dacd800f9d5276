//! Many rows, written by few statements.

use diesel::{
    QueryResult,
    pg::Pg,
    query_builder::{QueryFragment, QueryId},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::Sql;

/// The rows in one `INSERT`. To read a statement of more rows takes Postgres longer than to write them, so this one is prepared.
const BATCH: usize = 50;

/// Writes `rows` with the statement that `insert` makes for some of them. `sql` is the text of the statement for a whole batch.
///
/// # Errors
/// When the database fails, or a row breaches a constraint.
pub async fn insert_many<'r, R, S>(
    mut db: &AsyncPgConnection,
    sql: &'static Sql,
    rows: &'r [R],
    insert: impl Fn(&'r [R]) -> S,
) -> QueryResult<()>
where
    S: QueryFragment<Pg> + QueryId + Send,
{
    for batch in rows.chunks(BATCH) {
        match batch.len() {
            BATCH => sql.of(insert(batch)).execute(&mut db).await?,
            _ => insert(batch).execute(&mut db).await?,
        };
    }
    Ok(())
}
