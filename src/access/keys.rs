//! The keys that sign access tokens: kept in the database, the private half encrypted with the master secret.

use aws_lc_rs::{
    digest,
    signature::{Ed25519KeyPair, KeyPair},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    db::schema::signing_keys,
    error::{Error, Result},
    rest::time::Instant,
    secrets::Secrets,
};

/// The key that signs.
pub struct SigningKey {
    /// Its RFC 7638 thumbprint.
    pub id: String,
    /// Its private half.
    pub private: EncodingKey,
}

/// A key that verifies.
pub struct VerifyingKey {
    /// Its public half.
    pub public: DecodingKey,
    id: String,
    point: Vec<u8>,
}

/// All keys in use.
pub struct Keys {
    signing: SigningKey,
    verifying: Vec<VerifyingKey>,
}

impl Keys {
    /// The key that signs new tokens.
    pub fn signing(&self) -> &SigningKey {
        &self.signing
    }

    /// The key named `id`. The header of a token only chooses among our own keys.
    pub fn verifying(&self, id: &str) -> Option<&VerifyingKey> {
        self.verifying.iter().find(|key| key.id == id)
    }

    /// The public halves, for the world.
    pub fn published(&self) -> JwkSet {
        JwkSet { keys: self.verifying.iter().map(Jwk::from).collect() }
    }

    /// Loads the keys; makes the first one when there is none. The caller holds the start-up lock.
    ///
    /// # Errors
    /// When the master secret is not the one that the keys were sealed with.
    pub async fn load(db: &mut AsyncPgConnection, secrets: &Secrets, now: Instant) -> Result<Self> {
        let mut rows = stored(db).await?;
        if rows.is_empty() {
            create(db, secrets, now).await?;
            rows = stored(db).await?;
        }
        let (id, _, sealed) = rows.as_slice().first().ok_or_else(|| Error::internal("no signing key"))?;
        let private = secrets.open(id, sealed).ok_or_else(|| {
            Error::internal(
                "the signing keys in the database were sealed with another master secret; \
                 give every server of this database the same LIAISON_SECRET_KEY",
            )
        })?;
        let signing = SigningKey { id: id.clone(), private: EncodingKey::from_ed_der(&private) };
        let verifying =
            rows.into_iter().map(|(id, point, _)| VerifyingKey { public: DecodingKey::from_ed_der(&point), id, point });
        Ok(Self { signing, verifying: verifying.collect() })
    }
}

type Row = (String, Vec<u8>, Vec<u8>);

async fn stored(db: &mut AsyncPgConnection) -> Result<Vec<Row>> {
    let rows: Vec<Row> = signing_keys::table
        .filter(signing_keys::retired_at.is_null())
        .order(signing_keys::created_at.desc())
        .select((signing_keys::id, signing_keys::public_key, signing_keys::sealed_private_key))
        .load(db)
        .await?;
    Ok(rows)
}

async fn create(db: &mut AsyncPgConnection, secrets: &Secrets, now: Instant) -> Result<()> {
    let pair = Ed25519KeyPair::generate().map_err(Error::internal)?;
    let private = pair.to_pkcs8v1().map_err(Error::internal)?;
    let point = pair.public_key().as_ref();
    let id = thumbprint(point);
    diesel::insert_into(signing_keys::table)
        .values((
            signing_keys::id.eq(&id),
            signing_keys::created_at.eq(now),
            signing_keys::public_key.eq(point),
            signing_keys::sealed_private_key.eq(secrets.seal(&id, private.as_ref())?),
        ))
        .execute(db)
        .await?;
    Ok(())
}

/// RFC 7638: the SHA-256 of the required members in lexical order, without space.
fn thumbprint(point: &[u8]) -> String {
    let x = BASE64_URL_SAFE_NO_PAD.encode(point);
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, canonical.as_bytes()))
}

/// The public keys of access tokens (RFC 7517).
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", "use": "sig", "alg": "EdDSA"}]}))]
pub struct JwkSet {
    /// The keys.
    pub keys: Vec<Jwk>,
}

/// A public key (RFC 8037).
#[derive(Debug, Serialize, ToSchema)]
pub struct Jwk {
    /// The key type: octet key pair.
    #[schema(example = "OKP")]
    pub kty: &'static str,
    /// The curve.
    #[schema(example = "Ed25519")]
    pub crv: &'static str,
    /// The public point, in base64url.
    pub x: String,
    /// The key's id: its RFC 7638 thumbprint.
    pub kid: String,
    /// For signatures.
    #[schema(example = "sig")]
    pub r#use: &'static str,
    /// The algorithm.
    #[schema(example = "EdDSA")]
    pub alg: &'static str,
}

impl From<&VerifyingKey> for Jwk {
    fn from(key: &VerifyingKey) -> Self {
        Self {
            kty: "OKP",
            crv: "Ed25519",
            x: BASE64_URL_SAFE_NO_PAD.encode(&key.point),
            kid: key.id.clone(),
            r#use: "sig",
            alg: "EdDSA",
        }
    }
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
