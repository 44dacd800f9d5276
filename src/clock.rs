//! The only source of time, so that tests can set it.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicI64, Ordering},
    },
    time,
};

use chrono::{DateTime, Duration};

use crate::values::Instant;

/// A clock: the system's, or one that stands still until it is moved.
#[derive(Clone, Debug)]
pub struct Clock(Option<Arc<Standing>>);

/// Microseconds since 1970.
#[derive(Debug)]
struct Standing {
    now: AtomicI64,
    furthest: AtomicI64,
}

/// The start of the system's monotonic time.
static STARTED: LazyLock<time::Instant> = LazyLock::new(time::Instant::now);

impl Clock {
    /// The system's time.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands at `start`; clones share it.
    pub fn standing(start: Instant) -> Self {
        let start = start.utc().timestamp_micros();
        Self(Some(Arc::new(Standing { now: AtomicI64::new(start), furthest: AtomicI64::new(start) })))
    }

    /// Moves a standing clock on. Does nothing to the system's clock.
    pub fn advance(&self, by: Duration) {
        if let Some(standing) = &self.0 {
            standing.now.fetch_add(by.num_microseconds().unwrap_or_default(), Ordering::SeqCst);
        }
    }

    /// The present moment.
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the system for the time")]
    pub fn now(&self) -> Instant {
        match &self.0 {
            Some(standing) => {
                let micros = standing.now.load(Ordering::SeqCst);
                DateTime::from_timestamp_micros(micros).unwrap_or_default().into()
            }
            None => chrono::Utc::now().into(),
        }
    }
}

/// For rate limits: a time that never goes back, even if the system's time does.
impl governor::clock::Clock for Clock {
    type Instant = time::Duration;

    fn now(&self) -> time::Duration {
        match &self.0 {
            Some(standing) => {
                let now = standing.now.load(Ordering::SeqCst);
                let furthest = standing.furthest.fetch_max(now, Ordering::SeqCst).max(now);
                time::Duration::from_micros(furthest.unsigned_abs())
            }
            None => STARTED.elapsed(),
        }
    }
}
