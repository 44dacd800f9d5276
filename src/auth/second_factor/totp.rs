//! Time-based one-time passwords: RFC 6238 with HMAC-SHA-1, six digits and steps of 30 seconds, which every
//! authenticator app supports.

use std::fmt;

use aws_lc_rs::{constant_time, hmac};
use data_encoding::BASE32_NOPAD;
use url::form_urlencoded::byte_serialize;

use crate::{
    error::{Error, Result},
    secrets,
    values::Instant,
};

/// 160 bits, as RFC 4226 recommends.
const SECRET_BYTES: usize = 20;
const STEP_SECONDS: i64 = 30;
const DIGITS: usize = 6;
/// Codes of the step before and the step after are accepted, too: clocks differ, and people type slowly.
const DRIFT: i64 = 1;
const ISSUER: &str = "Liaison";

/// What the server and the authenticator app share.
pub struct Secret([u8; SECRET_BYTES]);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// A new secret.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn generate() -> Result<Self> {
        secrets::random().map(Self)
    }

    /// The secret with these bytes, which were unsealed.
    ///
    /// # Errors
    /// Only internal ones.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self> {
        bytes.try_into().map(Self).map_err(|_secret| Error::internal("a second factor of another length"))
    }

    /// The bytes, to be sealed.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// For people to type: base32 (RFC 4648).
    pub fn base32(&self) -> String {
        BASE32_NOPAD.encode(&self.0)
    }

    /// For a QR code: the `otpauth` URI that authenticator apps read.
    pub fn uri(&self, account: &str) -> String {
        // A space is %20 here: apps show a plus as it is.
        let account: String = byte_serialize(account.as_bytes()).collect::<String>().replace('+', "%20");
        let secret = self.base32();
        format!(
            "otpauth://totp/{ISSUER}:{account}?secret={secret}&issuer={ISSUER}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}"
        )
    }

    /// The code of `step`.
    pub fn code(&self, step: i64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        format!("{:0DIGITS$}", truncated(tag.as_ref()) % 10_u32.pow(6))
    }

    /// The step near `now` and later than `last` that has this `code`.
    pub fn step_of(&self, code: &str, now: Instant, last: i64) -> Option<i64> {
        let current = step_at(now);
        let steps = (current - DRIFT..=current + DRIFT).filter(|step| *step > last);
        // The code is compared with all steps, so that the time of the answer reveals nothing.
        steps.fold(None, |found, step| {
            let same = constant_time::verify_slices_are_equal(self.code(step).as_bytes(), code.as_bytes()).is_ok();
            if same { found.or(Some(step)) } else { found }
        })
    }
}

/// The step of `now`: how many times 30 seconds since 1970.
pub fn step_at(now: Instant) -> i64 {
    now.utc().timestamp().div_euclid(STEP_SECONDS)
}

/// Whether `code` has the form of a one-time password.
pub fn has_form(code: &str) -> bool {
    code.len() == DIGITS && code.bytes().all(|byte| byte.is_ascii_digit())
}

/// RFC 4226, section 5.3: 31 bits, from the offset that the last four bits give.
fn truncated(tag: &[u8]) -> u32 {
    let offset = usize::from(tag.last().copied().unwrap_or_default() & 0x0f);
    let taken = tag.iter().skip(offset).take(4);
    taken.fold(0_u32, |number, byte| (number << 8) | u32::from(*byte)) & 0x7fff_ffff
}

#[cfg(test)]
mod tests {
    use super::{Secret, has_form, step_at};
    use crate::values::Instant;

    fn at(seconds: i64) -> Instant {
        chrono::DateTime::from_timestamp(seconds, 0).unwrap().into()
    }

    fn of_the_standard() -> Secret {
        Secret::from_bytes(b"12345678901234567890".to_vec()).unwrap()
    }

    #[test]
    fn codes_are_those_of_the_standard() {
        // RFC 6238, appendix B; the last six of its eight digits.
        let vectors = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ];
        for (seconds, code) in vectors {
            assert_eq!(of_the_standard().code(step_at(at(seconds))), code, "{seconds}");
        }
    }

    /// ASVS 6.5.5
    #[test]
    fn a_code_is_good_one_step_before_and_after() {
        let (secret, now) = (of_the_standard(), at(1_234_567_890));
        let step = step_at(now);
        for (offset, found) in [(-2, None), (-1, Some(step - 1)), (0, Some(step)), (1, Some(step + 1)), (2, None)] {
            assert_eq!(secret.step_of(&secret.code(step + offset), now, 0), found, "{offset}");
        }
        assert_eq!(secret.step_of("", now, 0), None);
    }

    /// ASVS 6.5.1
    #[test]
    fn no_step_is_found_twice() {
        let (secret, now) = (of_the_standard(), at(1_234_567_890));
        let step = step_at(now);
        assert_eq!(secret.step_of(&secret.code(step), now, step), None);
        assert_eq!(secret.step_of(&secret.code(step + 1), now, step), Some(step + 1));
    }

    #[test]
    fn apps_can_read_the_secret() {
        let secret = of_the_standard();
        assert_eq!(secret.base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        let uri = secret.uri("anna+crm@example.com");
        let url = url::Url::parse(&uri).unwrap();
        assert_eq!((url.scheme(), url.host_str()), ("otpauth", Some("totp")));
        assert!(uri.contains("/Liaison:anna%2Bcrm%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&"), "{uri}");
        assert!(!format!("{secret:?}").contains("GEZD"));
    }

    #[test]
    fn a_code_has_six_digits() {
        assert!(has_form("012345"));
        for other in ["12345", "1234567", "12345a", "١٢٣٤٥٦", ""] {
            assert!(!has_form(other), "{other}");
        }
    }
}
