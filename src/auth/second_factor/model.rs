//! What the operations on the caller's second factor take and answer.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use super::codes::OneTimeCode;
use crate::{auth::password::TypedPassword, values::Instant};

/// How far a user is with a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema, IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum FactorStatus {
    /// There is none.
    Off,
    /// The enrolment has begun, and waits for a first code.
    Pending,
    /// Signing in needs a code.
    On,
}

/// The caller's second factor.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"status": "on", "confirmed_at": "2026-11-24T09:30:00Z", "recovery_codes_left": 9, "is_required": false}))]
pub struct SecondFactor {
    /// How far the caller is with it.
    pub status: FactorStatus,
    /// Since when signing in needs a code.
    pub confirmed_at: Option<Instant>,
    /// How many recovery codes are not used yet.
    #[schema(minimum = 0, maximum = 10)]
    pub recovery_codes_left: i64,
    /// Whether the policy of the caller's role requires a second factor.
    pub is_required: bool,
}

/// What an authenticator app needs; shown once.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
    "otpauth_uri": "otpauth://totp/Liaison:anna%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Liaison&algorithm=SHA1&digits=6&period=30"}))]
pub struct Enrolment {
    /// The shared secret in base32 (RFC 4648), to be typed into the app: 160 bits.
    #[schema(min_length = 32, max_length = 32)]
    pub secret: String,
    /// The same with its parameters, to be shown as a QR code.
    #[schema(format = "uri", max_length = 2000)]
    pub otpauth_uri: String,
}

/// Codes for when the authenticator app is lost; shown once.
#[derive(Serialize, ToSchema)]
#[schema(as = NewRecoveryCodes, example = json!({"recovery_codes": ["MFRG-GZDF-MZTW-Q2LK-NNWG-23TP-OBYX-E43U"]}))]
pub struct RecoveryCodes {
    /// Ten codes of 160 bits. Each works once, wherever a code of the app works.
    #[schema(max_items = 10)]
    pub recovery_codes: Vec<String>,
}

/// To begin the enrolment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"password": "correct horse battery staple"}))]
pub struct BeginEnrolment {
    /// The caller's password.
    pub password: TypedPassword,
}

/// To end the enrolment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"otp": "492039"}))]
pub struct ConfirmEnrolment {
    /// A code that the authenticator app shows.
    pub otp: OneTimeCode,
}

/// What a change of the second factor needs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"password": "correct horse battery staple", "otp": "492039"}))]
pub struct BothFactors {
    /// The caller's password.
    pub password: TypedPassword,
    /// A code of the second factor.
    pub otp: OneTimeCode,
}
