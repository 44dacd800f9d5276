//! The benchmark's own Postgres, set up as the product sets it up. Its data is made once and kept.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use liaison::{
    auth::{hashing::Hashing, password::NewPassword},
    local_postgres::{LocalPostgres, Settings},
    setup::Urls,
};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use crate::{
    Result,
    plan::{DRAFTS, Plan, READERS, SYLLABLES, WRITERS},
    server::{PASSWORD, Server},
};

const DATA: &str = include_str!("data.sql");
/// The disk space for one client with all that belongs to it, including room for what is written later.
const BYTES_OF_CLIENT: u64 = 10_000;

/// The running Postgres.
pub struct Database {
    runtime: Runtime,
    local: LocalPostgres,
    client: Client,
    /// The data folder, which the server uses, too.
    pub folder: PathBuf,
}

impl Database {
    /// Starts the Postgres for `plan` in `folder`. Makes its data if there is none, or if it has another schema.
    pub fn open(plan: &Plan, folder: &Path, server: &Path) -> Result<Self> {
        let size = format!("data-{}-", plan.clients);
        let data = folder.join(format!("{size}{:08x}", fingerprint()?));
        if !data.join("complete").exists() {
            remove_others(folder, &size)?;
            check_space(folder, plan)?;
        }
        let database = Self::start(data)?;
        if !database.folder.join("complete").exists() {
            database.make(plan, server)?;
        }
        database.tidy()?;
        Ok(database)
    }

    fn start(folder: PathBuf) -> Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let local = runtime.block_on(LocalPostgres::start(&Settings::new(&folder)))?;
        let (client, connection) = runtime.block_on(tokio_postgres::connect(&local.url(), NoTls))?;
        runtime.spawn(connection);
        Ok(Self { runtime, local, client, folder })
    }

    /// Stops Postgres.
    pub fn close(self) -> Result<()> {
        drop(self.client);
        Ok(self.runtime.block_on(self.local.stop())?)
    }

    /// The addresses for its owner and for the server's login.
    pub fn urls(&self) -> Urls {
        Urls { owner: self.local.url(), server: self.local.server_url() }
    }

    /// Postgres' log.
    pub fn log(&self) -> PathBuf {
        self.folder.join("postgres.log")
    }

    /// Postgres' main process.
    pub fn process(&self) -> Result<u32> {
        let text = fs::read_to_string(self.folder.join("postgres/postmaster.pid"))?;
        Ok(text.lines().next().unwrap_or_default().trim().parse()?)
    }

    /// Executes `sql`.
    pub fn run(&self, sql: &str) -> Result<()> {
        Ok(self.runtime.block_on(self.client.batch_execute(sql))?)
    }

    /// The rows of `sql`, as texts.
    pub fn rows(&self, sql: &str) -> Result<Vec<Vec<String>>> {
        let messages = self.runtime.block_on(self.client.simple_query(sql))?;
        let rows = messages.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|index| row.get(index).unwrap_or_default().to_owned()).collect())
            }
            _ => None,
        });
        Ok(rows.collect())
    }

    /// The one value of `sql`.
    pub fn value(&self, sql: &str) -> Result<String> {
        let value = self.rows(sql)?.into_iter().flatten().next();
        value.ok_or_else(|| format!("nothing from {sql}").into())
    }

    /// Waits until the connections of a program that has ended are closed.
    pub fn wait_for_connections_of(&self, program: &str) -> Result<()> {
        let count = format!("SELECT count(*) FROM pg_stat_activity WHERE application_name = '{program}'");
        for _ in 0..1000 {
            if self.value(&count)? == "0" {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(10));
        }
        Err(format!("the connections of {program} do not end").into())
    }

    /// Waits until the server has finished the requests that were running when the load stopped.
    pub fn wait_for_quiet(&self) -> Result<()> {
        let busy = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'liaison_server' AND state <> 'idle'";
        let mut quiet = 0;
        for _ in 0..1500 {
            quiet = if self.value(busy)? == "0" { quiet + 1 } else { 0 };
            if quiet == 3 {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Err("the server does not come to rest".into())
    }

    /// Lets the server set up the schema, and loads the data.
    fn make(&self, plan: &Plan, server: &Path) -> Result<()> {
        println!("Making the data of {} clients; it is kept in {}.", plan.clients, self.folder.display());
        drop(Server::start(server, &self.folder)?);
        let hash = self.runtime.block_on(async {
            let password = NewPassword::parse(PASSWORD).map_err(|invalid| invalid.to_string())?;
            Hashing::new()?.hash(password).await.map_err(Box::<dyn std::error::Error + Send + Sync>::from)
        })?;
        let numbers = [
            ("clients", plan.clients),
            ("managers", plan.managers),
            ("each", plan.each()),
            ("readers", READERS),
            ("writers", WRITERS),
            ("drafts", DRAFTS),
        ];
        let mut sql = DATA.replace("{password_hash}", &hash).replace("{syllables}", SYLLABLES);
        for (name, number) in numbers {
            sql = sql.replace(&format!("{{{name}}}"), &number.to_string());
        }
        for step in sql.split("-- step: ").skip(1) {
            let (title, statements) = step.split_once('\n').ok_or("a step without statements")?;
            let began = Instant::now();
            self.run(statements)?;
            println!("  {:6.1} s  {title}", began.elapsed().as_secs_f64());
        }
        fs::write(self.folder.join("complete"), "")?;
        Ok(())
    }

    /// Deletes what earlier runs have written, so that all runs measure the same.
    fn tidy(&self) -> Result<()> {
        let loaded = "'01910000-0000-7000-8000-000000000000'";
        self.run("TRUNCATE audit_events, audit_unsealed, audit_leaves, audit_seals, outbox_events, idempotency_keys")?;
        self.run(&format!("DELETE FROM order_events WHERE id > {loaded}; DELETE FROM clients WHERE id > {loaded}"))?;
        self.restore_drafts()?;
        for table in ["clients", "orders", "order_events"] {
            self.run(&format!("VACUUM (ANALYZE, PARALLEL 0) {table}"))?;
        }
        self.run("CHECKPOINT")
    }

    /// Turns submitted orders into drafts again.
    pub fn restore_drafts(&self) -> Result<()> {
        self.run(
            "UPDATE orders SET status = 'draft', submitted_at = NULL, approved_by = NULL \
             WHERE id BETWEEN '01900000-0000-7012-0000-000000000000' AND '01900000-0000-7012-ffff-ffffffffffff' \
                 AND status <> 'draft'",
        )
    }
}

/// A checksum that changes with the schema and the data.
fn fingerprint() -> Result<u32> {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(DATA.as_bytes());
    hasher.update(format!("{READERS} {WRITERS} {DRAFTS} {SYLLABLES}").as_bytes());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)?.flatten().map(|entry| entry.path().join("up.sql")).collect();
    files.sort();
    for file in files {
        hasher.update(&fs::read(file)?);
    }
    Ok(hasher.finalize())
}

/// Removes data of other schemas, and data that was not finished.
fn remove_others(folder: &Path, size: &str) -> Result<()> {
    for entry in fs::read_dir(folder)?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(size) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

fn check_space(folder: &Path, plan: &Plan) -> Result<()> {
    let needed = u64::from(plan.clients) * BYTES_OF_CLIENT + 2_000_000_000;
    let disk = nix::sys::statvfs::statvfs(folder)?;
    let free = disk.blocks_available() * disk.fragment_size();
    if free < needed {
        return Err(format!("{} needs {needed} bytes, and has {free}", folder.display()).into());
    }
    Ok(())
}
