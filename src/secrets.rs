//! The server's master secret and what is derived from it: the seal of cursors, and of the signing keys at rest.

use std::{
    fmt,
    fs::OpenOptions,
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey},
    hkdf, hmac, rand,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::error::{Error, Result};

/// Bytes of the master secret.
pub const SECRET_BYTES: usize = 32;

/// Keys derived from the master secret; the same on every server that shares the database.
pub struct Secrets {
    cursor: hmac::Key,
    at_rest: RandomizedNonceKey,
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
    pub fn derive(master: &[u8; SECRET_BYTES]) -> Result<Self> {
        let cursor = derive(master, b"cursor")?;
        let at_rest = derive(master, b"signing keys at rest")?;
        Ok(Self {
            cursor: hmac::Key::new(hmac::HMAC_SHA256, &cursor),
            at_rest: RandomizedNonceKey::new(&AES_256_GCM, &at_rest).map_err(Error::internal)?,
        })
    }

    /// `payload` as an opaque text that only this server's secret can have made for this `context`.
    pub fn sign_cursor(&self, context: &str, payload: &str) -> String {
        let tag = self.cursor_tag(context, payload);
        let mut bytes = tag.as_ref().to_vec();
        bytes.extend_from_slice(payload.as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The payload of a cursor made by [`Secrets::sign_cursor`] for the same `context`.
    pub fn open_cursor(&self, context: &str, cursor: &str) -> Option<String> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (tag, payload) = bytes.split_at_checked(TAG_BYTES)?;
        let payload = std::str::from_utf8(payload).ok()?;
        hmac::verify(&self.cursor, &framed(context, payload), tag).ok()?;
        Some(payload.to_owned())
    }

    fn cursor_tag(&self, context: &str, payload: &str) -> hmac::Tag {
        hmac::sign(&self.cursor, &framed(context, payload))
    }

    /// Encrypts `plain` (AES-256-GCM); `label` must be given again to open it.
    ///
    /// # Errors
    /// Only internal ones.
    pub fn seal(&self, label: &str, plain: &[u8]) -> Result<Vec<u8>> {
        let mut sealed = plain.to_vec();
        let nonce =
            self.at_rest.seal_in_place_append_tag(Aad::from(label.as_bytes()), &mut sealed).map_err(Error::internal)?;
        let mut all = nonce.as_ref().to_vec();
        all.append(&mut sealed);
        Ok(all)
    }

    /// Opens what [`Secrets::seal`] made, or `None` when the secret or the label is another.
    pub fn open(&self, label: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, body) = sealed.split_at_checked(NONCE_BYTES)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut body = body.to_vec();
        let plain = self.at_rest.open_in_place(nonce, Aad::from(label.as_bytes()), &mut body).ok()?;
        Some(plain.to_vec())
    }
}

const TAG_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;

fn framed(context: &str, payload: &str) -> Vec<u8> {
    format!("{}\n{context}{payload}", context.len()).into_bytes()
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn derive(master: &[u8; SECRET_BYTES], purpose: &[u8]) -> Result<[u8; SECRET_BYTES]> {
    let mut key = [0; SECRET_BYTES];
    hkdf::Salt::new(hkdf::HKDF_SHA256, b"liaison")
        .extract(master)
        .expand(&[purpose], Length(SECRET_BYTES))
        .and_then(|okm| okm.fill(&mut key))
        .map_err(Error::internal)?;
    Ok(key)
}

/// The master secret kept in `data_dir`, made there at the first start, readable for its owner only.
///
/// # Errors
/// When the file cannot be read or made, or is not ours.
pub fn from_file(data_dir: &Path) -> Result<[u8; SECRET_BYTES]> {
    let path = data_dir.join("secret.key");
    let explain = |error: std::io::Error| Error::internal(format!("{}: {error}", path.display()));
    std::fs::create_dir_all(data_dir).map_err(explain)?;
    let fresh = random::<SECRET_BYTES>()?;
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    match made.and_then(|mut file| file.write_all(&fresh)) {
        Ok(()) => Ok(fresh),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let kept = std::fs::read(&path).map_err(explain)?;
            kept.try_into().map_err(|_secret| Error::internal(format!("{}: not a Liaison secret", path.display())))
        }
        Err(error) => Err(explain(error)),
    }
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
