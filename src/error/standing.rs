//! How much of a limit a caller has left.

use super::{Error, ProblemType};

/// Where a caller stands with one limit (draft-ietf-httpapi-ratelimit-headers-11).
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// The name of the limit.
    pub policy: &'static str,
    /// The most requests in one window.
    pub quota: u32,
    /// The length of a window in seconds.
    pub window: u64,
    /// How many more requests are possible now.
    pub remaining: u32,
    /// Seconds until more requests are possible.
    pub reset: u64,
}

impl Standing {
    /// The refusal for a caller who has nothing left.
    pub fn refusal(self) -> Error {
        Error::new(ProblemType::TooManyRequests).retry_after(self.reset).standing(self)
    }
}
