//! Settings from flags and environment variables. All are checked at the start, and all errors are reported at once.

mod base;

use std::{fmt, net::SocketAddr, path::PathBuf};

use clap::Args;

pub use self::base::{Base, BaseSettings};
use crate::{
    auth::throttle::Limits,
    edge::{Edge, settings::EdgeSettings},
    files::Place,
    mail::{self, ResetUrl, Smtp},
    settings::{Problems, address, count},
    telemetry::settings::{self, TelemetrySettings},
};

/// Settings of a server as the operator writes them; [`Settings::check`] makes a [`Config`] of them.
#[derive(Args, Clone)]
#[command(next_help_heading = "Serving")]
pub struct Settings {
    /// Where to listen, such as `0.0.0.0:8080` for all networks. `localhost:8080`, `:8080` and `8080` are for this
    /// machine alone.
    #[arg(long, env = "LIAISON_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS:PORT")]
    pub listen: String,
    /// What every command needs.
    #[command(flatten)]
    pub base: BaseSettings,
    /// The issuer of access tokens: the address under which callers reach this server, the same for all servers of a database.
    /// Where the server listens, unless it listens on all networks.
    #[arg(long, env = "LIAISON_ISSUER", value_name = "URL", help_heading = "Sign-in")]
    pub issuer: Option<String>,
    /// How many threads serve requests; one for each core by default.
    #[arg(long, env = "LIAISON_WORKERS", value_name = "COUNT")]
    pub workers: Option<String>,
    /// The most database connections of each thread for changes. Each thread has half as many more for large reads, and
    /// two for small reads.
    #[arg(long, env = "LIAISON_POOL_SIZE", default_value = "8", value_name = "COUNT")]
    pub pool_size: String,
    /// How many sign-ins of one account may fail within five minutes.
    #[arg(
        long,
        env = "LIAISON_SIGN_IN_FAILURES_PER_ACCOUNT",
        default_value = "10",
        value_name = "COUNT",
        help_heading = "Sign-in"
    )]
    pub sign_in_failures_per_account: String,
    /// How many sign-ins from one network may fail within five minutes.
    #[arg(
        long,
        env = "LIAISON_SIGN_IN_FAILURES_PER_NETWORK",
        default_value = "100",
        value_name = "COUNT",
        help_heading = "Sign-in"
    )]
    pub sign_in_failures_per_network: String,
    /// The mail server that sends the links to set a password: `smtps://user:password@host`, or `smtp://`, which uses
    /// STARTTLS unless the server is on this machine. Without it no mail is sent, and supervisors pass on the links.
    #[arg(long, env = "LIAISON_SMTP_URL", hide_env_values = true, value_name = "URL", help_heading = "Mail")]
    pub smtp_url: Option<String>,
    /// A file with the mail server's URL, in place of the URL itself.
    #[arg(long, env = "LIAISON_SMTP_URL_FILE", value_name = "FILE", help_heading = "Mail")]
    pub smtp_url_file: Option<PathBuf>,
    /// The sender of mail, such as `Liaison <crm@example.com>`; needed with a mail server.
    #[arg(long, env = "LIAISON_MAIL_FROM", value_name = "ADDRESS", help_heading = "Mail")]
    pub mail_from: Option<String>,
    /// Where the front end sets a password, such as `https://app.example/reset#token={token}`; without it only the
    /// token is given.
    #[arg(long, env = "LIAISON_PASSWORD_RESET_URL", value_name = "URL", help_heading = "Mail")]
    pub password_reset_url: Option<String>,
    /// Where the files of exports and imports are kept: a folder, or a bucket such as `s3://bucket/folder`, which all servers
    /// of a database share; `files` in the data folder when left out.
    #[arg(long, env = "LIAISON_FILES", value_name = "PLACE", help_heading = "Files")]
    pub files: Option<String>,
    /// After how many days a new signing key takes over; 0 means never.
    #[arg(
        long,
        env = "LIAISON_ROTATE_KEYS_EVERY_DAYS",
        default_value = "90",
        value_name = "DAYS",
        help_heading = "Sign-in"
    )]
    pub rotate_keys_every_days: String,
    /// Telemetry.
    #[command(flatten)]
    pub telemetry: TelemetrySettings,
    /// The edge.
    #[command(flatten)]
    pub edge: EdgeSettings,
}

/// Checked settings of a server.
#[derive(Clone)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// What every command needs.
    pub base: Base,
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
    /// Where files are kept.
    pub files: Place,
    /// How old the newest signing key may become; `None` means any age.
    pub rotate_keys_every: Option<chrono::Duration>,
    /// Telemetry.
    pub telemetry: settings::Settings,
    /// The edge.
    pub edge: Edge,
}

/// Leaves out everything that may be or have a secret.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("listen", &self.listen).field("base", &self.base).finish_non_exhaustive()
    }
}

impl Settings {
    /// Checks everything.
    ///
    /// # Errors
    /// Every wrong setting, one per line. Secrets are not repeated.
    pub fn check(&self) -> Result<Config, String> {
        let mut problems = Problems::default();
        let base = self.base.check_with(&mut problems);
        let listen = problems.check("--listen", &self.listen, address(&self.listen));
        let workers = problems.check("--workers", self.workers.as_deref().unwrap_or_default(), self.workers());
        let pool_size = problems.check("--pool-size", &self.pool_size, count(&self.pool_size, 1000));
        let sign_in_limits = self.sign_in_limits(&mut problems);
        let mail = self.mail(&mut problems);
        let files = self.files.as_deref().map(|text| problems.check("--files", text, Place::parse(text)));
        let every = &self.rotate_keys_every_days;
        let rotate_keys_every = problems.check("--rotate-keys-every-days", every, days(every));
        let telemetry = self.telemetry.check(&mut problems);
        let edge = self.edge.check(&mut problems);
        let issuer = match (&self.issuer, listen, &edge) {
            (Some(text), ..) => problems.check("--issuer", text, issuer(text)),
            (None, Some(listen), Some(edge)) => problems.note("--issuer", issuer_at(listen, edge.tls.is_some())),
            (None, ..) => None,
        };
        let (Some(base), Some(listen), Some(issuer), Some(workers), Some(pool_size)) =
            (base, listen, issuer, workers, pool_size)
        else {
            return Err(problems.told());
        };
        let (Some(sign_in_limits), Some(rotate_keys_every), Some(telemetry), Some(edge), true) =
            (sign_in_limits, rotate_keys_every, telemetry, edge, problems.is_empty())
        else {
            return Err(problems.told());
        };
        let base_files = base.data_dir.join("files");
        Ok(Config {
            listen,
            base,
            issuer,
            workers,
            pool_size,
            sign_in_limits,
            mail,
            files: files.flatten().unwrap_or(Place::Folder(base_files)),
            rotate_keys_every,
            telemetry,
            edge,
        })
    }
}

impl Settings {
    fn workers(&self) -> Result<usize, String> {
        self.workers.as_deref().map_or_else(|| Ok(cores()), |number| count(number, 1024))
    }

    fn sign_in_limits(&self, problems: &mut Problems) -> Option<Limits> {
        let (account, network) = (&self.sign_in_failures_per_account, &self.sign_in_failures_per_network);
        let per_account = problems.check("--sign-in-failures-per-account", account, count(account, 100));
        let per_network = problems.check("--sign-in-failures-per-network", network, count(network, 1_000_000));
        let small = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Some(Limits { per_account: small(per_account?), per_network: small(per_network?) })
    }

    fn mail(&self, problems: &mut Problems) -> mail::Settings {
        let url = problems.secret("LIAISON_SMTP_URL", self.smtp_url.as_deref(), self.smtp_url_file.as_deref());
        let smtp = match (&url, &self.mail_from) {
            (Some(url), Some(from)) => problems.note("LIAISON_SMTP_URL", Smtp::parse(url, from)),
            (Some(_), None) => problems.note("LIAISON_MAIL_FROM", Err("give a sender, since a mail server is set")),
            (None, _) => None,
        };
        let reset_url = self.password_reset_url.as_deref();
        let reset_url = reset_url.and_then(|url| problems.check("--password-reset-url", url, ResetUrl::parse(url)));
        mail::Settings { smtp, reset_url }
    }
}

fn issuer(text: &str) -> Result<String, &'static str> {
    url::Url::parse(text).map(|_| text.to_owned()).map_err(|_not_a_url| "give an address such as https://crm.example")
}

/// The issuer of a server that nobody gave one, by where it listens.
fn issuer_at(listen: SocketAddr, is_tls: bool) -> Result<String, &'static str> {
    if listen.ip().is_unspecified() {
        return Err(
            "the server listens on all networks; give the address under which callers reach it, such as https://crm.example",
        );
    }
    Ok(format!("{}://{listen}", if is_tls { "https" } else { "http" }))
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// At most ten years; `None` for zero.
fn days(text: &str) -> Result<Option<chrono::Duration>, &'static str> {
    match text.parse::<u16>() {
        Ok(0) => Ok(None),
        Ok(days @ 1..=3650) => Ok(Some(chrono::Duration::days(days.into()))),
        _ => Err("give a number from 0 to 3650"),
    }
}

#[cfg(test)]
mod tests;
