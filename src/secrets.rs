//! The server's master secret and what is derived from it: the seals of cursors, of device tokens, of the signing keys
//! at rest and of the audit log, and the refresh tokens that follow the first.

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
    refresh: hmac::Key,
    device: hmac::Key,
    at_rest: RandomizedNonceKey,
    audit: hmac::Key,
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
        let device = derive(master, b"device tokens")?;
        let at_rest = derive(master, b"signing keys at rest")?;
        let audit = derive(master, b"audit log")?;
        Ok(Self {
            cursor: hmac::Key::new(hmac::HMAC_SHA256, &cursor),
            refresh: hmac::Key::new(hmac::HMAC_SHA256, &derive(master, b"refresh tokens")?),
            device: hmac::Key::new(hmac::HMAC_SHA256, &device),
            at_rest: RandomizedNonceKey::new(&AES_256_GCM, &at_rest).map_err(Error::internal)?,
            audit: hmac::Key::new(hmac::HMAC_SHA256, &audit),
        })
    }

    /// The key of the codes by which the audit log is known to be the server's.
    pub fn audit_key(&self) -> &hmac::Key {
        &self.audit
    }

    /// `payload` as an opaque text that only this server's secret can have made for this `context`.
    pub fn sign_cursor(&self, context: &str, payload: &str) -> String {
        signed(&self.cursor, context, payload)
    }

    /// The payload of a cursor made by [`Secrets::sign_cursor`] for the same `context`.
    pub fn open_cursor(&self, context: &str, cursor: &str) -> Option<String> {
        opened(&self.cursor, context, cursor)
    }

    /// `payload` as the token of a device.
    pub fn sign_device(&self, payload: &str) -> String {
        signed(&self.device, "", payload)
    }

    /// The payload of a token made by [`Secrets::sign_device`].
    pub fn open_device(&self, token: &str) -> Option<String> {
        opened(&self.device, "", token)
    }

    /// The refresh token that follows `token`: always the same, and nobody else's to guess.
    pub fn next_refresh_token(&self, token: &str) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&self.refresh, token.as_bytes()))
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
    if !path.try_exists().map_err(explain)? {
        make_file(&path, &random::<SECRET_BYTES>()?).map_err(explain)?;
    }
    let kept = std::fs::read(&path).map_err(explain)?;
    kept.try_into().map_err(|_secret| Error::internal(format!("{}: not a Liaison secret", path.display())))
}

/// The file appears with all its bytes or not at all, however the process ends; the one of another start is kept.
fn make_file(path: &Path, secret: &[u8]) -> std::io::Result<()> {
    let draft = path.with_extension(format!("key.{}", std::process::id()));
    match std::fs::remove_file(&draft) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(secret)?;
    file.sync_all()?;
    // A rename would put this secret in the place of one that is in use already.
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => path.parent().map_or(Ok(()), |folder| std::fs::File::open(folder)?.sync_all()),
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
    use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

    use proptest::prelude::*;

    use super::{Secrets, from_file, make_file, random_text};

    fn folder() -> PathBuf {
        std::env::temp_dir().join(format!("liaison-secrets-{}", random_text::<9>().unwrap()))
    }

    #[test]
    fn the_secret_is_made_once_and_readable_for_its_owner_only() {
        let folder = folder();
        let made = from_file(&folder).unwrap();
        assert_eq!(from_file(&folder).unwrap(), made);
        let mode = fs::metadata(folder.join("secret.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "no draft is left");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_draft_of_a_killed_start_is_no_secret() {
        let folder = folder();
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(format!("secret.key.{}", std::process::id())), b"half").unwrap();
        fs::write(folder.join("secret.key.1"), b"").unwrap();
        let made = from_file(&folder).unwrap();
        assert_eq!(from_file(&folder).unwrap(), made);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn of_starts_at_the_same_time_all_get_the_same_secret() {
        let folder = folder();
        fs::create_dir_all(&folder).unwrap();
        make_file(&folder.join("secret.key"), &[1; 32]).unwrap();
        // Another start that had found no file.
        make_file(&folder.join("secret.key"), &[2; 32]).unwrap();
        assert_eq!(from_file(&folder).unwrap(), [1; 32]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_of_another_length_is_refused_and_kept() {
        let folder = folder();
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("secret.key"), b"short").unwrap();
        assert!(from_file(&folder).unwrap_err().to_string().contains("not a Liaison secret"));
        assert_eq!(fs::read(folder.join("secret.key")).unwrap(), b"short");
        fs::remove_dir_all(folder).unwrap();
    }

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
