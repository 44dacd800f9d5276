//! What nobody asks for but the clock.

use std::{rc::Rc, time::Duration};

use actix_web::{rt, web::Data};
use tokio::{
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval, timeout, timeout_at},
};

use crate::{
    access::keys::rotation,
    app::State,
    audit, contracts,
    db::{Db, closing_leases},
    error::{Error, Result},
    housekeeping,
    telemetry::sampler,
};

const EVERY: Duration = Duration::from_mins(1);

/// Within this time a server knows of new and of revoked keys.
const KEYS_EVERY: Duration = Duration::from_secs(5);

/// How long a step may take: a database that does not answer must not end a job for good. What a step has committed stays,
/// and the next one does the rest.
const PATIENCE: Duration = Duration::from_secs(30);

/// The same where each letter of a long queue waits for a mail server.
const PATIENCE_WITH_MAIL: Duration = Duration::from_hours(1);

/// How long the end waits for the steps that are being done.
const FAREWELL: Duration = Duration::from_secs(10);

/// The jobs of a server. Each does its step at once and then regularly; what fails is logged, counted and tried again, and
/// servers that do the same at the same time do no harm.
pub struct Jobs {
    db: Db,
    state: Data<State>,
    running: Vec<(&'static str, JoinHandle<()>)>,
}

impl Jobs {
    /// Starts what every server does: upkeep, keeping the signing keys, sealing the audit log, and sending mail where that is
    /// set up.
    pub fn start(db: Db, state: Data<State>, rotate_keys_every: Option<chrono::Duration>) -> Self {
        let sends_mail = state.mail.is_configured();
        let mut jobs = Self { db, state, running: Vec::new() };
        jobs.every("upkeep", EVERY, async |db, state| upkeep(db, state).await);
        jobs.every("signing_keys", KEYS_EVERY, async move |db, state| keys_once(db, state, rotate_keys_every).await);
        jobs.every("audit_seal", audit::SEAL_EVERY, async |db, state| {
            audit::seal_all(&mut *db.connect().await?, &state.secrets, state.clock.now()).await.map(drop)
        });
        if sends_mail {
            let deliver = async |db: &Db, state: &State| crate::mail::deliver(db, state).await.map(drop);
            jobs.within(PATIENCE_WITH_MAIL, "mail", crate::mail::EVERY, deliver);
        }
        jobs
    }

    /// Looks up what the metrics tell of the database, too.
    pub fn sample(&mut self) {
        self.every("metrics_sample", sampler::EVERY, async |db, state| sampler::sample(db, state).await);
    }

    fn every(&mut self, name: &'static str, period: Duration, step: impl AsyncFn(&Db, &State) -> Result<()> + 'static) {
        self.within(PATIENCE, name, period, step);
    }

    fn within(
        &mut self,
        patience: Duration,
        name: &'static str,
        period: Duration,
        step: impl AsyncFn(&Db, &State) -> Result<()> + 'static,
    ) {
        let (db, state, step) = (self.db.clone(), Data::clone(&self.state), Rc::new(step));
        let meter = state.telemetry.metrics.job(name, state.clock.now().utc().timestamp());
        let job = async move {
            let mut ticks = interval(period);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                // The end breaks off no step: only the wait for the next one.
                tokio::select! {
                    biased;
                    () = state.lifecycle.stopped() => return,
                    _ = ticks.tick() => {}
                }
                let done = in_time(patience, step(&db, &state)).await;
                if let Err(error) = &done {
                    tracing::error!(job = name, %error, "a background job failed; trying again");
                }
                meter.ran(done.is_ok(), state.clock.now().utc().timestamp());
            }
        };
        self.running.push((name, rt::spawn(job)));
    }

    /// Ends every job after the step that it is at.
    pub async fn finish(self) {
        self.state.lifecycle.stop();
        let deadline = Instant::now() + FAREWELL;
        for (name, mut job) in self.running {
            if timeout_at(deadline, &mut job).await.is_err() {
                tracing::warn!(job = name, "a background job was broken off");
                job.abort();
            }
        }
    }
}

/// What `step` gives, or that it took longer than `patience`; its connections are closed then.
async fn in_time(patience: Duration, step: impl Future<Output = Result<()>>) -> Result<()> {
    let done = timeout(patience, closing_leases(step)).await;
    done.unwrap_or_else(|_late| Err(Error::internal(format!("given up after {} s", patience.as_secs()))))
}

async fn upkeep(db: &Db, state: &State) -> Result<()> {
    let (mut db, clock) = (db.connect().await?, &state.clock);
    audit::settle(&mut db, state).await?;
    audit::announce(&mut db).await?;
    let contracts = contracts::clock::advance(&mut db, &state.secrets, clock.now()).await?;
    if contracts > 0 {
        tracing::info!(contracts, "contracts moved on by the clock");
    }
    housekeeping::sweep(&mut db, clock.now()).await
}

/// Reads the signing keys, and makes a new one when the newest is as old as `rotate_every`. When the database cannot be
/// asked, the keys at hand stay.
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

#[cfg(test)]
mod tests {
    use std::{future::pending, time::Duration};

    use super::in_time;

    #[tokio::test]
    async fn a_step_that_gets_no_answer_is_given_up() {
        assert!(in_time(Duration::from_millis(10), pending()).await.is_err());
        assert!(in_time(Duration::from_secs(10), async { Ok(()) }).await.is_ok());
    }
}
