//! One connection of a pool, lent to one request at a time.

use std::{
    cell::Cell,
    ops::{Deref, DerefMut},
    pin::pin,
};

use diesel_async::{
    AsyncPgConnection,
    pooled_connection::deadpool::{Object, Pool},
};

use crate::error::{Error, ProblemType, Result};

/// How many may wait for each connection of a pool: more would not have their turn in time.
const WAITING_FOR_EACH: usize = 16;

thread_local! {
    /// Whether work is just being given up on this thread.
    static GIVING_UP: Cell<bool> = const { Cell::new(false) };
}

/// A connection that goes back to its pool when it is dropped. When the work that has it is given up, it is closed
/// instead: a query may be under way, and Postgres ends that when it finds its client gone.
pub struct Lease {
    /// Present until the lease is dropped.
    object: Option<Object<AsyncPgConnection>>,
}

impl Lease {
    /// A connection of `pool`.
    ///
    /// # Errors
    /// 503 when the database cannot be reached or no connection comes free in time; at once when too many wait already.
    pub(super) async fn of(pool: &Pool<AsyncPgConnection>) -> Result<Self> {
        let status = pool.status();
        if status.waiting >= status.max_size * WAITING_FOR_EACH {
            return Err(Error::new(ProblemType::Overloaded).retry_after(1));
        }
        Ok(Self { object: Some(pool.get().await.map_err(Error::unavailable)?) })
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
        if GIVING_UP.get() {
            self.object.take().map(Object::take);
        }
    }
}

/// Does `work`; when what this returns is dropped before that is done (its caller has gone, its time is over), the leases
/// that `work` holds are closed.
pub async fn closing_leases<T>(work: impl Future<Output = T>) -> T {
    // What is declared last is dropped first: the mark is set, then the work goes with its leases, then the mark goes.
    let _unmark = Mark(false);
    let work = pin!(work);
    let _mark = Mark(true);
    work.await
}

struct Mark(bool);

impl Drop for Mark {
    fn drop(&mut self) {
        GIVING_UP.set(self.0);
    }
}
