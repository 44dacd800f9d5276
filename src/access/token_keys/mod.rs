//! The keys that sign access tokens. They are stored in the database, the private half encrypted with the master
//! secret.

mod jwks;
pub mod life;
mod ring;

use aws_lc_rs::digest;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::Duration;
use diesel::QueryDsl;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jsonwebtoken::{DecodingKey, EncodingKey};

use self::life::{Life, SigningKeyState, states};
pub use self::{
    jwks::{Jwk, JwkSet},
    ring::KeyRing,
};
use crate::{
    db::schema::signing_keys,
    error::{Error, Result},
    secrets::{Secrets, reseal::Place},
    values::Instant,
};

/// Where the private halves are stored.
pub const PRIVATE_KEYS: Place = Place {
    what: "signing keys",
    table: "signing_keys",
    key: &[("id", "text")],
    column: "sealed_private_key",
    only: "retired_at IS NULL",
    prefix: "",
};

/// The key that signs.
pub struct SigningKey<'a> {
    /// Its RFC 7638 thumbprint.
    pub id: &'a str,
    /// Its private half.
    pub private: &'a EncodingKey,
}

struct Key {
    point: Vec<u8>,
    public: DecodingKey,
    /// Only for a key that signs now or later.
    private: Option<EncodingKey>,
}

/// All keys, in the order in which they were made. What each is good for depends on the time.
pub struct Keys {
    lives: Vec<Life>,
    keys: Vec<Key>,
}

impl Keys {
    /// The key that signs new tokens at `now`.
    pub fn signing(&self, now: Instant) -> Option<SigningKey<'_>> {
        let (life, key, _) = self.at(now).find(|(_, _, state)| *state == SigningKeyState::Signing)?;
        Some(SigningKey { id: &life.id, private: key.private.as_ref()? })
    }

    /// The public half of the key named `id`, when tokens that it signed are valid at `now`. The header of a token only
    /// chooses among our own keys.
    pub fn verifying(&self, id: &str, now: Instant) -> Option<&DecodingKey> {
        let good = self.at(now).find(|(life, _, state)| life.id == id && *state != SigningKeyState::Retired);
        good.map(|(_, key, _)| &key.public)
    }

    /// Whether there is or was a key named `id`.
    pub fn knows(&self, id: &str) -> bool {
        self.lives.iter().any(|life| life.id == id)
    }

    /// The public halves to publish: those of every key that is not retired, newest first.
    pub fn published(&self, now: Instant) -> JwkSet {
        let mut keys: Vec<Jwk> = self
            .at(now)
            .filter(|(_, _, state)| *state != SigningKeyState::Retired)
            .map(|(life, key, _)| Jwk::new(&life.id, &key.point))
            .collect();
        keys.reverse();
        JwkSet { keys }
    }

    /// Whether the newest key is of age `age` or older, so that it is time for the next.
    pub fn is_due(&self, age: Duration, now: Instant) -> bool {
        let newest = self.lives.iter().filter(|life| !life.is_revoked()).map(|life| life.published_at).max();
        newest.is_none_or(|made| made.after(age) <= now)
    }

    /// Whether there are no keys yet.
    pub fn is_empty(&self) -> bool {
        self.lives.is_empty()
    }

    /// Reads the keys.
    ///
    /// # Errors
    /// When the master secret is not the one that the keys were sealed with.
    pub async fn read(db: &mut AsyncPgConnection, secrets: &Secrets, now: Instant) -> Result<Self> {
        let rows: Vec<(LifeRow, Vec<u8>, Vec<u8>)> = signing_keys::table
            .order((signing_keys::created_at, signing_keys::id))
            .select((LIFE, signing_keys::public_key, signing_keys::sealed_private_key))
            .load(db)
            .await?;
        let (lives, halves): (Vec<Life>, Vec<_>) =
            rows.into_iter().map(|(row, point, sealed)| (life(row), (point, sealed))).unzip();
        let keys = lives.iter().zip(halves).map(|(life, (point, sealed))| {
            let signs = !life.is_revoked() && life.superseded_at(&lives).is_none_or(|end| end > now);
            let private = if signs { Some(open(secrets, &life.id, &sealed)?) } else { None };
            Ok(Key { public: DecodingKey::from_ed_der(&point), point, private })
        });
        let keys = keys.collect::<Result<_>>()?;
        Ok(Self { lives, keys })
    }

    fn at(&self, now: Instant) -> impl Iterator<Item = (&Life, &Key, SigningKeyState)> {
        let states = states(&self.lives, now);
        self.lives.iter().zip(&self.keys).zip(states).map(|((life, key), state)| (life, key, state))
    }
}

type LifeRow = (String, Instant, Instant, Option<Instant>);

const LIFE: (signing_keys::id, signing_keys::created_at, signing_keys::signs_from, signing_keys::retired_at) =
    (signing_keys::id, signing_keys::created_at, signing_keys::signs_from, signing_keys::retired_at);

/// The lives of all keys, in the order in which they were made.
///
/// # Errors
/// When the database fails.
pub async fn lives(db: &mut AsyncPgConnection) -> Result<Vec<Life>> {
    let rows: Vec<LifeRow> =
        signing_keys::table.order((signing_keys::created_at, signing_keys::id)).select(LIFE).load(db).await?;
    Ok(rows.into_iter().map(life).collect())
}

fn life((id, published_at, signs_from, revoked_at): LifeRow) -> Life {
    Life { id, published_at, signs_from, revoked_at }
}

fn open(secrets: &Secrets, id: &str, sealed: &[u8]) -> Result<EncodingKey> {
    let private = secrets.open(&PRIVATE_KEYS.label(&[&id]), sealed).ok_or_else(|| {
        Error::internal(format!(
            "the signing keys in the database were sealed with another master secret than {}; \
             give every server of this database the same LIAISON_SECRET_KEY, and while one is replaced the former one \
             in LIAISON_SECRET_KEY_FALLBACKS",
            secrets.ids()
        ))
    })?;
    Ok(EncodingKey::from_ed_der(&private))
}

/// The thumbprint of an Ed25519 key (RFC 7638, RFC 8037), which is the id of the key: the SHA-256 of the required
/// members in lexical order, without spaces.
pub fn thumbprint(point: &[u8]) -> String {
    let x = BASE64_URL_SAFE_NO_PAD.encode(point);
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, canonical.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::thumbprint;

    #[test]
    fn thumbprint_agrees_with_rfc_8037() {
        let point = base64::Engine::decode(
            &base64::prelude::BASE64_URL_SAFE_NO_PAD,
            "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        )
        .unwrap();
        assert_eq!(thumbprint(&point), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }
}
