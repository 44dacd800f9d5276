//! Keys whose codes begin with an id, so that each code is checked with the key that made it.

use std::{fmt, str::FromStr};

use aws_lc_rs::hmac;

use super::SECRET_BYTES;

/// The id of a master secret. It reveals nothing about the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SecretId([u8; Self::BYTES]);

impl SecretId {
    /// Its length in bytes.
    pub const BYTES: usize = 8;

    /// The first bytes of what was derived for it.
    pub(super) fn of(derived: &[u8; SECRET_BYTES]) -> Self {
        let mut id = [0; Self::BYTES];
        id.iter_mut().zip(derived).for_each(|(byte, from)| *byte = *from);
        Self(id)
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }
}

/// In hexadecimal.
impl fmt::Display for SecretId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl FromStr for SecretId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(|number| Self(number.to_be_bytes()))
    }
}

/// A key of HMAC-SHA-256 whose codes begin with the id of its master secret.
#[derive(Clone)]
pub struct NamedKey {
    id: SecretId,
    bytes: [u8; SECRET_BYTES],
    key: hmac::Key,
}

impl fmt::Debug for NamedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NamedKey({}, …)", self.id)
    }
}

/// Bytes of HMAC-SHA-256.
const TAG_BYTES: usize = 32;

impl NamedKey {
    /// The key of these `bytes`, of the master secret `id`.
    pub fn new(id: SecretId, bytes: [u8; SECRET_BYTES]) -> Self {
        Self { id, bytes, key: hmac::Key::new(hmac::HMAC_SHA256, &bytes) }
    }

    /// The id of its master secret.
    pub fn id(&self) -> SecretId {
        self.id
    }

    /// The key itself, to be sealed.
    pub fn secret_bytes(&self) -> &[u8; SECRET_BYTES] {
        &self.bytes
    }

    /// The code of `message`.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        [self.id.as_bytes(), hmac::sign(&self.key, message).as_ref()].concat()
    }

    /// Whether `tag`, a code without its id, was made for `message`.
    pub fn verifies(&self, tag: &[u8], message: &[u8]) -> bool {
        hmac::verify(&self.key, message, tag).is_ok()
    }
}

/// The id and the tag of a `code`; `None` when it is not a code.
pub fn parts(code: &[u8]) -> Option<(SecretId, &[u8])> {
    let (id, tag) = code.split_at_checked(SecretId::BYTES)?;
    let id = id.try_into().ok().map(SecretId)?;
    (tag.len() == TAG_BYTES).then_some((id, tag))
}

#[cfg(test)]
mod tests {
    use super::{NamedKey, SecretId, parts};

    #[test]
    fn a_code_says_which_key_made_it() {
        let id: SecretId = "00ff00000000000a".parse().unwrap();
        assert_eq!(id.to_string(), "00ff00000000000a");
        let key = NamedKey::new(id, [1; 32]);
        let code = key.sign(b"message");
        let (named, tag) = parts(&code).unwrap();
        assert!(named == id && key.verifies(tag, b"message") && !key.verifies(tag, b"another"));
        assert!(parts(tag).is_none() && parts(&[]).is_none());
        assert!(!format!("{key:?}").contains("1, 1"));
    }
}
