//! The keys that prove that the server wrote the log: the key of the master secret in use, and the keys of former ones.
//!
//! The key of a former secret is stored, sealed with the secret in use, together with the last seal for which it is
//! valid. So someone who finds an old secret can neither sign new events with it nor rewrite old ones.

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

/// Where the keys of former secrets are stored.
pub const FORMER_KEYS: Place = Place {
    what: "keys of the audit log",
    table: "audit_keys",
    key: &[("id", "text")],
    column: "sealed_key",
    only: "true",
    prefix: "audit key ",
};

/// The result of checking a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The server made it.
    Authentic,
    /// The server did not make it for this content.
    Changed,
    /// It was made with a key that is not known.
    Unknown,
    /// It was made with the key of a former secret, after that secret was replaced.
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
    /// The verdict on a correct code in the seal with this number.
    fn admit(&self, seal: i64) -> Verdict {
        match &self.until {
            Some(until) if until.number < seal => Verdict::Replaced,
            _ => Verdict::Authentic,
        }
    }
}

impl AuditKeys {
    /// The keys of `secrets`, and those that are stored in the database.
    ///
    /// # Errors
    /// When the database fails.
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

    /// The given keys, each of them valid for all seals.
    #[cfg(test)]
    pub fn of(keys: impl IntoIterator<Item = NamedKey>) -> Self {
        let known = keys.into_iter().map(|key| Known { key, until: None });
        Self { known: known.collect() }
    }

    /// The verdict on `code` for `message`, in the seal with this number.
    pub fn verdict(&self, code: &[u8], message: &[u8], seal: i64) -> Verdict {
        let Some((id, tag)) = code_parts(code) else { return Verdict::Changed };
        match self.known.iter().find(|known| known.key.id() == id) {
            None => Verdict::Unknown,
            Some(known) if known.key.verifies(tag, message) => known.admit(seal),
            Some(_) => Verdict::Changed,
        }
    }

    /// The seals up to which former keys are valid.
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

/// Refuses a secret in use that was replaced before, since nothing that it signs would be valid.
///
/// # Errors
/// When the secret was replaced before.
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

/// A replaced master secret as the audit log shows it, without anything secret.
#[derive(Serialize, ToSchema)]
struct MasterSecretRecord {
    secret: String,
}

impl Resource for MasterSecretRecord {
    const NAME: &'static str = "master_secrets";
}

impl Entity for MasterSecretRecord {
    /// Secrets have no UUID, so it is made from the id (RFC 9562, version 8).
    fn uuid(&self) -> Uuid {
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(self.secret.bytes()).for_each(|(byte, from)| *byte = from);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }

    fn version(&self) -> i64 {
        1
    }
}

/// Seals the waiting events, and stores the keys of those fallbacks that have signed something. These keys stay valid
/// for what they have signed until now. Returns the ids of their secrets. Must run as the database's owner.
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

/// Whether a seal was made with `key`. A secret that is not in use yet has made none, and must not be retired.
async fn has_signed(db: &mut AsyncPgConnection, key: &NamedKey) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT FROM audit_seals WHERE substring(mac FROM 1 FOR $2) = $1) AS found";
    let found: Found = sql_query(sql)
        .bind::<sql_types::Bytea, _>(&key.id().as_bytes()[..])
        .bind::<sql_types::Integer, _>(i32::try_from(SecretId::BYTES).unwrap_or(i32::MAX))
        .get_result(db)
        .await?;
    Ok(found.found)
}

/// How many times it checks whether another server has sealed the waiting events.
const ROUNDS: u32 = 50;
const PAUSE: std::time::Duration = std::time::Duration::from_millis(100);

/// Seals the waiting events, until none is left that was signed with another secret than the one in use.
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
