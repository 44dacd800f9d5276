//! By which keys the log is known to be the server's: that of the master secret in use, and those of former ones.
//!
//! The key of a former secret is kept, sealed with the one in use, together with the seal up to which it counts: who finds
//! an old secret can sign nothing new with it, nor write the past anew.

use diesel::{ExpressionMethods, QueryDsl, QueryableByName, sql_query, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    report::Anchor,
    seal::{head, hex, seal_all},
};
use crate::{
    change::{self, Tx},
    db::schema::audit_keys,
    error::{Error, Result},
    secrets::{NamedKey, SECRET_BYTES, SecretId, Secrets, code_parts, reseal::Place},
    values::{Entity, Instant, Resource},
};

/// The keys of former secrets.
pub const FORMER_KEYS: Place = Place {
    what: "keys of the audit log",
    table: "audit_keys",
    key: &[("id", "text")],
    column: "sealed_key",
    only: "true",
    prefix: "audit key ",
};

/// What is to be thought of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The server made it.
    Authentic,
    /// The server did not make it of this.
    Changed,
    /// It was made with a key that is not known.
    Unknown,
    /// It was made with the key of a former secret, after that was replaced.
    Replaced,
}

/// All keys that are known.
#[derive(Debug)]
pub struct AuditKeys {
    known: Vec<Known>,
}

#[derive(Debug)]
struct Known {
    key: NamedKey,
    until: Option<Anchor>,
}

impl Known {
    /// What to think of a right code in the seal of this number.
    fn admit(&self, seal: i64) -> Verdict {
        match &self.until {
            Some(until) if until.number < seal => Verdict::Replaced,
            _ => Verdict::Authentic,
        }
    }
}

impl AuditKeys {
    /// Those of `secrets`, and those that are kept.
    ///
    /// # Errors
    /// The database's.
    pub async fn load(db: &AsyncPgConnection, secrets: &Secrets) -> Result<Self> {
        let mut known = vec![Known { key: secrets.audit_key().clone(), until: None }];
        known.extend(kept(db, secrets).await?.into_iter().filter(|kept| kept.key.id() != secrets.id()));
        for former in secrets.former_audit_keys() {
            if known.iter().all(|known| known.key.id() != former.id()) {
                known.push(Known { key: former.clone(), until: None });
            }
        }
        Ok(Self { known })
    }

    /// These, all good for everything.
    #[cfg(test)]
    pub fn of(keys: impl IntoIterator<Item = NamedKey>) -> Self {
        let known = keys.into_iter().map(|key| Known { key, until: None });
        Self { known: known.collect() }
    }

    /// What to think of `code` of `message`, in the seal of this number.
    pub fn verdict(&self, code: &[u8], message: &[u8], seal: i64) -> Verdict {
        let Some((id, tag)) = code_parts(code) else { return Verdict::Changed };
        match self.known.iter().find(|known| known.key.id() == id) {
            None => Verdict::Unknown,
            Some(known) if known.key.verifies(tag, message) => known.admit(seal),
            Some(_) => Verdict::Changed,
        }
    }

    /// The seals up to which former keys count.
    pub fn anchors(&self) -> impl Iterator<Item = &Anchor> {
        self.known.iter().filter_map(|known| known.until.as_ref())
    }
}

async fn kept(mut db: &AsyncPgConnection, secrets: &Secrets) -> Result<Vec<Known>> {
    let rows: Vec<(String, Vec<u8>)> =
        audit_keys::table.order(audit_keys::id).select((audit_keys::id, audit_keys::sealed_key)).load(&mut db).await?;
    let opened = rows.into_iter().filter_map(|(id, sealed)| {
        let plain = secrets.open(&FORMER_KEYS.label(&[&id]), &sealed)?;
        let (key, rest) = plain.split_at_checked(SECRET_BYTES)?;
        let (number, hash) = rest.split_at_checked(size_of::<i64>())?;
        let until = Anchor { number: i64::from_be_bytes(number.try_into().ok()?), hash: hex(hash) };
        Some(Known { key: NamedKey::new(id.parse().ok()?, key.try_into().ok()?), until: Some(until) })
    });
    Ok(opened.collect())
}

/// Refuses a secret in use that was replaced before: what it would sign does not count.
///
/// # Errors
/// When it was.
pub async fn refuse_replaced(db: &mut AsyncPgConnection, secrets: &Secrets) -> Result<()> {
    let id = secrets.id();
    let replaced: i64 = audit_keys::table.find(id.to_string()).count().get_result(db).await?;
    match replaced {
        0 => Ok(()),
        _ => Err(Error::internal(format!(
            "the master secret {id} was replaced before, and cannot come back: take a new one"
        ))),
    }
}

/// A master secret that is replaced, as its record tells it: nothing secret.
#[derive(Serialize, ToSchema)]
struct MasterSecretRecord {
    secret: String,
}

impl Resource for MasterSecretRecord {
    const NAME: &'static str = "master_secrets";
}

impl Entity for MasterSecretRecord {
    /// Secrets have no UUID: one that follows from the id (RFC 9562, version 8).
    fn uuid(&self) -> Uuid {
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(self.secret.bytes()).for_each(|(byte, from)| *byte = from);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }

    fn version(&self) -> i64 {
        1
    }
}

/// Seals what waits, and keeps the keys of the fallbacks that have signed something for what they have signed until now;
/// tells of which secrets. It is for the database's owner.
///
/// # Errors
/// When what is signed with a former secret is not sealed in time.
pub async fn retire_former(db: &mut AsyncPgConnection, secrets: &Secrets, now: Instant) -> Result<Vec<SecretId>> {
    let mut former = Vec::new();
    for key in secrets.former_audit_keys() {
        if has_signed(db, key).await? && !is_kept(db, key).await? {
            former.push(key);
        }
    }
    if former.is_empty() {
        return Ok(Vec::new());
    }
    seal_former(db, secrets, now).await?;
    change::by_system(db, secrets, now, async |tx| {
        for key in &former {
            retire(tx, secrets, key).await?;
        }
        Ok(())
    })
    .await?;
    Ok(former.into_iter().map(NamedKey::id).collect())
}

async fn retire(tx: &mut Tx<'_>, secrets: &Secrets, key: &NamedKey) -> Result<()> {
    let until = head(tx).await?.ok_or_else(|| Error::internal("the audit log's first seal is gone"))?;
    let id = key.id().to_string();
    let plain = [key.secret_bytes(), &until.number.to_be_bytes()[..], &until.hash].concat();
    let row = (audit_keys::id.eq(&id), audit_keys::sealed_key.eq(secrets.seal(&FORMER_KEYS.label(&[&id]), &plain)?));
    let kept = diesel::insert_into(audit_keys::table).values(row).on_conflict_do_nothing().execute(&mut **tx).await?;
    if kept > 0 {
        let of = |id: SecretId| MasterSecretRecord { secret: id.to_string() };
        tx.changed("replaced", &of(key.id()), &of(secrets.id()));
    }
    Ok(())
}

async fn is_kept(db: &mut AsyncPgConnection, key: &NamedKey) -> Result<bool> {
    let kept: i64 = audit_keys::table.find(key.id().to_string()).count().get_result(db).await?;
    Ok(kept > 0)
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = sql_types::Bool)]
    found: bool,
}

/// Whether a seal is by `key`. A secret that has yet to come into use has made none, and is not to be retired.
async fn has_signed(db: &mut AsyncPgConnection, key: &NamedKey) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT FROM audit_seals WHERE substring(mac FROM 1 FOR $2) = $1) AS found";
    let found: Found = sql_query(sql)
        .bind::<sql_types::Bytea, _>(&key.id().as_bytes()[..])
        .bind::<sql_types::Integer, _>(i32::try_from(SecretId::BYTES).unwrap_or(i32::MAX))
        .get_result(db)
        .await?;
    Ok(found.found)
}

/// How often is looked whether another server has sealed what waits.
const ROUNDS: u32 = 50;
const PAUSE: std::time::Duration = std::time::Duration::from_millis(100);

/// Seals everything that waits and is not by the secret in use.
async fn seal_former(db: &mut AsyncPgConnection, secrets: &Secrets, now: Instant) -> Result<()> {
    let sql = "SELECT EXISTS (SELECT FROM audit_unsealed JOIN audit_events ON id = event_id \
               WHERE substring(mac FROM 1 FOR $2) <> $1) AS found";
    for _ in 0..ROUNDS {
        seal_all(db, secrets, now).await?;
        let left: Found = sql_query(sql)
            .bind::<sql_types::Bytea, _>(&secrets.id().as_bytes()[..])
            .bind::<sql_types::Integer, _>(i32::try_from(SecretId::BYTES).unwrap_or(i32::MAX))
            .get_result(db)
            .await?;
        if !left.found {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(Error::internal(
        "the audit log still gets entries that are signed with a former secret: give all servers the new one",
    ))
}
