//! Access tokens: JWT by RFC 9068, signed with Ed25519 (RFC 8037).

use std::{sync::Arc, time::Duration};

use aws_lc_rs::digest;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, Header, Validation, decode, encode};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    ApiKeyId, SessionId, UserId,
    api_key::public_id,
    token_keys::{KeyRing, Keys},
};
use crate::{
    error::{Error, Result},
    values::Instant,
};

/// How long an access token is good for.
pub const LIFETIME: Duration = Duration::from_mins(15);

/// Maximum length of a token; ours are less than half as long.
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
        id: ApiKeyId,
        /// What the token was narrowed to, when it was.
        scopes: Option<Arc<[String]>>,
    },
}

/// The only algorithm (RFC 8037, section 3.1).
const ALGORITHM: &str = "EdDSA";

/// By how many seconds the clocks of two servers may differ.
const SKEW_SECONDS: i64 = 30;

/// All members that the header of our tokens has. Any other member is refused: it may ask for something that we do not
/// support (`crit`, `zip`, `b64`) or bring a key of its own (`jwk`, `jku`, `x5c`, `x5u`).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Heading {
    alg: String,
    typ: String,
    kid: String,
}

/// The claims of RFC 9068, section 2.2, all of them required. `aud` is one text, as we write it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    client_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sid: Option<SessionId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<ApiKeyId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    jti: Uuid,
    iat: i64,
    nbf: i64,
    exp: i64,
}

impl Claims {
    /// What the token stands for: exactly one of a session and a key. A session is never narrowed to scopes.
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

    /// Whether the times are those of a token that we made at or before `now` and that has not expired.
    fn hold_at(&self, now: i64) -> bool {
        let latest = now.saturating_add(SKEW_SECONDS);
        self.exp > now && self.nbf <= latest && self.iat <= latest && self.exp.saturating_sub(self.iat) <= lifetime()
    }
}

/// What a good token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// What it stands for.
    pub subject: Subject,
    /// Whose session or key that is.
    pub user: UserId,
}

#[derive(Clone)]
struct Remembered {
    key: String,
    expires: i64,
    verified: Verified,
}

/// Makes and checks access tokens.
pub struct Tokens {
    issuer: String,
    verified: Cache<[u8; 32], Remembered>,
}

impl Tokens {
    /// The issuer of the tokens.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// For tokens of `issuer`.
    pub fn new(issuer: String) -> Self {
        Self { issuer, verified: Cache::builder().max_capacity(50_000).time_to_live(LIFETIME).build() }
    }

    /// A new access token of this session.
    ///
    /// # Errors
    /// Only internal ones.
    pub fn issue(
        &self,
        keys: &KeyRing,
        user: UserId,
        session: SessionId,
        client: &str,
        now: Instant,
    ) -> Result<String> {
        self.sign(keys, user, Subject::Session(session), client, now)
    }

    /// A new access token for the key of a service account, narrowed to `scopes` when they are given.
    ///
    /// # Errors
    /// Only internal ones.
    pub fn issue_for_key(
        &self,
        keys: &KeyRing,
        account: UserId,
        key: ApiKeyId,
        scopes: Option<Arc<[String]>>,
        now: Instant,
    ) -> Result<String> {
        self.sign(keys, account, Subject::Key { id: key, scopes }, &public_id(key), now)
    }

    fn sign(&self, keys: &KeyRing, user: UserId, subject: Subject, client: &str, now: Instant) -> Result<String> {
        let keys = keys.current();
        let key = keys.signing(now).ok_or_else(|| Error::internal("no key signs"))?;
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
            exp: iat.saturating_add(lifetime()),
        };
        let header =
            Header { typ: Some(TYPE.to_owned()), kid: Some(key.id.to_owned()), ..Header::new(Algorithm::EdDSA) };
        encode(&header, &claims, key.private).map_err(Error::internal)
    }

    /// What `token` says, when it is ours and still valid. Verified tokens are remembered by their digest: checking a
    /// signature costs more than the rest of a small request.
    pub fn verify(&self, keys: &KeyRing, token: &str, now: Instant) -> Option<Verified> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let keys = keys.current();
        let digest = digest_of(token);
        let known = match self.verified.get(&digest) {
            Some(known) => {
                keys.verifying(&known.key, now)?;
                known
            }
            None => {
                let known = self.check(&keys, token, now)?;
                self.verified.insert(digest, known.clone());
                known
            }
        };
        (known.expires > now.utc().timestamp()).then_some(known.verified)
    }

    /// Whether `token` looks like ours and names a key that is not known: one that was made a moment ago, or never.
    pub fn names_unknown_key(&self, keys: &KeyRing, token: &str) -> bool {
        let heading = (token.len() <= MAX_TOKEN_BYTES).then(|| heading(token)).flatten();
        heading.is_some_and(|heading| !keys.current().knows(&heading.kid))
    }

    fn check(&self, keys: &Keys, token: &str, now: Instant) -> Option<Remembered> {
        let Heading { kid, .. } = heading(token)?;
        let key = keys.verifying(&kid, now)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[&self.issuer]);
        validation.set_required_spec_claims(&["exp", "nbf", "aud", "iss", "sub"]);
        // The injected clock decides about time.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims = decode::<Claims>(token, key, &validation).ok()?.claims;
        let verified = Verified { subject: claims.subject()?, user: claims.sub };
        let known = Remembered { key: kid, expires: claims.exp, verified };
        claims.hold_at(now.utc().timestamp()).then_some(known)
    }
}

/// The header, when it is one of ours. RFC 8725, 3.1 and 3.11: the server chooses the algorithm, and the type keeps our
/// other tokens from being accepted as access tokens. RFC 9068 would also allow `application/at+jwt`, which we never
/// write.
fn heading(token: &str) -> Option<Heading> {
    let (first, _) = token.split_once('.')?;
    let heading: Heading = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(first).ok()?).ok()?;
    (heading.typ == TYPE && heading.alg == ALGORITHM).then_some(heading)
}

fn lifetime() -> i64 {
    i64::try_from(LIFETIME.as_secs()).unwrap_or_default()
}

fn digest_of(token: &str) -> [u8; 32] {
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
    sha256
}
