//! One throw-away Postgres for the run, one database for each test, cloned from a template.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use diesel_async::SimpleAsyncConnection;
use liaison::{
    auth::{
        hashing::{Effort, Hashing},
        password::NewPassword,
    },
    clock::Clock,
    db,
    secrets::Secrets,
    setup::{self, Urls},
    values::Instant,
};
use tokio::sync::OnceCell;

use super::{PASSWORD, throw_away::ThrowAway, trace};

/// The master secret of all tests.
pub const MASTER: [u8; 32] = [7; 32];

/// Makes hashing a password very fast. Tests of the effort use that of production.
const LITTLE: Effort = Effort { memory_kib: 64, passes: 1 };

static SERVER: OnceCell<Server> = OnceCell::const_new();
static NEXT: AtomicUsize = AtomicUsize::new(0);
/// The databases of tests that are over. The next test drops them: hundreds together would fill a small disk.
static OVER: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Server {
    running: ThrowAway,
    hashing: Hashing,
    password_hash: String,
}

/// The database of one test.
pub struct Database {
    name: Option<String>,
    /// The URL for its owner.
    pub url: String,
}

impl Database {
    /// A database that cannot be reached.
    pub fn absent() -> Self {
        Self { name: None, url: "postgres://nobody@127.0.0.1:1/nothing".to_owned() }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        OVER.lock().unwrap().extend(self.name.take());
    }
}

/// A fresh database, and the hashing that all tests share.
pub async fn fresh() -> (Database, Hashing) {
    let server = SERVER.get_or_init(start).await;
    let postgres = server.running.postgres.url();
    let over = std::mem::take(&mut *OVER.lock().unwrap());
    for name in over {
        run(&postgres, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
    }
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    run(&postgres, &format!("CREATE DATABASE {name} TEMPLATE template_liaison STRATEGY FILE_COPY")).await;
    (Database { url: named(&postgres, &name), name: Some(name) }, server.hashing.clone())
}

/// The hash of [`PASSWORD`], made once for the run.
pub async fn password_hash() -> &'static str {
    &SERVER.get_or_init(start).await.password_hash
}

/// The URL of a fresh database without anything in it.
pub async fn empty() -> String {
    let server = SERVER.get_or_init(start).await;
    let name = format!("empty_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let postgres = server.running.postgres.url();
    run(&postgres, &format!("CREATE DATABASE {name}")).await;
    named(&postgres, &name)
}

async fn start() -> Server {
    // Before anything is logged.
    trace::begin();
    let running = ThrowAway::start().await;
    let postgres = running.postgres.url();
    let hashing = Hashing::with_effort(LITTLE).unwrap();
    run(&postgres, "CREATE DATABASE template_liaison").await;
    let template = named(&postgres, "template_liaison");
    let secrets = Secrets::derive(&MASTER).unwrap();
    let urls = Urls { server: as_server(&template), owner: template };
    setup::prepare(&urls, &secrets, &hashing, &Clock::standing(start_of_time())).await.unwrap();
    // A template must have no connections; the server closes the last one a moment after the client does.
    for _ in 0..100 {
        if try_run(&postgres, "ALTER DATABASE template_liaison ALLOW_CONNECTIONS false").await {
            break;
        }
    }
    let password_hash = hashing.hash(NewPassword::parse(PASSWORD).unwrap()).await.unwrap();
    Server { running, hashing, password_hash }
}

/// The time at which the clock of every test begins, and at which the template's data was created.
pub fn start_of_time() -> Instant {
    "2026-11-24T10:00:00Z".parse().unwrap()
}

/// Turns the owner's URL into that of the login that serves requests.
pub fn as_server(url: &str) -> String {
    url.replacen("://liaison@", "://liaison_server@", 1)
}

fn named(url: &str, database: &str) -> String {
    url.replacen("/liaison?", &format!("/{database}?"), 1)
}

async fn run(url: &str, sql: &str) {
    assert!(try_run(url, sql).await, "{sql}");
}

async fn try_run(url: &str, sql: &str) -> bool {
    for _ in 0..50 {
        let mut connection = db::connect(url).await.unwrap();
        match connection.batch_execute(sql).await {
            Ok(()) => return true,
            // "source database is being accessed by other users": a connection that is closing.
            Err(error) if error.to_string().contains("being accessed") => {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
            Err(error) => panic!("{sql}: {error}"),
        }
    }
    false
}
