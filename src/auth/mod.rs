//! Sign-in: passwords and refresh tokens for access tokens, and the caller's own account.

mod device;
pub mod hashing;
mod routes;
mod sessions;
pub mod throttle;

pub use routes::routes;
pub use sessions::end_all;
pub use throttle::forget_streak;
