//! Signing in with a password, and staying in with a refresh token.

use super::{
    device::Device,
    hashing::Hashing,
    password::{MAX_BYTES, NewPassword},
    refusal::Refusal,
    second_factor,
    sessions::{self, Session},
    throttle::Attempt,
    verifier::Verifier,
};
use crate::{access::UserId, change::AnonymousChange, error::Result, sessions::DeviceInfo};

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

impl Verifier {
    /// Begins a session when the credentials are right. Returns it with the token of the device. The result is in the
    /// audit log.
    ///
    /// # Errors
    /// `invalid_grant`, the same for every reason; `second_factor_required` after a right password; 429 after too many
    /// failures.
    pub async fn sign_in(
        self,
        change: AnonymousChange,
        credentials: Credentials,
        origin: DeviceInfo,
    ) -> Result<(Session, String)> {
        let email = credentials.username.trim().to_lowercase();
        let (user, device) = match self.check(&email, credentials).await {
            Ok(known) => known,
            Err(refusal) => return Err(refusal.told(&self.journal, &self.db, "signed_in", &email).await?),
        };
        let begun = change.by(user).run(async |tx| {
            let session = sessions::begin(tx, user, origin).await?;
            self.journal.signed_in(tx, user, session.id).await?;
            Ok(session)
        });
        Ok((begun.await?, device.token(&self.secrets, self.clock.now())))
    }

    /// The user and their device, when the credentials are right.
    async fn check(&self, email: &str, credentials: Credentials) -> Result<(UserId, Device), Refusal> {
        let Credentials { password, otp, device_token, .. } = credentials;
        if email.len() > 254 || password.len() > MAX_BYTES || email.contains('\0') {
            return Err(Refusal::of_password(sessions::refused()));
        }
        let now = self.clock.now();
        let mut connection = self.db.connect().await?;
        let device = Device::of(&mut connection, &self.secrets, device_token.as_deref(), email, now).await?;
        let (from, limits) = (self.address(), **self.limits);
        let attempt = Attempt::begin(&mut connection, email, device.as_ref(), from, limits, now).await?;
        let user = sessions::find_user(&mut connection, email).await?;
        // Hashing takes long, so the connection is free for other requests meanwhile.
        drop(connection);
        let (user, stored) = user.unzip();
        let stored = stored.flatten();
        let right = self.hashing.verify(password.clone(), stored.clone()).await?;
        let (true, false, Some(user), Some(stored)) = (right, attempt.is_spent(), user, stored) else {
            return Err(Refusal::of_password(sessions::refused()));
        };
        let renewed = renewed_hash(&self.hashing, &password, &stored).await?;
        let mut connection = self.db.connect().await?;
        second_factor::demand(&mut connection, &self.secrets, user, otp.as_deref(), now).await?;
        attempt.succeed(&mut connection).await?;
        if let Some(renewed) = renewed {
            sessions::renew_hash(&mut connection, user, &stored, &renewed).await?;
        }
        Ok((user, device.map_or_else(|| Device::new(user), Ok)?))
    }

    /// Continues a session.
    ///
    /// # Errors
    /// `invalid_grant`, the same for every reason.
    pub async fn refresh(self, token: &str, device_token: Option<&str>, origin: &DeviceInfo) -> Result<Session> {
        let mut db = self.db.connect().await?;
        let now = self.clock.now();
        let device_of = device_token.and_then(|token| Device::user_of(&self.secrets, token, now));
        let token = (token, device_of);
        sessions::refresh(&mut db, &self.secrets, &self.callers, &self.journal, token, origin, now).await
    }
}

/// A hash with today's effort, when the stored one was made with less.
async fn renewed_hash(hashing: &Hashing, password: &str, stored: &str) -> Result<Option<String>> {
    if !hashing.is_outdated(stored) {
        return Ok(None);
    }
    // An old password may break one of today's rules.
    match NewPassword::parse(password) {
        Ok(password) => hashing.hash(password).await.map(Some),
        Err(_) => Ok(None),
    }
}
