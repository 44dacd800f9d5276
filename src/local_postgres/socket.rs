use std::{
    ffi::OsStr,
    fmt::Write,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::{Path, PathBuf},
    time::Duration,
};

use nix::unistd::geteuid;
use tokio::time::timeout;
use tokio_postgres::{Client, Config, NoTls, error::SqlState};
use uuid::Uuid;

use super::error::Result;
use crate::db::privileges::ROLE;

/// The superuser and the database of a local cluster.
pub(super) const NAME: &str = "liaison";

/// The login that serves requests: a member of the server's role, and nothing else.
pub(super) const SERVER: &str = "liaison_server";

/// Part of the socket's file name; nothing listens on TCP, so the number never clashes.
pub(super) const PORT: u16 = 5432;

/// A socket's path is limited to 104 bytes (macOS) or 108 bytes, including the final zero.
const LONGEST_FOLDER: usize = 103 - "/.s.PGSQL.5432".len();

/// The result of an attempt to connect.
#[derive(Debug)]
pub(super) enum Answer {
    /// The server accepts connections.
    Ready,
    /// The server accepts connections, but our database has not been created yet.
    NoDatabase,
    /// No server is listening, or it is starting up or shutting down.
    NotYet,
}

/// The folder for the socket: in the data folder, or in the system's folder for runtime files if that path is too long
/// for a socket or contains characters that are special in Postgres's setting.
pub(super) fn folder_for(data_dir: &Path) -> PathBuf {
    let near = data_dir.join("socket");
    if is_usable(&near) {
        return near;
    }
    let mut hasher = DefaultHasher::new();
    data_dir.hash(&mut hasher);
    short_base().join(format!("liaison-{:016x}", hasher.finish()))
}

/// A folder beside the usual one outside of the data folder, with a name that nobody can know beforehand.
pub(super) fn unpredictable_folder() -> PathBuf {
    short_base().join(format!("liaison-{}", Uuid::new_v4().simple()))
}

fn is_usable(folder: &Path) -> bool {
    folder.to_str().is_some_and(|path| path.len() <= LONGEST_FOLDER && !path.contains([',', '"', '\\']))
}

/// Root's runtime folder is closed to the user who runs Postgres, so root uses `/tmp`.
fn short_base() -> PathBuf {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    // A process that was root has root's variable.
    let is_ours =
        |folder: &PathBuf| fs::metadata(folder).is_ok_and(|meta| meta.is_dir() && meta.uid() == geteuid().as_raw());
    let is_good = |folder: &PathBuf| !geteuid().is_root() && is_ours(folder) && folder.as_os_str().len() < 50;
    runtime.filter(is_good).unwrap_or_else(|| PathBuf::from("/tmp"))
}

/// The server's address for `login`, in the format of libpq and tokio-postgres.
pub(super) fn url(folder: &Path, login: &str) -> String {
    format!("postgres://{login}@/{NAME}?host={}", percent_encode(folder.as_os_str()))
}

fn percent_encode(text: &OsStr) -> String {
    let mut encoded = String::new();
    for &byte in text.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Tries to connect once, at most for a second.
pub(super) async fn probe(folder: &Path) -> Result<Answer> {
    let Ok(outcome) = timeout(Duration::from_secs(1), config(folder, NAME).connect(NoTls)).await else {
        return Ok(Answer::NotYet);
    };
    let Err(error) = outcome else {
        return Ok(Answer::Ready);
    };
    match error.code() {
        None => Ok(Answer::NotYet),
        // "Operator intervention": the server is starting up, shutting down or recovering.
        Some(code) if code.code().starts_with("57P") => Ok(Answer::NotYet),
        Some(&SqlState::INVALID_CATALOG_NAME) => Ok(Answer::NoDatabase),
        // All connections are in use, so the server does work.
        Some(&SqlState::TOO_MANY_CONNECTIONS) => Ok(Answer::Ready),
        Some(_) => Err(error.into()),
    }
}

/// Creates our database. This is not part of the cluster's initialisation, so that a start also repairs an interrupted
/// first start.
pub(super) async fn create_database(folder: &Path) -> Result<()> {
    let (client, connection) = config(folder, "postgres").connect(NoTls).await?;
    let connection = tokio::spawn(connection);
    let outcome = run_create(&client).await;
    connection.abort();
    outcome
}

async fn run_create(client: &Client) -> Result<()> {
    let outcome = client.batch_execute(&format!("CREATE DATABASE {NAME}")).await;
    match outcome {
        Err(error) if !is_there_already(&error) => Err(error.into()),
        _ => Ok(()),
    }
}

/// Creates the login that serves requests if it is missing. Call it under the setup lock.
pub(super) async fn create_login(folder: &Path) -> Result<()> {
    let (client, connection) = config(folder, NAME).connect(NoTls).await?;
    let connection = tokio::spawn(connection);
    let sql = format!(
        "DO $$ BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') THEN
                CREATE ROLE {ROLE} NOLOGIN;
            END IF;
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{SERVER}') THEN
                CREATE ROLE {SERVER} LOGIN IN ROLE {ROLE};
            END IF;
        END $$"
    );
    let outcome = client.batch_execute(&sql).await;
    connection.abort();
    Ok(outcome?)
}

/// The server may still be executing the statement of a Liaison that has been killed meanwhile.
fn is_there_already(error: &tokio_postgres::Error) -> bool {
    let codes = [&SqlState::DUPLICATE_DATABASE, &SqlState::UNIQUE_VIOLATION];
    error.code().is_some_and(|code| codes.contains(&code))
}

fn config(folder: &Path, database: &str) -> Config {
    let mut config = Config::new();
    config.host_path(folder).port(PORT).user(NAME).dbname(database).application_name("liaison-start");
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    use tokio_postgres::config::Host;

    #[test]
    fn url_is_read_back_by_the_driver() {
        let folder = Path::new("/srv/my data/ä%&?#");
        let config: Config = url(folder, NAME).parse().unwrap();
        assert_eq!(config.get_hosts(), [Host::Unix(folder.into())]);
        assert_eq!((config.get_user(), config.get_dbname()), (Some(NAME), Some(NAME)));
    }

    #[test]
    fn long_or_special_paths_move_the_socket_away() {
        let long = PathBuf::from("/x".repeat(60));
        assert_eq!(folder_for(Path::new("/srv/liaison")), Path::new("/srv/liaison/socket"));
        for data_dir in [long.as_path(), Path::new("/srv/a,b"), Path::new("/srv/a\"b")] {
            let folder = folder_for(data_dir);
            assert!(!folder.starts_with(data_dir) && is_usable(&folder), "{}", folder.display());
        }
    }
}
