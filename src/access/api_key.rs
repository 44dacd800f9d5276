//! The format of API keys: `lsn_` + public id + `_` + secret + checksum, the last three in base62.
//!
//! The prefix and the checksum (GitHub's design of 2021) let scanners of leaked secrets tell a key from other texts,
//! and let the server refuse a mistyped one without asking the database.

use aws_lc_rs::{constant_time::verify_slices_are_equal, digest};
use secrecy::SecretString;

use super::ApiKeyId;
use crate::{error::Result, secrets::random};

/// What every key begins with.
pub const PREFIX: &str = "lsn_";

/// A UUID in base62.
const ID_CHARS: usize = 22;
/// 256 random bits in base62.
const SECRET_CHARS: usize = 43;
/// A CRC-32 in base62.
const CHECKSUM_CHARS: usize = 6;
/// How long a key is.
pub const CHARS: usize = PREFIX.len() + ID_CHARS + 1 + SECRET_CHARS + CHECKSUM_CHARS;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A key that was just made. Only now is its text available.
pub struct NewSecret {
    /// The whole key, to be shown once.
    pub text: SecretString,
    /// The digest of its secret, which is all that the server stores of the secret.
    pub digest: Vec<u8>,
}

impl NewSecret {
    /// The key of `id` with a secret of 256 random bits.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn generate(id: ApiKeyId) -> Result<Self> {
        let secret = random_chars(SECRET_CHARS)?;
        let text = format!("{PREFIX}{}_{secret}", public_id(id));
        let checksum = checksum(&text);
        Ok(Self { text: (text + &checksum).into(), digest: digest_of(&secret) })
    }
}

/// A key as a caller presents it: well formed, but not yet known to be one of ours. Its secret is kept only as a
/// digest.
#[derive(Clone, Debug)]
pub struct Presented {
    /// The id of the key that it claims to be.
    pub id: ApiKeyId,
    digest: Vec<u8>,
}

impl Presented {
    /// Reads `text`; `None` when its shape or its checksum is wrong.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != CHARS {
            return None;
        }
        let (body, sum) = text.split_at_checked(CHARS - CHECKSUM_CHARS)?;
        if checksum(body) != sum {
            return None;
        }
        let (id, secret) = body.strip_prefix(PREFIX)?.split_at_checked(ID_CHARS)?;
        let secret = secret.strip_prefix('_')?;
        let known = secret.bytes().all(|byte| ALPHABET.contains(&byte));
        Some(Self { id: id_of(id)?, digest: digest_of(secret) }).filter(|_| known)
    }

    /// Whether this key has the stored `digest`. Takes the same time wherever the two digests differ.
    pub fn matches(&self, digest: &[u8]) -> bool {
        verify_slices_are_equal(&self.digest, digest).is_ok()
    }
}

/// The part of a key that may be shown. A program that asks for a token can name its key by it.
pub fn public_id(id: ApiKeyId) -> String {
    base62(id.uuid().as_u128(), ID_CHARS)
}

/// The key with the public id `public`; `None` when the text is not a public id.
pub fn id_of(public: &str) -> Option<ApiKeyId> {
    if public.len() != ID_CHARS {
        return None;
    }
    let number = public.bytes().try_fold(0_u128, |number, byte| {
        let digit = ALPHABET.iter().position(|known| *known == byte)?;
        number.checked_mul(62)?.checked_add(u128::try_from(digit).ok()?)
    })?;
    Some(uuid::Uuid::from_u128(number).into())
}

fn checksum(text: &str) -> String {
    base62(u128::from(crc32fast::hash(text.as_bytes())), CHECKSUM_CHARS)
}

fn digest_of(secret: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, secret.as_bytes()).as_ref().to_vec()
}

/// The last `chars` digits of `number` in base62.
fn base62(mut number: u128, chars: usize) -> String {
    let mut digits = Vec::with_capacity(chars);
    for _ in 0..chars {
        digits.push(digit(number % 62));
        number /= 62;
    }
    digits.iter().rev().collect()
}

fn digit(value: u128) -> char {
    usize::try_from(value).ok().and_then(|value| ALPHABET.get(value)).map_or('0', |byte| char::from(*byte))
}

/// The digit that a random byte stands for. Bytes past the last multiple of 62 are skipped: with them some digits would
/// be drawn more often than others.
fn drawn_digit(byte: u8) -> Option<char> {
    (byte < 248).then(|| digit(u128::from(byte % 62)))
}

/// Digits that are all equally likely.
fn random_chars(chars: usize) -> Result<String> {
    let mut text = String::with_capacity(chars);
    while text.len() < chars {
        let drawn = random::<64>()?;
        text.extend(drawn.iter().filter_map(|byte| drawn_digit(*byte)).take(chars - text.len()));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    use super::{ALPHABET, CHARS, NewSecret, Presented, checksum, drawn_digit, id_of, public_id, random_chars};
    use crate::values::Id;

    fn made() -> (super::ApiKeyId, String, Vec<u8>) {
        let id = Id::generate();
        let made = NewSecret::generate(id).unwrap();
        (id, made.text.expose_secret().to_owned(), made.digest)
    }

    #[test]
    fn all_digits_are_equally_likely() {
        let mut times = std::collections::HashMap::new();
        for digit in (0..=u8::MAX).filter_map(drawn_digit) {
            *times.entry(digit).or_insert(0) += 1;
        }
        assert!(ALPHABET.iter().all(|byte| times.get(&char::from(*byte)) == Some(&4)), "{times:?}");
    }

    #[test]
    fn as_many_digits_are_drawn_as_are_asked_for() {
        for chars in [0, 1, 43, 64, 65, 1000] {
            assert_eq!(random_chars(chars).unwrap().len(), chars);
        }
    }

    #[test]
    fn a_key_is_read_back_and_told_from_another() {
        let (id, text, digest) = made();
        assert_eq!(text.len(), CHARS);
        let presented = Presented::parse(&text).unwrap();
        assert_eq!(presented.id, id);
        assert!(presented.matches(&digest) && !presented.matches(&made().2) && !presented.matches(&[]));
    }

    #[test]
    fn the_secret_is_not_in_what_is_logged() {
        let (_, text, _) = made();
        let secret = text.get(28..60).unwrap();
        assert!(!format!("{:?}", Presented::parse(&text)).contains(secret));
        assert!(!format!("{:?}", NewSecret::generate(Id::generate()).unwrap().text).contains("lsn_"));
    }

    #[test]
    fn the_checksum_is_the_standard_crc_32() {
        // "123456789" has the CRC-32 CBF43926, the check value of the standard.
        assert_eq!(u128::from(crc32fast::hash(b"123456789")), 0xCBF4_3926);
        assert_eq!(checksum("123456789"), super::base62(0xCBF4_3926, 6));
    }

    #[test]
    fn a_public_id_past_the_last_number_is_none() {
        assert!(id_of(&"z".repeat(22)).is_none() && id_of("").is_none() && id_of(&"-".repeat(22)).is_none());
    }

    proptest! {
        #[test]
        fn a_public_id_is_read_back(number: u128) {
            let id = uuid::Uuid::from_u128(number).into();
            prop_assert_eq!(id_of(&public_id(id)), Some(id));
        }

        #[test]
        fn one_wrong_character_is_found(at in 0..CHARS, with in "[0-9A-Za-z_]") {
            let (_, text, _) = made();
            let mut wrong = text.clone();
            wrong.replace_range(at..=at, &with);
            prop_assert_eq!(Presented::parse(&wrong).is_some(), wrong == text);
        }

        #[test]
        fn no_text_is_a_key_by_chance(text in ".{0,80}") {
            prop_assert!(Presented::parse(&text).is_none());
        }
    }
}
