//! Refresh tokens: each is used once, in turn, and a second use has consequences.

use actix_web::{http::Method, test::TestRequest};
use chrono::Duration;
use futures_util::future::join_all;
use liaison::auth::throttle::Limits;
use serde_json::Value;

use super::{HERE, bearer, email, refresh, refresh_token, send_form, sign_in, signed_in, with_user};
use crate::{
    calls::{PASSWORD, World},
    harness::{Answer, TestApp},
};

/// A refresh by a program that calls itself `agent` and shows the device token of `signed_in`.
async fn refresh_with(app: &TestApp, agent: &str, token: &str, signed_in: &Value) -> Answer {
    let request = TestRequest::with_uri("/v1/auth/token").method(Method::POST).peer_addr(HERE.parse().unwrap());
    let request = request.insert_header(("User-Agent", agent));
    let device = signed_in["device_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("refresh_token", token), ("device_token", device)];
    app.send(request.set_form(form)).await
}

/// A refresh that proves with the device token of `signed_in` whose it is.
async fn refresh_proved(app: &TestApp, token: &str, signed_in: &Value) -> Answer {
    let device = signed_in["device_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("refresh_token", token), ("device_token", device)];
    send_form(app, "/v1/auth/token", HERE, &form).await
}

/// ASVS 10.4.5
#[actix_web::test]
async fn a_refresh_token_is_good_once() {
    let (app, first) = signed_in().await;
    let second = refresh(&app, refresh_token(&first)).await.ok();
    let third = refresh(&app, refresh_token(&second)).await.ok();
    for tokens in [&first, &second, &third] {
        assert_eq!(bearer(&app, tokens).get("/v1/me").await.status, 200);
    }
    refresh(&app, "unknown").await.problem(400, "invalid_grant");
    assert_eq!(bearer(&app, &third).get("/v1/me").await.status, 200, "an unknown token ends nothing");
}

/// ASVS 10.4.5
#[actix_web::test]
async fn a_spent_refresh_token_ends_its_family_and_no_other() {
    let (app, user) = with_user(Limits::default()).await;
    let first = sign_in(&app, email(&user), PASSWORD).await.ok();
    let other = sign_in(&app, email(&user), PASSWORD).await.ok();
    let second = refresh(&app, refresh_token(&first)).await.ok();
    app.advance(Duration::seconds(11));
    refresh(&app, refresh_token(&first)).await.problem(400, "invalid_grant");
    refresh(&app, refresh_token(&second)).await.problem(400, "invalid_grant");
    for tokens in [&first, &second] {
        bearer(&app, tokens).get("/v1/me").await.problem(401, "unauthorized");
    }
    assert_eq!(bearer(&app, &other).get("/v1/me").await.status, 200);
    let _ = refresh(&app, refresh_token(&other)).await.ok();
}

/// trust 1.4: a client whose answer was lost gets the same successor, for ten seconds.
#[actix_web::test]
async fn a_lost_answer_is_given_again_for_ten_seconds() {
    let (app, first) = signed_in().await;
    let lost = refresh(&app, refresh_token(&first)).await.ok();
    app.advance(Duration::seconds(9));
    let again = refresh_proved(&app.second_server().await, refresh_token(&first), &first).await.ok();
    assert_eq!(refresh_token(&again), refresh_token(&lost));
    assert_eq!(bearer(&app, &again).get("/v1/me").await.status, 200);
    let next = refresh(&app, refresh_token(&again)).await.ok();
    assert_ne!(refresh_token(&next), refresh_token(&again));
}

/// ASVS 10.4.5: who has only the spent token gets nothing, at whatever time and under whatever name.
#[actix_web::test]
async fn a_spent_token_gives_nothing_without_the_senders_proof() {
    let (app, user) = with_user(Limits::default()).await;
    let first = sign_in(&app, email(&user), PASSWORD).await.ok();
    let second = refresh(&app, refresh_token(&first)).await.ok();
    // A token of somebody else's device is no proof, and neither is the same User-Agent.
    let other = World::over(app.clone()).await.user().await;
    let stranger = sign_in(&app, email(&other), PASSWORD).await.ok();
    refresh_proved(&app, refresh_token(&first), &stranger).await.problem(400, "invalid_grant");
    bearer(&app, &second).get("/v1/me").await.problem(401, "unauthorized");

    let first = sign_in(&app, email(&user), PASSWORD).await.ok();
    let second = refresh(&app, refresh_token(&first)).await.ok();
    refresh(&app, refresh_token(&first)).await.problem(400, "invalid_grant");
    bearer(&app, &second).get("/v1/me").await.problem(401, "unauthorized");
}

/// Anyone can send tokens that are none. That must not make the server look up all callers anew.
#[actix_web::test]
async fn junk_does_not_empty_the_cache_of_callers() {
    let (app, first) = signed_in().await;
    let caller = bearer(&app, &first);
    assert_eq!(caller.get("/v1/me").await.status, 200);
    // What the server does not look up again, it does not see: the session is gone, and still good for a moment.
    app.sql("UPDATE sessions SET ended_at = now()").await;
    refresh(&app, "junk").await.problem(400, "invalid_grant");
    let _ = send_form(&app, "/v1/auth/revoke", HERE, &[("token", "junk")]).await;
    send_form(
        &app,
        "/v1/auth/token",
        HERE,
        &[("grant_type", "password"), ("username", "a@b.example"), ("password", "x")],
    )
    .await
    .problem(400, "invalid_grant");
    let _ = app.anonymous().post("/v1/auth/forgot-password", serde_json::json!({"email": "a@b.example"})).await;
    app.anonymous().get("/v1/clients").await.problem(401, "unauthorized");
    assert_eq!(caller.get("/v1/me").await.status, 200, "the cache was emptied");
    app.advance(Duration::seconds(1));
    caller.get("/v1/me").await.problem(401, "unauthorized");
}

/// trust 1.4
#[actix_web::test]
async fn a_used_successor_makes_its_predecessor_a_theft() {
    let (app, first) = signed_in().await;
    let second = refresh(&app, refresh_token(&first)).await.ok();
    let third = refresh(&app, refresh_token(&second)).await.ok();
    refresh_proved(&app, refresh_token(&first), &first).await.problem(400, "invalid_grant");
    bearer(&app, &third).get("/v1/me").await.problem(401, "unauthorized");
}

/// trust 1.4
#[actix_web::test]
async fn another_program_gets_no_lost_answer() {
    let (app, first) = signed_in().await;
    let second = refresh_with(&app, "Browser/1", refresh_token(&first), &first).await.ok();
    refresh_with(&app, "Thief/1", refresh_token(&first), &first).await.problem(400, "invalid_grant");
    bearer(&app, &second).get("/v1/me").await.problem(401, "unauthorized");
}

/// trust 1.4 and S7: fifty parallel uses leave at most one live successor.
#[actix_web::test]
async fn parallel_refreshes_leave_one_successor() {
    let (app, first) = signed_in().await;
    let second = app.second_server().await;
    let servers = [&app, &second];
    let racing = (0..50).map(|n| refresh_proved(servers[n % 2], refresh_token(&first), &first));
    let answers: Vec<Value> = join_all(racing).await.into_iter().map(Answer::ok).collect();
    assert!(answers.iter().all(|tokens| refresh_token(tokens) == refresh_token(&answers[0])));
    assert_eq!(app.count("refresh_tokens WHERE spent_at IS NULL").await, 1);
    let _ = refresh(&app, refresh_token(&answers[0])).await.ok();

    // Of fifty thieves with different programs at most one gets a token, and the token family ends for all.
    let (app, first) = signed_in().await;
    let agents: Vec<String> = (0..50).map(|n| format!("Agent/{n}")).collect();
    let racing = agents.iter().map(|agent| refresh_with(&app, agent, refresh_token(&first), &first));
    let won: Vec<Value> =
        join_all(racing).await.into_iter().filter(|answer| answer.status == 200).map(Answer::ok).collect();
    assert!(won.len() <= 1, "{}", won.len());
    for tokens in &won {
        refresh(&app, refresh_token(tokens)).await.problem(400, "invalid_grant");
    }
}

/// ASVS 7.3.1, 7.3.2, 10.4.8: a week without use ends a session, and so do thirty days, even if it is used.
#[actix_web::test]
async fn sessions_end_by_idleness_and_by_age() {
    let (app, tokens) = signed_in().await;
    let mut tokens = refresh(&app, refresh_token(&tokens)).await.ok();
    for _ in 0..4 {
        app.advance(Duration::days(7) - Duration::seconds(1));
        tokens = refresh(&app, refresh_token(&tokens)).await.ok();
    }
    app.advance(Duration::days(3));
    refresh(&app, refresh_token(&tokens)).await.problem(400, "invalid_grant");

    let (app, tokens) = signed_in().await;
    app.advance(Duration::days(7));
    refresh(&app, refresh_token(&tokens)).await.problem(400, "invalid_grant");
}

/// trust 1.4: no refresh token outlives its session.
#[actix_web::test]
async fn a_refresh_token_of_an_old_session_ends_with_it() {
    let (app, mut tokens) = signed_in().await;
    for _ in 0..5 {
        app.advance(Duration::days(5));
        tokens = refresh(&app, refresh_token(&tokens)).await.ok();
    }
    let late = "refresh_tokens JOIN sessions ON sessions.id = session_id WHERE refresh_tokens.expires_at > sessions.expires_at";
    assert_eq!(app.count(late).await, 0);
}
