//! Opening a connection: to the first of the hosts that takes it.

use std::{
    error::Error,
    hash::{BuildHasher, Hasher, RandomState},
    io,
    net::SocketAddr,
    pin::Pin,
    sync::atomic::Ordering,
    time::Duration,
};

use diesel::{ConnectionError, ConnectionResult};
use diesel_async::AsyncPgConnection;
use tokio::{task::JoinHandle, time::timeout};
use tokio_postgres::{
    Client, NoTls, SimpleQueryMessage,
    config::{LoadBalanceHosts, TargetSessionAttrs},
    tls::{MakeTlsConnect, TlsConnect, TlsStream},
};

use super::{
    Target,
    place::{Place, Socket},
    watched::{Watched, WatchedTls},
};

/// How long one of several hosts may take, from the first packet until it takes queries: a frozen one must leave time
/// for the others. The URL's `connect_timeout` is another time.
const FOR_EACH: Duration = Duration::from_millis(500);

/// Why no host takes the connection.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL names no host, or not as many ports or addresses as hosts.
    #[error("the URL has no host, or not one port and address for each")]
    NoHost,
    /// The network, or the system.
    #[error("error connecting to server: {0}")]
    Network(io::Error),
    /// The host did not answer.
    #[error("error connecting to server: no answer within {0:?}")]
    Silent(Duration),
    /// The server or the driver refuses.
    #[error("{}", told(.0))]
    Refused(tokio_postgres::Error),
    /// The URL asks for a primary, or for a standby, and this is the other.
    #[error("the server is {0}")]
    Unfit(&'static str),
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        Self::Network(error)
    }
}

impl From<tokio_postgres::Error> for OpenError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Refused(error)
    }
}

impl From<OpenError> for ConnectionError {
    fn from(error: OpenError) -> Self {
        Self::BadConnection(error.to_string())
    }
}

/// The driver's message with its causes.
fn told(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let inner = error.to_string();
        if !text.ends_with(&inner) {
            text = format!("{text}: {inner}");
        }
        cause = error.source();
    }
    text
}

/// What drives a connection: it passes bytes on until the connection ends. Dropping it ends the connection at once, also
/// while a query runs.
pub(super) struct Driver(Option<JoinHandle<()>>);

impl Driver {
    /// Whether the connection has ended.
    pub(super) fn is_over(&self) -> bool {
        self.0.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Lets the connection end by itself, when nobody holds it any more and its last query is done.
    fn detach(mut self) {
        self.0 = None;
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(driving) = &self.0 {
            driving.abort();
        }
    }
}

/// A connection, and what drives it.
struct Opened {
    client: Client,
    driver: Driver,
}

type Driving = Pin<Box<dyn Future<Output = Result<(), tokio_postgres::Error>> + Send>>;

impl Target {
    /// A connection that ends by itself some time after it was dropped, when its last query is done.
    ///
    /// # Errors
    /// When no host lets us connect.
    pub async fn connect(&self) -> ConnectionResult<AsyncPgConnection> {
        let (connection, driver) = self.connect_driven().await?;
        driver.detach();
        Ok(connection)
    }

    /// A connection that ends with its driver.
    pub(super) async fn connect_driven(&self) -> ConnectionResult<(AsyncPgConnection, Driver)> {
        // Boxed, because its state is large.
        let Opened { client, driver } = Box::pin(self.open()).await?;
        Ok((AsyncPgConnection::try_from(client).await?, driver))
    }

    /// Connects once, and ends the connection.
    pub(super) async fn try_once(&self) -> Result<(), OpenError> {
        self.open().await.map(drop)
    }

    /// Opens a connection to the first host that takes it, beginning with the one that did so the last time. When that
    /// fails, the next connection begins with the host after it, so that also the last of many hosts gets its turn before
    /// whoever waits gives up.
    async fn open(&self) -> Result<Opened, OpenError> {
        let places = Place::all(&self.config).ok_or(OpenError::NoHost)?;
        let own_time = self.config.get_connect_timeout().copied();
        let limit = own_time.or_else(|| (places.len() > 1).then_some(FOR_EACH));
        let mut failed = OpenError::NoHost;
        for number in self.order(places.len()) {
            let Some(place) = places.get(number) else { continue };
            let opening = self.open_at(place);
            let opened = match limit {
                Some(limit) => timeout(limit, opening).await.unwrap_or(Err(OpenError::Silent(limit))),
                None => opening.await,
            };
            match opened {
                Ok(opened) => {
                    self.first_host.store(number, Ordering::Relaxed);
                    return Ok(opened);
                }
                Err(error) => failed = error,
            }
            self.first_host.store((number + 1) % places.len(), Ordering::Relaxed);
        }
        Err(failed)
    }

    /// The numbers of the hosts in the order in which they are tried.
    fn order(&self, count: usize) -> impl Iterator<Item = usize> + use<> {
        let first = match self.config.get_load_balance_hosts() {
            LoadBalanceHosts::Random => random_below(count),
            _ => self.first_host.load(Ordering::Relaxed),
        };
        (0..count).map(move |number| (first + number) % count)
    }

    async fn open_at(&self, place: &Place) -> Result<Opened, OpenError> {
        let addresses = place.addresses().await?;
        let mut failed = None;
        let alternatives = if addresses.is_empty() { vec![None] } else { addresses.into_iter().map(Some).collect() };
        for address in alternatives {
            match self.open_to(place, address).await {
                Ok(opened) => return Ok(opened),
                Err(error) => failed = Some(error),
            }
        }
        Err(failed.unwrap_or(OpenError::NoHost))
    }

    async fn open_to(&self, place: &Place, address: Option<SocketAddr>) -> Result<Opened, OpenError> {
        let socket = Watched::new(place.connect(address, &self.config).await?);
        let (client, driving) = match &self.tls {
            None => self.greet(socket, NoTls).await?,
            Some(tls) => {
                let Ok(tls) = MakeTlsConnect::<Socket>::make_tls_connect(&mut tls.clone(), &place.name);
                self.greet(socket, WatchedTls(tls)).await?
            }
        };
        let driver = Driver(Some(tokio::spawn(drive(driving))));
        self.check_session(&client).await?;
        Ok(Opened { client, driver })
    }

    /// The handshakes of TLS and Postgres.
    async fn greet<T>(&self, socket: Watched<Socket>, tls: T) -> Result<(Client, Driving), OpenError>
    where
        T: TlsConnect<Watched<Socket>>,
        T::Stream: TlsStream + Unpin + Send + 'static,
    {
        let (client, connection) = self.config.connect_raw(socket, tls).await?;
        Ok((client, Box::pin(connection)))
    }

    async fn check_session(&self, client: &Client) -> Result<(), OpenError> {
        let wanted = self.config.get_target_session_attrs();
        if wanted == TargetSessionAttrs::Any {
            return Ok(());
        }
        let rows = client.simple_query("SHOW transaction_read_only").await?;
        let is_read_only =
            rows.iter().any(|row| matches!(row, SimpleQueryMessage::Row(row) if row.get(0) == Some("on")));
        match (wanted, is_read_only) {
            (TargetSessionAttrs::ReadWrite, true) => Err(OpenError::Unfit("read-only")),
            (TargetSessionAttrs::ReadOnly, false) => Err(OpenError::Unfit("not read-only")),
            _ => Ok(()),
        }
    }
}

async fn drive(driving: Driving) {
    if let Err(error) = driving.await {
        tracing::warn!(error = told(&error), "a connection to the database is lost");
    }
}

/// A hasher's keys are random.
fn random_below(count: usize) -> usize {
    let number = RandomState::new().build_hasher().finish();
    usize::try_from(number % count.max(1) as u64).unwrap_or_default()
}
