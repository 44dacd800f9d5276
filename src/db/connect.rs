//! Connections: each worker has its own, since a connection is driven by the thread that opened it.

use std::{ops::Deref, sync::Arc, time::Duration};

use actix_web::{HttpRequest, web::Data};
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};

use super::{
    Lease, Target,
    lease::Leases,
    open::Driver,
    pool::pool,
    privileges,
    shared::{Shared, SharedConnections, SharedReader},
};
use crate::{
    db::PoolMeter,
    error::{Error, Result},
};

/// The limits of a worker's connections.
#[derive(Clone, Copy, Debug)]
pub struct PoolSettings {
    /// The most connections for changes. Large reads have half as many in addition, and small reads share two more.
    pub max_size: usize,
    /// How long a request waits for a connection before it is told to try again later.
    pub wait: Duration,
    /// How long a statement may run.
    pub statement_timeout: Duration,
    /// Whether a connection is tested before it is lent: for background work, which nobody waits for and nobody
    /// repeats.
    pub asks_first: bool,
}

/// How long a statement of a request may run.
pub const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);

impl Default for PoolSettings {
    fn default() -> Self {
        Self { max_size: 8, wait: Duration::from_secs(2), statement_timeout: STATEMENT_TIMEOUT, asks_first: false }
    }
}

/// How the server connects: the database, and the role that each connection works as.
#[derive(Clone)]
pub struct Login {
    /// The database as a libpq URL.
    pub url: String,
    /// The role; without one, a connection works as the login itself.
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

/// What a read costs the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// The read finds a few rows by an index: it may share a connection with others.
    Small,
    /// The read may take long, such as a search or a count. It gets a connection of its own so that it holds nobody up.
    Large,
}

/// The connections of one worker, separate for each kind of work, so that no kind takes the connections of another.
#[derive(Clone)]
pub struct Db {
    changes: Leases,
    large_reads: Leases,
    small_reads: Arc<SharedConnections>,
}

impl Db {
    /// The connections of `login`; none is opened before it is needed.
    pub fn new(login: &Login, settings: PoolSettings) -> Self {
        let setup = Setup::new(login, settings.statement_timeout);
        let searching = setup.clone().with(INDEXES_FIRST);
        let large_reads = PoolSettings { max_size: settings.max_size.div_ceil(2), ..settings };
        Self {
            changes: Leases::of(pool(&setup, settings)),
            large_reads: Leases::of(pool(&searching, large_reads)),
            small_reads: Arc::new(SharedConnections::new(setup, settings.wait)),
        }
    }

    /// The same connections; the meters observe their pools.
    #[must_use]
    pub fn measured(self, changes: PoolMeter, large_reads: PoolMeter) -> Self {
        Self { changes: self.changes.measured(changes), large_reads: self.large_reads.measured(large_reads), ..self }
    }

    /// A connection for exclusive use; it goes back to its pool when it is dropped.
    ///
    /// # Errors
    /// 503 when the database cannot be reached or no connection comes free in time.
    pub async fn connect(&self) -> Result<Lease> {
        self.changes.lease().await
    }

    /// A connection for a read, shared when the read is small.
    ///
    /// # Errors
    /// 503 when the database cannot be reached or no connection comes free in time.
    pub async fn reader(&self, cost: Cost) -> Result<Reader> {
        match cost {
            Cost::Small => self.small_reads.get().await.map(Reader::Shared),
            Cost::Large => self.large_reads.lease().await.map(|lease| Reader::Own(Box::new(lease))),
        }
    }

    /// The connections of the worker that serves `request`.
    ///
    /// # Errors
    /// Only when the app has no database.
    pub fn of(request: &HttpRequest) -> Result<Self> {
        request
            .app_data::<Data<Self>>()
            .map(|db| db.get_ref().clone())
            .ok_or_else(|| Error::internal("the app has no database"))
    }
}

/// A connection to read from.
pub enum Reader {
    /// A connection that others read from at the same time.
    Shared(SharedReader),
    /// A connection for this reader alone.
    Own(Box<Lease>),
}

impl Deref for Reader {
    type Target = AsyncPgConnection;

    fn deref(&self) -> &AsyncPgConnection {
        match self {
            Self::Shared(shared) => shared,
            Self::Own(lease) => lease,
        }
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

/// Every documented filter and search has an index. Postgres takes a pattern with a wildcard for some hundred times as common as
/// it is, and would read a whole table to find a few rows. A common word is in so many rows that their places do not fit into the
/// usual memory.
const INDEXES_FIRST: &str = "; SET enable_seqscan = off; SET work_mem = '32MB'";

/// How each connection of a worker is opened.
#[derive(Clone)]
pub(super) struct Setup {
    /// Read only once, since it may name many certificates.
    target: Result<Target, String>,
    settings: String,
}

impl Setup {
    fn new(login: &Login, statement_timeout: Duration) -> Self {
        let milliseconds = statement_timeout.as_millis();
        // The last setting makes Postgres end a query whose client has disconnected, instead of finishing it for
        // nobody.
        let settings = format!(
            "{} SET statement_timeout = {milliseconds}; \
             SET lock_timeout = {milliseconds}; \
             SET idle_in_transaction_session_timeout = {milliseconds}; \
             SET client_connection_check_interval = 500",
            set_role(login.role)
        );
        let target = Target::parse(&login.url).map_err(|error| error.to_string());
        Self { target, settings }
    }

    /// The same, with a further setting.
    fn with(mut self, setting: &str) -> Self {
        self.settings.push_str(setting);
        self
    }

    /// A connection that is ready for queries, and its driver.
    pub(super) async fn open(&self) -> ConnectionResult<(AsyncPgConnection, Driver)> {
        let target = self.target.as_ref().map_err(|error| ConnectionError::InvalidConnectionUrl(error.clone()))?;
        let (mut connection, driver) = target.connect_driven().await?;
        connection.batch_execute(&self.settings).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok((connection, driver))
    }

    /// A connection for several readers at once.
    pub(super) async fn shared(&self) -> ConnectionResult<Shared> {
        let (connection, driver) = self.open().await?;
        Ok(Shared::new(connection, driver))
    }
}
