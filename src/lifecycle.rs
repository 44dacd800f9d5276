//! How a server ends: first it tells that it will, then it takes no more connections, then its background stops.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

/// Where a server stands between its start and its end.
pub struct Lifecycle {
    draining: AtomicBool,
    stopping: watch::Sender<bool>,
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self { draining: AtomicBool::new(false), stopping: watch::Sender::new(false) }
    }
}

impl Lifecycle {
    /// From now on the server is not ready, and every answer ends its connection.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whether it will end soon.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// The background ends with the step that it is at.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Whether the background should begin no further step.
    pub fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Waits until the background is to end.
    pub async fn stopped(&self) {
        // The sender lives as long as `self`.
        let _ = self.stopping.subscribe().wait_for(|stopping| *stopping).await;
    }
}
