//! Access tokens: JWT by RFC 9068, signed with Ed25519 (RFC 8037).

use std::time::Duration;

use aws_lc_rs::digest;
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    caller::{SessionId, UserId},
    keys::Keys,
};
use crate::{
    error::{Error, Result},
    rest::time::Instant,
};

/// How long an access token is good for.
pub const LIFETIME: Duration = Duration::from_mins(15);

/// How long a token may be; ours are a quarter of it.
const MAX_TOKEN_BYTES: usize = 4096;

/// The audience of every token.
const AUDIENCE: &str = "liaison";

/// The type of an access token (RFC 9068, section 2.1).
const TYPE: &str = "at+jwt";

/// The claims of RFC 9068, section 2.2.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    client_id: String,
    sid: SessionId,
    jti: Uuid,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// Makes and checks access tokens.
pub struct Tokens {
    issuer: String,
    verified: Cache<[u8; 32], (SessionId, i64)>,
}

impl Tokens {
    /// For tokens of `issuer`.
    pub fn new(issuer: String) -> Self {
        Self { issuer, verified: Cache::builder().max_capacity(50_000).time_to_live(LIFETIME).build() }
    }

    /// A new access token of this session.
    ///
    /// # Errors
    /// Only internal ones.
    pub fn issue(&self, keys: &Keys, user: UserId, session: SessionId, client: &str, now: Instant) -> Result<String> {
        let key = keys.signing();
        let iat = now.utc().timestamp();
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: user,
            client_id: client.to_owned(),
            sid: session,
            jti: Uuid::new_v4(),
            iat,
            nbf: iat,
            exp: iat.saturating_add(i64::try_from(LIFETIME.as_secs()).unwrap_or_default()),
        };
        let header = Header { typ: Some(TYPE.to_owned()), kid: Some(key.id.clone()), ..Header::new(Algorithm::EdDSA) };
        encode(&header, &claims, &key.private).map_err(Error::internal)
    }

    /// The session of `token`, when the token is ours and still good. Verified tokens are remembered by their digest:
    /// a signature costs more than the rest of a small request.
    pub fn verify(&self, keys: &Keys, token: &str, now: Instant) -> Option<SessionId> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let digest = digest_of(token);
        let now = now.utc().timestamp();
        if let Some((session, expires)) = self.verified.get(&digest) {
            return (expires > now).then_some(session);
        }
        let claims = self.check(keys, token)?;
        if claims.exp <= now || claims.nbf > now {
            return None;
        }
        self.verified.insert(digest, (claims.sid, claims.exp));
        Some(claims.sid)
    }

    fn check(&self, keys: &Keys, token: &str) -> Option<Claims> {
        let header = decode_header(token).ok()?;
        // RFC 8725, 3.11: the type keeps other tokens of ours from being taken for this one. The crate does not look.
        if header.typ.as_deref() != Some(TYPE) || header.alg != Algorithm::EdDSA {
            return None;
        }
        let key = keys.verifying(header.kid.as_deref()?)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[&self.issuer]);
        validation.set_required_spec_claims(&["exp", "nbf", "aud", "iss", "sub"]);
        // The injected clock decides about time, in `verify`.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        decode::<Claims>(token, &key.public, &validation).ok().map(|data| data.claims)
    }
}

fn digest_of(token: &str) -> [u8; 32] {
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
    sha256
}
