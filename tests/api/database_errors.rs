//! What an error of the database means for a caller: its SQLSTATE decides, in whatever language the server speaks.

use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use liaison::error::{Error, ProblemType};
use serde_json::json;
use tokio::time::sleep;

use crate::{calls::World, harness::TestApp};

async fn raised(app: &TestApp, code: &str, text: &str) -> Error {
    let sql = format!("DO $$ BEGIN RAISE EXCEPTION '{text}' USING ERRCODE = '{code}'; END $$");
    app.db().await.batch_execute(&sql).await.unwrap_err().into()
}

#[actix_web::test]
async fn errors_are_told_apart_by_their_sqlstate() {
    let app = TestApp::start().await;
    for (code, text, problem, retry_after) in [
        ("40P01", "обнаружена взаимоблокировка", ProblemType::Busy, Some(1)),
        ("57014", "annulation de la requête", ProblemType::Unavailable, Some(5)),
        ("55P03", "Sperre nicht verfügbar", ProblemType::Unavailable, Some(5)),
        ("53100", "диск переполнен", ProblemType::Unavailable, Some(1)),
        ("57P01", "finalizando la conexión", ProblemType::Unavailable, Some(1)),
        ("25006", "nur lesbar", ProblemType::Unavailable, Some(1)),
        ("P0001", "a statement timeout? deadlock detected? neither", ProblemType::Internal, None),
    ] {
        let error = raised(&app, code, text).await;
        assert_eq!((error.problem(), error.retry_after_seconds()), (problem, retry_after), "{code}: {error}");
    }
}

#[actix_web::test]
async fn a_real_timeout_and_a_real_deadlock_are_no_failures_of_the_server() {
    let app = TestApp::start().await;
    let (mut one, mut other) = (app.db().await, app.db().await);
    let late = one.batch_execute("SET statement_timeout = 50; SELECT pg_sleep(5)").await.unwrap_err();
    assert_eq!(Error::from(late).problem(), ProblemType::Unavailable);
    one.batch_execute("SET statement_timeout = 0; BEGIN; SELECT pg_advisory_xact_lock(1)").await.unwrap();
    other.batch_execute("BEGIN; SELECT pg_advisory_xact_lock(2)").await.unwrap();
    let crossing = futures_util::future::join(
        one.batch_execute("SELECT pg_advisory_xact_lock(2)"),
        other.batch_execute("SELECT pg_advisory_xact_lock(1)"),
    );
    let (first, second) = crossing.await;
    assert_eq!(Error::from(first.and(second).unwrap_err()).problem(), ProblemType::Busy);
}

/// As after a failover: the server that was the primary takes no changes any more.
#[actix_web::test]
async fn a_read_only_server_is_unavailable_and_its_connections_are_thrown_away() {
    let world = World::over(TestApp::start().await).await;
    let (app, user) = (&world.app, &world.ann);
    let change = || {
        user.post(
            "/v1/clients",
            json!({"kind": "organization", "name": "Late", "allow_duplicate": {"reason": "Another one"}}),
        )
    };
    let _ = change().await.created();
    let name = app.text("SELECT current_database()::text AS value").await.remove(0);
    app.sql(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on")).await;
    let others = "datname = current_database() AND pid <> pg_backend_pid()";
    app.sql(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")).await;
    sleep(Duration::from_millis(200)).await;
    for _ in 0..6 {
        let refused = change().await;
        assert_eq!(refused.header("retry-after"), Some("1"));
        refused.problem(503, "unavailable");
    }
    app.sql(&format!("ALTER DATABASE {name} RESET default_transaction_read_only")).await;
    for _ in 0..6 {
        let _ = change().await.created();
    }
}
