//! How many wait for a connection, and for how long.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use prometheus::{Histogram, IntCounter};

/// How a pool stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolStatus {
    /// Most connections.
    pub max: usize,
    /// Connections that nobody uses.
    pub idle: usize,
    /// Connections in use.
    pub used: usize,
    /// Who waits for one.
    pub waiting: usize,
}

impl PoolStatus {
    /// Both together.
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

/// Tells how a pool stands; `None` once it is gone.
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
    /// How often none came free in time.
    pub timeouts: IntCounter,
}

impl PoolMeter {
    /// Asks `probe` how one more pool of this name stands, whenever the metrics are read.
    pub fn watch(&self, probe: impl Fn() -> Option<PoolStatus> + Send + 'static) {
        self.probes.0.lock().unwrap_or_else(PoisonError::into_inner).push((self.name, Box::new(probe)));
    }

    /// A connection was had after `wait`.
    pub fn waited(&self, wait: Duration) {
        self.wait.observe(wait.as_secs_f64());
    }

    /// None came free in time.
    pub fn timed_out(&self) {
        self.timeouts.inc();
    }
}
