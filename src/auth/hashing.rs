//! Hashes passwords with Argon2id, as many at once as there are cores.

use std::sync::Arc;

use argon2::{
    Argon2, Params,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::Semaphore;

use super::password::{NewPassword, normalised};
use crate::error::{Error, Result};

/// How much work a hash is.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// The memory that it fills, in KiB.
    pub memory_kib: u32,
    /// How often it goes over that memory.
    pub passes: u32,
}

impl Effort {
    /// The least that the OWASP Password Storage Cheat Sheet recommends: 19 MiB, two passes, one lane.
    pub const RECOMMENDED: Self = Self { memory_kib: 19 * 1024, passes: 2 };
}

const LANES: u32 = 1;

/// Hashes and verifies, with bounded memory and processor time.
#[derive(Clone)]
pub struct Hashing {
    permits: Arc<Semaphore>,
    argon2: Argon2<'static>,
    /// The hash that a password is checked against when there is no such user, so that both take the same time.
    nobody: Arc<str>,
}

impl Hashing {
    /// With as many hashes at once as the machine has cores.
    ///
    /// # Errors
    /// Only internal ones.
    pub fn new() -> Result<Self> {
        Self::with_effort(Effort::RECOMMENDED)
    }

    /// With another effort, for tests that sign in often.
    ///
    /// # Errors
    /// When Argon2 does not accept this effort.
    pub fn with_effort(effort: Effort) -> Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let params = Params::new(effort.memory_kib, effort.passes, LANES, None).map_err(Error::internal)?;
        let argon2 = Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
        let nobody = hash(&argon2, &crate::secrets::random_text::<16>()?)?.into();
        Ok(Self { permits: Arc::new(Semaphore::new(cores)), argon2, nobody })
    }

    /// The hash of `password`, in PHC form.
    ///
    /// # Errors
    /// Only internal ones.
    pub async fn hash(&self, password: NewPassword) -> Result<String> {
        let argon2 = self.argon2.clone();
        self.bounded(move || hash(&argon2, password.reveal())).await?
    }

    /// Whether `password` matches the hash `stored`. Without a stored hash, the check takes as long and fails.
    ///
    /// # Errors
    /// Only internal ones.
    pub async fn verify(&self, password: String, stored: Option<String>) -> Result<bool> {
        let argon2 = self.argon2.clone();
        let nobody = Arc::clone(&self.nobody);
        self.bounded(move || {
            let hash = stored.as_deref().unwrap_or(&nobody);
            let nfc = normalised(&password);
            // The hash may be from a time when passwords were not normalised.
            let right = verify(&argon2, &nfc, hash) || (nfc != password && verify(&argon2, &password, hash));
            right && stored.is_some()
        })
        .await
    }

    /// Whether `stored` was made with less effort than hashes are made now.
    pub fn is_outdated(&self, stored: &str) -> bool {
        let params = PasswordHash::new(stored).ok().and_then(|hash| Params::try_from(&hash).ok());
        let now = self.argon2.params();
        params.is_none_or(|then| then.m_cost() < now.m_cost() || then.t_cost() < now.t_cost())
    }

    async fn bounded<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let _permit = self.permits.acquire().await.map_err(Error::internal)?;
        tokio::task::spawn_blocking(work).await.map_err(Error::internal)
    }
}

fn hash(argon2: &Argon2<'_>, password: &str) -> Result<String> {
    argon2.hash_password(password.as_bytes()).map(|hash| hash.to_string()).map_err(Error::internal)
}

fn verify(argon2: &Argon2<'_>, password: &str, stored: &str) -> bool {
    PasswordHash::new(stored).is_ok_and(|hash| argon2.verify_password(password.as_bytes(), &hash).is_ok())
}
