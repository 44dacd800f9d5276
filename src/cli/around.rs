//! What a command needs around its work: the log, the database, the master secret.

use std::{
    io::{self, IsTerminal},
    path::Path,
};

use crate::{
    commands::{self, Archive},
    config::Base,
    db::Target,
    error::{Error, Result},
    lifecycle::Signals,
    local_postgres::{self, LocalPostgres},
    logging,
    secrets::{FromFile, Secrets, from_file},
    setup::Urls,
};

/// Saves a backup in the new file `file`.
///
/// # Errors
/// In words for the operator.
pub fn backup(base: &Base, file: &Path) -> Result<(), String> {
    begin(base)?;
    let secrets = secrets_to_keep(base).map_err(|error| error.to_string())?;
    in_database(base, async |urls| commands::backup(urls, secrets, &base.data_dir, file).await)
}

/// Restores the backup in `file`.
///
/// # Errors
/// In words for the operator.
pub fn restore(base: &Base, file: &Path) -> Result<(), String> {
    begin(base)?;
    let archive = Archive::at(file);
    let kept = archive.kept().map_err(|error| error.to_string())?;
    commands::refuse_to_overwrite(base, &kept).map_err(|error| error.to_string())?;
    let done = in_database(base, async |urls| commands::restore(base, urls, &archive, &kept).await);
    match &base.database_url {
        None => done.map_err(|error| format!("{error}\nEmpty {} before you try again.", base.data_dir.display())),
        Some(_) => done,
    }
}

/// Whether a command came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The work was done.
    Done,
    /// A signal broke it off.
    BrokenOff,
}

/// Starts the local Postgres if no other is configured, does `work` with the master secret and stops the local Postgres.
///
/// # Errors
/// In words for the operator; also when a signal broke off the work.
pub fn with_database(base: &Base, work: impl AsyncFnOnce(&Urls, Secrets) -> Result<()>) -> Result<(), String> {
    begin(base)?;
    let secrets = secrets(base)?;
    in_database(base, async |urls| work(urls, secrets).await)
}

/// As [`with_database`], for a server: `work` decides itself what a signal does, and a start that a signal breaks off is
/// no error.
///
/// # Errors
/// In words for the operator.
pub fn serving(base: &Base, work: impl AsyncFnOnce(&Urls, Secrets, Signals) -> Result<Outcome>) -> Result<(), String> {
    begin(base)?;
    let secrets = secrets(base)?;
    if under_signals(base, async |urls, signals| work(urls, secrets, signals).await)? == Outcome::BrokenOff {
        tracing::info!("a signal ended the server before it served");
    }
    Ok(())
}

fn secrets(base: &Base) -> Result<Secrets, String> {
    let FromFile { current, former } = master_secrets(base).map_err(|error| error.to_string())?;
    let fallbacks: Vec<_> = base.secret_key_fallbacks.iter().copied().chain(former).collect();
    Secrets::with_fallbacks(&current, &fallbacks).map_err(|error| error.to_string())
}

/// Starts the local Postgres if no other is configured, does `work` until a signal comes, and stops the local Postgres.
fn in_database(base: &Base, work: impl AsyncFnOnce(&Urls) -> Result<()>) -> Result<(), String> {
    let outcome = under_signals(base, async |urls, mut signals| match signals.unless_told(work(urls)).await {
        Some(done) => done.map(|()| Outcome::Done),
        None => Ok(Outcome::BrokenOff),
    })?;
    match outcome {
        Outcome::Done => Ok(()),
        Outcome::BrokenOff => Err("a signal ended this before it was done".to_owned()),
    }
}

/// A signal during the start of the database ends the command; afterwards, `work` listens to signals.
fn under_signals(base: &Base, work: impl AsyncFnOnce(&Urls, Signals) -> Result<Outcome>) -> Result<Outcome, String> {
    warn_of_ways(base);
    actix_web::rt::System::new().block_on(async {
        let signals = Signals::new().map_err(|error| format!("cannot listen to signals: {error}"))?;
        match &base.database_url {
            None => in_local_database(&base.data_dir, signals, work).await,
            Some(url) => in_given_database(base, url, signals, work).await,
        }
    })
}

/// The local Postgres ends with the work, also when a signal breaks off its start.
async fn in_local_database(
    data_dir: &Path,
    mut signals: Signals,
    work: impl AsyncFnOnce(&Urls, Signals) -> Result<Outcome>,
) -> Result<Outcome, String> {
    let Some(started) = signals.unless_told(start_local(data_dir)).await else {
        return Ok(Outcome::BrokenOff);
    };
    let mut local = started?;
    let urls = Urls { owner: local.url(), server: local.server_url() };
    let done = tokio::select! {
        done = work(&urls, signals) => done,
        never = local.keep_running() => match never {},
    };
    let stopped = local.stop().await;
    let outcome = done.map_err(|error| error.to_string())?;
    stopped.map(|()| outcome).map_err(|error| error.to_string())
}

async fn in_given_database(
    base: &Base,
    url: &str,
    mut signals: Signals,
    work: impl AsyncFnOnce(&Urls, Signals) -> Result<Outcome>,
) -> Result<Outcome, String> {
    let Some(reached) = signals.unless_told(reach_all(base, url)).await else {
        return Ok(Outcome::BrokenOff);
    };
    reached?;
    let owner = base.migration_database_url.as_deref().unwrap_or(url);
    let urls = Urls { owner: owner.to_owned(), server: url.to_owned() };
    work(&urls, signals).await.map_err(|error| error.to_string())
}

async fn reach_all(base: &Base, url: &str) -> Result<(), String> {
    reach("DATABASE_URL", url).await?;
    match &base.migration_database_url {
        Some(owner) => reach("LIAISON_MIGRATION_DATABASE_URL", owner).await,
        None => Ok(()),
    }
}

async fn start_local(data_dir: &Path) -> Result<LocalPostgres, String> {
    tracing::info!("the database in {} is started", data_dir.display());
    LocalPostgres::start(&local_postgres::Settings::new(data_dir)).await.map_err(|error| error.to_string())
}

/// Tells of a database that cannot be reached by the setting that names it.
async fn reach(setting: &str, url: &str) -> Result<(), String> {
    let target = Target::parse(url).map_err(|error| format!("{setting}: {error}"))?;
    target.reach().await.map_err(|error| format!("{setting}: {error}"))
}

/// The master secret and the one before it: those of the settings, or those of the data folder.
fn master_secrets(base: &Base) -> Result<FromFile> {
    match base.secret_key {
        Some(current) => Ok(FromFile { current, former: None }),
        None => from_file(&base.data_dir),
    }
}

/// The master secrets that a backup needs.
fn secrets_to_keep(base: &Base) -> Result<FromFile> {
    let folder = &base.data_dir;
    // A wrong folder must not become a new server, whose backup is worth nothing.
    if base.secret_key.is_none() && !folder.join("secret.key").exists() {
        let folder = folder.display();
        return Err(Error::internal(format!(
            "{folder} has no master secret; give the settings with which the server runs"
        )));
    }
    let FromFile { current, former } = master_secrets(base)?;
    match (former, base.secret_key_fallbacks.as_slice()) {
        (former, []) => Ok(FromFile { current, former }),
        (None, [fallback]) => Ok(FromFile { current, former: Some(*fallback) }),
        _ => Err(Error::internal(
            "a backup has room for one former master secret, and several are given; run `liaison secrets reseal` and remove \
             those that it says are needed no more",
        )),
    }
}

/// Warns the operator of risks in the database URLs.
fn warn_of_ways(base: &Base) {
    for url in base.database_url.iter().chain(&base.migration_database_url) {
        if let Some(caution) = Target::parse(url).ok().and_then(|target| target.caution()) {
            tracing::warn!("{caution}");
        }
    }
}

/// Before anything is made, and before there are threads: each has rights of its own.
fn begin(base: &Base) -> Result<(), String> {
    log_to_stderr(base)?;
    #[cfg(target_os = "linux")]
    super::confine::give_up_rights(base.user.as_ref(), &base.data_dir)?;
    Ok(())
}

fn log_to_stderr(base: &Base) -> Result<(), String> {
    let filter = logging::filter(&base.log).map_err(|error| format!("--log: {error}"))?;
    let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty());
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(io::stderr);
    if base.log_json {
        log.json().init();
    } else {
        log.init();
    }
    Ok(())
}
