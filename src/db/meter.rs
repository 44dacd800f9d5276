//! How many requests wait for a connection, and for how long.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use prometheus::{Histogram, IntCounter};

/// The state of a pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolStatus {
    /// The most connections that it may have.
    pub max: usize,
    /// Connections that nobody uses.
    pub idle: usize,
    /// Connections in use.
    pub used: usize,
    /// Requests that wait for a connection.
    pub waiting: usize,
}

impl PoolStatus {
    /// The sum of both.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            max: self.max + other.max,
            idle: self.idle + other.idle,
            used: self.used + other.used,
            waiting: self.waiting + other.waiting,
        }
    }
}

/// Returns the state of a pool; `None` once the pool is dropped.
pub type Probe = Box<dyn Fn() -> Option<PoolStatus> + Send>;

/// The probes of all pools, each with the name of its pool.
#[derive(Clone, Default)]
pub struct Probes(pub Arc<Mutex<Vec<(&'static str, Probe)>>>);

/// The meter of the pools of one name.
#[derive(Clone)]
pub struct PoolMeter {
    /// The name.
    pub name: &'static str,
    /// Where the probes of all pools are.
    pub probes: Probes,
    /// How long a connection was waited for.
    pub wait: Histogram,
    /// How often no connection came free in time.
    pub timeouts: IntCounter,
}

impl PoolMeter {
    /// Adds a pool of this name: `probe` is asked for its state whenever the metrics are read.
    pub fn watch(&self, probe: impl Fn() -> Option<PoolStatus> + Send + 'static) {
        self.probes.0.lock().unwrap_or_else(PoisonError::into_inner).push((self.name, Box::new(probe)));
    }

    /// Records that a connection came free after `wait`.
    pub fn waited(&self, wait: Duration) {
        self.wait.observe(wait.as_secs_f64());
    }

    /// Records that no connection came free in time.
    pub fn timed_out(&self) {
        self.timeouts.inc();
    }
}
