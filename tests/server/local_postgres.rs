//! The server's own Postgres dies while callers read and write.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use nix::sys::signal::{Signal, kill};
use serde_json::json;

use crate::process::{DataDir, Server};

/// How long callers may be refused after Postgres has died.
const RECOVERY: Duration = Duration::from_secs(5);

/// A caller that asks all the time until it is told to end, and returns the answers that it should not have had.
fn caller(
    server: &Arc<Server>,
    ended: &Arc<AtomicBool>,
    ask: impl Fn(&Server) -> (u16, bool) + Send + 'static,
) -> JoinHandle<Vec<u16>> {
    let (server, ended) = (Arc::clone(server), Arc::clone(ended));
    thread::spawn(move || {
        let mut wrong = Vec::new();
        while !ended.load(Ordering::Relaxed) {
            match ask(&server) {
                (200 | 201, _) | (503, true) => {}
                (status, _) => wrong.push(status),
            }
        }
        wrong
    })
}

/// Waits until reads, changes and the readiness are well again.
fn until_well(server: &Server, token: &str) -> Duration {
    let began = Instant::now();
    let client = json!({"kind": "organization", "name": "After"});
    loop {
        let read = server.status_for("/v1/clients?total=true", token);
        let change = server.post("/v1/clients", token, &client);
        if (read, change, server.status("/readyz")) == (200, 201, 200) {
            return began.elapsed();
        }
        assert!(began.elapsed() < RECOVERY, "{read} {change}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_postgres_that_dies_is_started_again_and_callers_see_503_meanwhile() {
    let folder = DataDir::new();
    let server = Server::start(&folder.0, &["--requests-per-minute=off", "--anonymous-requests-per-minute=off"]);
    let (token, server) = (server.supervisor(), Arc::new(server));
    let ended = Arc::new(AtomicBool::new(false));
    let asking = [token.clone(), token.clone()].map(|token| {
        [
            caller(&server, &ended, {
                let token = token.clone();
                move |server| server.refusal_of_get("/v1/clients?limit=1", &token)
            }),
            caller(&server, &ended, {
                let token = token.clone();
                move |server| server.refusal_of_get("/v1/clients?total=true&q=late", &token)
            }),
            caller(&server, &ended, move |server| {
                server.refusal_of_post("/v1/clients", &token, &json!({"kind": "organization", "name": "Late"}))
            }),
        ]
    });
    let mut recoveries = Vec::new();
    for signal in [Signal::SIGKILL, Signal::SIGQUIT, Signal::SIGKILL] {
        thread::sleep(Duration::from_millis(300));
        let postmaster = folder.postmaster().unwrap();
        kill(postmaster, signal).unwrap();
        thread::sleep(Duration::from_millis(100));
        recoveries.push(until_well(&server, &token));
        assert_ne!(folder.postmaster(), Some(postmaster));
    }
    ended.store(true, Ordering::Relaxed);
    let wrong: Vec<u16> = asking.into_iter().flatten().flat_map(|asker| asker.join().unwrap()).collect();
    println!("started again after {recoveries:?}");
    assert!(wrong.is_empty(), "{wrong:?}");
    Arc::into_inner(server).unwrap().stop();
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
