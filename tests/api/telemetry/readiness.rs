//! Whether the server is ready, and why not. trust 2.4, R10

use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use serde_json::json;
use tokio::time::sleep;

use crate::harness::{Answer, TestApp};

async fn ask(app: &TestApp) -> Answer {
    app.anonymous().get("/readyz").await
}

/// Asserts that the server is not ready for `reason`, and returns the `Retry-After` of the answer.
async fn refused_for(app: &TestApp, reason: &str) -> String {
    let answer = ask(app).await;
    let wait = answer.header("retry-after").unwrap().to_owned();
    assert!(!String::from_utf8_lossy(&answer.body).contains("127.0.0.1"), "the cause is for the log");
    assert_eq!(answer.problem(503, "not_ready")["reasons"], json!([reason]));
    wait
}

#[actix_web::test]
async fn a_server_whose_database_answers_is_ready() {
    let app = TestApp::start().await;
    assert_eq!(ask(&app).await.ok()["status"], "ok");
}

#[actix_web::test]
async fn a_database_that_cannot_be_reached_is_named() {
    let app = TestApp::without_database().await;
    assert_eq!(refused_for(&app, "database_unreachable").await, "1");
    assert_eq!(app.anonymous().get("/livez").await.status, 200, "a restart would not help");
}

#[actix_web::test]
async fn a_database_that_does_not_answer_within_a_second_is_named() {
    let app = TestApp::start().await;
    let mut blocker = app.db().await;
    blocker.batch_execute("BEGIN; LOCK TABLE __diesel_schema_migrations IN ACCESS EXCLUSIVE MODE").await.unwrap();
    // The second starts after the request does, and the same thread measures both: however slow the machine is, it ends
    // after the server's time limit.
    let second = async { sleep(Duration::from_secs(1)).await };
    tokio::select! {
        biased;
        _ = refused_for(&app, "database_slow") => {}
        () = second => panic!("no answer within a second"),
    }
}

#[actix_web::test]
async fn a_migration_that_has_not_run_is_named() {
    let app = TestApp::start().await;
    app.sql(
        "DELETE FROM __diesel_schema_migrations WHERE version = (SELECT max(version) FROM __diesel_schema_migrations)",
    )
    .await;
    refused_for(&app, "migrations_pending").await;
    app.sql("INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000000')").await;
    app.advance(chrono::Duration::seconds(2));
    refused_for(&app, "migrations_pending").await;
}

/// While servers of two versions run side by side, the older one keeps serving with the newer schema.
#[actix_web::test]
async fn a_schema_that_is_newer_is_no_reason() {
    let app = TestApp::start().await;
    app.sql("INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000000')").await;
    ask(&app).await.ok();
}

#[actix_web::test]
async fn a_missing_signing_key_is_named() {
    let app = TestApp::start().await;
    let state = app.parts();
    app.sql("DELETE FROM signing_keys").await;
    state.keys.reload(&mut app.db().await, &state.secrets, state.clock.now()).await.unwrap();
    refused_for(&app, "signing_key_missing").await;
}

/// trust 2.4
#[actix_web::test]
async fn a_server_that_is_to_end_is_not_ready_but_serves() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    app.parts().lifecycle.drain();
    assert_eq!(refused_for(&app, "draining").await, "5");
    sue.get("/v1/me").await.ok();
    assert_eq!(app.anonymous().get("/livez").await.status, 200);
}

/// Anyone may send probes, so they cost the database at most one query a second, whether it is ready or not.
#[actix_web::test]
async fn the_database_is_asked_once_a_second_at_most() {
    let app = TestApp::start().await;
    ask(&app).await.ok();
    app.sql("DELETE FROM __diesel_schema_migrations").await;
    ask(&app).await.ok();
    app.advance(chrono::Duration::seconds(1));
    refused_for(&app, "migrations_pending").await;
    app.sql("DROP TABLE __diesel_schema_migrations").await;
    for _ in 0..3 {
        refused_for(&app, "migrations_pending").await;
    }
}

#[actix_web::test]
async fn the_reason_is_told_in_the_callers_language() {
    let app = TestApp::start().await;
    app.parts().lifecycle.drain();
    let request = app.anonymous().request(actix_web::http::Method::GET, "/readyz");
    let answer = app.send(request.insert_header(("Accept-Language", "ru"))).await;
    assert_eq!(answer.problem(503, "not_ready")["detail"], "Не готов: draining.");
}
