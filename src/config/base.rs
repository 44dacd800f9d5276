//! The settings of every command: the database, the secrets and the log.

use std::{fmt, path::PathBuf};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use clap::Args;
use nix::unistd::{User, geteuid};

use crate::{
    db::{Target, TargetError},
    local_postgres::default_data_dir,
    logging,
    secrets::MasterSecret,
    settings::Problems,
};

/// What the operator writes; [`BaseSettings::check`] makes a [`Base`] of it.
#[derive(Args, Clone)]
#[command(next_help_heading = "Database and secrets")]
pub struct BaseSettings {
    /// The Postgres server to use, as a libpq URL; without it Liaison sets up its own. A server on another machine has to
    /// prove its name (`sslmode=verify-full`, with `sslrootcert` for an authority of your own) unless the URL says
    /// `require`, `verify-ca` or `disable`.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// A file with that URL, in place of the URL itself.
    #[arg(long, env = "DATABASE_URL_FILE", value_name = "FILE")]
    pub database_url_file: Option<PathBuf>,
    /// The same database with the login of its owner, who changes the schema. If it is given, the login of
    /// `DATABASE_URL` needs no right except to become the role `liaison_app`.
    #[arg(long, env = "LIAISON_MIGRATION_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub migration_database_url: Option<String>,
    /// A file with that URL, in place of the URL itself.
    #[arg(long, env = "LIAISON_MIGRATION_DATABASE_URL_FILE", value_name = "FILE")]
    pub migration_database_url_file: Option<PathBuf>,
    /// The folder of the local database and the master secret.
    #[arg(long, env = "LIAISON_DATA_DIR", value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
    /// The user to become when started as root, before anything is made. The data folder and the files of TLS have to be
    /// readable for that user; secrets in files are read before.
    #[arg(long, env = "LIAISON_USER", value_name = "NAME")]
    pub user: Option<String>,
    /// The master secret: 32 bytes in URL-safe base64, the same for every server of a database; without it one is
    /// generated and stored in the data folder.
    #[arg(long, env = "LIAISON_SECRET_KEY", hide_env_values = true, value_name = "BASE64")]
    pub secret_key: Option<String>,
    /// A file with the master secret in base64, in place of the secret itself.
    #[arg(long, env = "LIAISON_SECRET_KEY_FILE", value_name = "FILE")]
    pub secret_key_file: Option<PathBuf>,
    /// Other master secrets, separated by commas: they only open and verify what was made with them. Use them while the
    /// master secret is replaced; SECURITY.md says how.
    #[arg(long, env = "LIAISON_SECRET_KEY_FALLBACKS", hide_env_values = true, value_name = "BASE64,…")]
    pub secret_key_fallbacks: Option<String>,
    /// A file with these secrets, in place of the secrets themselves.
    #[arg(long, env = "LIAISON_SECRET_KEY_FALLBACKS_FILE", value_name = "FILE")]
    pub secret_key_fallbacks_file: Option<PathBuf>,
    /// What to log, such as `info` or `liaison=debug,info`.
    #[arg(long, env = "LIAISON_LOG", default_value = "info", value_name = "FILTER", help_heading = "Log")]
    pub log: String,
    /// How to log: `text` or `json`.
    #[arg(long, env = "LIAISON_LOG_FORMAT", default_value = "text", value_name = "FORMAT", help_heading = "Log")]
    pub log_format: String,
}

/// Checked settings of every command.
#[derive(Clone)]
pub struct Base {
    /// The Postgres server; `None` means our own.
    pub database_url: Option<String>,
    /// The URL with the login of the database's owner, if that is another login.
    pub migration_database_url: Option<String>,
    /// The folder of the local database and the master secret.
    pub data_dir: PathBuf,
    /// The user to become, if that is another one.
    pub user: Option<User>,
    /// The master secret, if it was given.
    pub secret_key: Option<MasterSecret>,
    /// Other master secrets, which only open and verify.
    pub secret_key_fallbacks: Vec<MasterSecret>,
    /// What to log.
    pub log: String,
    /// Whether to log JSON.
    pub log_json: bool,
}

impl fmt::Debug for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Base")
            .field("database_url", &self.database_url.as_ref().map(|_| "…"))
            .field("migration_database_url", &self.migration_database_url.as_ref().map(|_| "…"))
            .field("data_dir", &self.data_dir)
            .field("secret_key", &self.secret_key.map(|_| "…"))
            .finish_non_exhaustive()
    }
}

impl BaseSettings {
    /// Checks everything.
    ///
    /// # Errors
    /// Every wrong setting, one per line. Secrets are not repeated.
    pub fn check(&self) -> Result<Base, String> {
        let mut problems = Problems::default();
        let base = self.check_with(&mut problems);
        base.filter(|_| problems.is_empty()).ok_or_else(|| problems.told())
    }

    /// Checks everything, and adds what is wrong to `problems`.
    pub(super) fn check_with(&self, problems: &mut Problems) -> Option<Base> {
        let (database_url, migration_database_url) = self.databases(problems);
        let data_dir = self.data_dir.clone().or_else(default_data_dir);
        let data_dir = problems.note("--data-dir", data_dir.ok_or("this user has no home folder; name one"));
        let user = self.user.as_deref().and_then(|name| problems.check("--user", name, other_user(name)));
        let (secret_key, secret_key_fallbacks) = self.secrets(problems);
        let log = problems.check("--log", &self.log, log_filter(&self.log));
        let log_json = problems.check("--log-format", &self.log_format, log_format(&self.log_format));
        Some(Base {
            database_url,
            migration_database_url,
            data_dir: data_dir?,
            user: user.flatten(),
            secret_key,
            secret_key_fallbacks,
            log: log?,
            log_json: log_json?,
        })
    }

    fn databases(&self, problems: &mut Problems) -> (Option<String>, Option<String>) {
        let file = self.database_url_file.as_deref();
        let server = problems.secret("DATABASE_URL", self.database_url.as_deref(), file);
        let file = self.migration_database_url_file.as_deref();
        let owner = problems.secret("LIAISON_MIGRATION_DATABASE_URL", self.migration_database_url.as_deref(), file);
        let has_server = server.is_some();
        let server = server.and_then(|url| problems.note("DATABASE_URL", database_url(&url)));
        let owner = owner.and_then(|url| problems.note("LIAISON_MIGRATION_DATABASE_URL", owner_url(&url, has_server)));
        (server, owner)
    }

    fn secrets(&self, problems: &mut Problems) -> (Option<MasterSecret>, Vec<MasterSecret>) {
        let file = self.secret_key_file.as_deref();
        let current = problems.secret("LIAISON_SECRET_KEY", self.secret_key.as_deref(), file);
        let file = self.secret_key_fallbacks_file.as_deref();
        let others = problems.secret("LIAISON_SECRET_KEY_FALLBACKS", self.secret_key_fallbacks.as_deref(), file);
        let current = current.and_then(|text| problems.note("LIAISON_SECRET_KEY", secret_key(&text)));
        let others = secret_keys(others.as_deref().unwrap_or_default());
        (current, problems.note("LIAISON_SECRET_KEY_FALLBACKS", others).unwrap_or_default())
    }
}

fn database_url(url: &str) -> Result<String, String> {
    match Target::parse(url) {
        Ok(_) => Ok(url.to_owned()),
        Err(error @ TargetError::NotAUrl) => Err(format!("{error}; write postgres://USER:PASSWORD@HOST:5432/DATABASE")),
        Err(error) => Err(error.to_string()),
    }
}

fn owner_url(url: &str, for_another: bool) -> Result<String, String> {
    if !for_another {
        return Err("needs DATABASE_URL, too".to_owned());
    }
    database_url(url)
}

/// The most fallbacks: one is enough, and each costs some time whenever something fits no known secret.
const MAX_FALLBACKS: usize = 5;

fn secret_keys(text: &str) -> Result<Vec<MasterSecret>, &'static str> {
    let texts: Vec<&str> = text.split(',').map(str::trim).filter(|key| !key.is_empty()).collect();
    if texts.len() > MAX_FALLBACKS {
        return Err("more than 5 secrets; remove those that nothing needs any more");
    }
    texts.into_iter().map(secret_key).collect()
}

fn secret_key(text: &str) -> Result<MasterSecret, &'static str> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text.trim_end_matches('='));
    let bytes = bytes.map_err(|_secret| "not URL-safe base64; make one with `openssl rand 32 | basenc --base64url`")?;
    bytes.try_into().map_err(|_secret| "not 32 bytes; make them with `openssl rand 32 | basenc --base64url`")
}

/// The user to become; `None` for the user who runs this already.
fn other_user(name: &str) -> Result<Option<User>, String> {
    let found = User::from_name(name).map_err(|error| format!("cannot look for this user: {error}"))?;
    let user = found.ok_or("this machine has no such user; make one with `useradd --system`, or name another")?;
    match (user.uid == geteuid(), geteuid().is_root(), cfg!(target_os = "linux")) {
        (true, ..) => Ok(None),
        (false, true, true) => Ok(Some(user)),
        (false, true, false) => Err("this works on Linux only; start as that user, or leave it out".to_owned()),
        (false, false, _) => Err("only root can become another user; start as root, or leave it out".to_owned()),
    }
}

fn log_filter(text: &str) -> Result<String, String> {
    logging::filter(text)
        .map(|_| text.to_owned())
        .map_err(|error| format!("{error}; give a filter such as info or liaison=debug,info"))
}

fn log_format(text: &str) -> Result<bool, &'static str> {
    match text {
        "text" => Ok(false),
        "json" => Ok(true),
        _ => Err("give text or json"),
    }
}
