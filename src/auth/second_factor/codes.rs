//! The codes that people type, and the recovery codes that they keep on paper.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use serde::{Deserialize, Deserializer, de::Error as _};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use super::totp;
use crate::{error::Result, secrets, values::Invalid};

/// Maximum number of characters of a code: a recovery code has 39, and people add spaces.
const MAX: usize = 50;
/// 160 bits: more than the 128 bits that ASVS 11.5.1 requires of a value that nobody may guess.
const RECOVERY_BYTES: usize = 20;
/// How many recovery codes a user has.
pub const RECOVERY_CODES: usize = 10;

/// A code as it was typed: six digits of an authenticator app, or a recovery code.
#[derive(Clone)]
pub struct OneTimeCode(String);

impl OneTimeCode {
    /// Reads `text` in capitals, without the spaces and hyphens that people type.
    ///
    /// # Errors
    /// [`Invalid::TooShort`] or [`Invalid::TooLong`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.chars().count() > MAX {
            return Err(Invalid::TooLong(MAX));
        }
        if text.is_empty() {
            return Err(Invalid::TooShort(1));
        }
        Ok(Self(bare(text)))
    }

    /// The six digits, when it has the form of an authenticator app's code.
    pub fn digits(&self) -> Option<&str> {
        totp::has_form(&self.0).then_some(&self.0)
    }

    /// The digest under which a recovery code is stored.
    pub fn digest(&self) -> Vec<u8> {
        digest(&self.0)
    }
}

fn bare(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_uppercase()).collect()
}

fn digest(bare: &str) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bare.as_bytes()).as_ref().to_vec()
}

impl fmt::Debug for OneTimeCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OneTimeCode(…)")
    }
}

impl<'de> Deserialize<'de> for OneTimeCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl PartialSchema for OneTimeCode {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(MAX))
            .description(Some(
                "A code of the second factor: six digits of the authenticator app (RFC 6238), or a recovery code. Each is \
                 good once. Spaces and hyphens do not count.",
            ))
            .examples(["492039"])
            .into()
    }
}
impl ToSchema for OneTimeCode {}

/// New recovery codes, as the user is to keep them, in groups of four characters.
///
/// # Errors
/// When the system has no randomness to give.
pub fn recovery_codes() -> Result<Vec<String>> {
    (0..RECOVERY_CODES).map(|_| secrets::random::<RECOVERY_BYTES>().map(|bytes| grouped(&bytes))).collect()
}

fn grouped(bytes: &[u8]) -> String {
    let code: Vec<char> = BASE32_NOPAD.encode(bytes).chars().collect();
    code.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// The digest under which a recovery code is stored.
pub fn digest_of(code: &str) -> Vec<u8> {
    digest(&bare(code))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{OneTimeCode, digest_of, recovery_codes};

    /// ASVS 6.5.2, 11.5.1
    #[test]
    fn recovery_codes_have_160_bits_and_are_all_different() {
        let codes = recovery_codes().unwrap();
        assert_eq!(codes.iter().collect::<HashSet<_>>().len(), 10);
        assert!(codes.iter().all(|code| code.len() == 39 && code.replace('-', "").len() * 5 == 160), "{codes:?}");
    }

    #[test]
    fn a_code_is_known_however_it_is_typed() {
        let typed = |text: &str| OneTimeCode::parse(text).unwrap();
        assert_eq!(typed(" 492 039").digits(), Some("492039"));
        assert_eq!(typed("abcd-efgh").digits(), None);
        assert_eq!(typed("abcd efgh").digest(), digest_of("ABCD-EFGH"));
        assert!(OneTimeCode::parse("").is_err() && OneTimeCode::parse(&"1".repeat(51)).is_err());
        assert!(!format!("{:?}", typed("492039")).contains("492"));
    }
}
