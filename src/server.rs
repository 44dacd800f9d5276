//! The server's life: from settings to the last request.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use actix_web::{HttpServer, dev::Server, rt, web::Data};

use crate::{
    access::{
        caller::Callers,
        keys::{KeyRing, Keys},
        token::Tokens,
    },
    app::{self, State},
    audit::{self, Budget},
    auth::{hashing::Hashing, throttle::Limits},
    background,
    clock::Clock,
    config::Config,
    db::{Db, Login, PoolSettings},
    edge::{Edge, rate::Rates, tls},
    error::{Error, Result},
    mail::{self, Mail},
    openapi::Document,
    secrets::Secrets,
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
        document,
    }
}

/// How long a connection without a request is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// How long a client may take to shake hands.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// How long a client may take to go when it is told to.
const FAREWELL: Duration = Duration::from_secs(1);

/// Serves until told to stop.
///
/// # Errors
/// When the address cannot be had.
pub async fn serve(config: &Config, login: &Login, state: State) -> Result<()> {
    let state = Data::new(State { mail: Mail::new(&config.mail)?, ..state.behind(config.edge.clone()) });
    let settings = PoolSettings { max_size: config.pool_size, ..PoolSettings::default() };
    // One connection for each of the tasks that no request asks for.
    let own_pool = Db::new(login, PoolSettings { max_size: 4, ..settings });
    let background = rt::spawn(background::run(own_pool.clone(), state.clone()));
    let keys = rt::spawn(background::keep_keys(own_pool.clone(), state.clone(), config.rotate_keys_every));
    let sealing = rt::spawn(audit::seal_forever(own_pool.clone(), state.clone()));
    let post = state.mail.is_configured().then(|| rt::spawn(mail::run(own_pool, state.clone())));
    let (server, address) = start(config.listen, config.workers, login, settings, state)?;
    let scheme = if config.edge.tls.is_some() { "https" } else { "http" };
    let pages = if config.edge.docs { format!(" · Swagger UI: {scheme}://{address}/docs/") } else { String::new() };
    println!("Liaison listens on {scheme}://{address}{pages}");
    let served = server.await.map_err(Error::internal);
    background.abort();
    keys.abort();
    sealing.abort();
    if let Some(post) = post {
        post.abort();
    }
    served
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
    let server = HttpServer::new(move || app::app(state.clone(), Db::new(&login, settings)))
        .workers(workers)
        // Who closes their half has gone: what they asked for is given up.
        .h1_allow_half_closed(false)
        .shutdown_timeout(25)
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
