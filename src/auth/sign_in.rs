//! Signing in with a password, and staying in with a refresh token.

use actix_web::HttpRequest;

use super::{
    device::Device,
    password::{MAX_BYTES, NewPassword},
    refusal::Refusal,
    second_factor,
    sessions::{self, Session},
    throttle::Attempt,
};
use crate::{
    access::caller::UserId,
    app::State,
    audit::{self, Journal},
    db::Db,
    error::Result,
    rest::{address, change},
    sessions::DeviceInfo,
};

/// What a person signs in with, as typed.
pub struct Credentials {
    /// The e-mail address.
    pub username: String,
    /// The password.
    pub password: String,
    /// A code of the second factor.
    pub otp: Option<String>,
    /// The token of a device that has signed in before.
    pub device_token: Option<String>,
}

/// Begins a session for who has the right credentials; gives the token of the device, too. What comes of it is in the audit
/// log.
///
/// # Errors
/// `invalid_grant`, the same for every reason; `second_factor_required` after a right password; 429 after too many failures.
pub async fn sign_in(
    request: &HttpRequest,
    state: &State,
    db: &Db,
    credentials: Credentials,
    origin: DeviceInfo,
) -> Result<(Session, String)> {
    let email = credentials.username.trim().to_lowercase();
    let journal = Journal::of(request)?;
    let (user, device) = match check(request, state, db, &email, credentials).await {
        Ok(known) => known,
        Err(refusal) => return Err(refusal.told(&journal, db, "signed_in", &email).await?),
    };
    let now = state.clock.now();
    let by = audit::Origin { actor_id: Some(user), ..audit::Origin::of(request) };
    let mut db = db.connect().await?;
    let session = change::by_origin(&mut db, &state.secrets, by, now, async |tx| {
        let session = sessions::begin(tx, user, origin).await?;
        journal.signed_in(tx, user, session.id).await?;
        Ok(session)
    })
    .await?;
    Ok((session, device.token(&state.secrets, now)))
}

/// Who it is, and their device, when the credentials are right.
async fn check(
    request: &HttpRequest,
    state: &State,
    db: &Db,
    email: &str,
    credentials: Credentials,
) -> Result<(UserId, Device), Refusal> {
    let Credentials { password, otp, device_token, .. } = credentials;
    if email.len() > 254 || password.len() > MAX_BYTES || email.contains('\0') {
        return Err(Refusal::of_password(sessions::refused()));
    }
    let now = state.clock.now();
    let mut connection = db.connect().await?;
    let device = Device::of(&mut connection, &state.secrets, device_token.as_deref(), email, now).await?;
    let from = address::of(request);
    let attempt = Attempt::begin(&mut connection, email, device.as_ref(), from, state.sign_in_limits, now).await?;
    let user = sessions::find_user(&mut connection, email).await?;
    // A hash takes long: others may have the connection meanwhile.
    drop(connection);
    let (user, stored) = user.unzip();
    let stored = stored.flatten();
    let right = state.hashing.verify(password.clone(), stored.clone()).await?;
    let (true, false, Some(user), Some(stored)) = (right, attempt.is_spent(), user, stored) else {
        return Err(Refusal::of_password(sessions::refused()));
    };
    let renewed = renewed_hash(state, &password, &stored).await?;
    let mut connection = db.connect().await?;
    second_factor::demand(&mut connection, &state.secrets, user, otp.as_deref(), now).await?;
    attempt.succeed(&mut connection).await?;
    if let Some(renewed) = renewed {
        sessions::renew_hash(&mut connection, user, &stored, &renewed).await?;
    }
    Ok((user, device.map_or_else(|| Device::new(user), Ok)?))
}

/// A hash with the effort of today, when the stored one was made with less.
async fn renewed_hash(state: &State, password: &str, stored: &str) -> Result<Option<String>> {
    if !state.hashing.is_outdated(stored) {
        return Ok(None);
    }
    // One of today's rules need not hold for a password of former days.
    match NewPassword::parse(password) {
        Ok(password) => state.hashing.hash(password).await.map(Some),
        Err(_) => Ok(None),
    }
}

/// Continues a session.
///
/// # Errors
/// `invalid_grant`, the same for every reason.
pub async fn refresh(
    request: &HttpRequest,
    state: &State,
    db: &Db,
    token: &str,
    origin: &DeviceInfo,
) -> Result<Session> {
    let journal = Journal::of(request)?;
    let mut db = db.connect().await?;
    let refreshed = sessions::refresh(&mut db, &state.secrets, &journal, token, origin, state.clock.now()).await;
    if refreshed.is_err() {
        state.callers.forget();
    }
    refreshed
}
