//! The server's master secret and what is derived from it: the keys that sign cursors, device tokens and the audit log,
//! the key that encrypts other secrets in the database, and the refresh tokens that follow the first.
//!
//! One secret signs and encrypts everything new. The others, called fallbacks, only open and verify what was made with
//! them. So a secret can be replaced while servers run.

mod file;
mod named_key;
pub mod reseal;

use std::fmt;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey},
    hkdf, hmac, rand,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

pub use self::{
    file::{FromFile, from_file},
    named_key::{NamedKey, SecretId, parts as code_parts},
};
use crate::error::{Error, Result};

/// Bytes of the master secret.
pub const SECRET_BYTES: usize = 32;

/// A master secret.
pub type MasterSecret = [u8; SECRET_BYTES];

/// Keys derived from the master secret and its fallbacks; the same on every server that shares the database.
pub struct Secrets {
    current: Derived,
    fallbacks: Vec<Derived>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(…)")
    }
}

impl Secrets {
    /// Derives the keys (HKDF-SHA256, RFC 5869).
    ///
    /// # Errors
    /// Only internal ones.
    pub fn derive(master: &MasterSecret) -> Result<Self> {
        Self::with_fallbacks(master, &[])
    }

    /// Derives the keys of `master` and of `fallbacks`, which only open and verify.
    ///
    /// # Errors
    /// Only internal ones.
    pub fn with_fallbacks(master: &MasterSecret, fallbacks: &[MasterSecret]) -> Result<Self> {
        let current = Derived::of(master)?;
        let fallbacks = fallbacks.iter().filter(|other| *other != master).map(Derived::of).collect::<Result<_>>()?;
        Ok(Self { current, fallbacks })
    }

    /// The id of the secret in use.
    pub fn id(&self) -> SecretId {
        self.current.id
    }

    /// The ids of all secrets, for a message.
    pub fn ids(&self) -> String {
        self.all().map(|one| one.id.to_string()).collect::<Vec<_>>().join(", ")
    }

    /// The key whose codes prove that the server wrote the audit log.
    pub fn audit_key(&self) -> &NamedKey {
        &self.current.audit
    }

    /// The audit keys of the fallbacks.
    pub fn former_audit_keys(&self) -> impl Iterator<Item = &NamedKey> {
        self.fallbacks.iter().map(|former| &former.audit)
    }

    /// `payload` as an opaque text that only this server's secret can have made for this `context`.
    pub fn sign_cursor(&self, context: &str, payload: &str) -> String {
        signed(&self.current.cursor, context, payload)
    }

    /// The payload of a cursor made by [`Secrets::sign_cursor`] for the same `context`.
    pub fn open_cursor(&self, context: &str, cursor: &str) -> Option<String> {
        self.all().find_map(|one| opened(&one.cursor, context, cursor))
    }

    /// `payload` as the token of a device.
    pub fn sign_device(&self, payload: &str) -> String {
        signed(&self.current.device, "", payload)
    }

    /// The payload of a token made by [`Secrets::sign_device`].
    pub fn open_device(&self, token: &str) -> Option<String> {
        self.all().find_map(|one| opened(&one.device, "", token))
    }

    /// The refresh token that follows `token`. It is always the same, and nobody can guess it without the secret.
    pub fn next_refresh_token(&self, token: &str) -> String {
        self.current.next_refresh_token(token)
    }

    /// The tokens that can have followed `token`: one made with the secret in use, and one with each fallback.
    pub fn next_refresh_tokens(&self, token: &str) -> impl Iterator<Item = String> {
        self.all().map(|one| one.next_refresh_token(token))
    }

    /// Encrypts `plain` (AES-256-GCM); `label` must be given again to open it. The result says which secret sealed it.
    ///
    /// # Errors
    /// Only internal ones.
    pub fn seal(&self, label: &str, plain: &[u8]) -> Result<Vec<u8>> {
        let mut sealed = plain.to_vec();
        let aad = Aad::from(label.as_bytes());
        let nonce = self.current.at_rest.seal_in_place_append_tag(aad, &mut sealed).map_err(Error::internal)?;
        Ok([&self.seal_mark(), &nonce.as_ref()[..], &sealed].concat())
    }

    /// Opens what [`Secrets::seal`] made. `None` when no secret is the right one, or the label is another.
    pub fn open(&self, label: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        self.all().find_map(|one| one.open(label, sealed.strip_prefix(&one.seal_mark())?))
    }

    /// The first bytes of everything that is sealed with the secret in use.
    pub fn seal_mark(&self) -> [u8; MARK_BYTES] {
        self.current.seal_mark()
    }

    fn all(&self) -> impl Iterator<Item = &Derived> {
        std::iter::once(&self.current).chain(&self.fallbacks)
    }
}

/// The keys of one master secret.
struct Derived {
    id: SecretId,
    cursor: hmac::Key,
    refresh: hmac::Key,
    device: hmac::Key,
    at_rest: RandomizedNonceKey,
    audit: NamedKey,
}

impl Derived {
    fn of(master: &MasterSecret) -> Result<Self> {
        let signing = |purpose: &[u8]| Ok::<_, Error>(hmac::Key::new(hmac::HMAC_SHA256, &derive(master, purpose)?));
        let id = SecretId::of(&derive(master, b"name")?);
        let at_rest = derive(master, b"signing keys at rest")?;
        Ok(Self {
            id,
            cursor: signing(b"cursor")?,
            refresh: signing(b"refresh tokens")?,
            device: signing(b"device tokens")?,
            at_rest: RandomizedNonceKey::new(&AES_256_GCM, &at_rest).map_err(Error::internal)?,
            audit: NamedKey::new(id, derive(master, b"audit log")?),
        })
    }

    fn next_refresh_token(&self, token: &str) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&self.refresh, token.as_bytes()))
    }

    fn open(&self, label: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, body) = sealed.split_at_checked(NONCE_BYTES)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut body = body.to_vec();
        let plain = self.at_rest.open_in_place(nonce, Aad::from(label.as_bytes()), &mut body).ok()?;
        Some(plain.to_vec())
    }

    fn seal_mark(&self) -> [u8; MARK_BYTES] {
        let mut mark = [SEAL_VERSION; MARK_BYTES];
        mark.iter_mut().skip(1).zip(self.id.as_bytes()).for_each(|(byte, of_id)| *byte = *of_id);
        mark
    }
}

/// The layout of sealed bytes: this byte, the secret's id, the nonce, the encrypted bytes.
const SEAL_VERSION: u8 = 1;
/// Bytes before the nonce.
pub const MARK_BYTES: usize = 1 + SecretId::BYTES;
const TAG_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;

fn signed(key: &hmac::Key, context: &str, payload: &str) -> String {
    let tag = hmac::sign(key, &framed(context, payload));
    let mut bytes = tag.as_ref().to_vec();
    bytes.extend_from_slice(payload.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn opened(key: &hmac::Key, context: &str, text: &str) -> Option<String> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    let (tag, payload) = bytes.split_at_checked(TAG_BYTES)?;
    let payload = std::str::from_utf8(payload).ok()?;
    hmac::verify(key, &framed(context, payload), tag).ok()?;
    Some(payload.to_owned())
}

fn framed(context: &str, payload: &str) -> Vec<u8> {
    format!("{}\n{context}{payload}", context.len()).into_bytes()
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn derive(master: &MasterSecret, purpose: &[u8]) -> Result<[u8; SECRET_BYTES]> {
    let mut key = [0; SECRET_BYTES];
    hkdf::Salt::new(hkdf::HKDF_SHA256, b"liaison")
        .extract(master)
        .expand(&[purpose], Length(SECRET_BYTES))
        .and_then(|okm| okm.fill(&mut key))
        .map_err(Error::internal)?;
    Ok(key)
}

/// `N` bytes that nobody can guess.
///
/// # Errors
/// When the system has no randomness to give.
pub fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(Error::internal)?;
    Ok(bytes)
}

/// A password or token of `N` random bytes, in URL-safe base64.
///
/// # Errors
/// As [`random`].
pub fn random_text<const N: usize>() -> Result<String> {
    Ok(BASE64_URL_SAFE_NO_PAD.encode(random::<N>()?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Secrets;

    #[test]
    fn a_seal_opens_only_with_its_label_and_secret() {
        let secrets = Secrets::derive(&[1; 32]).unwrap();
        let sealed = secrets.seal("kid", b"private").unwrap();
        assert_eq!(secrets.open("kid", &sealed).as_deref(), Some(&b"private"[..]));
        assert_eq!(secrets.open("other", &sealed), None);
        assert_eq!(Secrets::derive(&[2; 32]).unwrap().open("kid", &sealed), None);
    }

    /// ASVS 11.2.2
    #[test]
    fn a_fallback_opens_and_verifies_and_makes_nothing() {
        let (former, alone) = (Secrets::derive(&[1; 32]).unwrap(), Secrets::derive(&[2; 32]).unwrap());
        let both = Secrets::with_fallbacks(&[2; 32], &[[2; 32], [1; 32]]).unwrap();
        assert_eq!((both.id(), both.ids()), (alone.id(), format!("{}, {}", alone.id(), former.id())));
        let (sealed, cursor) = (former.seal("kid", b"private").unwrap(), former.sign_cursor("list", "7"));
        assert_eq!((alone.open("kid", &sealed), alone.open_cursor("list", &cursor)), (None, None));
        assert_eq!(both.open("kid", &sealed).as_deref(), Some(&b"private"[..]));
        assert_eq!(both.open_cursor("list", &cursor).as_deref(), Some("7"));
        assert_eq!(both.open_device(&former.sign_device("ann")).as_deref(), Some("ann"));
        let following = |secrets: &Secrets| secrets.next_refresh_token("token");
        assert_eq!(both.next_refresh_tokens("token").collect::<Vec<_>>(), [following(&alone), following(&former)]);

        let anew = both.seal("kid", b"private").unwrap();
        assert!(anew.starts_with(&both.seal_mark()) && !sealed.starts_with(&both.seal_mark()));
        assert_eq!((former.open("kid", &anew), alone.open("kid", &anew).is_some()), (None, true));
        assert_eq!(former.open_cursor("list", &both.sign_cursor("list", "7")), None);
        assert_eq!(following(&both), following(&alone));
    }

    #[test]
    fn what_says_no_secret_does_not_open() {
        let secrets = Secrets::derive(&[1; 32]).unwrap();
        let sealed = secrets.seal("kid", b"private").unwrap();
        let without_mark = sealed.strip_prefix(&secrets.seal_mark()).unwrap();
        for bytes in [&[][..], &[1], &secrets.seal_mark(), without_mark] {
            assert_eq!(secrets.open("kid", bytes), None);
        }
    }

    proptest! {
        #[test]
        fn a_cursor_opens_only_for_its_context(context in ".{0,20}", other in ".{0,20}", payload in ".{0,40}", flip in 0_usize..60) {
            let secrets = Secrets::derive(&[1; 32]).unwrap();
            let cursor = secrets.sign_cursor(&context, &payload);
            prop_assert_eq!(secrets.open_cursor(&context, &cursor), Some(payload));
            if other != context {
                prop_assert_eq!(secrets.open_cursor(&other, &cursor), None);
            }
            let mut mangled = cursor.clone().into_bytes();
            let at = flip % mangled.len();
            mangled[at] = if mangled[at] == b'A' { b'B' } else { b'A' };
            let mangled = String::from_utf8(mangled).unwrap();
            // The last character of base64 may carry bits that are not part of the bytes.
            if at + 1 < mangled.len() {
                prop_assert_eq!(secrets.open_cursor(&context, &mangled), None);
            }
        }

        #[test]
        fn no_text_is_a_cursor_by_chance(text in ".{0,100}") {
            prop_assert_eq!(Secrets::derive(&[1; 32]).unwrap().open_cursor("", &text), None);
        }
    }
}
