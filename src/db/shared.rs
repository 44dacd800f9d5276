//! The connections of a worker that all its small reads share: each sends its query at once, behind those that are still
//! on their way (pipelining), and none waits for another's answer. No transaction can be begun on them.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use diesel_async::AsyncPgConnection;
use tokio::time::timeout;

use super::connect::Setup;
use crate::error::{Error, Result};

/// How many connections a worker shares. More give no more queries in a second, but cost memory on both sides; with one
/// alone, a slower query holds up all others.
const CONNECTIONS: usize = 2;

/// A connection that several readers have at once, and whether it has ended.
pub struct Shared {
    pub(super) connection: AsyncPgConnection,
    pub(super) ended: Arc<AtomicBool>,
}

/// The shared connections of one worker; each is opened when it is first needed, and again after it was lost.
pub(super) struct SharedConnections {
    setup: Setup,
    wait: Duration,
    slots: [Slot; CONNECTIONS],
    next: AtomicUsize,
}

#[derive(Default)]
struct Slot {
    current: Mutex<Option<Arc<Shared>>>,
    opening: tokio::sync::Mutex<()>,
}

impl SharedConnections {
    pub(super) fn new(setup: Setup, wait: Duration) -> Self {
        Self { setup, wait, slots: Default::default(), next: AtomicUsize::new(0) }
    }

    /// The next of them in turn.
    ///
    /// # Errors
    /// 503 when the database cannot be reached in time.
    pub(super) async fn get(&self) -> Result<Arc<Shared>> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % CONNECTIONS;
        let slot = self.slots.get(turn).ok_or_else(|| Error::internal("a turn beyond the connections"))?;
        match slot.current() {
            Some(current) => Ok(current),
            None => timeout(self.wait, slot.open(&self.setup)).await.map_err(Error::unavailable)?,
        }
    }
}

impl Slot {
    fn current(&self) -> Option<Arc<Shared>> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.as_ref().filter(|shared| !shared.ended.load(Ordering::Relaxed)).cloned()
    }

    /// Opens the connection, once for all who wait for it.
    async fn open(&self, setup: &Setup) -> Result<Arc<Shared>> {
        let _opening = self.opening.lock().await;
        if let Some(current) = self.current() {
            return Ok(current);
        }
        let opened = Arc::new(setup.shared().await.map_err(Error::unavailable)?);
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&opened));
        Ok(opened)
    }
}
