//! The drill's own Postgres, as durable as the one that the product runs.

use std::{
    fs,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use liaison::local_postgres::{LocalPostgres, Settings};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{Config, NoTls, SimpleQueryMessage, config::Host};

use crate::process::DataDir;

/// Longer than an immediate stop of Postgres takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A durable Postgres, stopped and removed at the drill's end, even if the drill fails.
pub struct Postgres {
    runtime: Runtime,
    local: Option<LocalPostgres>,
    url: String,
    pub folder: DataDir,
}

impl Postgres {
    pub fn start() -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let folder = DataDir::new();
        let local = runtime.block_on(LocalPostgres::start(&Settings::new(&folder.0))).unwrap();
        let postgres = Self { runtime, url: local.url(), local: Some(local), folder };
        for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
            assert_eq!(postgres.value(&format!("SHOW {setting}")), "on", "{setting}");
        }
        postgres
    }

    /// Its address for its owner, over a Unix socket.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its Unix socket.
    pub fn socket(&self) -> PathBuf {
        let config: Config = self.url.parse().unwrap();
        let [Host::Unix(folder)] = config.get_hosts() else { panic!("not a socket: {}", self.url) };
        folder.join(".s.PGSQL.5432")
    }

    /// Stops it like `pg_ctl stop -m immediate`: nothing more is written, and the next start recovers.
    pub fn stop_immediately(&mut self) {
        let pid_file = self.folder.0.join("postgres/postmaster.pid");
        let text = fs::read_to_string(&pid_file).unwrap();
        let pid = text.lines().next().unwrap().trim().parse().unwrap();
        kill(Pid::from_raw(pid), Signal::SIGQUIT).unwrap();
        let began = Instant::now();
        while pid_file.exists() {
            assert!(began.elapsed() < PATIENCE, "Postgres does not end");
            thread::sleep(Duration::from_millis(2));
        }
        self.local = None;
    }

    /// Starts it again, and waits until it accepts connections.
    pub fn start_again(&mut self) {
        let settings = Settings::new(&self.folder.0);
        self.local = Some(self.runtime.block_on(LocalPostgres::start(&settings)).unwrap());
    }

    /// Executes `statements`, each in a transaction of its own.
    pub fn run(&self, statements: &[&str]) {
        for statement in statements {
            self.rows(statement);
        }
    }

    /// The rows of `sql`, as texts.
    pub fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        let messages = self.runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&self.url, NoTls).await.unwrap();
            tokio::spawn(connection);
            client.simple_query(sql).await.unwrap()
        });
        let rows = messages.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|index| row.get(index).unwrap_or_default().to_owned()).collect())
            }
            _ => None,
        });
        rows.collect()
    }

    /// The one value of `sql`.
    pub fn value(&self, sql: &str) -> String {
        self.rows(sql).remove(0).remove(0)
    }

    /// The number of connections from servers.
    pub fn connections(&self) -> usize {
        let sql = "SELECT count(*) FROM pg_stat_activity \
                   WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
        self.value(sql).parse().unwrap()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(local) = self.local.take() {
            let _ = self.runtime.block_on(local.stop());
        }
    }
}
