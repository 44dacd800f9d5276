//! The local Postgres, tested for real: server binaries must be installed, or can be downloaded.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    fs::Permissions,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use liaison::local_postgres::{LocalPostgres, LocalPostgresError, Settings};
use tokio_postgres::{NoTls, config::Host, error::SqlState};

/// A data folder that is removed at the test's end, even if the test fails.
struct DataDir(PathBuf);

impl DataDir {
    fn new(name: &str) -> Self {
        let name = format!("liaison-local-{name}-{}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    fn settings(&self) -> Settings {
        Settings::new(&self.0)
    }
}

impl Drop for DataDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn run(url: &str, sql: &str) -> Option<String> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    let rows = client.simple_query(sql).await.unwrap();
    rows.iter().find_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    })
}

fn is_running(data_dir: &Path) -> bool {
    data_dir.join("postgres/postmaster.pid").exists()
}

#[tokio::test]
async fn data_outlives_a_restart() {
    let data_dir = DataDir::new("restart");
    let first = LocalPostgres::start(&data_dir.settings()).await.unwrap();
    run(&first.url(), "CREATE TABLE t AS SELECT lower('ÄЖ') AS word").await;
    first.stop().await.unwrap();
    assert!(!is_running(&data_dir.0));

    let second = LocalPostgres::start(&data_dir.settings()).await.unwrap();
    let word = run(&second.url(), "SELECT word FROM t").await;
    assert_eq!(word.as_deref(), Some("äж"));
    second.stop().await.unwrap();
}

#[tokio::test]
async fn the_last_to_leave_stops_the_server() {
    let data_dir = DataDir::new("shared");
    let settings = data_dir.settings();
    let (first, second) = tokio::join!(LocalPostgres::start(&settings), LocalPostgres::start(&settings));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(first.url(), second.url());

    first.stop().await.unwrap();
    assert_eq!(run(&second.url(), "SELECT 1").await.as_deref(), Some("1"));
    second.stop().await.unwrap();
    assert!(!is_running(&data_dir.0));
}

#[tokio::test]
async fn a_dropped_server_ends_and_the_next_start_waits_for_that() {
    let data_dir = DataDir::new("dropped");
    drop(LocalPostgres::start(&data_dir.settings()).await.unwrap());
    let next = LocalPostgres::start(&data_dir.settings()).await.unwrap();
    assert_eq!(run(&next.url(), "SELECT 1").await.as_deref(), Some("1"));
    next.stop().await.unwrap();
}

#[tokio::test]
async fn a_folder_without_binaries_is_named() {
    let data_dir = DataDir::new("bare");
    let settings = Settings { binaries_dir: Some("/nonexistent".into()), ..data_dir.settings() };
    let error = LocalPostgres::start(&settings).await.unwrap_err();
    assert!(matches!(error, LocalPostgresError::NoBinariesInFolder { .. }), "{error}");
}

#[tokio::test]
async fn further_settings_win() {
    let data_dir = DataDir::new("settings");
    let server_settings = vec!["fsync=off".to_owned(), "max_connections=20".to_owned()];
    let postgres = LocalPostgres::start(&Settings { server_settings, ..data_dir.settings() }).await.unwrap();
    assert_eq!(run(&postgres.url(), "SHOW fsync").await.as_deref(), Some("off"));
    assert_eq!(run(&postgres.url(), "SHOW max_connections").await.as_deref(), Some("20"));
    postgres.stop().await.unwrap();
}

#[tokio::test]
async fn nobody_is_trusted_over_a_network() {
    let data_dir = DataDir::new("network");
    // A cluster that an earlier version made trusts this machine's own network.
    let earlier = LocalPostgres::start(&data_dir.settings()).await.unwrap();
    earlier.stop().await.unwrap();
    std::fs::write(data_dir.0.join("postgres/pg_hba.conf"), "local all all trust\nhost all all all trust\n").unwrap();
    let server_settings = vec!["listen_addresses=127.83.19.7".to_owned()];
    let postgres = LocalPostgres::start(&Settings { server_settings, ..data_dir.settings() }).await.unwrap();
    for database in ["liaison", "postgres"] {
        let url = format!("postgres://liaison@127.83.19.7:5432/{database}?sslmode=disable");
        let refused = tokio_postgres::connect(&url, NoTls).await.map(drop).unwrap_err();
        assert_eq!(refused.code(), Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION), "{refused:?}");
    }
    assert_eq!(run(&postgres.url(), "SELECT 1").await.as_deref(), Some("1"));
    postgres.stop().await.unwrap();
}

/// The folder of the socket in a URL.
fn socket_dir(url: &str) -> PathBuf {
    let config: tokio_postgres::Config = url.parse().unwrap();
    let [Host::Unix(folder)] = config.get_hosts() else { panic!("not a socket: {url}") };
    folder.clone()
}

/// A path that is too long for a socket moves that to a folder that all users share.
#[tokio::test]
async fn a_folder_that_another_user_took_beforehand_is_not_used_for_the_socket() {
    let mut data_dir = DataDir::new("long");
    data_dir.0.push("x".repeat(100));
    let first = LocalPostgres::start(&data_dir.settings()).await.unwrap();
    let usual = socket_dir(&first.url());
    assert!(!usual.starts_with(&data_dir.0), "{}", usual.display());
    first.stop().await.unwrap();

    // Open to others, and a link elsewhere.
    for number in 0..2 {
        match number {
            0 => {
                std::fs::create_dir(&usual).unwrap();
                std::fs::set_permissions(&usual, Permissions::from_mode(0o777)).unwrap();
            }
            _ => symlink("/tmp", &usual).unwrap(),
        }
        let next = LocalPostgres::start(&data_dir.settings()).await.unwrap();
        let other = socket_dir(&next.url());
        assert_ne!(other, usual);
        assert_eq!(std::fs::metadata(&other).unwrap().permissions().mode() & 0o777, 0o700);
        let joined = LocalPostgres::start(&data_dir.settings()).await.unwrap();
        assert_eq!(socket_dir(&joined.url()), other, "who joins finds it");
        joined.stop().await.unwrap();
        next.stop().await.unwrap();
        assert!(!other.exists());
        let _ = std::fs::remove_dir(&usual);
    }
    std::fs::remove_file(&usual).unwrap();
    let _ = std::fs::remove_dir_all(data_dir.0.parent().unwrap());
}
