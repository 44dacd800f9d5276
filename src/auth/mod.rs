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
pub mod throttle;

pub use reset::{Issued, issue as issue_reset, user_of, withdraw as withdraw_reset};
pub use routes::routes;
pub use sessions::end_all;
pub use throttle::forget_streak;
