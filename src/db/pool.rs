//! A pool of connections. Each has its driver with it, so that it ends at once when it is given up.

use std::ops::{Deref, DerefMut};

use deadpool::managed::{Manager, Metrics, Pool, RecycleError, RecycleResult};
use diesel::ConnectionError;
use diesel_async::{
    AsyncPgConnection,
    pooled_connection::{PoolableConnection, RecyclingMethod},
};

use super::{
    connect::{PoolSettings, Setup},
    open::Driver,
};

/// A connection of a pool.
pub(super) struct Driven {
    connection: AsyncPgConnection,
    driver: Driver,
}

impl Deref for Driven {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        &self.connection
    }
}

impl DerefMut for Driven {
    fn deref_mut(&mut self) -> &mut AsyncPgConnection {
        &mut self.connection
    }
}

/// Opens the connections of a pool, and says which can be lent again.
pub(super) struct Opener {
    setup: Setup,
    asks_first: bool,
}

impl Manager for Opener {
    type Type = Driven;
    type Error = ConnectionError;

    async fn create(&self) -> Result<Driven, ConnectionError> {
        // Boxed, because its state would otherwise be part of the future of every request.
        let (connection, driver) = Box::pin(self.setup.open()).await?;
        Ok(Driven { connection, driver })
    }

    async fn recycle(&self, driven: &mut Driven, _: &Metrics) -> RecycleResult<ConnectionError> {
        if driven.driver.is_over() || driven.connection.is_broken() {
            return Err(RecycleError::message("the connection has ended, or is in a transaction"));
        }
        // A connection found broken when it is used costs one request a retry; a ping would cost every request a
        // round trip.
        let method = if self.asks_first { RecyclingMethod::Verified } else { RecyclingMethod::Fast };
        driven.connection.ping(&method).await.map_err(|error| RecycleError::message(error.to_string()))
    }
}

/// The pool of connections that `setup` opens.
pub(super) fn pool(setup: &Setup, settings: PoolSettings) -> Pool<Opener> {
    let PoolSettings { max_size, wait, asks_first, .. } = settings;
    let pool = Pool::builder(Opener { setup: setup.clone(), asks_first })
        .max_size(max_size)
        .wait_timeout(Some(wait))
        .create_timeout(Some(wait))
        .recycle_timeout(Some(wait))
        .runtime(deadpool::Runtime::Tokio1)
        .build();
    #[expect(clippy::expect_used, reason = "a pool fails to be made only without a runtime for its timeouts")]
    pool.expect("a pool with a runtime")
}
