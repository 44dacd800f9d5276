//! Signing in, staying in, and being refused.

mod devices;
mod forged;
mod keys;
mod master_secret;
mod passwords;
mod refresh;
mod resets;
mod restrictions;
mod second_factor;
mod step_up;
mod tokens;

use actix_web::{http::Method, test::TestRequest};
use chrono::Duration;
use futures_util::future::join_all;
use liaison::auth::throttle::Limits;
use serde_json::{Value, json};

use crate::{
    calls::{PASSWORD, World},
    harness::{Answer, TestApp, TestUser},
};

const HERE: &str = "192.0.2.1:4711";

async fn send_form(app: &TestApp, path: &str, from: &str, fields: &[(&str, &str)]) -> Answer {
    let request = TestRequest::with_uri(path).method(Method::POST).peer_addr(from.parse().unwrap());
    app.send(request.set_form(fields)).await
}

async fn sign_in_from(app: &TestApp, from: &str, email: &str, password: &str) -> Answer {
    let fields = [("grant_type", "password"), ("username", email), ("password", password)];
    send_form(app, "/v1/auth/token", from, &fields).await
}

async fn sign_in(app: &TestApp, email: &str, password: &str) -> Answer {
    sign_in_from(app, HERE, email, password).await
}

async fn refresh(app: &TestApp, token: &str) -> Answer {
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
    send_form(app, "/v1/auth/token", HERE, &fields).await
}

async fn revoke(app: &TestApp, token: &str) {
    let answer = send_form(app, "/v1/auth/revoke", HERE, &[("token", token)]).await;
    assert_eq!(answer.status, 200);
}

fn bearer(app: &TestApp, tokens: &Value) -> TestUser {
    app.anonymous().with_token(tokens["access_token"].as_str().unwrap())
}

fn refresh_token(tokens: &Value) -> &str {
    tokens["refresh_token"].as_str().unwrap()
}

/// An app, and a user with [`PASSWORD`].
async fn with_user(limits: Limits) -> (TestApp, Value) {
    let app = TestApp::with_limits(limits).await;
    let user = World::over(app.clone()).await.user().await;
    (app, user)
}

async fn signed_in() -> (TestApp, Value) {
    let (app, user) = with_user(Limits::default()).await;
    let tokens = sign_in(&app, email(&user), PASSWORD).await.ok();
    (app, tokens)
}

fn email(user: &Value) -> &str {
    user["email"].as_str().unwrap()
}

#[actix_web::test]
async fn a_password_gives_a_token_of_its_user() {
    let (app, user) = with_user(Limits::default()).await;
    // People write their address as they like.
    let typed = format!(" {} ", email(&user).to_uppercase());
    let tokens = sign_in(&app, &typed, PASSWORD).await.ok();
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(900)));
    let me = bearer(&app, &tokens).get("/v1/me").await.ok();
    assert_eq!(me["id"], user["id"]);
    assert_eq!(me["kind"], "person");
}

#[actix_web::test]
async fn who_may_not_sign_in_learns_nothing_of_why() {
    let app = TestApp::start().await;
    let world = World::over(app.clone()).await;
    let user = world.user().await;
    let blocked = world.step(&world.user().await, "block").await;
    let attempts = [
        (email(&user), "a wrong password, long enough"),
        ("nobody@example.com", PASSWORD),
        (email(&blocked), PASSWORD),
        ("nobody\0@example.com", PASSWORD),
        ("not an address", ""),
    ];
    let mut told = Vec::new();
    for (name, password) in attempts {
        let answer = sign_in(&app, name, password).await;
        told.push(answer.told(&[]));
        assert_eq!(answer.problem(400, "invalid_grant")["error"], "invalid_grant");
    }
    let long = "x".repeat(1025);
    told.push(sign_in(&app, email(&user), &long).await.told(&[]));
    assert!(told.iter().all(|one| *one == told[0]), "{told:#?}");
}

#[actix_web::test]
async fn access_tokens_end_with_time() {
    let (app, tokens) = signed_in().await;
    app.advance(Duration::seconds(899));
    assert_eq!(bearer(&app, &tokens).get("/v1/me").await.status, 200);
    // One token that the server has seen before, and one that it has not.
    let unseen = refresh(&app, refresh_token(&tokens)).await.ok();
    app.advance(Duration::seconds(900));
    bearer(&app, &unseen).get("/v1/me").await.problem(401, "unauthorized");
    let (app, tokens) = signed_in().await;
    app.advance(Duration::seconds(899));
    assert_eq!(bearer(&app, &tokens).get("/v1/me").await.status, 200);
    app.advance(Duration::seconds(1));
    let refused = bearer(&app, &tokens).get("/v1/me").await;
    assert_eq!(refused.header("www-authenticate"), Some(r#"Bearer realm="liaison", error="invalid_token""#));
    refused.problem(401, "unauthorized");
}

#[actix_web::test]
async fn either_token_signs_out() {
    let (app, user) = with_user(Limits::default()).await;
    for which in ["access_token", "refresh_token"] {
        let tokens = sign_in(&app, email(&user), PASSWORD).await.ok();
        assert_eq!(bearer(&app, &tokens).get("/v1/me").await.status, 200);
        revoke(&app, tokens[which].as_str().unwrap()).await;
        bearer(&app, &tokens).get("/v1/me").await.problem(401, "unauthorized");
        refresh(&app, refresh_token(&tokens)).await.problem(400, "invalid_grant");
        revoke(&app, tokens[which].as_str().unwrap()).await;
    }
    revoke(&app, "unknown").await;
    revoke(&app, "").await;
}

#[actix_web::test]
async fn guesses_at_an_account_are_throttled_until_the_window_ends() {
    let (app, user) = with_user(Limits { per_account: 3, per_network: 100 }).await;
    for _ in 0..3 {
        sign_in(&app, email(&user), "a wrong password").await.problem(400, "invalid_grant");
    }
    app.advance(Duration::minutes(1));
    for password in ["a wrong password", PASSWORD] {
        let refused = sign_in_from(&app, "198.51.100.1:1", email(&user), password).await;
        assert_eq!(refused.header("retry-after"), Some("240"));
        refused.problem(429, "too_many_requests");
    }
    // Another account is not affected, and an unknown account is throttled in the same way as a known one.
    for _ in 0..3 {
        sign_in(&app, "nobody@example.com", PASSWORD).await.problem(400, "invalid_grant");
    }
    sign_in(&app, "nobody@example.com", PASSWORD).await.problem(429, "too_many_requests");
    app.advance(Duration::minutes(4));
    let _ = sign_in(&app, email(&user), PASSWORD).await.ok();
}

#[actix_web::test]
async fn a_right_password_forgets_the_wrong_ones() {
    let (app, user) = with_user(Limits { per_account: 3, per_network: 4 }).await;
    for _ in 0..3 {
        sign_in(&app, email(&user), "a wrong password").await.problem(400, "invalid_grant");
        sign_in(&app, email(&user), "a wrong password").await.problem(400, "invalid_grant");
        let _ = sign_in(&app, email(&user), PASSWORD).await.ok();
        app.advance(Duration::minutes(5));
    }
}

#[actix_web::test]
async fn guesses_from_a_network_are_throttled() {
    let (app, user) = with_user(Limits { per_account: 100, per_network: 3 }).await;
    for n in 0..3 {
        let from = format!("198.51.100.{n}:1");
        sign_in_from(&app, &from, &format!("nobody{n}@example.com"), PASSWORD).await.problem(400, "invalid_grant");
    }
    let refused = sign_in_from(&app, "198.51.100.77:1", email(&user), PASSWORD).await;
    assert_eq!(refused.header("retry-after"), Some("300"));
    refused.problem(429, "too_many_requests");
    let _ = sign_in_from(&app, "203.0.113.1:1", email(&user), PASSWORD).await.ok();
    app.advance(Duration::minutes(5));
    let _ = sign_in_from(&app, "198.51.100.77:1", email(&user), PASSWORD).await.ok();
}

#[actix_web::test]
async fn parallel_guesses_are_counted_each() {
    let (app, user) = with_user(Limits { per_account: 3, per_network: 100 }).await;
    let answers = join_all((0..12).map(|_| sign_in(&app, email(&user), "a wrong password"))).await;
    let looked_at = answers.iter().filter(|answer| answer.status == 400).count();
    let throttled = answers.iter().filter(|answer| answer.status == 429).count();
    assert_eq!((looked_at, throttled), (3, 9));
}

#[actix_web::test]
async fn forms_that_are_wrong_are_refused() {
    let app = TestApp::start().await;
    let wrong: [(&[(&str, &str)], &str); 9] = [
        (&[], "invalid_request"),
        (&[("username", "a@example.com"), ("password", PASSWORD)], "invalid_request"),
        (&[("grant_type", "password")], "invalid_request"),
        (&[("grant_type", "password"), ("username", "a@example.com")], "invalid_request"),
        (&[("grant_type", "refresh_token")], "invalid_request"),
        (&[("grant_type", "refresh_token"), ("refresh_token", "x"), ("username", "a")], "invalid_request"),
        (
            &[("grant_type", "password"), ("grant_type", "password"), ("username", "a"), ("password", "b")],
            "invalid_request",
        ),
        (&[("grant_type", "implicit"), ("client_id", "a")], "unsupported_grant_type"),
        (&[("grant_type", ""), ("username", "a"), ("password", "b")], "unsupported_grant_type"),
    ];
    for (fields, error) in wrong {
        let problem = send_form(&app, "/v1/auth/token", HERE, fields).await.problem(400, error);
        assert_eq!(problem["error"], error, "{fields:?}");
    }
    send_form(&app, "/v1/auth/revoke", HERE, &[]).await.problem(400, "invalid_request");
    let anonymous = app.anonymous();
    for path in ["/v1/auth/token", "/v1/auth/revoke"] {
        let json = json!({"grant_type": "password", "username": "a", "password": "b", "token": "c"});
        anonymous.post(path, json).await.problem(415, "unsupported_media_type");
        let huge = "x".repeat(1 << 20);
        send_form(&app, path, HERE, &[("token", &huge)]).await.problem(413, "body_too_large");
        let request = anonymous.request(Method::POST, path);
        let request = request.insert_header(("content-type", "application/x-www-form-urlencoded"));
        let raw =
            anonymous.send(request.set_payload(&b"grant_type=password&username=%FF%FE&password=\xff&token=%00"[..]));
        let status = raw.await.status;
        assert!(status == 400 || (status == 200 && path.ends_with("revoke")), "{path}: {status}");
    }
}

#[actix_web::test]
async fn only_a_bearer_is_let_in() {
    let (app, tokens) = signed_in().await;
    let token = tokens["access_token"].as_str().unwrap();
    let anonymous = app.anonymous();
    let nobody = anonymous.get("/v1/me").await;
    assert_eq!(nobody.header("www-authenticate"), Some(r#"Bearer realm="liaison""#));
    nobody.problem(401, "unauthorized");
    let with = async |header: String| {
        let request = anonymous.request(Method::GET, "/v1/me").insert_header(("authorization", header));
        anonymous.send(request).await.status
    };
    assert_eq!(with(format!("bearer {token}")).await, 200);
    for header in [format!("Basic {token}"), token.to_owned(), "Bearer".to_owned(), format!("Bearer{token}")] {
        assert_eq!(with(header.clone()).await, 401, "{header}");
    }
    let in_query = anonymous.get(&format!("/v1/me?access_token={token}")).await;
    assert_eq!(in_query.status, 401, "a token in the address ends in logs");
}
