//! The connections to the database: lost connections, connections of abandoned work, and which requests wait for which.
//! ASVS 13.1.2, 15.2.2, trust R7

use std::time::Duration;

use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_util::future::join_all;
use liaison::{access::role::Role, edge::Edge};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::{
    calls::{Target, World, call, operations},
    harness::{TestApp, TestUser},
};

const PATIENCE: Duration = Duration::from_secs(5);

/// A connection that holds the locks of `sql` until it is dropped.
async fn holding(app: &TestApp, sql: &str) -> AsyncPgConnection {
    let mut db = app.db().await;
    db.batch_execute(&format!("BEGIN; {sql}")).await.unwrap();
    db
}

async fn waiting(app: &TestApp) -> usize {
    let sql = "SELECT count(*)::text AS value FROM pg_stat_activity \
               WHERE datname = current_database() AND wait_event_type = 'Lock'";
    app.text(sql).await[0].parse().unwrap()
}

/// Waits until this many queries wait for a lock.
async fn until_waiting(app: &TestApp, queries: usize) {
    let looked = async {
        while waiting(app).await != queries {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, looked).await.unwrap_or_else(|_| panic!("not {queries} queries wait for a lock"));
}

async fn rename(user: &TestUser, client: &Value) -> crate::harness::Answer {
    let path = format!("/v1/clients/{}", client["id"].as_str().unwrap());
    user.patch(&path, client, json!({"name": "Renamed"})).await
}

#[actix_web::test]
async fn lost_connections_are_opened_anew() {
    let world = World::over(TestApp::start().await).await;
    let (user, client) = (&world.ann, world.client(Target::Ordinary).await);
    let path = format!("/v1/clients/{}", client["id"].as_str().unwrap());
    for _ in 0..3 {
        let _ = user.get(&path).await.ok();
    }
    let _ = user.get("/v1/clients?total=true").await.ok();
    let others = "datname = current_database() AND pid <> pg_backend_pid()";
    world.app.sql(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")).await;
    sleep(Duration::from_millis(200)).await;
    for path in [path.as_str(), path.as_str(), "/v1/clients", "/v1/clients?total=true"] {
        let _ = user.get(path).await.ok();
    }
    let _ = rename(user, &client).await.ok();
}

#[actix_web::test]
async fn a_query_whose_client_is_gone_ends() {
    let world = World::over(TestApp::start().await).await;
    let (app, client) = (&world.app, world.client(Target::Ordinary).await);
    let _held = holding(app, "SELECT 1 FROM clients FOR UPDATE").await;
    let server = app.served();
    let mut connection = server.connect().await;
    let head = format!(
        "POST /v1/clients/{}/verify HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nIf-Match: \"1\"\r\n\r\n",
        client["id"].as_str().unwrap(),
        world.ann.token()
    );
    assert!(connection.write(head.as_bytes()).await);
    until_waiting(app, 1).await;
    drop(connection);
    until_waiting(app, 0).await;
}

#[actix_web::test]
async fn a_query_ends_with_the_time_of_its_request() {
    let edge = Edge { read_timeout: Duration::from_millis(500), deadline: Duration::from_secs(1), ..Edge::default() };
    let world = World::over(TestApp::behind(edge).await).await;
    let client = world.client(Target::Ordinary).await;
    let held = holding(&world.app, "SELECT 1 FROM clients FOR UPDATE").await;
    let late = rename(&world.ann, &client).await;
    late.problem(503, "deadline_exceeded");
    until_waiting(&world.app, 0).await;
    drop(held);
    let _ = rename(&world.ann, &client).await.ok();
}

#[actix_web::test]
async fn large_reads_and_changes_that_hang_hold_up_no_small_read() {
    let world = World::over(TestApp::start().await).await;
    let (app, user, client) = (&world.app, &world.ann, world.client(Target::Ordinary).await);
    let path = format!("/v1/clients/{}", client["id"].as_str().unwrap());
    let _held = holding(app, "LOCK products; SELECT 1 FROM clients FOR UPDATE").await;
    let hanging = async {
        let searches = join_all((0..10).map(|_| user.get("/v1/products?total=true")));
        let changes = join_all((0..10).map(|_| rename(user, &client)));
        futures_util::future::join(searches, changes).await
    };
    let reads = async {
        sleep(Duration::from_millis(300)).await;
        for _ in 0..20 {
            let _ = user.get(&path).await.ok();
        }
    };
    tokio::select! {
        _ = hanging => panic!("nothing holds them up"),
        () = reads => {}
    }
}

/// Every read is answered while changes use all connections that are reserved for changes.
#[actix_web::test]
async fn no_read_needs_a_connection_for_changes() {
    let world = World::over(TestApp::start().await).await;
    let (app, client) = (&world.app, world.client(Target::Ordinary).await);
    let mut reads = Vec::new();
    for operation in operations() {
        // That somebody took personal data out is recorded, which is a change.
        let is_recorded = operation.path.ends_with("/personal-data");
        if operation.is_safe() && !operation.is_public() && !is_recorded {
            reads.push((operation, call(&world, operation.id, Target::Ordinary).await));
        }
    }
    let service = app.service_account(Role::Supervisor, &["clients:read"]).await;
    let _held = holding(app, "SELECT 1 FROM clients FOR UPDATE").await;
    let hanging = join_all((0..10).map(|_| rename(&world.ann, &client)));
    let reading = async {
        until_waiting(app, 4).await;
        for (operation, call) in &reads {
            let answer = world.sue.send(call.request(operation, &world.sue)).await;
            // In operations on the caller's own things, the address may name another user's.
            assert!(matches!(answer.status, 200 | 404), "{}: {}", operation.id, answer.status);
        }
        let _ = service.get("/v1/clients").await.ok();
    };
    tokio::select! {
        _ = hanging => panic!("nothing holds the changes up"),
        () = reading => {}
    }
    assert!(reads.len() > 30, "{}", reads.len());
}

/// A change locks its row in a way that still allows new references to it: here, a session of the user.
#[actix_web::test]
async fn a_reference_to_a_row_that_is_being_changed_is_inserted_at_once() {
    let world = World::over(TestApp::start().await).await;
    let (app, user, service) = (&world.app, world.user().await, world.service_account().await);
    for (row, change) in [(&user, json!({"job_title": "Buyer"})), (&service, json!({"description": "ERP"}))] {
        // The change has locked its row, and waits for the audit log.
        let mut recorder = holding(app, "LOCK TABLE audit_events IN SHARE MODE").await;
        let changing = world.sue.patch(row["path"].as_str().unwrap(), row, change);
        let referring = async {
            until_waiting(app, 1).await;
            let insert = format!(
                "SET lock_timeout = '2s'; INSERT INTO sessions (id, user_id, created_at, last_used_at, authenticated_at, expires_at) \
                 VALUES (gen_random_uuid(), '{}', now(), now(), now(), now())",
                row["id"].as_str().unwrap()
            );
            app.db().await.batch_execute(&insert).await.unwrap();
            recorder.batch_execute("ROLLBACK").await.unwrap();
        };
        let (changed, ()) = futures_util::future::join(changing, referring).await;
        assert_eq!(changed.ok()["version"], 2);
    }
}
