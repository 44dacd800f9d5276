//! Makes and revokes signing keys, as changes by the system.

use aws_lc_rs::{
    digest,
    signature::{Ed25519KeyPair, KeyPair},
};
use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    access::token_keys::{
        PRIVATE_KEYS,
        life::{LEAD, Life, SigningKeyState, states},
        lives, thumbprint,
    },
    change::{self, Tx},
    db::{AdvisoryLock, schema::signing_keys},
    error::{Error, Result},
    secrets::Secrets,
    values::{Entity, Instant, Resource},
};

/// The result of a rotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// The key that signs next, or now.
    pub next: Life,
    /// Whether it was made by this rotation.
    pub made: bool,
}

/// A key as the audit log shows it, without anything secret.
#[derive(Serialize, ToSchema)]
struct SigningKeyRecord {
    kid: String,
    signs_from: Instant,
    retired_at: Option<Instant>,
}

impl From<&Life> for SigningKeyRecord {
    fn from(life: &Life) -> Self {
        Self { kid: life.id.clone(), signs_from: life.signs_from, retired_at: life.revoked_at }
    }
}

impl Resource for SigningKeyRecord {
    const NAME: &'static str = "signing_keys";
}

impl Entity for SigningKeyRecord {
    /// Keys have no UUID, so it is made from the key's id (RFC 9562, version 8).
    fn uuid(&self) -> Uuid {
        let mut bytes = [0; 16];
        let digest = digest::digest(&digest::SHA256, self.kid.as_bytes());
        bytes.iter_mut().zip(digest.as_ref()).for_each(|(byte, from)| *byte = *from);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }

    fn version(&self) -> i64 {
        1 + i64::from(self.retired_at.is_some())
    }
}

/// Makes the first key, which signs at once, when there is none.
///
/// # Errors
/// When the database fails.
pub async fn first(db: &mut AsyncPgConnection, secrets: &Secrets, now: Instant) -> Result<()> {
    change::by_system(db, secrets, now, async |tx| {
        if alone(tx).await?.is_empty() {
            create(tx, secrets, now).await?;
        }
        Ok(())
    })
    .await
}

/// Publishes a new key, which signs as soon as every server and client can have it. When one is waiting already, no
/// other is made.
///
/// # Errors
/// When the database fails.
pub async fn rotate(db: &mut AsyncPgConnection, secrets: &Secrets, now: Instant) -> Result<Rotation> {
    change::by_system(db, secrets, now, async |tx| {
        let all = alone(tx).await?;
        let waiting = all.iter().find(|life| !life.is_revoked() && life.signs_from > now);
        if let Some(next) = waiting {
            return Ok(Rotation { next: next.clone(), made: false });
        }
        let next = create(tx, secrets, now.after(LEAD)).await?;
        Ok(Rotation { next, made: true })
    })
    .await
}

/// Revokes every key and makes a new one, which signs at once. All access tokens become invalid.
///
/// # Errors
/// When the database fails.
pub async fn replace_all(db: &mut AsyncPgConnection, secrets: &Secrets, now: Instant) -> Result<Rotation> {
    change::by_system(db, secrets, now, async |tx| {
        for life in alone(tx).await?.iter().filter(|life| !life.is_revoked()) {
            retire(tx, life).await?;
        }
        let next = create(tx, secrets, now).await?;
        Ok(Rotation { next, made: true })
    })
    .await
}

/// Revokes the key `id`. The tokens that it signed become invalid. When no other key signs, a new one is made and signs
/// at once. Returns the key that signs.
///
/// # Errors
/// When there is no such key, or it is revoked already.
pub async fn revoke(db: &mut AsyncPgConnection, secrets: &Secrets, id: &str, now: Instant) -> Result<Rotation> {
    change::by_system(db, secrets, now, async |tx| {
        let all = alone(tx).await?;
        let revoked = all.iter().find(|life| life.id == id).ok_or_else(|| Error::internal("no such key"))?;
        if revoked.is_revoked() {
            return Err(Error::internal("the key is revoked already"));
        }
        retire(tx, revoked).await?;
        let left = lives(tx).await?;
        let signing = left.iter().zip(states(&left, now)).find(|(_, state)| *state == SigningKeyState::Signing);
        match signing {
            Some((next, _)) => Ok(Rotation { next: next.clone(), made: false }),
            None => Ok(Rotation { next: create(tx, secrets, now).await?, made: true }),
        }
    })
    .await
}

/// All keys. Until the transaction ends, no other transaction changes them.
async fn alone(tx: &mut Tx<'_>) -> Result<Vec<Life>> {
    AdvisoryLock::SigningKeys.until_commit(tx).await?;
    lives(tx).await
}

async fn create(tx: &mut Tx<'_>, secrets: &Secrets, signs_from: Instant) -> Result<Life> {
    let pair = Ed25519KeyPair::generate().map_err(Error::internal)?;
    let private = pair.to_pkcs8v1().map_err(Error::internal)?;
    let point = pair.public_key().as_ref();
    let life = Life { id: thumbprint(point), published_at: tx.now(), signs_from, revoked_at: None };
    diesel::insert_into(signing_keys::table)
        .values((
            signing_keys::id.eq(&life.id),
            signing_keys::created_at.eq(life.published_at),
            signing_keys::signs_from.eq(signs_from),
            signing_keys::public_key.eq(point),
            signing_keys::sealed_private_key.eq(secrets.seal(&PRIVATE_KEYS.label(&[&life.id]), private.as_ref())?),
        ))
        .execute(&mut **tx)
        .await?;
    tx.created(&SigningKeyRecord::from(&life));
    Ok(life)
}

async fn retire(tx: &mut Tx<'_>, life: &Life) -> Result<()> {
    let now = tx.now();
    diesel::update(signing_keys::table.find(&life.id)).set(signing_keys::retired_at.eq(now)).execute(&mut **tx).await?;
    let after = Life { revoked_at: Some(now), ..life.clone() };
    tx.changed("revoked", &SigningKeyRecord::from(life), &SigningKeyRecord::from(&after));
    Ok(())
}
