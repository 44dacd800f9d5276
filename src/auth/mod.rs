//! Sign-in: exchanging passwords and refresh tokens for access tokens, the caller's own account, and what others may do
//! about how a user signs in.

mod account;
mod change_password;
mod client_credentials;
mod confirm;
mod credentials;
mod credentials_routes;
mod device;
pub mod hashing;
mod metadata;
pub mod password;
mod refusal;
mod reset;
mod reset_routes;
mod routes;
pub mod second_factor;
mod sessions;
mod sessions_routes;
mod sign_in;
mod sweep;
pub mod throttle;
mod verifier;

pub use credentials::reset_password;
pub use reset::answer_forgotten;
pub use routes::routes;
pub use sweep::sweep;
