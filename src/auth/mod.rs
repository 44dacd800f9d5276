//! Sign-in: passwords and refresh tokens for access tokens, and the caller's own account.

mod account;
mod change_password;
mod client_credentials;
mod confirm;
mod device;
pub mod hashing;
pub mod password;
mod refusal;
mod reset;
mod reset_routes;
mod routes;
pub mod second_factor;
mod sessions;
mod sign_in;
mod sweep;
pub mod throttle;
mod verifier;

pub use reset::{Issued, answer_forgotten, issue as issue_reset, withdraw as withdraw_reset};
pub use routes::routes;
pub use sessions::end_all;
pub use sweep::sweep;
pub use throttle::forget_streak;
