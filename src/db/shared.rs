//! The connections of a worker that all its small reads share. Each read sends its query at once, behind the queries
//! that are still on their way (pipelining), without waiting for their answers. These connections cannot begin
//! transactions.

use std::{
    ops::Deref,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use diesel_async::AsyncPgConnection;
use tokio::time::timeout;

use super::{connect::Setup, lease::is_giving_up, open::Driver};
use crate::error::{Error, Result};

/// How many shared connections a worker has. More would not give more queries per second, but cost memory on both
/// sides. With only one, a slow query would hold up all others.
const CONNECTIONS: usize = 2;

/// A connection counts as lost when a small read is given up and no reader has had an answer over the connection for
/// this long. So a caller who does not wait for the answer costs no connection, and neither does a slow Postgres.
const SUSPECT_AFTER: Duration = Duration::from_secs(1);

/// A connection that several readers use at once.
pub struct Shared {
    pub(super) connection: AsyncPgConnection,
    driver: Driver,
    /// Whether it gives no more answers, although nothing has ended it.
    silent: AtomicBool,
    opened: Instant,
    /// Milliseconds from its opening to the last time that a reader had an answer.
    answered: AtomicU64,
}

impl Shared {
    /// A connection that has just been opened.
    pub(super) fn new(connection: AsyncPgConnection, driver: Driver) -> Self {
        let silent = AtomicBool::new(false);
        Self { connection, driver, silent, opened: Instant::now(), answered: AtomicU64::new(0) }
    }

    fn is_lost(&self) -> bool {
        self.driver.is_over() || self.silent.load(Ordering::Relaxed)
    }

    fn age(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// A shared connection while one reader uses it.
pub struct SharedReader {
    shared: Arc<Shared>,
    /// The age of the connection when the reader got it, in milliseconds.
    since: u64,
}

impl Deref for SharedReader {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        &self.shared.connection
    }
}

impl Drop for SharedReader {
    /// When a network drops a connection silently, the only sign is that no answer comes. Then the next reader opens a
    /// new connection; readers that still use this one may go on.
    fn drop(&mut self) {
        let (shared, now) = (&*self.shared, self.shared.age());
        if !is_giving_up() {
            shared.answered.fetch_max(now, Ordering::Relaxed);
            return;
        }
        let heard = self.since.max(shared.answered.load(Ordering::Relaxed));
        if u128::from(now.saturating_sub(heard)) >= SUSPECT_AFTER.as_millis() {
            shared.silent.store(true, Ordering::Relaxed);
        }
    }
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

    /// The next connection in turn.
    ///
    /// # Errors
    /// 503 when the database cannot be reached in time.
    pub(super) async fn get(&self) -> Result<SharedReader> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % CONNECTIONS;
        let slot = self.slots.get(turn).ok_or_else(|| Error::internal("a turn beyond the connections"))?;
        let shared = match slot.current() {
            Some(current) => current,
            // Boxed, because its state would otherwise be part of the future of every small read.
            None => timeout(self.wait, Box::pin(slot.open(&self.setup))).await.map_err(Error::unavailable)??,
        };
        let since = shared.age();
        Ok(SharedReader { shared, since })
    }
}

impl Slot {
    fn current(&self) -> Option<Arc<Shared>> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.as_ref().filter(|shared| !shared.is_lost()).cloned()
    }

    /// Opens the connection, once for all readers that wait for it.
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
