//! A synchronous standby that is away: nothing is acknowledged before it has it, not even for the second time.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::runtime::Builder;
use tokio_postgres::NoTls;

use crate::process::{DataDir, Server};

/// Longer than an answer takes that waits for nothing.
const WHILE: Duration = Duration::from_millis(1500);

/// Runs each statement by itself in the database of `data_dir`, as its owner.
fn run(data_dir: &Path, statements: &[&str]) {
    let url = format!("postgres://liaison@/liaison?host={}", data_dir.join("socket").display());
    Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
        tokio::spawn(connection);
        for statement in statements {
            client.batch_execute(statement).await.unwrap();
        }
    });
}

#[test]
fn an_answer_that_is_given_again_waits_for_the_standby_too() {
    let folder = DataDir::new();
    let server = Server::start(&folder.0, &[]);
    let token = server.supervisor();
    let post = || server.post_with_key("/v1/clients", &token, "once", &json!({"kind": "organization", "name": "One"}));
    assert_eq!(post(), (201, false));
    run(&folder.0, &["ALTER SYSTEM SET synchronous_standby_names = 'away'", "SELECT pg_reload_conf()"]);
    let began = Instant::now();
    thread::scope(|scope| {
        let again = scope.spawn(|| (post(), began.elapsed()));
        thread::sleep(WHILE);
        run(&folder.0, &["ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()"]);
        let (answer, took) = again.join().unwrap();
        assert_eq!(answer, (201, true));
        assert!(took >= WHILE, "answered after {took:?}, while the standby was away");
    });
    server.stop();
}
