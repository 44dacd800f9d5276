//! Known devices. A device that has signed in with a password gets a token. Attempts with this token have a budget of
//! their own, so that the guesses of others cannot lock the user out (ASVS 6.1.1).

use chrono::{DateTime, Duration};
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::{
    access::UserId,
    db::schema::users,
    error::Result,
    secrets::{Secrets, random_text},
    values::Instant,
};

/// How long a device stays known after its last sign-in.
const LIFETIME: Duration = Duration::days(365);

/// Maximum length of a token; ours are at most half as long.
const MAX_TOKEN_BYTES: usize = 300;

/// A device that a user has signed in with.
pub struct Device {
    user: UserId,
    id: String,
}

impl Device {
    /// A device that has not been seen before.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn new(user: UserId) -> Result<Self> {
        Ok(Self { user, id: random_text::<16>()? })
    }

    /// The device of `token`, when the token is good and the device belongs to the user with this address. Any other
    /// token counts as no token, and its sender does not learn that. Without a good token the database is not asked, so
    /// that the time of a refusal does not reveal whether there is such a user.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(
        db: &mut AsyncPgConnection,
        secrets: &Secrets,
        token: Option<&str>,
        email: &str,
        now: Instant,
    ) -> Result<Option<Self>> {
        let Some(device) = token.and_then(|token| Self::open(secrets, token, now)) else { return Ok(None) };
        let user = users::table.find(device.user).filter(users::email.eq(email)).select(users::id);
        let found: Option<UserId> = user.first(db).await.optional()?;
        Ok(found.map(|_| device))
    }

    /// The device of a token that is ours and not too old.
    fn open(secrets: &Secrets, token: &str, now: Instant) -> Option<Self> {
        if token.len() > MAX_TOKEN_BYTES {
            return None;
        }
        let payload = secrets.open_device(token)?;
        let mut parts = payload.split(' ');
        let owner = UserId::from(Uuid::try_parse(parts.next()?).ok()?);
        let id = parts.next()?.to_owned();
        let expires: Instant = DateTime::from_timestamp(parts.next()?.parse().ok()?, 0)?.into();
        (expires > now).then_some(Self { user: owner, id })
    }

    /// The user of a device token that is ours and not too old.
    pub fn user_of(secrets: &Secrets, token: &str, now: Instant) -> Option<UserId> {
        Self::open(secrets, token, now).map(|device| device.user)
    }

    /// A token for this device, good for another year.
    pub fn token(&self, secrets: &Secrets, now: Instant) -> String {
        let expires = now.after(LIFETIME).utc().timestamp();
        secrets.sign_device(&format!("{} {} {expires}", self.user, self.id))
    }

    /// The subject under which its failures are counted.
    pub fn subject(&self) -> String {
        format!("device {} {}", self.user, self.id)
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::Device;
    use crate::{
        secrets::Secrets,
        values::{Id, Instant},
    };

    #[test]
    fn a_token_is_good_for_a_year() {
        let secrets = Secrets::derive(&[1; 32]).unwrap();
        let now: Instant = "2026-11-24T10:00:00Z".parse().unwrap();
        let device = Device::new(Id::generate()).unwrap();
        let token = device.token(&secrets, now);
        assert!(token.len() <= 150, "{token}");
        let subject =
            |days| Device::open(&secrets, &token, now.after(Duration::days(days))).map(|known| known.subject());
        assert_eq!(subject(0), Some(device.subject()));
        assert_eq!(subject(364), Some(device.subject()));
        assert_eq!(subject(365), None);
    }

    #[test]
    fn a_token_that_is_not_ours_is_none() {
        let secrets = Secrets::derive(&[1; 32]).unwrap();
        let now: Instant = "2026-11-24T10:00:00Z".parse().unwrap();
        let ann = Id::generate();
        let foreign = Device::new(ann).unwrap().token(&Secrets::derive(&[2; 32]).unwrap(), now);
        // A cursor is signed as well, with another key.
        let cursor = secrets.sign_cursor("device", &format!("{ann} id 99999999999"));
        let long = "A".repeat(100_000);
        for token in [foreign.as_str(), &cursor, &long, "", "ы", "AAAA"] {
            assert!(Device::open(&secrets, token, now).is_none(), "{token}");
        }
    }
}
