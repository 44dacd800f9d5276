//! Postgres' own programs, `pg_dump` and `pg_restore`, for the database of the settings.

use std::{
    env,
    path::Path,
    process::{Command, ExitStatus},
};

use diesel::{QueryableByName, sql_query, sql_types};
use diesel_async::RunQueryDsl;
use percent_encoding::percent_decode_str;

use crate::{
    db::{self, Target},
    error::{Error, Result},
    local_postgres::client_program,
};

/// The certificate authorities of Debian and what comes from it.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = sql_types::Text)]
    value: String,
}

/// The program `name`, ready to work on the database at `url`.
///
/// # Errors
/// When the database cannot be reached, or no such program of its version or a newer one is installed.
pub async fn tool(name: &str, url: &str, data_dir: &Path) -> Result<Command> {
    let major = major_version(url).await?;
    let program = client_program(name, data_dir, major).ok_or_else(|| {
        Error::internal(format!(
            "no {name} of version {major} or newer was found; install Postgres' client programs, e.g. `apt-get install \
             postgresql-client`"
        ))
    })?;
    command(&program, url)
}

async fn major_version(url: &str) -> Result<u32> {
    let mut db = db::connect(url).await?;
    let query = sql_query("SELECT current_setting('server_version_num') AS value");
    let Setting { value } = query.get_result(&mut db).await?;
    value.parse::<u32>().map(|number| number / 10_000).map_err(Error::internal)
}

/// The password goes by the environment: every user of the machine can read arguments.
fn command(program: &Path, url: &str) -> Result<Command> {
    let Address { url, password } = Address::of(url).ok_or_else(|| {
        Error::internal("DATABASE_URL has to be a URL here: postgres://USER:PASSWORD@HOST:5432/DATABASE")
    })?;
    let mut command = Command::new(program);
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG")) {
        command.env_remove(name);
    }
    command.envs(password.map(|password| ("PGPASSWORD", password)));
    // As Liaison itself, the program asks a server on another machine for a proof of its name.
    if !url.contains("sslmode=") && Target::parse(&url).map_err(Error::internal)?.is_on_network() {
        command.env("PGSSLMODE", "verify-full");
        let authorities = if Path::new(AUTHORITIES).exists() { AUTHORITIES } else { "system" };
        command.env("PGSSLROOTCERT", authorities);
    }
    command.arg("--dbname").arg(url);
    Ok(command)
}

/// Fails unless the program has succeeded; `told` is what it wrote on standard error.
///
/// # Errors
/// When it has not.
pub fn succeeded(name: &str, status: ExitStatus, told: &[u8]) -> Result<()> {
    match status.success() {
        true => Ok(()),
        false => {
            let told = String::from_utf8_lossy(told);
            Err(Error::internal(format!("{name} ended with {status}: {}", told.trim())))
        }
    }
}

/// A URL without its password, and the password.
#[derive(Debug, PartialEq, Eq)]
struct Address {
    url: String,
    password: Option<String>,
}

impl Address {
    fn of(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (base, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = base.split_once('/').unwrap_or((base, ""));
        let (login, hosts) =
            authority.rsplit_once('@').map_or((None, authority), |(login, hosts)| (Some(login), hosts));
        let (user, mut password) = match login.map(|login| login.split_once(':').unwrap_or((login, ""))) {
            Some((user, "")) => (format!("{user}@"), None),
            Some((user, password)) => (format!("{user}@"), Some(password)),
            None => (String::new(), None),
        };
        let mut parameters = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.strip_prefix("password=") {
                Some(given) => password = Some(given),
                None => parameters.push(pair),
            }
        }
        let query = if parameters.is_empty() { String::new() } else { format!("?{}", parameters.join("&")) };
        let password = password.map(|password| percent_decode_str(password).decode_utf8_lossy().into_owned());
        Some(Self { url: format!("{scheme}://{user}{hosts}/{path}{query}"), password })
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn the_password_leaves_the_url() {
        for (url, rest, password) in [
            (
                "postgres://ann:hu%40sh@db:5432/crm?sslmode=require",
                "postgres://ann@db:5432/crm?sslmode=require",
                Some("hu@sh"),
            ),
            (
                "postgres://ann@db/crm?password=hush&connect_timeout=3",
                "postgres://ann@db/crm?connect_timeout=3",
                Some("hush"),
            ),
            ("postgres://liaison@/liaison?host=/run/pg", "postgres://liaison@/liaison?host=/run/pg", None),
            ("postgres://db/crm", "postgres://db/crm", None),
        ] {
            let expected = Address { url: rest.to_owned(), password: password.map(str::to_owned) };
            assert_eq!(Address::of(url), Some(expected), "{url}");
        }
        assert_eq!(Address::of("host=db password=hush"), None);
    }
}
