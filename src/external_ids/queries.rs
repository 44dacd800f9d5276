//! Every query on the ids of other systems. The database keeps them in step with the rows.

use diesel::{
    QueryableByName, sql_query,
    sql_types::{Array, Text as SqlText, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::ExternalId;
use crate::{
    db::Sql,
    error::Result,
    values::{Resource, Text},
};

static FIND: Sql = Sql::new();

/// An id, and the row that has it.
#[derive(Clone, Debug, QueryableByName)]
pub struct Holder {
    /// The source of the id.
    #[diesel(sql_type = SqlText)]
    pub source: Text<50>,
    /// The id.
    #[diesel(sql_type = SqlText)]
    pub external_id: Text<100>,
    /// The row that has it.
    #[diesel(sql_type = SqlUuid)]
    pub row_id: Uuid,
}

/// Those of `ids` that an `R` has, each with the row.
///
/// # Errors
/// When the database fails.
pub async fn holders<R: Resource>(mut db: &AsyncPgConnection, ids: &[&ExternalId]) -> Result<Vec<Holder>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let query = sql_query(
        "SELECT source, external_id, row_id FROM external_ids JOIN unnest($2, $3) AS asked (source, external_id)
             USING (source, external_id)
         WHERE resource = $1",
    );
    let sources: Vec<&str> = ids.iter().map(|known| known.source.as_str()).collect();
    let names: Vec<&str> = ids.iter().map(|known| known.id.as_str()).collect();
    let query = query.bind::<SqlText, _>(R::NAME).bind::<Array<SqlText>, _>(sources).bind::<Array<SqlText>, _>(names);
    Ok(FIND.of(query).load(&mut db).await?)
}

/// The `R` that has this id.
///
/// # Errors
/// When the database fails.
pub async fn holder<R: Resource>(db: &AsyncPgConnection, id: &ExternalId) -> Result<Option<Uuid>> {
    Ok(holders::<R>(db, &[id]).await?.as_slice().first().map(|holder| holder.row_id))
}
