//! How many requests callers may send. ASVS 2.4.1, trust A13

use std::time::{Duration, Instant};

use actix_web::rt;
use chrono::Duration as Span;
use tokio::net::TcpStream;

use super::with_quotas;
use crate::harness::{Connection, Served, TestApp, TestUser};

#[actix_web::test]
async fn a_caller_who_asks_too_often_is_told_to_wait() {
    let app = TestApp::behind(with_quotas(3, 1000)).await;
    let sue = app.supervisor().await;
    for left in ["2", "1", "0"] {
        let answer = sue.get("/v1/me").await;
        assert_eq!(answer.header("ratelimit-policy"), Some(r#""default";q=3;w=60"#));
        assert_eq!(answer.header("ratelimit"), Some(format!(r#""default";r={left};t=20"#).as_str()));
        assert_eq!(answer.status, 200);
    }
    // The limit counts all requests together.
    for path in ["/v1/me", "/v1/clients", "/nowhere", "/openapi.json"] {
        let refused = sue.get(path).await;
        assert_eq!(refused.header("ratelimit"), Some(r#""default";r=0;t=20"#));
        assert_eq!(refused.header("retry-after"), Some("20"));
        refused.problem(429, "too_many_requests");
    }
    app.advance(Span::seconds(20));
    assert_eq!(sue.get("/v1/me").await.status, 200);
    assert_eq!(sue.get("/v1/me").await.status, 429);
}

#[actix_web::test]
async fn failures_count_and_tell_the_limit_too() {
    let app = TestApp::behind(with_quotas(3, 1000)).await;
    let sue = app.supervisor().await;
    for (path, left) in [("/v1/clients/x", "2"), ("/v1/clients?x=1", "1"), ("/nowhere", "0")] {
        let answer = sue.get(path).await;
        assert_eq!(answer.header("ratelimit"), Some(format!(r#""default";r={left};t=20"#).as_str()), "{path}");
    }
}

#[actix_web::test]
async fn sessions_of_a_caller_share_the_limit_and_other_callers_have_their_own() {
    let app = TestApp::behind(with_quotas(1, 1)).await;
    let (ann, bob) = (app.manager("ann").await, app.manager("bob").await);
    assert_eq!(ann.get("/v1/me").await.status, 200);
    assert_eq!(ann.get("/v1/me").await.status, 429);
    let state = app.parts();
    let other =
        state.tokens.issue(&state.keys, ann.id, session_of(&app, &ann).await, "other", state.clock.now()).unwrap();
    assert_eq!(ann.with_token(&other).get("/v1/me").await.status, 429);
    assert_eq!(bob.get("/v1/me").await.status, 200);
    assert_eq!(app.anonymous().get("/v1/me").await.status, 401);
}

async fn session_of(app: &TestApp, user: &TestUser) -> liaison::access::SessionId {
    let found = app.text(&format!("SELECT id::text AS value FROM sessions WHERE user_id = '{}'", user.id)).await;
    uuid::Uuid::parse_str(&found[0]).unwrap().into()
}

/// Guessing tokens is not a way around the limit.
#[actix_web::test]
async fn who_is_not_signed_in_shares_the_limit_of_their_network() {
    let app = TestApp::behind(with_quotas(1000, 2)).await;
    let nobody = app.anonymous();
    assert_eq!(nobody.get("/v1/me").await.status, 401);
    assert_eq!(nobody.with_token("forged").get("/v1/me").await.status, 401);
    assert_eq!(nobody.with_token("forged again").get("/v1/me").await.status, 429);
    let from = async |address: &str| {
        let request = actix_web::test::TestRequest::with_uri("/v1/me").peer_addr(address.parse().unwrap());
        app.send(request).await.status
    };
    assert_eq!(from("192.0.2.200:1").await, 429, "a neighbour");
    assert_eq!(from("198.51.100.1:1").await, 401);
    assert_eq!(app.supervisor().await.get("/v1/me").await.status, 200, "a user at the same address");
}

#[actix_web::test]
async fn probes_are_never_limited_and_limits_can_be_off() {
    let app = TestApp::behind(with_quotas(1, 1)).await;
    for _ in 0..5 {
        for path in ["/livez", "/readyz"] {
            let answer = app.anonymous().get(path).await;
            assert_eq!((answer.status, answer.header("ratelimit")), (200, None));
        }
    }
    let app = TestApp::behind(with_quotas(0, 0)).await;
    let sue = app.supervisor().await;
    for user in [sue, app.anonymous()] {
        let answer = user.get("/v1/me").await;
        assert_eq!((answer.header("ratelimit"), answer.header("ratelimit-policy")), (None, None));
    }
}

/// One user's flood does not starve another. ASVS 2.4.1, 15.2.2
#[actix_web::test]
async fn a_flood_of_one_user_leaves_the_others_their_share() {
    let app = TestApp::behind(with_quotas(200, 1000)).await;
    let (ann, bob) = (app.manager("ann").await, app.manager("bob").await);
    let server = app.served();
    let calm = latencies(&server, &bob, 50).await;

    let mut flooders = Vec::new();
    for _ in 0..4 {
        flooders.push(rt::spawn(flood(server.connect().await, ann.clone())));
    }
    let stormy = latencies(&server, &bob, 50).await;
    let mut statuses = Vec::new();
    for flooder in flooders {
        statuses.extend(flooder.await.unwrap());
    }
    let refused = statuses.iter().filter(|status| **status == 429).count();
    assert!(statuses.iter().all(|status| matches!(status, 200 | 429)));
    assert_eq!(statuses.len() - refused, 200, "no more than the limit were served");
    println!("median calm {:?}, in the flood {:?}", calm[25], stormy[25]);
    assert!(stormy[25] < calm[25] * 20 + Duration::from_millis(20), "{calm:?} {stormy:?}");
}

/// The sorted times of `count` successful requests.
async fn latencies(server: &Served, user: &TestUser, count: usize) -> Vec<Duration> {
    let mut connection = server.connect().await;
    let mut times = Vec::new();
    for _ in 0..count {
        let before = Instant::now();
        assert_eq!(connection.get("/v1/me", user).await, 200);
        times.push(before.elapsed());
    }
    times.sort();
    times
}

async fn flood(mut connection: Connection<TcpStream>, user: TestUser) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..500 {
        statuses.push(connection.get("/v1/me", &user).await);
    }
    statuses
}
