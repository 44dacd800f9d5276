//! The chain of seals: each seal commits to the events since the seal before it, and to that seal.
//!
//! A trigger puts each new event into `audit_unsealed`, in the transaction of the change. So no event can miss its
//! seal, and no change waits for a seal.

use std::{fmt::Write, time::Duration};

use aws_lc_rs::digest::{self, SHA256};
use diesel::{
    ExpressionMethods, Insertable, JoinOnDsl, OptionalExtension, QueryDsl, Queryable, Selectable, SelectableHelper,
    pg::data_types::PgTimestamp,
    sql_query,
    sql_types::{Array, BigInt},
};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{
    keys::{AuditKeys, Verdict},
    report::Head,
};
use crate::{
    change::{
        audit_event::{Code, moment, timestamp},
        canonical::Fields,
    },
    db::{
        AdvisoryLock,
        schema::{audit_events, audit_seals, audit_unsealed},
    },
    error::{Error, Result},
    secrets::{NamedKey, Secrets},
    values::Instant,
};

/// Maximum number of events in one seal.
const MOST: i64 = 500;
/// How often the waiting events are sealed.
pub const EVERY: Duration = Duration::from_secs(1);
/// The hash that the first seal has as its previous one.
pub const NOTHING: [u8; 32] = [0; 32];

/// A row of the chain.
#[derive(Clone, Debug, Insertable, Queryable, Selectable)]
#[diesel(table_name = audit_seals)]
pub struct Seal {
    pub number: i64,
    pub sealed_at: PgTimestamp,
    pub events: i32,
    pub previous: Vec<u8>,
    pub hash: Vec<u8>,
    pub mac: Vec<u8>,
}

impl Seal {
    /// The seal of `leaves`, each an event's id and code in the order of the ids, after the seal with the hash
    /// `previous`.
    pub fn new(key: &NamedKey, number: i64, now: Instant, previous: &[u8], leaves: &[(Uuid, Vec<u8>)]) -> Self {
        let mut seal = Self {
            number,
            sealed_at: timestamp(now),
            events: i32::try_from(leaves.len()).unwrap_or(i32::MAX),
            previous: previous.to_vec(),
            hash: Vec::new(),
            mac: Vec::new(),
        };
        seal.hash = seal.hash_of(leaves.iter().map(|(id, mac)| (id, mac.as_slice())));
        seal.mac = key.sign(&seal.bytes());
        seal
    }

    /// SHA-256 over the number, the time, the seal before and the `leaves`.
    pub fn hash_of<'l>(&self, leaves: impl Iterator<Item = (&'l Uuid, &'l [u8])>) -> Vec<u8> {
        let head = self.head("liaison audit seal 1");
        let all = leaves.fold(head, |all, (id, mac)| all.with(id.as_bytes()).with(mac));
        digest::digest(&SHA256, &all.into_bytes()).as_ref().to_vec()
    }

    /// Whether the row is as the server wrote it.
    pub fn verdict(&self, keys: &AuditKeys) -> Verdict {
        keys.verdict(&self.mac, &self.bytes(), self.number)
    }

    /// All that the code covers.
    fn bytes(&self) -> Vec<u8> {
        self.head("liaison audit seal code 1").with(&self.hash).into_bytes()
    }

    fn head(&self, label: &str) -> Fields {
        Fields::of(label)
            .with(&self.previous)
            .with(&self.number.to_be_bytes())
            .with(&self.sealed_at.0.to_be_bytes())
            .with(&self.events.to_be_bytes())
    }
}

impl From<Seal> for Head {
    fn from(seal: Seal) -> Self {
        Self { number: seal.number, hash: hex(&seal.hash), sealed_at: moment(seal.sealed_at) }
    }
}

/// `bytes` in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to memory does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Seals all waiting events, and returns how many it sealed. Stops when another server is sealing.
///
/// # Errors
/// When the database fails.
pub async fn seal_all(db: &mut AsyncPgConnection, secrets: &Secrets, now: Instant) -> Result<usize> {
    let first = audit_unsealed::table.select(audit_unsealed::event_id).order(audit_unsealed::event_id).limit(1);
    let Some(mut from) = first.first::<Uuid>(db).await.optional()? else { return Ok(0) };
    let key = secrets.audit_key();
    let mut sealed = 0;
    // Each seal begins where the last one ended, since the dead rows of sealed events lie at the beginning of the
    // table. An event with a smaller id that is committed meanwhile waits for the next run.
    while let Some(leaves) = db.transaction(async |db| seal(db, key, now, from).await).await? {
        sealed += leaves.len();
        from = leaves.last().copied().unwrap_or(from);
    }
    Ok(sealed)
}

/// Seals the next events from the id `from` on, and returns their ids. `None` when there are none, or when another server is
/// sealing.
async fn seal(db: &mut AsyncPgConnection, key: &NamedKey, now: Instant, from: Uuid) -> Result<Option<Vec<Uuid>>> {
    if !AdvisoryLock::Sealing.try_until_commit(db).await? {
        return Ok(None);
    }
    // An event that was deleted before it was sealed keeps waiting, so that the verification reports it.
    let waiting: Vec<(Uuid, Code)> = audit_unsealed::table
        .inner_join(audit_events::table.on(audit_events::id.eq(audit_unsealed::event_id)))
        .select((audit_unsealed::event_id, audit_events::mac))
        .filter(audit_unsealed::event_id.ge(from))
        // Both are read in the order of the ids: without this, all older events too.
        .filter(audit_events::id.ge(from))
        .order(audit_unsealed::event_id)
        .limit(MOST)
        .load(db)
        .await?;
    if waiting.is_empty() {
        return Ok(None);
    }
    let last = head(db).await?.ok_or_else(|| Error::internal("the audit log's first seal is gone"))?;
    let leaves: Vec<(Uuid, Vec<u8>)> = waiting.into_iter().map(|(id, mac)| (id, mac.0)).collect();
    let seal = Seal::new(key, last.number.saturating_add(1), now, &last.hash, &leaves);
    let ids: Vec<Uuid> = leaves.iter().map(|(id, _)| *id).collect();
    diesel::insert_into(audit_seals::table).values(&seal).execute(db).await?;
    sql_query("INSERT INTO audit_leaves (event_id, seal) SELECT unnest($1), $2")
        .bind::<Array<diesel::sql_types::Uuid>, _>(&ids)
        .bind::<BigInt, _>(seal.number)
        .execute(db)
        .await?;
    diesel::delete(audit_unsealed::table.filter(audit_unsealed::event_id.eq_any(&ids))).execute(db).await?;
    Ok(Some(ids))
}

/// The last seal.
///
/// # Errors
/// When the database fails.
pub async fn head(mut db: &AsyncPgConnection) -> Result<Option<Seal>> {
    Ok(audit_seals::table
        .order(audit_seals::number.desc())
        .select(Seal::as_select())
        .first(&mut db)
        .await
        .optional()?)
}

/// The seal with this number.
///
/// # Errors
/// When the database fails.
pub async fn seal_number(mut db: &AsyncPgConnection, number: i64) -> Result<Option<Seal>> {
    Ok(audit_seals::table.find(number).select(Seal::as_select()).first(&mut db).await.optional()?)
}

/// Logs the last seal. Noted outside the database, it shows later whether the chain was cut.
///
/// # Errors
/// When the database fails.
pub async fn announce(db: &mut AsyncPgConnection) -> Result<()> {
    if let Some(seal) = head(db).await? {
        tracing::info!(head = format!("{}:{}", seal.number, hex(&seal.hash)), "the audit log is sealed up to here");
    }
    Ok(())
}

/// Begins the chain in a new database. Must run as the database's owner, when the server starts.
///
/// # Errors
/// When the database fails.
pub async fn begin_chain(db: &mut AsyncPgConnection, secrets: &Secrets, now: Instant) -> Result<()> {
    if head(db).await?.is_some() {
        return Ok(());
    }
    let first = Seal::new(secrets.audit_key(), 0, now, &NOTHING, &[]);
    diesel::insert_into(audit_seals::table).values(&first).execute(db).await?;
    Ok(())
}
