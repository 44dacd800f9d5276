//! Connections: a pool for each worker, since a connection is driven by the thread that opened it.

use std::time::{Duration, Instant};

use actix_web::{HttpRequest, web::Data};
use diesel_async::{
    AsyncPgConnection, SimpleAsyncConnection,
    pooled_connection::{
        AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
        deadpool::{Object, Pool, PoolError},
    },
};
use futures_util::FutureExt;

use super::{privileges, tls::Target};
use crate::{
    error::{Error, Result},
    telemetry::pool::{PoolMeter, PoolStatus},
};

/// How a pool is bounded.
#[derive(Clone, Copy, Debug)]
pub struct PoolSettings {
    /// Most connections of one worker.
    pub max_size: usize,
    /// How long a request waits for one before it is told to come back.
    pub wait: Duration,
    /// How long a statement may run.
    pub statement_timeout: Duration,
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self { max_size: 8, wait: Duration::from_secs(2), statement_timeout: Duration::from_secs(10) }
    }
}

/// Who serves: the way to the database, and the role that each connection works as.
#[derive(Clone)]
pub struct Login {
    /// The database as a libpq URL.
    pub url: String,
    /// The role; without one, the login itself.
    pub role: Option<&'static str>,
}

impl Login {
    /// The login of `url`, working as the server's role.
    pub fn restricted(url: impl Into<String>) -> Self {
        Self { url: url.into(), role: Some(privileges::ROLE) }
    }

    /// One connection outside every pool and without a limit on its statements.
    ///
    /// # Errors
    /// When the database cannot be reached, or the login may not work as the role.
    pub async fn connect(&self) -> Result<AsyncPgConnection> {
        let mut connection = connect(&self.url).await?;
        connection.batch_execute(&set_role(self.role)).await?;
        Ok(connection)
    }
}

fn set_role(role: Option<&str>) -> String {
    role.map(|role| format!("SET ROLE {role};")).unwrap_or_default()
}

/// The connections of one worker.
#[derive(Clone)]
pub struct Db {
    pool: Pool<AsyncPgConnection>,
    meter: Option<PoolMeter>,
}

impl Db {
    /// A pool of connections of `login`; none is opened before it is needed.
    ///
    /// # Panics
    /// Never: a pool fails to be made only without a runtime for its timeouts.
    pub fn new(login: &Login, settings: PoolSettings) -> Self {
        let mut config = ManagerConfig::<AsyncPgConnection>::default();
        // A connection found broken when it is used costs one request a retry; a ping would cost every request a
        // round trip.
        config.recycling_method = RecyclingMethod::Fast;
        // Read once: it may take many certificates.
        let target = Target::parse(&login.url).map_err(|error| error.to_string());
        let role = login.role;
        config.custom_setup = Box::new(move |_| {
            let target = target.clone();
            async move { configured(target, role, settings.statement_timeout).await }.boxed()
        });
        let manager = AsyncDieselConnectionManager::new_with_config(&login.url, config);
        let pool = Pool::builder(manager)
            .max_size(settings.max_size)
            .wait_timeout(Some(settings.wait))
            .create_timeout(Some(settings.wait))
            .runtime(deadpool::Runtime::Tokio1)
            .build();
        #[expect(clippy::expect_used, reason = "a runtime is given above")]
        Self { pool: pool.expect("a pool with a runtime"), meter: None }
    }

    /// The same, with what happens to it told to `meter`.
    #[must_use]
    pub fn measured(self, meter: PoolMeter) -> Self {
        let watched = self.pool.weak();
        meter.watch(move || {
            let status = watched.upgrade()?.status();
            let used = status.size.saturating_sub(status.available);
            Some(PoolStatus { max: status.max_size, idle: status.available, used, waiting: status.waiting })
        });
        Self { meter: Some(meter), ..self }
    }

    /// A connection of the pool; it goes back when it is dropped.
    ///
    /// # Errors
    /// 503 when the database cannot be reached or no connection comes free in time.
    pub async fn connect(&self) -> Result<Object<AsyncPgConnection>> {
        let Some(meter) = &self.meter else { return self.pool.get().await.map_err(Error::unavailable) };
        let asked = Instant::now();
        let connection = self.pool.get().await;
        match &connection {
            Ok(_) => meter.waited(asked.elapsed()),
            Err(PoolError::Timeout(_)) => meter.timed_out(),
            Err(_) => {}
        }
        connection.map_err(Error::unavailable)
    }

    /// The pool of the worker that serves `request`.
    ///
    /// # Errors
    /// Only internal ones.
    pub fn of(request: &HttpRequest) -> Result<Self> {
        request
            .app_data::<Data<Self>>()
            .map(|db| db.get_ref().clone())
            .ok_or_else(|| Error::internal("the app has no database"))
    }
}

impl actix_web::FromRequest for Db {
    type Error = Error;
    type Future = std::future::Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut actix_web::dev::Payload) -> Self::Future {
        std::future::ready(Self::of(request))
    }
}

/// One connection to `url`, outside every pool and without a limit on its statements.
///
/// # Errors
/// When the database cannot be reached.
pub async fn connect(url: &str) -> Result<AsyncPgConnection> {
    Target::parse(url).map_err(Error::internal)?.connect().await.map_err(Error::unavailable)
}

async fn configured(
    target: Result<Target, String>,
    role: Option<&str>,
    statement_timeout: Duration,
) -> diesel::ConnectionResult<AsyncPgConnection> {
    let mut connection = target.map_err(diesel::ConnectionError::InvalidConnectionUrl)?.connect().await?;
    let milliseconds = statement_timeout.as_millis();
    let settings = format!(
        "{} SET statement_timeout = {milliseconds}; \
         SET lock_timeout = {milliseconds}; \
         SET idle_in_transaction_session_timeout = {milliseconds}",
        set_role(role)
    );
    connection.batch_execute(&settings).await.map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
    Ok(connection)
}
