//! The outbox: what happened, in order, for everyone who listens. It is written in the change's own transaction.

use diesel::Insertable;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::{
    change::Record,
    db::{Sql, insert_many, schema::outbox_events},
    error::Result,
    values::Instant,
};

static INSERT: Sql = Sql::new();
static INSERT_MANY: Sql = Sql::new();

#[derive(Insertable)]
#[diesel(table_name = outbox_events, treat_none_as_default_value = false)]
struct NewOutboxEvent<'a> {
    id: Uuid,
    at: Instant,
    #[diesel(column_name = type_)]
    r#type: String,
    resource: &'a str,
    resource_id: Uuid,
    client_id: Option<Uuid>,
    version: i64,
}

/// Writes an event for each of `records` into the open transaction. An event says which resource changed, but not its
/// values: a listener reads the resource with its own rights.
///
/// # Errors
/// When the database fails.
pub async fn insert(mut db: &AsyncPgConnection, records: &[Record], now: Instant) -> Result<()> {
    let event = |record: &Record| NewOutboxEvent {
        id: Uuid::now_v7(),
        at: now,
        r#type: format!("{}.{}", record.resource, record.action),
        resource: record.resource,
        resource_id: record.resource_id,
        client_id: record.client_id,
        version: record.version,
    };
    let told: Vec<&Record> = records.iter().filter(|record| record.is_told).collect();
    if let [record] = told.as_slice() {
        INSERT.of(diesel::insert_into(outbox_events::table).values(event(record))).execute(&mut db).await?;
        return Ok(());
    }
    let events: Vec<_> = told.into_iter().map(event).collect();
    Ok(insert_many(db, &INSERT_MANY, &events, |some| diesel::insert_into(outbox_events::table).values(some)).await?)
}
