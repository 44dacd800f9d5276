//! More requests than the server can handle. ASVS 15.2.2, trust R6

use std::{cell::Cell, time::Duration};

use actix_web::http::Method;
use diesel_async::SimpleAsyncConnection;
use futures_util::future::{join, join_all};
use serde_json::json;
use tokio::time::sleep;

use crate::{
    calls::{Target, World},
    harness::{Answer, Log, TestApp},
};

/// 50 more changes than a worker runs and lets wait.
const TOO_MANY: usize = 64 + 512 + 50;

#[actix_web::test]
async fn who_would_wait_too_long_is_refused_at_once_and_reads_go_on() {
    let world = World::over(TestApp::start().await).await;
    let client = world.client(Target::Ordinary).await;
    let path = client["path"].as_str().unwrap();
    let mut held = world.app.db().await;
    held.batch_execute("BEGIN; SELECT 1 FROM clients FOR UPDATE").await.unwrap();

    let (refusals, is_held) = (Cell::new(0), Cell::new(true));
    let change = async || {
        let request = world.ann.request(Method::PATCH, path).insert_header(("If-Match", "*"));
        let answer: Answer = world.ann.send(request.set_json(json!({"name": "Renamed"}))).await;
        if answer.status == 503 && is_held.get() {
            refusals.set(refusals.get() + 1);
        }
        (answer, is_held.get())
    };
    let reads = async {
        // Refused requests do not wait for the lock that holds up the others.
        while refusals.get() < 50 {
            sleep(Duration::from_millis(5)).await;
        }
        for path in [path, "/v1/clients", "/livez"] {
            let _ = world.ann.get(path).await.ok();
        }
        is_held.set(false);
        held.batch_execute("ROLLBACK").await.unwrap();
    };
    let (log, logging) = Log::begin();
    let (answers, ()) = join(join_all((0..TOO_MANY).map(|_| change())), reads).await;
    drop(logging);

    let (refused, answered): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|(answer, _)| answer.status == 503 && answer.json()["code"] == "overloaded");
    assert_eq!(refused.len(), 50);
    // The refusals came almost at once, usually within a second: the first one has a line in the log, with no lines
    // held back before it.
    let overloaded: Vec<_> = log.requests().into_iter().filter(|line| line["fields"]["code"] == "overloaded").collect();
    assert!((1..5).contains(&overloaded.len()), "{overloaded:?}");
    assert_eq!(overloaded[0]["fields"]["held_back"], 0);
    for (refused, was_held) in refused {
        assert_eq!(refused.header("retry-after"), Some("1"));
        assert!(refused.header("ratelimit").is_some(), "it counts against its caller");
        refused.problem(503, "overloaded");
        assert!(was_held);
    }
    // On a slow machine, requests that waited for a connection for two seconds fail with another 503.
    assert!(answered.iter().any(|(answer, _)| answer.status == 200));
    assert!(answered.iter().all(|(answer, _)| matches!(answer.status, 200 | 503)));
    assert_eq!(world.ann.get(path).await.ok()["name"], "Renamed");
}
