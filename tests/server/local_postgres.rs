//! The server's own Postgres dies while callers read and write.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use nix::sys::signal::{Signal, kill};
use serde_json::json;

use crate::process::{DataDir, Server};

/// How long callers may be refused after Postgres has died.
const RECOVERY: Duration = Duration::from_secs(5);

/// The longest recovery that passes: while other tests use the machine, Postgres itself takes longer.
fn patience() -> Duration {
    let is_alone = std::env::var("LIAISON_DRILLS").is_ok_and(|length| length == "long");
    if is_alone { RECOVERY } else { 4 * RECOVERY }
}

/// Tells callers to end when it is dropped, also when a test fails.
struct Until<'a>(&'a AtomicBool);

impl Drop for Until<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Asks all the time until it is told to end, and returns the answers that it should not have had.
fn ask(ended: &AtomicBool, request: impl Fn() -> (u16, bool)) -> Vec<u16> {
    let mut wrong = Vec::new();
    while !ended.load(Ordering::Relaxed) {
        match request() {
            (200 | 201, _) | (503, true) => {}
            (status, _) => wrong.push(status),
        }
    }
    wrong
}

/// Waits until reads, changes and the readiness are well again.
fn until_well(server: &Server, token: &str) -> Duration {
    let began = Instant::now();
    let client = json!({"kind": "person", "name": "After"});
    loop {
        let read = server.status_for("/v1/clients?total=true", token);
        let change = server.post("/v1/clients", token, &client);
        if (read, change, server.status("/readyz")) == (200, 201, 200) {
            return began.elapsed();
        }
        assert!(began.elapsed() < patience(), "{read} {change}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Kills the Postgres in `folder` several times, and returns how long it took each time until everything was well.
fn kill_postgres(folder: &DataDir, server: &Server, token: &str) -> Vec<Duration> {
    let signals = [Signal::SIGKILL, Signal::SIGQUIT, Signal::SIGKILL];
    let recoveries = signals.map(|signal| {
        thread::sleep(Duration::from_millis(300));
        let postmaster = folder.postmaster().unwrap();
        kill(postmaster, signal).unwrap();
        thread::sleep(Duration::from_millis(100));
        let recovery = until_well(server, token);
        assert_ne!(folder.postmaster(), Some(postmaster));
        recovery
    });
    recoveries.to_vec()
}

#[test]
fn a_postgres_that_dies_is_started_again_and_callers_see_503_meanwhile() {
    let folder = DataDir::new();
    let server = Server::start(&folder.0, &["--requests-per-minute=off", "--anonymous-requests-per-minute=off"]);
    let (token, ended) = (server.supervisor(), AtomicBool::new(false));
    let client = json!({"kind": "person", "name": "Late"});
    let small = || server.refusal_of_get("/v1/clients?limit=1", &token);
    let large = || server.refusal_of_get("/v1/clients?total=true&q=late", &token);
    let change = || server.refusal_of_post("/v1/clients", &token, &client);
    let wrong: Vec<u16> = thread::scope(|scope| {
        let until = Until(&ended);
        let callers = [
            scope.spawn(|| ask(&ended, small)),
            scope.spawn(|| ask(&ended, small)),
            scope.spawn(|| ask(&ended, large)),
            scope.spawn(|| ask(&ended, large)),
            scope.spawn(|| ask(&ended, change)),
            scope.spawn(|| ask(&ended, change)),
        ];
        println!("started again after {:?}", kill_postgres(&folder, &server, &token));
        drop(until);
        callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{wrong:?}");
    server.stop();
    assert!(!folder.has_running_postgres());
}

#[test]
fn of_two_servers_on_one_folder_one_starts_the_postgres_again_for_both() {
    let folder = DataDir::new();
    let servers = [Server::start(&folder.0, &[]), Server::start(&folder.0, &[])];
    let token = servers[0].supervisor();
    for server in &servers {
        until_well(server, &token);
    }
    kill(folder.postmaster().unwrap(), Signal::SIGKILL).unwrap();
    thread::sleep(Duration::from_millis(100));
    for server in &servers {
        until_well(server, &token);
    }
    let [first, second] = servers;
    first.stop();
    assert_eq!(second.status("/readyz"), 200, "the other server goes on");
    second.stop();
    assert!(!folder.has_running_postgres());
}
