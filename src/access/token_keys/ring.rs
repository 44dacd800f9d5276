//! The keys that a running server works with. It reads them every few seconds, and when a token names an unknown key.

use std::sync::{Arc, PoisonError, RwLock};

use chrono::Duration;
use diesel_async::AsyncPgConnection;
use tokio::sync::Mutex;

use super::Keys;
use crate::{db::Db, error::Result, secrets::Secrets, values::Instant};

/// Tokens that name unknown keys cause at most one query in this time, however many arrive.
const UNKNOWN_KEYS_EVERY: Duration = Duration::seconds(1);

/// The keys as they were last read.
pub struct KeyRing {
    current: RwLock<Arc<Keys>>,
    asked_at: Mutex<Option<Instant>>,
}

impl KeyRing {
    /// Begins with `keys`.
    pub fn new(keys: Keys) -> Self {
        Self { current: RwLock::new(Arc::new(keys)), asked_at: Mutex::new(None) }
    }

    /// The keys.
    pub fn current(&self) -> Arc<Keys> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the keys from the database. When that fails, the server goes on with the keys that it has.
    ///
    /// # Errors
    /// When the database fails, or when the master secret is not the one that the keys were sealed with.
    pub async fn reload(&self, db: &mut AsyncPgConnection, secrets: &Secrets, now: Instant) -> Result<()> {
        let keys = Arc::new(Keys::read(db, secrets, now).await?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }

    /// Reads the keys because a token names an unknown key: another server may have made it a moment ago. Requests that
    /// arrive meanwhile wait for the result, so forged names cost at most one query a second.
    ///
    /// # Errors
    /// As [`KeyRing::reload`].
    pub async fn ask(&self, db: &Db, secrets: &Secrets, now: Instant) -> Result<()> {
        let mut asked_at = self.asked_at.lock().await;
        if asked_at.is_some_and(|asked| (now.utc() - asked.utc()).abs() < UNKNOWN_KEYS_EVERY) {
            return Ok(());
        }
        *asked_at = Some(now);
        self.reload(&mut *db.connect().await?, secrets, now).await
    }
}
