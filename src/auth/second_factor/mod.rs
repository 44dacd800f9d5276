//! The second factor: one-time codes of an authenticator app (TOTP, RFC 6238), and recovery codes for when it is lost.

mod codes;
mod model;
mod queries;
mod routes;
mod totp;

pub use codes::OneTimeCode;
pub use queries::{SEEDS, demand, remove, take, wrong_code};
pub use routes::routes;
pub use totp::Secret;
