//! Events from before they were signed.

use diesel::{
    ExpressionMethods, QueryDsl, SelectableHelper, sql_query,
    sql_types::{Array, Bytea, Jsonb, Nullable, Uuid as SqlUuid},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use uuid::Uuid;

use super::seal::{begin, head};
use crate::{
    change::audit_event::Event,
    db::{BATCH, schema::audit_events},
    error::Result,
    secrets::{NamedKey, Secrets},
    values::Instant,
};

/// Signs the events that are not signed, of which `personal` names the personal fields of each kind of resource, and
/// begins the chain. Done once: when the chain has begun, an event without a code is somebody else's.
///
/// It is for the database's owner, at a start.
///
/// # Errors
/// The database's.
pub async fn begin_chain(
    db: &mut AsyncPgConnection,
    secrets: &Secrets,
    personal: &[(&str, &[&str])],
    now: Instant,
) -> Result<()> {
    if head(db).await?.is_some() {
        return Ok(());
    }
    let key = secrets.audit_key();
    let mut after = Uuid::nil();
    while let Some(last) = db.transaction(async |db| sign_some(db, key, personal, after).await).await? {
        after = last;
    }
    db.batch_execute("ALTER TABLE audit_events VALIDATE CONSTRAINT audit_events_mac_check").await?;
    db.batch_execute("ALTER TABLE audit_events VALIDATE CONSTRAINT audit_events_outcome_check").await?;
    begin(db, key, now).await
}

/// Signs the next events after `after`; the last of them, when there are any.
async fn sign_some(
    db: &mut AsyncPgConnection,
    key: &NamedKey,
    personal: &[(&str, &[&str])],
    after: Uuid,
) -> Result<Option<Uuid>> {
    let unsigned: Vec<Event> = audit_events::table
        .filter(audit_events::mac.is_null())
        .filter(audit_events::id.gt(after))
        .order(audit_events::id)
        .limit(i64::try_from(BATCH).unwrap_or(i64::MAX))
        .select(Event::as_select())
        .load(db)
        .await?;
    let Some(last) = unsigned.last().map(|event| event.id) else { return Ok(None) };
    let fields = |resource: &str| personal.iter().find(|(name, _)| *name == resource).map_or(&[][..], |(_, own)| own);
    let signed = unsigned.into_iter().map(|event| {
        let own = fields(&event.resource);
        event.signed(key, own)
    });
    keep(db, &signed.collect::<Result<Vec<_>>>()?).await?;
    Ok(Some(last))
}

async fn keep(db: &mut AsyncPgConnection, signed: &[Event]) -> Result<()> {
    let column = |value: fn(&Event) -> Option<Vec<u8>>| signed.iter().map(value).collect::<Vec<_>>();
    let ids: Vec<Uuid> = signed.iter().map(|event| event.id).collect();
    let changes: Vec<_> = signed.iter().map(|event| event.changes.clone()).collect();
    let personal: Vec<_> = signed.iter().map(|event| event.personal.clone()).collect();
    sql_query(
        "WITH signed AS ( \
             UPDATE audit_events event SET changes = new.changes, personal = new.personal, personal_salt = new.salt, \
                 personal_digest = new.digest, mac = new.mac \
             FROM unnest($1, $2, $3, $4, $5, $6) AS new (id, changes, personal, salt, digest, mac) \
             WHERE event.id = new.id RETURNING event.id \
         ) INSERT INTO audit_unsealed (event_id) SELECT id FROM signed",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<Jsonb>, _>(changes)
    .bind::<Array<Nullable<Jsonb>>, _>(personal)
    .bind::<Array<Nullable<Bytea>>, _>(column(|event| event.personal_salt.clone()))
    .bind::<Array<Nullable<Bytea>>, _>(column(|event| event.personal_digest.clone()))
    .bind::<Array<Nullable<Bytea>>, _>(column(|event| event.mac.clone()))
    .execute(db)
    .await?;
    Ok(())
}
