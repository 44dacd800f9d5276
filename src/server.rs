//! The server's life: from settings to the last request.

use std::sync::Arc;

use actix_web::{HttpServer, web::Data};

use crate::{
    access::{caller::Callers, token::Tokens},
    app::{self, State},
    auth::{hashing::Hashing, throttle::Limits},
    clock::Clock,
    config::Config,
    contracts,
    db::{Db, PoolSettings},
    error::{Error, Result},
    openapi::Document,
    secrets::Secrets,
    setup::{self, Prepared},
};

/// Makes the state of an app from what was prepared.
///
/// # Errors
/// Only internal ones.
pub fn state(
    issuer: &str,
    secrets: Secrets,
    hashing: Hashing,
    keys: crate::access::keys::Keys,
    clock: Clock,
    sign_in_limits: Limits,
) -> Result<State> {
    Ok(State {
        clock,
        secrets,
        keys,
        tokens: Tokens::new(issuer.to_owned()),
        callers: Callers::default(),
        hashing,
        sign_in_limits,
        document: Arc::new(Document::build().map_err(Error::internal)?),
    })
}

/// Serves until told to stop. `ready` is called once requests are taken.
///
/// # Errors
/// When the database or the address cannot be had.
pub async fn serve(config: &Config, url: &str, secrets: Secrets, ready: impl FnOnce(&Prepared)) -> Result<()> {
    let hashing = Hashing::new()?;
    let clock = Clock::system();
    let prepared = setup::prepare(url, &secrets, &hashing, &clock).await?;
    ready(&prepared);
    let state = state(&config.issuer, secrets, hashing, prepared.keys, clock, config.sign_in_limits)?;
    let state = Data::new(state);
    let settings = PoolSettings { max_size: config.pool_size, ..PoolSettings::default() };
    let url = url.to_owned();
    let background = PoolSettings { max_size: 1, ..settings };
    let by_clock = actix_web::rt::spawn(contracts::clock::run(Db::new(&url, background), state.clock.clone()));
    let served = HttpServer::new(move || app::app(state.clone(), Db::new(&url, settings)))
        .workers(config.workers)
        .shutdown_timeout(25)
        .bind(config.listen)
        .map_err(|error| Error::internal(format!("cannot listen on {}: {error}", config.listen)))?
        .run()
        .await
        .map_err(Error::internal);
    by_clock.abort();
    served
}
