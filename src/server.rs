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
    access::{
        caller::Callers,
        keys::{KeyRing, Keys},
        token::Tokens,
    },
    app::{self, State},
    audit::Budget,
    auth::{hashing::Hashing, throttle::Limits},
    background::Jobs,
    clock::Clock,
    config::Config,
    db::{Db, Login, PoolSettings},
    edge::{Edge, rate::Rates, tls},
    error::{Error, Result},
    lifecycle::Lifecycle,
    mail::Mail,
    openapi::Document,
    readiness::Readiness,
    secrets::Secrets,
    telemetry::{Telemetry, listener},
};

/// Makes the state of an app from what was prepared.
pub fn state(
    issuer: &str,
    secrets: Secrets,
    hashing: Hashing,
    keys: Keys,
    clock: Clock,
    sign_in_limits: Limits,
    document: Arc<Document>,
) -> State {
    let edge = Edge::default();
    State {
        rates: Rates::new(edge.quotas, &clock),
        edge,
        clock,
        secrets,
        keys: KeyRing::new(keys),
        tokens: Tokens::new(issuer.to_owned()),
        callers: Callers::default(),
        hashing,
        sign_in_limits,
        mail: Mail::default(),
        refusals: Budget::default(),
        telemetry: Arc::new(Telemetry::new(&document)),
        document,
        readiness: Readiness::default(),
        lifecycle: Lifecycle::default(),
    }
}

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
pub async fn serve(config: &Config, login: &Login, state: State) -> Result<()> {
    let telemetry = Arc::new(Telemetry::by(&config.telemetry, &state.document)?);
    let mail = Mail::new(&config.mail)?;
    let state = Data::new(State { mail, telemetry, ..state.behind(config.edge.clone()) });
    let settings = PoolSettings { max_size: config.pool_size, ..PoolSettings::default() };
    let mut signals = Signals::new()?;
    let (server, address) = start(config.listen, config.workers, login, settings, Data::clone(&state))?;
    let metrics =
        config.telemetry.metrics_listen.map(|listen| listener::start(listen, Data::clone(&state))).transpose()?;
    // One connection for each of the tasks that no request asks for.
    let own_pool = Db::new(login, PoolSettings { max_size: 5, asks_first: true, ..settings });
    let meter = state.telemetry.metrics.pool("background");
    let own_pool = own_pool.measured(meter.clone(), meter);
    let mut jobs = Jobs::start(own_pool, Data::clone(&state), config.rotate_keys_every);
    let scheme = if config.edge.tls.is_some() { "https" } else { "http" };
    let pages = if config.edge.docs { format!(" · Swagger UI: {scheme}://{address}/docs/") } else { String::new() };
    println!("Liaison listens on {scheme}://{address}{pages}");
    let metrics = metrics.map(|(server, address)| {
        println!("Metrics are at http://{address}/metrics");
        jobs.sample();
        let handle = server.handle();
        rt::spawn(server);
        handle
    });
    let handle = server.handle();
    let ended = tokio::select! {
        served = finished(server) => served,
        ended = end(&mut signals, &handle, &state, config.edge.drain_delay) => ended,
    };
    if ended.is_err() {
        state.lifecycle.stop();
    }
    ended?;
    tokio::select! {
        () = farewell(jobs, &state, metrics) => Ok(()),
        () = signals.next() => Err(told_twice()),
    }
}

async fn finished(server: Server) -> Result<()> {
    server.await.map_err(Error::internal)
}

/// Waits for the first signal and ends what is being served in good order: first others are told, then nobody new is let in,
/// and whoever is inside is answered.
async fn end(signals: &mut Signals, server: &ServerHandle, state: &State, delay: Duration) -> Result<()> {
    signals.next().await;
    state.lifecycle.drain();
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
async fn farewell(jobs: Jobs, state: &Data<State>, metrics: Option<ServerHandle>) {
    jobs.finish().await;
    let telemetry = Arc::clone(&state.telemetry);
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
    state: Data<State>,
) -> Result<(Server, SocketAddr)> {
    let (login, edge) = (login.clone(), state.edge.clone());
    let rates = Data::clone(&state);
    rt::spawn(async move { rates.rates.forget_regularly().await });
    let metrics = &state.telemetry.metrics;
    let (changes, large_reads) = (metrics.pool("changes"), metrics.pool("large_reads"));
    let connections = move || Db::new(&login, settings).measured(changes.clone(), large_reads.clone());
    let server = HttpServer::new(move || app::app(state.clone(), connections()))
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
    let bound = match edge.tls {
        None => server.bind(listen),
        Some(files) => {
            let certificate = tls::Renewed::new(files).map_err(Error::internal)?;
            let renewed = Arc::clone(&certificate);
            rt::spawn(async move { renewed.look_regularly().await });
            server.bind_rustls_0_23(listen, tls::config(certificate).map_err(Error::internal)?)
        }
    };
    let bound = bound.map_err(|error| Error::internal(format!("cannot listen on {listen}: {error}")))?;
    let address = bound.addrs().first().copied().unwrap_or(listen);
    Ok((bound.run(), address))
}
