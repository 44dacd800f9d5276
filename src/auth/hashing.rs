//! Passwords: Argon2id, as many at once as there are cores.

use std::sync::Arc;

use argon2::{
    Argon2, Params,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use serde::{Deserialize, Deserializer, de::Error as _};
use tokio::sync::Semaphore;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type},
};

use crate::{
    error::{Error, Result},
    rest::invalid::Invalid,
};

/// Fewest characters of a password that is the only factor (NIST SP 800-63B-4, 3.1.1.2).
pub const MIN_CHARACTERS: usize = 15;
/// Most bytes of a password: far more than a person types, few enough to hash.
pub const MAX_BYTES: usize = 1024;

/// The least that the OWASP Password Storage Cheat Sheet recommends: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// A new password, long enough.
#[derive(Clone)]
pub struct NewPassword(String);

impl std::fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewPassword(…)")
    }
}

impl NewPassword {
    /// Checks the length: at least 15 characters (Unicode code points), at most 1,024 bytes.
    ///
    /// # Errors
    /// [`Invalid::TooShort`] or [`Invalid::TooLong`].
    pub fn parse(text: String) -> Result<Self, Invalid> {
        if text.chars().count() < MIN_CHARACTERS {
            return Err(Invalid::TooShort(MIN_CHARACTERS));
        }
        if text.len() > MAX_BYTES {
            return Err(Invalid::TooLong(MAX_BYTES));
        }
        Ok(Self(text))
    }

    /// The password itself, to be shown once to who asked for a generated one.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for NewPassword {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl PartialSchema for NewPassword {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
            .min_length(Some(MIN_CHARACTERS))
            .max_length(Some(MAX_BYTES))
            .description(Some(
                "A password of at least 15 characters; any characters, no rules of composition (NIST SP 800-63B-4). At most 1,024 bytes.",
            ))
            .into()
    }
}
impl ToSchema for NewPassword {}

/// Hashes and verifies, with bounded memory and processor time.
#[derive(Clone)]
pub struct Hashing {
    permits: Arc<Semaphore>,
    argon2: Argon2<'static>,
    /// What a password is held against when there is no such user, so that both take the same time.
    nobody: Arc<str>,
}

impl Hashing {
    /// With as many hashes at once as the machine has cores.
    ///
    /// # Errors
    /// Only internal ones.
    pub fn new() -> Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(Error::internal)?;
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
        self.bounded(move || hash(&argon2, &password.0)).await?
    }

    /// Whether `password` is the one of `stored`. Without a stored hash it takes as long and is false.
    ///
    /// # Errors
    /// Only internal ones.
    pub async fn verify(&self, password: String, stored: Option<String>) -> Result<bool> {
        let argon2 = self.argon2.clone();
        let nobody = Arc::clone(&self.nobody);
        self.bounded(move || {
            let right = verify(&argon2, &password, stored.as_deref().unwrap_or(&nobody));
            right && stored.is_some()
        })
        .await
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
