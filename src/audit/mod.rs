//! Who did what, when, from where and why: one row for each change, sign-in and refusal. Supervisors read the log.
//! Confidential values are shown only to those who may see them everywhere.
//!
//! Each row carries a code (HMAC-SHA256) that only the server's secret can make, and a background task seals the rows
//! into a chain of hashes. `liaison audit verify` and `GET /v1/audit/verification` check whether somebody changed,
//! removed or inserted rows; `verify.rs` says what they cannot find. A code says with which secret it was made;
//! `keys.rs` says what happens to it when that secret is replaced.

mod budget;
mod journal;
mod keys;
mod report;
mod seal;
mod suppressed;
mod verdict;
mod verify;
mod watch;

pub use budget::{Budget, PER_ADDRESS, PER_CALLER, SIGN_INS};
pub use journal::{Journal, reset_requested};
pub use keys::{FORMER_KEYS, refuse_replaced, retire_former};
pub use report::{Anchor, AuditVerification, Fault, FaultKind, MAX_FROM_SEAL, MAX_SEALS, VerificationParams, Verify};
pub use seal::{EVERY as SEAL_EVERY, announce, begin_chain, seal_all};
pub use suppressed::{settle, suppressed};
pub use verify::{Bounds, everything as verify, part as verify_part};
pub use watch::Watch;
