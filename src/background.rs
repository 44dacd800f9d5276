//! What nobody asks for but the clock.

use std::time::Duration;

use actix_web::web::Data;
use tokio::time::{MissedTickBehavior, interval};

use crate::{app::State, audit, contracts, db::Db, error::Result, housekeeping};

const EVERY: Duration = Duration::from_mins(1);

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
