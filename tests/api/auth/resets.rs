//! First passwords, and passwords that were forgotten.

use chrono::Duration;
use futures_util::future::join_all;
use liaison::auth::throttle::Limits;
use serde_json::{Value, json};

use super::{bearer, sign_in};
use crate::{
    calls::{PASSWORD, World, code},
    harness::{Answer, TestApp},
};

const NEW: &str = "seven plums in a paper bag";

async fn start(world: &World, user: &Value) -> Value {
    let path = format!("/v1/users/{}", user["id"].as_str().unwrap());
    let user = world.sue.get(&path).await.ok();
    world.sue.transition("reset-password", &user, json!({})).await.ok()
}

async fn reset(app: &TestApp, token: &Value, password: &str) -> Answer {
    app.anonymous().post("/v1/auth/reset-password", json!({"token": token, "new_password": password})).await
}

async fn world() -> World {
    World::over(TestApp::start().await).await
}

/// ASVS 6.4.1, 6.4.6: the supervisor starts the reset, and the user chooses the password.
#[actix_web::test]
async fn a_new_user_sets_the_first_password_with_a_link() {
    let world = world().await;
    let user = world.sue.post("/v1/users", world.new_user()).await.created();
    let email = user["email"].as_str().unwrap();
    let refused = sign_in(&world.app, email, PASSWORD).await.told(&[]);
    let unknown = sign_in(&world.app, "nobody@example.com", PASSWORD).await.told(&[]);
    assert_eq!(refused, unknown, "that there is no password yet is not told");

    let started = start(&world, &user).await;
    assert_eq!((&started["link"], &started["mailed"]), (&Value::Null, &json!(false)));
    assert_eq!(started["expires_at"], "2026-11-25T10:00:00Z", "24 hours");
    assert!(started["token"].as_str().unwrap().len() >= 43, "256 bits");
    reset(&world.app, &started["token"], "short").await.field_error("/new_password", "too_short");
    reset(&world.app, &started["token"], "fourteen chars").await.field_error("/new_password", "too_short");
    reset(&world.app, &started["token"], "passwordpassword").await.field_error("/new_password", "common_password");
    let answer = reset(&world.app, &started["token"], NEW).await;
    assert!(answer.body.is_empty(), "it does not sign in");
    answer.no_content();
    let tokens = sign_in(&world.app, email, NEW).await.ok();
    assert_eq!(bearer(&world.app, &tokens).get("/v1/clients").await.status, 200);

    let actions: Vec<String> = world.app.audit(&user["id"]).await.into_iter().map(|(action, _)| action).collect();
    assert_eq!(actions, ["created", "password_reset_started", "password_reset"]);
    let kept = "SELECT (to_jsonb(a) || '{}')::text AS value FROM audit_events a UNION ALL \
                SELECT encode(token_hash, 'escape') FROM password_resets";
    assert!(!world.app.text(kept).await.join("").contains(started["token"].as_str().unwrap()));
}

/// ASVS 6.4.1; trust 1.5
#[actix_web::test]
async fn a_link_is_good_once_and_not_for_long_and_only_the_last_one() {
    let world = world().await;
    let user = world.user().await;
    let first = start(&world, &user).await;
    assert_eq!(first["expires_at"], "2026-11-24T11:00:00Z", "an hour, for who has a password");
    let second = start(&world, &user).await;
    reset(&world.app, &first["token"], NEW).await.field_error("/token", "invalid_token");
    reset(&world.app, &json!("unknown"), NEW).await.field_error("/token", "invalid_token");
    reset(&world.app, &second["token"], NEW).await.no_content();
    reset(&world.app, &second["token"], "another plum in the bag").await.field_error("/token", "invalid_token");

    let late = start(&world, &user).await;
    world.app.advance(Duration::hours(1));
    reset(&world.app, &late["token"], "another plum in the bag").await.field_error("/token", "invalid_token");
    let _ = sign_in(&world.app, user["email"].as_str().unwrap(), NEW).await.ok();
    let _db = world.app.db().await;
    world.app.sweep().await;
    assert_eq!(world.app.count("password_resets").await, 0);
}

#[actix_web::test]
async fn of_fifty_uses_of_a_link_at_the_same_time_one_succeeds() {
    let app = TestApp::with_limits(Limits { per_account: 100, per_network: 1000 }).await;
    let world = World::over(app.clone()).await;
    let second = app.second_server().await;
    let user = world.user().await;
    let started = start(&world, &user).await;
    let passwords: Vec<String> = (0..50).map(|n| format!("seven plums in bag {n}")).collect();
    let tries = passwords.iter().enumerate().map(|(n, password)| {
        let app = if n % 2 == 0 { &app } else { &second };
        reset(app, &started["token"], password)
    });
    let statuses: Vec<u16> = join_all(tries).await.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 204).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [204, 422].contains(status)), "{statuses:?}");
    let won = statuses.iter().position(|status| *status == 204).unwrap();
    let _ = sign_in(&app, user["email"].as_str().unwrap(), &passwords[won]).await.ok();
}

/// ASVS 7.4.3
#[actix_web::test]
async fn a_reset_ends_the_sessions_when_it_is_done_and_not_when_it_is_started() {
    let world = world().await;
    let user = world.user().await;
    let tokens = sign_in(&world.app, user["email"].as_str().unwrap(), PASSWORD).await.ok();
    let signed_in = bearer(&world.app, &tokens);
    let started = start(&world, &user).await;
    assert_eq!(signed_in.get("/v1/me").await.status, 200, "who starts a reset for others shuts nobody out");
    let _ = sign_in(&world.app, user["email"].as_str().unwrap(), PASSWORD).await.ok();
    reset(&world.app, &started["token"], NEW).await.no_content();
    signed_in.get("/v1/me").await.problem(401, "unauthorized");
}

/// ASVS 6.4.3
#[actix_web::test]
async fn a_reset_does_not_get_around_the_second_factor() {
    let world = world().await;
    let user = world.user().await;
    let email = user["email"].as_str().unwrap();
    world.enrol(&user["id"], true).await;
    let started = start(&world, &user).await;
    // With a second factor, eight characters are enough.
    reset(&world.app, &started["token"], "vxqmtzk8").await.no_content();
    sign_in(&world.app, email, "vxqmtzk8").await.problem(400, "second_factor_required");
    let form =
        [("grant_type", "password"), ("username", email), ("password", "vxqmtzk8"), ("otp", &code(&world.app, 0))];
    let _ = super::send_form(&world.app, "/v1/auth/token", super::HERE, &form).await.ok();
}

#[actix_web::test]
async fn a_link_is_worthless_for_who_is_blocked_or_has_moved() {
    let world = world().await;
    let user = world.user().await;
    let started = start(&world, &user).await;
    let path = format!("/v1/users/{}", user["id"].as_str().unwrap());
    let now = world.sue.get(&path).await.ok();
    let blocked = world.sue.transition("block", &now, json!({})).await.ok();
    reset(&world.app, &started["token"], NEW).await.field_error("/token", "invalid_token");
    world.sue.transition("reset-password", &blocked, json!({})).await.problem(409, "invalid_state");

    let other = world.user().await;
    let started = start(&world, &other).await;
    let path = format!("/v1/users/{}", other["id"].as_str().unwrap());
    let now = world.sue.get(&path).await.ok();
    let _ = world.sue.patch(&path, &now, json!({"email": "moved@example.com"})).await.ok();
    reset(&world.app, &started["token"], NEW).await.field_error("/token", "invalid_token");
}

/// ASVS 6.4.6: with a stolen session of a supervisor, nobody can set the supervisor's password.
#[actix_web::test]
async fn nobody_starts_a_reset_of_their_own() {
    let world = world().await;
    let own = world.sue.get(&format!("/v1/users/{}", world.sue.id)).await.ok();
    for verb in ["reset-password", "reset-second-factor"] {
        world.sue.transition(verb, &own, json!({})).await.problem(403, "forbidden");
        let ann = world.ann.get(&format!("/v1/users/{}", world.ann.id)).await.ok();
        let refused = world.ann.transition(verb, &ann, json!({})).await.problem(403, "forbidden");
        assert_eq!(refused["permission"], "users:update");
    }
}

/// ASVS 6.3.8
#[actix_web::test]
async fn who_has_forgotten_a_password_learns_nothing_of_who_there_is() {
    let world = world().await;
    let blocked = world.step(&world.user().await, "block").await;
    let mut told = Vec::new();
    for email in [world.ann.email.as_str(), "nobody@example.com", blocked["email"].as_str().unwrap()] {
        let answer = world.app.anonymous().post("/v1/auth/forgot-password", json!({"email": email})).await;
        told.push(answer.told(&[]));
        assert_eq!(answer.status, 202);
    }
    assert!(told.iter().all(|one| *one == told[0]), "{told:#?}");
    assert_eq!(world.app.count("outgoing_mails").await, 0, "there is no mail server");
}

/// ASVS 6.3.1, 6.1.1
#[actix_web::test]
async fn requests_for_links_are_throttled_by_address_and_by_network_and_keep_nobody_from_signing_in() {
    let app = TestApp::with_limits(Limits { per_account: 10, per_network: 8 }).await;
    let world = World::over(app.clone()).await;
    let forgot = async |email: &str| app.anonymous().post("/v1/auth/forgot-password", json!({"email": email})).await;
    for email in [&world.ann.email, "nobody@example.com"] {
        for _ in 0..3 {
            assert_eq!(forgot(email).await.status, 202);
        }
        let refused = forgot(email).await;
        assert_eq!(refused.header("retry-after"), Some("300"));
        refused.problem(429, "too_many_requests");
    }
    assert_eq!(forgot("b@example.com").await.status, 202);
    assert_eq!(forgot("c@example.com").await.status, 202);
    forgot("d@example.com").await.problem(429, "too_many_requests");
    for _ in 0..8 {
        reset(&app, &json!("unknown"), NEW).await.field_error("/token", "invalid_token");
    }
    reset(&app, &json!("unknown"), NEW).await.problem(429, "too_many_requests");
    let _ = sign_in(&app, &world.ann.email, PASSWORD).await.ok();
    app.advance(Duration::minutes(5));
    assert_eq!(forgot(&world.ann.email).await.status, 202);
}

#[actix_web::test]
async fn a_started_reset_is_answered_again_to_the_same_key() {
    let world = world().await;
    let user = world.user().await;
    let request = || {
        let path = format!("{}/reset-password", user["path"].as_str().unwrap());
        let request = world.sue.request(actix_web::http::Method::POST, &path);
        request.insert_header(("If-Match", "\"1\"")).insert_header(("Idempotency-Key", "once"))
    };
    let first = world.sue.send(request()).await.ok();
    let again = world.sue.send(request()).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.ok()["token"], first["token"]);
    reset(&world.app, &first["token"], NEW).await.no_content();
}

/// ASVS 7.4.2: a link that was made before a block lets nobody in, not even after the block is lifted.
#[actix_web::test]
async fn a_link_dies_with_a_block() {
    let world = world().await;
    let user = world.user().await;
    let started = start(&world, &user).await;
    let current = world.sue.get(&format!("/v1/users/{}", user["id"].as_str().unwrap())).await.ok();
    let blocked = world.step(&current, "block").await;
    reset(&world.app, &started["token"], NEW).await.field_error("/token", "invalid_token");
    let _ = world.step(&blocked, "unblock").await;
    reset(&world.app, &started["token"], NEW).await.field_error("/token", "invalid_token");
    assert_eq!(world.app.count("password_resets").await, 0);
}
