//! Settings from flags and environment variables. All are checked at the start, and all errors are reported at once.

use std::{fmt, net::SocketAddr, path::PathBuf};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use clap::Args;

use crate::{
    auth::throttle::Limits,
    db::{Target, TargetError},
    edge::{Edge, settings::EdgeSettings},
    local_postgres::default_data_dir,
    logging,
    mail::{self, ResetUrl, Smtp},
    secrets::MasterSecret,
    settings::{Problems, count},
    telemetry::settings::{self, TelemetrySettings},
};

/// Settings as the operator writes them; [`Settings::check`] makes a [`Config`] of them.
#[derive(Args, Clone)]
pub struct Settings {
    /// Where to listen.
    #[arg(long, env = "LIAISON_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS:PORT")]
    pub listen: String,
    /// The Postgres server to use, as a libpq URL; without it Liaison sets up its own. A server on another machine has to
    /// prove its name (`sslmode=verify-full`, with `sslrootcert` for an authority of your own) unless the URL says
    /// `require`, `verify-ca` or `disable`.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// The same database with the login of its owner, who changes the schema. If it is given, the login of
    /// `DATABASE_URL` needs no right except to become the role `liaison_app`.
    #[arg(long, env = "LIAISON_MIGRATION_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub migration_database_url: Option<String>,
    /// The folder of the local database and the master secret.
    #[arg(long, env = "LIAISON_DATA_DIR", value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,
    /// The master secret: 32 bytes in URL-safe base64, the same for every server of a database; without it one is
    /// generated and stored in the data folder.
    #[arg(long, env = "LIAISON_SECRET_KEY", hide_env_values = true, value_name = "BASE64")]
    pub secret_key: Option<String>,
    /// Other master secrets, separated by commas: they only open and verify what was made with them. Use them while the
    /// master secret is replaced; SECURITY.md says how.
    #[arg(long, env = "LIAISON_SECRET_KEY_FALLBACKS", hide_env_values = true, value_name = "BASE64,…")]
    pub secret_key_fallbacks: Option<String>,
    /// The issuer of access tokens.
    #[arg(long, env = "LIAISON_ISSUER", default_value = "http://127.0.0.1:8080", value_name = "URL")]
    pub issuer: String,
    /// How many threads serve requests; one for each core by default.
    #[arg(long, env = "LIAISON_WORKERS", value_name = "COUNT")]
    pub workers: Option<String>,
    /// The most database connections of each thread for changes. Each thread has half as many more for large reads, and
    /// two for small reads.
    #[arg(long, env = "LIAISON_POOL_SIZE", default_value = "8", value_name = "COUNT")]
    pub pool_size: String,
    /// How many sign-ins of one account may fail within five minutes.
    #[arg(long, env = "LIAISON_SIGN_IN_FAILURES_PER_ACCOUNT", default_value = "10", value_name = "COUNT")]
    pub sign_in_failures_per_account: String,
    /// How many sign-ins from one network may fail within five minutes.
    #[arg(long, env = "LIAISON_SIGN_IN_FAILURES_PER_NETWORK", default_value = "100", value_name = "COUNT")]
    pub sign_in_failures_per_network: String,
    /// The mail server that sends the links to set a password: `smtps://user:password@host`, or `smtp://`, which uses
    /// STARTTLS unless the server is on this machine. Without it no mail is sent, and supervisors pass on the links.
    #[arg(long, env = "LIAISON_SMTP_URL", hide_env_values = true, value_name = "URL")]
    pub smtp_url: Option<String>,
    /// The sender of mail, such as `Liaison <crm@example.com>`; needed with a mail server.
    #[arg(long, env = "LIAISON_MAIL_FROM", value_name = "ADDRESS")]
    pub mail_from: Option<String>,
    /// Where the front end sets a password, such as `https://app.example/reset#token={token}`; without it only the
    /// token is given.
    #[arg(long, env = "LIAISON_PASSWORD_RESET_URL", value_name = "URL")]
    pub password_reset_url: Option<String>,
    /// After how many days a new signing key takes over; 0 means never.
    #[arg(long, env = "LIAISON_ROTATE_KEYS_EVERY_DAYS", default_value = "90", value_name = "DAYS")]
    pub rotate_keys_every_days: String,
    /// What to log, such as `info` or `liaison=debug,info`.
    #[arg(long, env = "LIAISON_LOG", default_value = "info", value_name = "FILTER")]
    pub log: String,
    /// How to log: `text` or `json`.
    #[arg(long, env = "LIAISON_LOG_FORMAT", default_value = "text", value_name = "FORMAT")]
    pub log_format: String,
    /// Telemetry.
    #[command(flatten)]
    pub telemetry: TelemetrySettings,
    /// The edge.
    #[command(flatten)]
    pub edge: EdgeSettings,
}

/// Checked settings.
#[derive(Clone)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The Postgres server; `None` means our own.
    pub database_url: Option<String>,
    /// The URL with the login of the database's owner, if that is another login.
    pub migration_database_url: Option<String>,
    /// The folder of the local database and the master secret.
    pub data_dir: PathBuf,
    /// The master secret, if it was given.
    pub secret_key: Option<MasterSecret>,
    /// Other master secrets, which only open and verify.
    pub secret_key_fallbacks: Vec<MasterSecret>,
    /// The issuer of access tokens.
    pub issuer: String,
    /// How many threads serve requests.
    pub workers: usize,
    /// The most database connections of each thread for changes. Each thread has half as many more for large reads, and
    /// two for small reads.
    pub pool_size: usize,
    /// How many sign-ins may fail.
    pub sign_in_limits: Limits,
    /// How mail is sent.
    pub mail: mail::Settings,
    /// How old the newest signing key may become; `None` means any age.
    pub rotate_keys_every: Option<chrono::Duration>,
    /// What to log.
    pub log: String,
    /// Whether to log JSON.
    pub log_json: bool,
    /// Telemetry.
    pub telemetry: settings::Settings,
    /// The edge.
    pub edge: Edge,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("listen", &self.listen)
            .field("database_url", &self.database_url.as_ref().map(|_| "…"))
            .field("migration_database_url", &self.migration_database_url.as_ref().map(|_| "…"))
            .field("data_dir", &self.data_dir)
            .field("secret_key", &self.secret_key.map(|_| "…"))
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// Checks everything.
    ///
    /// # Errors
    /// Every wrong setting, one per line. Secrets are not repeated.
    pub fn check(&self) -> Result<Config, String> {
        let mut problems = Problems::default();
        let listen = problems.note("--listen", self.listen.parse::<SocketAddr>());
        let database_url = self.database_url.as_deref().map(|url| problems.note("DATABASE_URL", database_url(url)));
        let migration_database_url = self.migration_database_url.as_deref();
        let migration_database_url = migration_database_url.and_then(|url| {
            problems.note("LIAISON_MIGRATION_DATABASE_URL", owner_url(url, self.database_url.is_some()))
        });
        let data_dir = self.data_dir.clone().or_else(default_data_dir);
        let data_dir = problems.note("--data-dir", data_dir.ok_or("this user has no home folder; name one"));
        let (secret_key, secret_key_fallbacks) = self.secrets(&mut problems);
        let issuer = problems.note("--issuer", url::Url::parse(&self.issuer).map(|_| self.issuer.clone()));
        let workers = self.workers.as_deref().map_or_else(|| Ok(cores()), |n| count(n, 1024));
        let workers = problems.note("--workers", workers);
        let pool_size = problems.note("--pool-size", count(&self.pool_size, 1000));
        let sign_in_limits = self.sign_in_limits(&mut problems);
        let mail = self.mail(&mut problems);
        let rotate_keys_every = problems.note("--rotate-keys-every-days", days(&self.rotate_keys_every_days));
        let log = problems.note("--log", logging::filter(&self.log).map(|_| self.log.clone()));
        let log_json = problems.note("--log-format", log_format(&self.log_format));
        let telemetry = self.telemetry.check(&mut problems);
        let edge = self.edge.check(&mut problems);
        let (Some(listen), Some(data_dir), Some(issuer), Some(workers), Some(pool_size), Some(log), Some(log_json)) =
            (listen, data_dir, issuer, workers, pool_size, log, log_json)
        else {
            return Err(problems.told());
        };
        let (Some(sign_in_limits), Some(rotate_keys_every), Some(telemetry), Some(edge), true) =
            (sign_in_limits, rotate_keys_every, telemetry, edge, problems.is_empty())
        else {
            return Err(problems.told());
        };
        Ok(Config {
            listen,
            database_url: database_url.flatten(),
            migration_database_url,
            data_dir,
            secret_key,
            secret_key_fallbacks,
            issuer,
            workers,
            pool_size,
            sign_in_limits,
            mail,
            rotate_keys_every,
            log,
            log_json,
            telemetry,
            edge,
        })
    }
}

impl Settings {
    fn sign_in_limits(&self, problems: &mut Problems) -> Option<Limits> {
        let per_account =
            problems.note("--sign-in-failures-per-account", count(&self.sign_in_failures_per_account, 100));
        let per_network =
            problems.note("--sign-in-failures-per-network", count(&self.sign_in_failures_per_network, 1_000_000));
        let small = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Some(Limits { per_account: small(per_account?), per_network: small(per_network?) })
    }

    fn secrets(&self, problems: &mut Problems) -> (Option<MasterSecret>, Vec<MasterSecret>) {
        let current = self.secret_key.as_deref().map(secret_key).transpose();
        let fallbacks = secret_keys(self.secret_key_fallbacks.as_deref().unwrap_or_default());
        let current = problems.note("LIAISON_SECRET_KEY", current).flatten();
        (current, problems.note("LIAISON_SECRET_KEY_FALLBACKS", fallbacks).unwrap_or_default())
    }

    fn mail(&self, problems: &mut Problems) -> mail::Settings {
        let smtp = match (&self.smtp_url, &self.mail_from) {
            (Some(url), Some(from)) => problems.note("LIAISON_SMTP_URL", Smtp::parse(url, from)),
            (Some(_), None) => problems.note("LIAISON_MAIL_FROM", Err("a mail server is set, but no sender")),
            (None, _) => None,
        };
        let reset_url = self.password_reset_url.as_deref();
        let reset_url = reset_url.and_then(|url| problems.note("--password-reset-url", ResetUrl::parse(url)));
        mail::Settings { smtp, reset_url }
    }
}

fn database_url(url: &str) -> Result<String, TargetError> {
    Target::parse(url).map(|_| url.to_owned())
}

fn owner_url(url: &str, for_another: bool) -> Result<String, String> {
    if !for_another {
        return Err("needs DATABASE_URL, too".to_owned());
    }
    database_url(url).map_err(|error| error.to_string())
}

/// The most fallbacks: one is enough, and each costs some time whenever something fits no known secret.
const MAX_FALLBACKS: usize = 5;

fn secret_keys(text: &str) -> Result<Vec<MasterSecret>, &'static str> {
    let texts: Vec<&str> = text.split(',').map(str::trim).filter(|key| !key.is_empty()).collect();
    if texts.len() > MAX_FALLBACKS {
        return Err("more than 5 secrets");
    }
    texts.into_iter().map(secret_key).collect()
}

fn secret_key(text: &str) -> Result<MasterSecret, &'static str> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).map_err(|_secret| "not URL-safe base64")?;
    bytes.try_into().map_err(|_secret| "not 32 bytes")
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// At most ten years; `None` for zero.
fn days(text: &str) -> Result<Option<chrono::Duration>, &'static str> {
    match text.parse::<u16>() {
        Ok(0) => Ok(None),
        Ok(days @ 1..=3650) => Ok(Some(chrono::Duration::days(days.into()))),
        _ => Err("not a number from 0 to 3650"),
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
        assert_eq!(config.rotate_keys_every, Some(chrono::Duration::days(90)));
        assert_eq!(check(&["--rotate-keys-every-days=0"]).unwrap().rotate_keys_every, None);
    }

    #[test]
    fn every_wrong_setting_is_told_at_once() {
        let wrong = [
            ("--listen", "nowhere"),
            ("--database-url", "mysql://db"),
            ("--migration-database-url", "mysql://db"),
            ("--secret-key", "short"),
            ("--secret-key-fallbacks", "short"),
            ("--issuer", "me"),
            ("--workers", "0"),
            ("--pool-size", "-1"),
            ("--sign-in-failures-per-account", "101"),
            ("--sign-in-failures-per-network", "many"),
            ("--smtp-url", "mail.example.com"),
            ("--password-reset-url", "https://app.example/reset"),
            ("--rotate-keys-every-days", "3651"),
            ("--log", "liaison=loud"),
            ("--log-format", "xml"),
            ("--drain-delay", "301"),
            ("--metrics-listen", "9090"),
            ("--otlp-endpoint", "collector:4318"),
            ("--otlp-traces-endpoint", "collector:4318"),
            ("--log-requests", "none"),
            ("--tls-cert", "/nowhere/cert.pem"),
            ("--trusted-proxies", "10.0.0.0/8,proxy"),
            ("--cors-origins", "https://crm.example,*"),
            ("--docs", "maybe"),
            ("--requests-per-minute", "-1"),
            ("--anonymous-requests-per-minute", "6000001"),
            ("--request-timeout", "0"),
            ("--read-timeout", "3601"),
            ("--connections-per-worker", "0"),
        ];
        let mut arguments: Vec<String> = wrong.iter().map(|(flag, value)| format!("{flag}={value}")).collect();
        arguments.push("--mail-from=crm@example.com".to_owned());
        let message = check(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).unwrap_err();
        assert_eq!(message.lines().count(), wrong.len(), "{message}");
        for (flag, _) in wrong {
            let variable = match flag {
                "--database-url" => "DATABASE_URL",
                "--migration-database-url" => "LIAISON_MIGRATION_DATABASE_URL",
                "--secret-key" => "LIAISON_SECRET_KEY",
                "--secret-key-fallbacks" => "LIAISON_SECRET_KEY_FALLBACKS",
                "--smtp-url" => "LIAISON_SMTP_URL",
                "--otlp-endpoint" => "OTEL_EXPORTER_OTLP_ENDPOINT",
                "--otlp-traces-endpoint" => "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                flag => flag,
            };
            assert!(message.lines().any(|line| line.starts_with(&format!("{variable}: "))), "{flag}: {message}");
        }
    }

    #[test]
    fn a_mail_server_needs_a_sender() {
        let server = "smtps://mail.example.com";
        assert!(check(&["--smtp-url", server]).unwrap_err().starts_with("LIAISON_MAIL_FROM: "));
        assert!(
            check(&["--smtp-url", server, "--mail-from", "Liaison <crm@example.com>"]).unwrap().mail.smtp.is_some()
        );
        assert!(check(&[]).unwrap().mail.smtp.is_none());
    }

    #[test]
    fn the_edge_has_defaults_and_can_be_changed() {
        let edge = check(&[]).unwrap().edge;
        assert_eq!(edge.quotas.caller.map(u32::from), Some(6000));
        assert_eq!(edge.quotas.anonymous.map(u32::from), Some(600));
        assert_eq!((edge.deadline.as_secs(), edge.read_timeout.as_secs(), edge.docs), (30, 10, true));
        let edge =
            check(&["--requests-per-minute=off", "--anonymous-requests-per-minute=0", "--no-docs"]).unwrap().edge;
        assert!(edge.quotas.caller.is_none() && edge.quotas.anonymous.is_none() && !edge.docs);
        assert!(!check(&["--docs=off"]).unwrap().edge.docs);
        let message = check(&["--request-timeout=5"]).unwrap_err();
        assert_eq!(message, "--read-timeout: longer than --request-timeout");
        for alone in ["--tls-cert=/etc/cert.pem", "--tls-key=/etc/key.pem"] {
            assert!(check(&[alone]).unwrap_err().contains("go together"));
        }
    }

    #[test]
    fn telemetry_is_off_unless_it_is_asked_for() {
        let config = check(&[]).unwrap();
        assert!(config.telemetry.metrics_listen.is_none() && config.telemetry.traces.is_none());
        assert!(!config.telemetry.logs_all_requests && config.edge.drain_delay.is_zero());
        let asked = ["--metrics-listen=127.0.0.1:9090", "--otlp-endpoint=http://127.0.0.1:4318", "--log-requests=all"];
        let config = check(&[&asked[..], &["--drain-delay=5"]].concat()).unwrap();
        assert!(config.telemetry.metrics_listen.is_some() && config.telemetry.traces.is_some());
        assert!(config.telemetry.logs_all_requests && config.edge.drain_delay.as_secs() == 5);
        let config = check(&[&asked[..], &["--otel-sdk-disabled=true"]].concat()).unwrap();
        assert!(config.telemetry.traces.is_none());
    }

    #[test]
    fn an_owner_needs_a_server_beside_it() {
        let owner = "--migration-database-url=postgres://owner@localhost/db";
        assert_eq!(check(&[owner]).unwrap_err(), "LIAISON_MIGRATION_DATABASE_URL: needs DATABASE_URL, too");
        let config = check(&[owner, "--database-url=postgres://server@localhost/db"]).unwrap();
        assert_eq!(config.migration_database_url.as_deref(), Some("postgres://owner@localhost/db"));
    }

    #[test]
    fn fallbacks_are_separated_by_commas() {
        let (one, two) =
            ("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE", "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=");
        let of =
            |text: &str| check(&[&format!("--secret-key-fallbacks={text}")]).map(|config| config.secret_key_fallbacks);
        assert_eq!(of(""), Ok(vec![]));
        assert_eq!(of(&format!("{one}, {two},")), Ok(vec![[1; 32], [2; 32]]));
        assert!(of(&[one; 6].join(",")).unwrap_err().ends_with("more than 5 secrets"));
    }

    #[test]
    fn secrets_are_never_repeated() {
        for url in ["postgres://u:hush@[/db", "postgres://u:hush@db:port/db", "host=db password=hush nonsense"] {
            let wrong = [
                vec!["--database-url", url],
                vec!["--database-url", "postgres://localhost", "--migration-database-url", url],
            ];
            for arguments in wrong {
                let message = check(&arguments).unwrap_err();
                assert!(!message.contains("hush"), "{message}");
            }
        }
        for url in ["smtp://u:hush@mail.example.com/x", "smtp://u:hush@:x"] {
            let message = check(&["--smtp-url", url, "--mail-from", "crm@example.com"]).unwrap_err();
            assert!(!message.contains("hush"), "{message}");
        }
        for key in ["hush", "hush!", "aHVzaGh1c2hodXNoaHVzaA"] {
            for flag in ["--secret-key", "--secret-key-fallbacks"] {
                let message = check(&[flag, key]).unwrap_err();
                assert!(!message.contains(key), "{message}");
            }
        }
        let key = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";
        let config = check(&["--database-url", "postgres://u:hush@localhost/db", "--secret-key", key]).unwrap();
        let debug = format!("{config:?}");
        assert!(!debug.contains("hush") && !debug.contains("[1, 1") && !debug.contains(key), "{debug}");
        assert_eq!(config.secret_key, Some([1; 32]));
    }
}
