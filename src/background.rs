//! The background jobs of every server.

use std::time::Duration;

use crate::{
    app::Parts,
    audit, auth,
    background_jobs::{self, JobKind, Means, Worker},
    change::idempotency,
    client_duplicates, contracts,
    db::Db,
    error::Result,
    exports, imports,
    jobs::Jobs,
    mail, signing_keys,
    telemetry::sampler,
};

/// How often upkeep runs.
const EVERY: Duration = Duration::from_mins(1);

/// How long one run of sending mail may take: each letter of a long queue waits for the mail server.
const PATIENCE_WITH_MAIL: Duration = Duration::from_hours(1);

/// How often a server looks for jobs that wait.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long a server may go on with jobs before it is looked at again: as many as wait are done, one after the other.
const PATIENCE_WITH_JOBS: Duration = Duration::from_hours(12);

/// Starts the jobs: upkeep, rotating the signing keys, sealing the audit log and watching that nothing of it goes missing, and
/// sending mail if it is configured.
pub fn start(db: &Db, parts: &Parts, rotate_keys_every: Option<chrono::Duration>) -> Jobs {
    let mut jobs = Jobs::new(parts.clock.clone(), parts.lifecycle.clone(), parts.telemetry.clone());
    let own = || (db.clone(), parts.clone());
    let (db, parts) = own();
    jobs.every("upkeep", EVERY, async move || upkeep(&db, &parts).await);
    let (db, parts) = own();
    jobs.every("signing_keys", signing_keys::EVERY, async move || {
        signing_keys::keep(&db, &parts.keys, &parts.secrets, &parts.clock, rotate_keys_every).await
    });
    let (db, parts) = own();
    jobs.every("audit_seal", audit::SEAL_EVERY, async move || {
        audit::seal_all(&mut *db.connect().await?, &parts.secrets, parts.clock.now()).await.map(drop)
    });
    let (db, parts) = own();
    jobs.every("audit_watch", audit::SEAL_EVERY, async move || {
        parts.watch.look(&*db.connect().await?, &parts.unsealed, parts.clock.now()).await
    });
    let (db, parts) = own();
    if parts.mail.is_configured() {
        jobs.within(PATIENCE_WITH_MAIL, "mail", mail::EVERY, async move || deliver(&db, &parts).await.map(drop));
    }
    // Two at a time, so that a long one does not hold up a short one.
    for name in ["background_jobs", "more_background_jobs"] {
        let (db, parts) = own();
        let worker = worker(&db, &parts);
        jobs.within(PATIENCE_WITH_JOBS, name, LOOK_EVERY, async move || worker.work().await.map(drop));
    }
    jobs
}

/// What does the jobs that are kept in the database.
pub fn worker(db: &Db, parts: &Parts) -> Worker {
    Worker::new(Means {
        db: db.clone(),
        clock: parts.clock.clone(),
        secrets: parts.secrets.clone(),
        files: parts.files.clone(),
        lifecycle: parts.lifecycle.clone(),
    })
    .with(JobKind::Export, exports::work)
    .with(JobKind::ImportCheck, imports::check)
    .with(JobKind::ImportApply, imports::apply)
    .with(JobKind::ImportUndo, imports::undo)
    .with(JobKind::DuplicateScan, client_duplicates::scan)
}

/// Also starts the job that reads the metrics of the database.
pub fn sample(jobs: &mut Jobs, db: Db, parts: Parts) {
    jobs.every("metrics_sample", sampler::EVERY, async move || {
        sampler::sample(&db, &parts.readiness, &parts.clock, &parts.telemetry.metrics).await
    });
}

/// Sends the mail that is due and returns how many letters the mail server accepted.
///
/// # Errors
/// When the database fails.
pub async fn deliver(db: &Db, parts: &Parts) -> Result<usize> {
    let answer = auth::answer_forgotten;
    mail::deliver(db, &parts.mail, &parts.secrets, &parts.clock, &parts.lifecycle, answer).await
}

/// Records the refusals that were too many to be recorded one by one, logs the last seal of the audit log, advances
/// contracts whose date has come, and deletes expired data.
async fn upkeep(db: &Db, parts: &Parts) -> Result<()> {
    let (mut db, clock, secrets) = (db.connect().await?, &parts.clock, &parts.secrets);
    audit::settle(&mut db, secrets, &parts.refusals, clock.now()).await?;
    audit::announce(&mut db).await?;
    let contracts = contracts::clock::advance(&mut db, secrets, clock.now()).await;
    if let Ok(contracts @ 1..) = contracts {
        tracing::info!(contracts, "contracts moved on by the clock");
    }
    // What went wrong with a contract keeps nothing else from being done.
    let now = clock.now();
    idempotency::sweep(&mut db, now).await?;
    auth::sweep(&mut db, now).await?;
    background_jobs::sweep(&mut db, now).await?;
    exports::sweep(&mut db, &parts.files, now).await?;
    imports::sweep(&mut db, &parts.files, now).await?;
    mail::sweep(&mut db, now).await?;
    contracts.map(drop)
}
