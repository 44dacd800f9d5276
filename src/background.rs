//! What nobody asks for but the clock.

use std::time::Duration;

use actix_web::web::Data;
use tokio::time::{MissedTickBehavior, interval};

use crate::{access::keys::rotation, app::State, audit, contracts, db::Db, error::Result, housekeeping};

const EVERY: Duration = Duration::from_mins(1);

/// Within this time a server knows of new and of revoked keys.
const KEYS_EVERY: Duration = Duration::from_secs(5);

/// Does what is due at once and then every minute, for as long as it is awaited. What fails is logged and tried again;
/// servers that do this at the same time do no harm.
pub async fn run(db: Db, state: Data<State>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = once(&db, &state).await {
            tracing::error!(%error, "background work failed; trying again in a minute");
        }
    }
}

async fn once(db: &Db, state: &State) -> Result<()> {
    let (mut db, clock) = (db.connect().await?, &state.clock);
    audit::settle(&mut db, state).await?;
    audit::announce(&mut db).await?;
    let contracts = contracts::clock::advance(&mut db, &state.secrets, clock.now()).await?;
    if contracts > 0 {
        tracing::info!(contracts, "contracts moved on by the clock");
    }
    housekeeping::sweep(&mut db, clock.now()).await
}

/// Reads the signing keys every few seconds, and makes a new one when the newest is as old as `rotate_every`. When the
/// database cannot be asked, the keys at hand stay.
pub async fn keep_keys(db: Db, state: Data<State>, rotate_every: Option<chrono::Duration>) {
    let mut ticks = interval(KEYS_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = keys_once(&db, &state, rotate_every).await {
            tracing::error!(%error, "the signing keys could not be read; trying again in a moment");
        }
    }
}

/// What [`keep_keys`] does each time.
///
/// # Errors
/// The database's, or that the master secret is not the one that the keys were sealed with.
pub async fn keys_once(db: &Db, state: &State, rotate_every: Option<chrono::Duration>) -> Result<()> {
    let mut db = db.connect().await?;
    let now = state.clock.now();
    state.keys.reload(&mut db, &state.secrets, now).await?;
    if rotate_every.is_some_and(|age| state.keys.current().is_due(age, now)) {
        let rotation = rotation::rotate(&mut db, &state.secrets, now).await?;
        tracing::info!(kid = rotation.next.id, made = rotation.made, "signing keys rotated");
        state.keys.reload(&mut db, &state.secrets, now).await?;
    }
    Ok(())
}
