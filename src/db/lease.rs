//! One connection of a pool, lent to one request at a time.

use std::{
    cell::Cell,
    ops::{Deref, DerefMut},
    pin::pin,
    time::Instant,
};

use diesel_async::{
    AsyncPgConnection,
    pooled_connection::deadpool::{Object, Pool, PoolError},
};

use crate::{
    db::{PoolMeter, PoolStatus},
    error::{Error, ProblemType, Result},
};

/// How many may wait for each connection of a pool: more would not have their turn in time.
const WAITING_FOR_EACH: usize = 16;

thread_local! {
    /// Whether work is just being given up on this thread.
    static GIVING_UP: Cell<usize> = const { Cell::new(0) };
}

/// Whether what is dropped now is dropped because the work that has it is given up.
pub(super) fn is_giving_up() -> bool {
    GIVING_UP.get() > 0
}

/// A connection that goes back to its pool when it is dropped. When the work that has it is given up, it is closed
/// instead: a query may be under way, and Postgres ends that when it finds its client gone.
pub struct Lease {
    /// Present until the lease is dropped.
    object: Option<Object<AsyncPgConnection>>,
}

/// A pool, and what is told of it.
#[derive(Clone)]
pub(super) struct Leases {
    pool: Pool<AsyncPgConnection>,
    meter: Option<PoolMeter>,
}

impl Leases {
    pub(super) fn of(pool: Pool<AsyncPgConnection>) -> Self {
        Self { pool, meter: None }
    }

    /// The same, with what happens to it told to `meter`.
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
    /// 503 when the database cannot be reached or no connection comes free in time; at once when too many wait already.
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

/// Does `work`; when what this returns is dropped before that is done (its caller has gone, its time is over), the leases
/// that `work` holds are closed.
pub async fn closing_leases<T>(work: impl Future<Output = T>) -> T {
    // What is declared last is dropped first: giving up begins, then the work goes with its leases, then giving up ends. It
    // is counted, for there may be such work within the work.
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
