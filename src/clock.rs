//! The one source of the time, so that tests can set it.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, Duration};

use crate::rest::time::Instant;

/// Tells the time: the system's, or one that stands still until it is moved.
#[derive(Clone, Debug)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The system's time.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands at `start`; clones share it.
    pub fn standing(start: Instant) -> Self {
        Self(Some(Arc::new(AtomicI64::new(start.utc().timestamp_micros()))))
    }

    /// Moves a standing clock on; the system's clock is not ours to move.
    pub fn advance(&self, by: Duration) {
        if let Some(micros) = &self.0 {
            micros.fetch_add(by.num_microseconds().unwrap_or_default(), Ordering::SeqCst);
        }
    }

    /// The present moment.
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the system for the time")]
    pub fn now(&self) -> Instant {
        match &self.0 {
            Some(micros) => DateTime::from_timestamp_micros(micros.load(Ordering::SeqCst)).unwrap_or_default().into(),
            None => chrono::Utc::now().into(),
        }
    }
}
