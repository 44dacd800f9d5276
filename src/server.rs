//! The server's life: from settings to the last request.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use actix_web::{
    HttpServer,
    dev::{Server, ServerHandle},
    rt,
    web::Data,
};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    time::sleep,
};

use crate::{
    app::{self, Parts},
    background,
    config::Config,
    db::{Db, Login, PoolSettings},
    edge::tls,
    error::{Error, Result},
    jobs::Jobs,
    lifecycle::Lifecycle,
    mail::Mail,
    telemetry::{Telemetry, listener},
};

/// Seconds that requests which are under way have to be answered when the server ends.
const SHUTDOWN: u64 = 25;
/// How long a connection without a request is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// How long a client may take to shake hands.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// How long a client may take to go when it is told to.
const FAREWELL: Duration = Duration::from_secs(1);

/// Serves until told to stop.
///
/// # Errors
/// When an address cannot be had, and when it was told to stop a second time.
pub async fn serve(config: &Config, login: &Login, parts: Parts) -> Result<()> {
    let telemetry = Telemetry::by(&config.telemetry, parts.operations.clone().into_inner())?;
    let mail = Data::new(Mail::new(&config.mail)?);
    let parts = Parts { mail, ..parts.behind(config.edge.clone()).watched(telemetry) };
    let settings = PoolSettings { max_size: config.pool_size, ..PoolSettings::default() };
    let mut signals = Signals::new()?;
    let (server, address) = start(config.listen, config.workers, login, settings, &parts)?;
    let metrics =
        config.telemetry.metrics_listen.map(|listen| listener::start(listen, parts.telemetry.clone())).transpose()?;
    // One connection for each of the tasks that no request asks for.
    let own_pool = Db::new(login, PoolSettings { max_size: 5, asks_first: true, ..settings });
    let meter = parts.telemetry.metrics.pool("background");
    let own_pool = own_pool.measured(meter.clone(), meter);
    let mut jobs = background::start(&own_pool, &parts, config.rotate_keys_every);
    let scheme = if config.edge.tls.is_some() { "https" } else { "http" };
    let pages = if config.edge.docs { format!(" · Swagger UI: {scheme}://{address}/docs/") } else { String::new() };
    println!("Liaison listens on {scheme}://{address}{pages}");
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

async fn finished(server: Server) -> Result<()> {
    server.await.map_err(Error::internal)
}

/// Waits for the first signal and ends what is being served in good order: first others are told, then nobody new is let in,
/// and whoever is inside is answered.
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

/// Ends what is behind the requests, once there are none: the metrics last, so that they can be read till then.
async fn farewell(jobs: Jobs, telemetry: &Data<Telemetry>, metrics: Option<ServerHandle>) {
    jobs.finish().await;
    let telemetry = telemetry.clone();
    // It waits for the collector without letting others work.
    let _ = rt::task::spawn_blocking(move || telemetry.flush()).await;
    if let Some(metrics) = metrics {
        metrics.stop(true).await;
    }
}

fn told_twice() -> Error {
    Error::internal("ended at once: a second signal came before the server had ended in good order")
}

/// What tells a server to end.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> Result<Self> {
        let listen = |kind| signal(kind).map_err(Error::internal);
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    /// Waits for the next one.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Starts to listen; the server runs when it is awaited, and its address tells the port that the system chose for 0.
///
/// # Errors
/// When the address cannot be had, or the certificate not be read.
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
    let connections = move || Db::new(&login, settings).measured(changes.clone(), large_reads.clone());
    let parts = parts.clone();
    let server = HttpServer::new(move || app::app(&parts, connections()))
        .workers(workers)
        // Who closes their half has gone: what they asked for is given up.
        .h1_allow_half_closed(false)
        .disable_signals()
        .shutdown_timeout(SHUTDOWN)
        .keep_alive(KEEP_ALIVE)
        .max_connections(edge.connections)
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
