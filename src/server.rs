//! The server's life: from settings to the last request.

use std::{
    io::ErrorKind,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use actix_web::{
    HttpServer,
    dev::{Server, ServerHandle},
    rt,
    web::Data,
};
use tokio::time::sleep;

use crate::{
    app::{self, Parts},
    background,
    config::Config,
    db::{Db, Login, PoolSettings},
    edge::{
        connections::{self, Connections, raise_open_files},
        tls,
    },
    error::{Error, Result},
    jobs::Jobs,
    lifecycle::{Lifecycle, Signals},
    mail::Mail,
    settings::Problems,
    telemetry::{Telemetry, listener},
    welcome::Welcome,
};

/// How many seconds unfinished requests have when the server ends.
const SHUTDOWN: u64 = 25;
/// How long a connection without a request is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// How long a client may take for the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// How long a client may take to close its connection when the server closes it.
const FAREWELL: Duration = Duration::from_secs(1);

/// Checks that the ports are free, before a start makes or prints anything.
///
/// # Errors
/// Every address where the server cannot listen, one per line.
pub fn refuse_taken_ports(config: &Config) -> Result<(), String> {
    let mut problems = Problems::default();
    let metrics = config.telemetry.metrics_listen.map(|address| ("--metrics-listen", address));
    let asked = [("--listen", config.listen)].into_iter().chain(metrics);
    // All are held until the last was tried, since two settings may name the same port.
    let held: Vec<_> = asked.map(|(flag, address)| problems.check(flag, address, try_to_listen(address))).collect();
    drop(held);
    if problems.is_empty() { Ok(()) } else { Err(problems.told()) }
}

fn try_to_listen(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => "another program listens there; end it, or give another port".to_owned(),
        ErrorKind::AddrNotAvailable => "this machine has no such address; give one of its own".to_owned(),
        ErrorKind::PermissionDenied => {
            "this user may not listen there; give a port from 1024 up, or the capability CAP_NET_BIND_SERVICE"
                .to_owned()
        }
        _ => format!("cannot listen there: {error}"),
    })
}

/// Serves until a signal asks the server to stop.
///
/// # Errors
/// When it cannot listen on an address, or when a second signal comes before the server has ended.
pub async fn serve(
    config: &Config,
    login: &Login,
    parts: Parts,
    mut welcome: Welcome,
    mut signals: Signals,
) -> Result<()> {
    let telemetry = Telemetry::by(&config.telemetry, parts.operations.clone().into_inner())?;
    let mail = Data::new(Mail::new(&config.mail)?);
    let files = Data::new(config.files.open()?);
    let parts = Parts { mail, files, ..parts.behind(config.edge.clone()).watched(telemetry) };
    let settings = PoolSettings { max_size: config.pool_size, ..PoolSettings::default() };
    let (server, address) = start(config.listen, config.workers, login, settings, &parts)?;
    let metrics =
        config.telemetry.metrics_listen.map(|listen| listener::start(listen, parts.telemetry.clone())).transpose()?;
    // One connection for each background job, and another for each that acts on behalf of somebody.
    let own_pool = Db::new(login, PoolSettings { max_size: 10, asks_first: true, ..settings });
    let meter = parts.telemetry.metrics.pool("background");
    let own_pool = own_pool.measured(meter.clone(), meter);
    let mut jobs = background::start(&own_pool, &parts, config.rotate_keys_every);
    let scheme = if config.edge.tls.is_some() { "https" } else { "http" };
    if config.edge.docs {
        println!("Open {scheme}://{}/docs/", for_a_browser(address));
    }
    welcome.print();
    println!("Liaison listens on {scheme}://{address} · Ctrl-C ends it");
    let metrics = metrics.map(|(server, address)| {
        println!("Metrics are at http://{address}/metrics");
        background::sample(&mut jobs, own_pool, parts.clone());
        let handle = server.handle();
        rt::spawn(server);
        handle
    });
    let handle = server.handle();
    let ended = tokio::select! {
        served = finished(server) => served,
        ended = end(&mut signals, &handle, &parts.lifecycle, config.edge.drain_delay) => ended,
    };
    if ended.is_err() {
        parts.lifecycle.stop();
    }
    ended?;
    tokio::select! {
        () = farewell(jobs, &parts.telemetry, metrics) => Ok(()),
        () = signals.next() => Err(told_twice()),
    }
}

/// Where a browser on this machine finds a server that listens on `address`.
fn for_a_browser(address: SocketAddr) -> SocketAddr {
    match address.ip().is_unspecified() {
        true => (Ipv4Addr::LOCALHOST, address.port()).into(),
        false => address,
    }
}

async fn finished(server: Server) -> Result<()> {
    server.await.map_err(Error::internal)
}

/// Waits for the first signal and shuts down gracefully: first the server reports that it is not ready, then it accepts
/// no more connections and answers the remaining requests.
async fn end(signals: &mut Signals, server: &ServerHandle, lifecycle: &Lifecycle, delay: Duration) -> Result<()> {
    signals.next().await;
    lifecycle.drain();
    tracing::info!(?delay, "the server ends: it is not ready any more, and takes no more connections after the delay");
    let orderly = async {
        sleep(delay).await;
        server.stop(true).await;
    };
    tokio::select! {
        () = orderly => Ok(()),
        () = signals.next() => Err(told_twice()),
    }
}

/// Ends jobs, traces and metrics once there are no requests. The metrics end last, so that they can be read until then.
async fn farewell(jobs: Jobs, telemetry: &Data<Telemetry>, metrics: Option<ServerHandle>) {
    jobs.finish().await;
    let telemetry = telemetry.clone();
    // Flushing blocks its thread while it waits for the collector.
    let _ = rt::task::spawn_blocking(move || telemetry.flush()).await;
    if let Some(metrics) = metrics {
        metrics.stop(true).await;
    }
}

fn told_twice() -> Error {
    Error::internal("ended at once: a second signal came before the server had ended in good order")
}

/// Starts to listen. The server runs when it is awaited. The address returned has the port that the system chose if
/// port 0 was asked for.
///
/// # Errors
/// When it cannot listen on the address, or cannot read the certificate.
pub fn start(
    listen: SocketAddr,
    workers: usize,
    login: &Login,
    settings: PoolSettings,
    parts: &Parts,
) -> Result<(Server, SocketAddr)> {
    let (login, edge, rates) = (login.clone(), parts.edge.clone(), parts.rates.clone());
    rt::spawn(async move { rates.forget_regularly().await });
    let metrics = &parts.telemetry.metrics;
    let (changes, large_reads) = (metrics.pool("changes"), metrics.pool("large_reads"));
    let pools = move || Db::new(&login, settings).measured(changes.clone(), large_reads.clone());
    let parts = parts.clone();
    let most = connections::of_worker(edge.connections, raise_open_files(), workers, 2 * settings.max_size);
    let open = Arc::new(Connections::new(most * workers, edge.proxies.clone()));
    let server = HttpServer::new(move || app::app(&parts, pools()))
        .workers(workers)
        .on_connect(move |io, extensions| open.opened(io, extensions))
        // A client that closes its half of the connection is gone, so its request is abandoned.
        .h1_allow_half_closed(false)
        .disable_signals()
        .shutdown_timeout(SHUTDOWN)
        .keep_alive(KEEP_ALIVE)
        .max_connections(most)
        .client_request_timeout(edge.read_timeout)
        .client_disconnect_timeout(FAREWELL)
        .tls_handshake_timeout(HANDSHAKE);
    let bound = match &edge.tls {
        None => server.bind(listen),
        Some(files) => {
            let certificate = tls::Renewed::new(files.clone()).map_err(Error::internal)?;
            let renewed = Arc::clone(&certificate);
            rt::spawn(async move { renewed.look_regularly().await });
            server.bind_rustls_0_23(listen, tls::config(certificate).map_err(Error::internal)?)
        }
    };
    let bound = bound.map_err(|error| Error::internal(format!("cannot listen on {listen}: {error}")))?;
    let address = bound.addrs().first().copied().unwrap_or(listen);
    Ok((bound.run(), address))
}
