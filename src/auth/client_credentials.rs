//! Access tokens for API keys: the `client_credentials` grant (RFC 6749, section 4.4).

use std::sync::Arc;

use actix_web::{HttpRequest, http::header};
use base64::{Engine, prelude::BASE64_STANDARD};

use super::{throttle, verifier::Verifier};
use crate::{
    access::{
        ApiKeyId, Caller, Identification, Reach, UserId,
        api_key::{Presented, public_id},
        api_key_caller::Occasion,
    },
    error::{Error, ProblemType, Result},
};

/// What a program sends in the form to say who it is.
pub struct ClientForm {
    /// The key's public id, or the account's id.
    pub id: Option<String>,
    /// The key.
    pub secret: Option<String>,
    /// The scopes that the token is to be narrowed to, separated by spaces.
    pub scope: Option<String>,
}

/// A token, and what it may be used for.
pub struct Granted {
    /// The access token.
    pub token: String,
    /// Its scopes, separated by spaces.
    pub scope: String,
}

/// Gives an access token for a key. The result is in the audit log, unless the program sent something that is not a
/// key.
///
/// # Errors
/// As RFC 6749, section 5.2, says: `invalid_client`, `invalid_scope` and `invalid_request`; 429 after too many wrong
/// keys from one network.
pub async fn grant(verifier: &Verifier, known: &Identification, form: ClientForm) -> Result<Granted> {
    let (journal, db) = (&verifier.journal, &verifier.db);
    let named = credentials(&verifier.request, form.id, form.secret);
    let key = named.as_ref().ok().and_then(|(_, secret)| Presented::parse(secret));
    match granted(verifier, known, named, key.as_ref(), form.scope.as_deref()).await {
        Ok((granted, account, key)) => {
            journal.key_exchanged(&mut *db.connect().await?, account, key).await?;
            Ok(granted)
        }
        Err(error) => {
            match key {
                Some(key) => journal.key_refused(db, key.id, &error).await?,
                // A text that is not a key must cost the database nothing.
                None => tracing::info!(address = ?verifier.address(), "what is no key was refused a token"),
            }
            Err(error)
        }
    }
}

/// The token, the account that gets it and the key that was exchanged for it.
async fn granted(
    verifier: &Verifier,
    known: &Identification,
    named: Result<(String, String)>,
    key: Option<&Presented>,
    scope: Option<&str>,
) -> Result<(Granted, UserId, ApiKeyId)> {
    let on = Occasion { address: verifier.address(), now: verifier.clock.now() };
    let (id, _) = named?;
    let key = key.ok_or_else(invalid_client)?;
    let caller = authenticate(verifier, &id, key, on).await?;
    let (scopes, asked) = scopes(&caller, scope)?;
    let scope = scopes.join(" ");
    let narrowed: Option<Arc<[String]>> = asked.then(|| scopes.into());
    let token = known.tokens.issue_for_key(&known.keys, caller.user_id, key.id, narrowed, on.now)?;
    Ok((Granted { token, scope }, caller.user_id, key.id))
}

async fn authenticate(verifier: &Verifier, id: &str, key: &Presented, on: Occasion) -> Result<Arc<Caller>> {
    // A wrong key is counted against its network only: nobody can guess 256 bits, and nobody must be able to lock out a
    // program that runs elsewhere.
    let (db, limits) = (&verifier.db, **verifier.limits);
    let mut connection = db.connect().await?;
    throttle::count_request(&mut connection, "client", None, on.address, limits, on.now).await?;
    drop(connection);
    let caller = verifier.callers.of_key(db, key, on).await?;
    let caller = caller.filter(|caller| names(id, key, caller)).ok_or_else(invalid_client)?;
    throttle::take_back(&mut *db.connect().await?, "client", on.address).await?;
    Ok(caller)
}

/// Whether `id` is the key's or its account's.
fn names(id: &str, key: &Presented, caller: &Caller) -> bool {
    id == public_id(key.id) || id == key.id.to_string() || id == caller.user_id.to_string()
}

/// Id and key, from the form or by HTTP Basic (section 2.3.1), not both.
fn credentials(request: &HttpRequest, id: Option<String>, secret: Option<String>) -> Result<(String, String)> {
    match (basic(request)?, id, secret) {
        (None, Some(id), Some(secret)) => Ok((id, secret)),
        (Some((id, secret)), named, None) if named.as_ref().is_none_or(|named| *named == id) => Ok((id, secret)),
        (Some(_), ..) => Err(Error::new(ProblemType::InvalidRequest).with("error", "invalid_request")),
        _ => Err(invalid_client()),
    }
}

fn basic(request: &HttpRequest) -> Result<Option<(String, String)>> {
    let Some(header) = request.headers().get(header::AUTHORIZATION) else { return Ok(None) };
    let (scheme, encoded) = header.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(invalid_client)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(invalid_client());
    }
    let decoded = BASE64_STANDARD.decode(encoded.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let pair = decoded.as_deref().and_then(|text| text.split_once(':'));
    let (id, secret) = pair.ok_or_else(invalid_client)?;
    Ok(Some((form_decoded(id)?, form_decoded(secret)?)))
}

/// The program form-encodes both parts before it joins them.
fn form_decoded(text: &str) -> Result<String> {
    let spaced = text.replace('+', " ");
    let decoded = percent_encoding::percent_decode_str(&spaced).decode_utf8();
    decoded.map(Into::into).map_err(|_not_utf8| invalid_client())
}

/// What the token may be used for, and whether the program asked for that. Without `asked`, it is all that the key may
/// do, and it follows later changes of the key's account, like the key itself.
fn scopes(caller: &Caller, asked: Option<&str>) -> Result<(Vec<String>, bool)> {
    let may: Vec<&String> =
        caller.policy.grants().iter().filter(|(_, reach)| **reach > Reach::None).map(|(name, _)| name).collect();
    let Some(asked) = asked else { return Ok((may.into_iter().cloned().collect(), false)) };
    let mut scopes: Vec<String> = asked.split(' ').map(str::to_owned).collect();
    scopes.sort();
    scopes.dedup();
    if scopes.iter().all(|scope| may.contains(&scope)) {
        return Ok((scopes, true));
    }
    Err(Error::new(ProblemType::InvalidScope).with("error", "invalid_scope"))
}

/// The answer to every program that is not let in, whatever the reason.
fn invalid_client() -> Error {
    Error::new(ProblemType::InvalidClient).with("error", "invalid_client")
}
