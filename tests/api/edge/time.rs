//! How long a request may take. ASVS 15.2.2, 13.1.3, trust R7

use std::time::{Duration, Instant};

use actix_web::http::Method;
use diesel_async::SimpleAsyncConnection;
use futures_util::future::join_all;
use liaison::edge::Edge;
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::{calls::World, harness::TestApp};

/// An edge with short time limits.
fn hasty() -> Edge {
    Edge { read_timeout: Duration::from_millis(600), deadline: Duration::from_millis(1500), ..Edge::default() }
}

#[actix_web::test]
async fn headers_that_trickle_in_are_not_waited_for() {
    let app = TestApp::behind(hasty()).await;
    let server = app.served();
    let mut connection = server.connect().await;
    connection.write(b"GET /livez HTTP/1.1\r\nHost: x\r\n").await;
    let before = Instant::now();
    for _ in 0..20 {
        sleep(Duration::from_millis(100)).await;
        if !connection.write(b"X: y\r\n").await {
            break;
        }
    }
    let answer = connection.rest().await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(before.elapsed() < Duration::from_secs(4));
}

#[actix_web::test]
async fn a_body_that_trickles_in_is_ended_with_408() {
    let app = TestApp::behind(hasty()).await;
    let server = app.served();
    for head in [
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000",
        "Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked",
    ] {
        let mut connection = server.connect().await;
        let before = Instant::now();
        connection.write(format!("POST /v1/auth/token HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n").as_bytes()).await;
        for _ in 0..4 {
            sleep(Duration::from_millis(100)).await;
            connection.write(if head.contains("chunked") { b"1\r\nx\r\n" } else { b"x" }).await;
        }
        let answer = connection.rest().await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(answer.contains("request_timeout") && answer.contains("connection: close"), "{answer}");
        assert!(answer.contains("content-security-policy"), "{answer}");
        // The server closes after a second, so that the answer is not lost while the client is still sending.
        let taken = before.elapsed();
        assert!((Duration::from_millis(500)..Duration::from_secs(3)).contains(&taken), "{taken:?}");
    }
}

/// The server does not wait for a body that it will not read.
#[actix_web::test]
async fn a_body_of_a_request_that_is_refused_ends_the_connection() {
    let app = TestApp::start().await;
    let server = app.served();
    for body in ["Content-Length: 1000", "Transfer-Encoding: chunked"] {
        let mut connection = server.connect().await;
        let before = Instant::now();
        let head = format!("POST /v1/teams HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{body}\r\n\r\n");
        connection.write(head.as_bytes()).await;
        let answer = connection.rest().await;
        assert!(answer.starts_with("HTTP/1.1 401 ") && answer.contains("connection: close"), "{answer}");
        assert!(before.elapsed() < Duration::from_secs(4));
    }
}

/// If the whole body has arrived, the connection stays open, although the body is not read.
#[actix_web::test]
async fn who_is_refused_may_try_again_on_the_same_connection() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let served = app.served();
    let mut connection = served.connect().await;
    for body in ["Content-Length: 2\r\n\r\n{}", "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"] {
        let request = format!("POST /v1/teams HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{body}");
        connection.write(request.as_bytes()).await;
        assert_eq!(connection.answer().await, 401);
        assert_eq!(connection.get("/v1/me", &ann).await, 200);
    }
}

/// After a chunked body that is read to its end, the connection stays open.
#[actix_web::test]
async fn a_chunked_body_is_a_body_like_others() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let server = app.served();
    let mut connection = server.connect().await;
    for name in ["North", "South"] {
        let head = format!(
            "POST /v1/teams HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Transfer-Encoding: chunked\r\n\r\n",
            sue.token()
        );
        connection.write(head.as_bytes()).await;
        for part in ["{\"name\":", &format!("\"{name}\"}}"), ""] {
            sleep(Duration::from_millis(20)).await;
            connection.write(format!("{:x}\r\n{part}\r\n", part.len()).as_bytes()).await;
        }
        assert_eq!(connection.answer().await, 201);
    }
}

#[actix_web::test]
async fn who_holds_connections_open_leaves_room_when_they_go() {
    let app = TestApp::behind(Edge { connections: 2, ..Edge::default() }).await;
    let sue = app.supervisor().await;
    let server = app.served();
    let (mut first, mut second, mut third) = (server.connect().await, server.connect().await, server.connect().await);
    assert_eq!(first.get("/v1/me", &sue).await, 200);
    assert_eq!(second.get("/v1/me", &sue).await, 200);
    let waiting = timeout(Duration::from_millis(500), third.get("/v1/me", &sue)).await;
    assert!(waiting.is_err(), "a third connection waits");
    drop(first);
    assert_eq!(third.answer().await, 200);
}

/// The transaction of a request that took too long is rolled back, and its lock is released.
#[actix_web::test]
async fn a_request_that_takes_too_long_is_given_up() {
    let app = TestApp::behind(hasty()).await;
    let world = World::over(app.clone()).await;
    let team = world.sue.post("/v1/teams", json!({"name": "North"})).await.created();
    let path = team["path"].as_str().unwrap();
    let mut blocker = app.db().await;
    blocker.batch_execute("BEGIN; LOCK TABLE teams IN ACCESS EXCLUSIVE MODE").await.unwrap();

    let before = Instant::now();
    let patch = async |name: &str| {
        let request = world.sue.request(Method::PATCH, path).insert_header(("If-Match", "*"));
        world.sue.send(request.set_json(json!({"name": name}))).await
    };
    // As many requests as the pool has connections.
    let answers = join_all((0..4).map(|n| patch(["East", "West", "South", "Up"][n]))).await;
    for late in answers {
        assert_eq!(late.header("retry-after"), Some("5"));
        late.problem(503, "deadline_exceeded");
    }
    let taken = before.elapsed();
    assert!((Duration::from_millis(1400)..Duration::from_millis(2500)).contains(&taken), "{taken:?}");

    blocker.batch_execute("ROLLBACK").await.unwrap();
    for _ in 0..8 {
        assert_eq!(world.sue.get(path).await.ok()["name"], "North");
    }
    assert_eq!(patch("Centre").await.ok()["version"], json!(2));
}
