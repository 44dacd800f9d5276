//! The server's life: from settings to the last request.

use std::sync::Arc;

use actix_web::{HttpServer, web::Data};

use crate::{
    access::{
        caller::Callers,
        keys::{KeyRing, Keys},
        token::Tokens,
    },
    app::{self, State},
    auth::{hashing::Hashing, throttle::Limits},
    background,
    clock::Clock,
    config::Config,
    db::{Db, Login, PoolSettings},
    error::{Error, Result},
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
    State {
        clock,
        secrets,
        keys: KeyRing::new(keys),
        tokens: Tokens::new(issuer.to_owned()),
        callers: Callers::default(),
        hashing,
        sign_in_limits,
        document,
    }
}

/// Serves until told to stop.
///
/// # Errors
/// When the address cannot be had.
pub async fn serve(config: &Config, login: &Login, state: State) -> Result<()> {
    let state = Data::new(state);
    let settings = PoolSettings { max_size: config.pool_size, ..PoolSettings::default() };
    let login = login.clone();
    let own_pool = Db::new(&login, PoolSettings { max_size: 2, ..settings });
    let keys = background::keep_keys(own_pool.clone(), state.clone(), config.rotate_keys_every);
    let keys = actix_web::rt::spawn(keys);
    let background = actix_web::rt::spawn(background::run(own_pool, state.clock.clone()));
    let server = HttpServer::new(move || app::app(state.clone(), Db::new(&login, settings)))
        .workers(config.workers)
        .shutdown_timeout(25)
        .bind(config.listen)
        .map_err(|error| Error::internal(format!("cannot listen on {}: {error}", config.listen)))?
        .run();
    println!("Liaison listens on http://{0} · Swagger UI: http://{0}/docs/", config.listen);
    let served = server.await.map_err(Error::internal);
    background.abort();
    keys.abort();
    served
}
