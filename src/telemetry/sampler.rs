//! Metrics that only the database knows, read every few seconds while metrics are served.

use std::time::Duration;

use diesel::{
    QueryableByName, sql_query,
    sql_types::{BigInt, Double, Nullable, Timestamptz},
};
use diesel_async::RunQueryDsl;

use super::{Metrics, Readiness};
use crate::{clock::Clock, db::Db, error::Result};

/// How often these metrics are read from the database.
pub const EVERY: Duration = Duration::from_secs(15);

/// The queues: how much waits, up to a bound, and for how many seconds the oldest item has waited. The oldest item is
/// found by an index, or in a table that is empty most of the time.
const QUEUES: [(&str, &str); 3] = [
    (
        "audit_seal",
        "SELECT count(*) AS length, extract(epoch FROM $1 - (SELECT at FROM audit_unsealed \
             JOIN audit_events ON audit_events.id = event_id ORDER BY event_id LIMIT 1))::float8 AS oldest \
         FROM (SELECT FROM audit_unsealed LIMIT 10000) waiting",
    ),
    (
        "mail",
        "SELECT count(*) AS length, extract(epoch FROM $1 - min(created_at))::float8 AS oldest \
         FROM (SELECT created_at FROM outgoing_mails LIMIT 10000) waiting",
    ),
    (
        "outbox",
        "SELECT count(*) AS length, \
             extract(epoch FROM $1 - (SELECT at FROM outbox_events ORDER BY position LIMIT 1))::float8 AS oldest \
         FROM (SELECT FROM outbox_events LIMIT 10000) waiting",
    ),
];

#[derive(QueryableByName)]
struct Waiting {
    #[diesel(sql_type = BigInt)]
    length: i64,
    #[diesel(sql_type = Nullable<Double>)]
    oldest: Option<f64>,
}

/// Sets the metrics of the queues, and of whether the server is ready.
///
/// # Errors
/// When the database fails.
pub async fn sample(db: &Db, readiness: &Readiness, clock: &Clock, metrics: &Metrics) -> Result<()> {
    readiness.check(db).await;
    let mut db = db.connect().await?;
    for (queue, sql) in QUEUES {
        let now = clock.now();
        let Waiting { length, oldest } = sql_query(sql).bind::<Timestamptz, _>(now).get_result(&mut db).await?;
        metrics.waits(queue, length, oldest.unwrap_or_default());
    }
    Ok(())
}
