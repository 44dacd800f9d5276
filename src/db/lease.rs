//! One connection of a pool, lent to one request at a time.

use std::{
    cell::Cell,
    ops::{Deref, DerefMut},
    pin::pin,
    time::Instant,
};

use deadpool::managed::{Object, Pool, PoolError};
use diesel_async::AsyncPgConnection;

use super::pool::Opener;
use crate::{
    db::{PoolMeter, PoolStatus},
    error::{Error, ProblemType, Result},
};

/// How many requests may wait for each connection of a pool. More would not get their turn in time.
const WAITING_FOR_EACH: usize = 16;

thread_local! {
    /// How many pieces of work, one within the other, are being given up on this thread now.
    static GIVING_UP: Cell<usize> = const { Cell::new(0) };
}

/// Whether a value is being dropped because the work that holds it is given up.
pub(super) fn is_giving_up() -> bool {
    GIVING_UP.get() > 0
}

/// A connection that goes back to its pool when it is dropped. When the work that holds it is given up, it is closed
/// instead: a query may be running, and Postgres ends it when it notices that its client has gone.
pub struct Lease {
    /// Present until the lease is dropped.
    object: Option<Object<Opener>>,
}

/// A pool and its meter.
#[derive(Clone)]
pub(super) struct Leases {
    pool: Pool<Opener>,
    meter: Option<PoolMeter>,
}

impl Leases {
    pub(super) fn of(pool: Pool<Opener>) -> Self {
        Self { pool, meter: None }
    }

    /// The same pool; `meter` observes it.
    pub(super) fn measured(self, meter: PoolMeter) -> Self {
        let watched = self.pool.weak();
        meter.watch(move || {
            let status = watched.upgrade()?.status();
            let used = status.size.saturating_sub(status.available);
            Some(PoolStatus { max: status.max_size, idle: status.available, used, waiting: status.waiting })
        });
        Self { meter: Some(meter), ..self }
    }

    /// A connection of the pool.
    ///
    /// # Errors
    /// 503 when the database cannot be reached or no connection comes free in time, and at once when too many requests
    /// wait already.
    pub(super) async fn lease(&self) -> Result<Lease> {
        let status = self.pool.status();
        if status.waiting >= status.max_size * WAITING_FOR_EACH {
            return Err(Error::new(ProblemType::Overloaded).retry_after(1));
        }
        let asked = Instant::now();
        let got = self.pool.get().await;
        match (&self.meter, &got) {
            (Some(meter), Ok(_)) => meter.waited(asked.elapsed()),
            (Some(meter), Err(PoolError::Timeout(_))) => meter.timed_out(),
            _ => {}
        }
        Ok(Lease { object: Some(got.map_err(Error::unavailable)?) })
    }
}

impl Deref for Lease {
    type Target = AsyncPgConnection;

    #[expect(clippy::expect_used, reason = "taken by drop alone")]
    fn deref(&self) -> &AsyncPgConnection {
        self.object.as_ref().expect("present until dropped")
    }
}

impl DerefMut for Lease {
    #[expect(clippy::expect_used, reason = "taken by drop alone")]
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        self.object.as_mut().expect("present until dropped")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if is_giving_up() {
            self.object.take().map(Object::take);
        }
    }
}

/// Runs `work`. When the returned future is dropped before `work` is done (the caller has gone, or the time is over),
/// the leases that `work` holds are closed.
pub async fn closing_leases<T>(work: impl Future<Output = T>) -> T {
    // Variables are dropped in reverse order: first giving up begins, then the work is dropped with its leases, then
    // giving up ends. It is counted, because there may be such work within the work.
    let _ends = End;
    let work = pin!(work);
    let _begins = Begin;
    work.await
}

struct Begin;

impl Drop for Begin {
    fn drop(&mut self) {
        GIVING_UP.set(GIVING_UP.get() + 1);
    }
}

struct End;

impl Drop for End {
    fn drop(&mut self) {
        GIVING_UP.set(GIVING_UP.get() - 1);
    }
}
