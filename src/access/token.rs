//! Access tokens: JWT by RFC 9068, signed with Ed25519 (RFC 8037).

use std::{sync::Arc, time::Duration};

use aws_lc_rs::digest;
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    api_key::public_id,
    caller::{KeyId, SessionId, UserId},
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

/// What an access token stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The session of a person.
    Session(SessionId),
    /// An API key that was exchanged for the token.
    Key {
        /// The key.
        id: KeyId,
        /// What the token was narrowed to, when it was.
        scopes: Option<Arc<[String]>>,
    },
}

/// The claims of RFC 9068, section 2.2.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    client_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sid: Option<SessionId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<KeyId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    jti: Uuid,
    iat: i64,
    nbf: i64,
    exp: i64,
}

impl Claims {
    /// Exactly one of session and key; a session is never narrowed.
    fn subject(&self) -> Option<Subject> {
        match (self.sid, self.key, &self.scope) {
            (Some(session), None, None) => Some(Subject::Session(session)),
            (None, Some(id), scope) => {
                let scopes = scope.as_ref().map(|scope| scope.split(' ').map(str::to_owned).collect());
                Some(Subject::Key { id, scopes })
            }
            _ => None,
        }
    }
}

/// Makes and checks access tokens.
pub struct Tokens {
    issuer: String,
    verified: Cache<[u8; 32], (Subject, i64)>,
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
        self.sign(keys, user, Subject::Session(session), client, now)
    }

    /// A new access token for the key of a service account, narrowed to `scopes` when they are given.
    ///
    /// # Errors
    /// Only internal ones.
    pub fn issue_for_key(
        &self,
        keys: &Keys,
        account: UserId,
        key: KeyId,
        scopes: Option<Arc<[String]>>,
        now: Instant,
    ) -> Result<String> {
        self.sign(keys, account, Subject::Key { id: key, scopes }, &public_id(key), now)
    }

    fn sign(&self, keys: &Keys, user: UserId, subject: Subject, client: &str, now: Instant) -> Result<String> {
        let key = keys.signing();
        let iat = now.utc().timestamp();
        let (sid, of_key, scope) = match subject {
            Subject::Session(session) => (Some(session), None, None),
            Subject::Key { id, scopes } => (None, Some(id), scopes.map(|scopes| scopes.join(" "))),
        };
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: user,
            client_id: client.to_owned(),
            sid,
            key: of_key,
            scope,
            jti: Uuid::new_v4(),
            iat,
            nbf: iat,
            exp: iat.saturating_add(i64::try_from(LIFETIME.as_secs()).unwrap_or_default()),
        };
        let header = Header { typ: Some(TYPE.to_owned()), kid: Some(key.id.clone()), ..Header::new(Algorithm::EdDSA) };
        encode(&header, &claims, &key.private).map_err(Error::internal)
    }

    /// What `token` stands for, when the token is ours and still good. Verified tokens are remembered by their digest:
    /// a signature costs more than the rest of a small request.
    pub fn verify(&self, keys: &Keys, token: &str, now: Instant) -> Option<Subject> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let digest = digest_of(token);
        let now = now.utc().timestamp();
        if let Some((subject, expires)) = self.verified.get(&digest) {
            return (expires > now).then_some(subject);
        }
        let claims = self.check(keys, token)?;
        if claims.exp <= now || claims.nbf > now {
            return None;
        }
        let subject = claims.subject()?;
        self.verified.insert(digest, (subject.clone(), claims.exp));
        Some(subject)
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
