//! Settings: from flags and environment variables, all checked at the start, all errors told at once.

use std::{fmt, net::SocketAddr, path::PathBuf};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use clap::Args;

use crate::{
    auth::throttle::Limits,
    db::{Target, TargetError, local::default_data_dir},
    logging,
    secrets::SECRET_BYTES,
};

/// Settings as a person writes them; [`Settings::check`] makes a [`Config`] of them.
#[derive(Args, Clone)]
pub struct Settings {
    /// Where to listen.
    #[arg(long, env = "LIAISON_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS:PORT")]
    pub listen: String,
    /// The Postgres server to use, as a libpq URL; without it Liaison sets up its own.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// Where the local database and the secret are kept.
    #[arg(long, env = "LIAISON_DATA_DIR", value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
    /// The master secret: 32 bytes in URL-safe base64, the same for every server of a database; without it one is made
    /// and kept in the data folder.
    #[arg(long, env = "LIAISON_SECRET_KEY", hide_env_values = true, value_name = "BASE64")]
    pub secret_key: Option<String>,
    /// The issuer of access tokens.
    #[arg(long, env = "LIAISON_ISSUER", default_value = "http://127.0.0.1:8080", value_name = "URL")]
    pub issuer: String,
    /// How many threads serve requests; one for each core when left out.
    #[arg(long, env = "LIAISON_WORKERS", value_name = "COUNT")]
    pub workers: Option<String>,
    /// Most database connections of each thread.
    #[arg(long, env = "LIAISON_POOL_SIZE", default_value = "8", value_name = "COUNT")]
    pub pool_size: String,
    /// How many sign-ins of one account may fail within five minutes.
    #[arg(long, env = "LIAISON_SIGN_IN_FAILURES_PER_ACCOUNT", default_value = "10", value_name = "COUNT")]
    pub sign_in_failures_per_account: String,
    /// How many sign-ins from one network may fail within five minutes.
    #[arg(long, env = "LIAISON_SIGN_IN_FAILURES_PER_NETWORK", default_value = "100", value_name = "COUNT")]
    pub sign_in_failures_per_network: String,
    /// What to log, such as `info` or `liaison=debug,info`.
    #[arg(long, env = "LIAISON_LOG", default_value = "info", value_name = "FILTER")]
    pub log: String,
    /// How to log: `text` or `json`.
    #[arg(long, env = "LIAISON_LOG_FORMAT", default_value = "text", value_name = "FORMAT")]
    pub log_format: String,
}

/// Settings that hold.
#[derive(Clone)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The Postgres server; `None` is our own.
    pub database_url: Option<String>,
    /// Where the local database and the secret are kept.
    pub data_dir: PathBuf,
    /// The master secret, when it was given.
    pub secret_key: Option<[u8; SECRET_BYTES]>,
    /// The issuer of access tokens.
    pub issuer: String,
    /// How many threads serve requests.
    pub workers: usize,
    /// Most database connections of each thread.
    pub pool_size: usize,
    /// How many sign-ins may fail.
    pub sign_in_limits: Limits,
    /// What to log.
    pub log: String,
    /// Whether to log JSON.
    pub log_json: bool,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("listen", &self.listen)
            .field("database_url", &self.database_url.as_ref().map(|_| "…"))
            .field("data_dir", &self.data_dir)
            .field("secret_key", &self.secret_key.map(|_| "…"))
            .finish_non_exhaustive()
    }
}

/// Collects what is wrong, so that one start tells everything.
#[derive(Default)]
struct Problems(Vec<String>);

impl Problems {
    fn note<T>(&mut self, setting: &str, result: Result<T, impl fmt::Display>) -> Option<T> {
        result.map_err(|problem| self.0.push(format!("{setting}: {problem}"))).ok()
    }
}

impl Settings {
    /// Checks everything.
    ///
    /// # Errors
    /// Every wrong setting, one a line. Secrets are not repeated.
    pub fn check(&self) -> Result<Config, String> {
        let mut problems = Problems::default();
        let listen = problems.note("--listen", self.listen.parse::<SocketAddr>());
        let database_url = self.database_url.as_deref().map(|url| problems.note("DATABASE_URL", database_url(url)));
        let data_dir = problems.note(
            "--data-dir",
            self.data_dir.clone().or_else(default_data_dir).ok_or("this user has no home folder; name one"),
        );
        let secret_key = self.secret_key.as_deref().map(|key| problems.note("LIAISON_SECRET_KEY", secret_key(key)));
        let issuer = problems.note("--issuer", url::Url::parse(&self.issuer).map(|_| self.issuer.clone()));
        let workers =
            problems.note("--workers", self.workers.as_deref().map_or_else(|| Ok(cores()), |n| count(n, 1024)));
        let pool_size = problems.note("--pool-size", count(&self.pool_size, 1000));
        let per_account =
            problems.note("--sign-in-failures-per-account", count(&self.sign_in_failures_per_account, 100));
        let per_network =
            problems.note("--sign-in-failures-per-network", count(&self.sign_in_failures_per_network, 1_000_000));
        let log = problems.note("--log", logging::filter(&self.log).map(|_| self.log.clone()));
        let log_json = problems.note("--log-format", log_format(&self.log_format));

        let (Some(listen), Some(data_dir), Some(issuer), Some(workers), Some(pool_size), Some(log), Some(log_json)) =
            (listen, data_dir, issuer, workers, pool_size, log, log_json)
        else {
            return Err(problems.0.join("\n"));
        };
        let (Some(per_account), Some(per_network), true) = (per_account, per_network, problems.0.is_empty()) else {
            return Err(problems.0.join("\n"));
        };
        let small = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Ok(Config {
            listen,
            database_url: database_url.flatten(),
            data_dir,
            secret_key: secret_key.flatten(),
            issuer,
            workers,
            pool_size,
            sign_in_limits: Limits { per_account: small(per_account), per_network: small(per_network) },
            log,
            log_json,
        })
    }
}

fn database_url(url: &str) -> Result<String, TargetError> {
    Target::parse(url).map(|_| url.to_owned())
}

fn secret_key(text: &str) -> Result<[u8; SECRET_BYTES], &'static str> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).map_err(|_secret| "not URL-safe base64")?;
    bytes.try_into().map_err(|_secret| "not 32 bytes")
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn count(text: &str, max: usize) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if (1..=max).contains(&count) => Ok(count),
        _ => Err(format!("not a number from 1 to {max}")),
    }
}

fn log_format(text: &str) -> Result<bool, &'static str> {
    match text {
        "text" => Ok(false),
        "json" => Ok(true),
        _ => Err("neither text nor json"),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{Config, Settings};

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        settings: Settings,
    }

    fn check(arguments: &[&str]) -> Result<Config, String> {
        let arguments = ["liaison", "--data-dir", "/nowhere"].iter().chain(arguments);
        Cli::try_parse_from(arguments).unwrap_or_else(|error| panic!("{error}")).settings.check()
    }

    #[test]
    fn the_defaults_hold() {
        let config = check(&[]).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!((config.pool_size, config.log_json), (8, false));
    }

    #[test]
    fn every_wrong_setting_is_told_at_once() {
        let wrong = [
            ("--listen", "nowhere"),
            ("--database-url", "mysql://db"),
            ("--secret-key", "short"),
            ("--issuer", "me"),
            ("--workers", "0"),
            ("--pool-size", "-1"),
            ("--sign-in-failures-per-account", "101"),
            ("--sign-in-failures-per-network", "many"),
            ("--log", "liaison=loud"),
            ("--log-format", "xml"),
        ];
        let arguments: Vec<String> = wrong.iter().map(|(flag, value)| format!("{flag}={value}")).collect();
        let message = check(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).unwrap_err();
        assert_eq!(message.lines().count(), wrong.len(), "{message}");
        for (flag, _) in wrong {
            let variable = match flag {
                "--database-url" => "DATABASE_URL",
                "--secret-key" => "LIAISON_SECRET_KEY",
                flag => flag,
            };
            assert!(message.lines().any(|line| line.starts_with(&format!("{variable}: "))), "{flag}: {message}");
        }
    }

    #[test]
    fn secrets_are_never_repeated() {
        for url in ["postgres://u:hush@[/db", "postgres://u:hush@db:port/db", "host=db password=hush nonsense"] {
            let message = check(&["--database-url", url]).unwrap_err();
            assert!(!message.contains("hush"), "{message}");
        }
        for key in ["hush", "hush!", "aHVzaGh1c2hodXNoaHVzaA"] {
            let message = check(&["--secret-key", key]).unwrap_err();
            assert!(!message.contains(key), "{message}");
        }
        let key = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";
        let config = check(&["--database-url", "postgres://u:hush@db/db", "--secret-key", key]).unwrap();
        let debug = format!("{config:?}");
        assert!(!debug.contains("hush") && !debug.contains("[1, 1") && !debug.contains(key), "{debug}");
        assert_eq!(config.secret_key, Some([1; 32]));
    }
}
