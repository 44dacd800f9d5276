//! Step-up authentication: operations that give somebody access need a recent proof of who the caller is.

use actix_web::http::Method;
use chrono::Duration;
use liaison::{
    access::{Role, permission::is_for_persons_only, recent::MAX_AGE},
    auth::throttle::Limits,
};
use serde_json::{Value, json};

use super::{bearer, email, refresh, refresh_token, sign_in};
use crate::{
    calls::{Call, Operation, PASSWORD, Target, World, call, code, operations},
    harness::{Answer, TestApp, TestUser},
};

const AT: &str = "/v1/auth/confirm";
const WRONG: &str = "not the right password";

/// The operations that always need a recent proof.
const ALWAYS: [&str; 14] = [
    "create_api_key",
    "create_deputy",
    "create_user",
    "end_other_sessions",
    "end_own_session",
    "erase_client",
    "erase_contact",
    "give_consent",
    "replace_role_policy",
    "reset_second_factor",
    "rotate_api_key",
    "start_password_reset",
    "unblock_service_account",
    "unblock_user",
];

async fn world() -> World {
    World::over(TestApp::start().await).await
}

async fn confirm(who: &TestUser, password: &str) -> Answer {
    who.post(AT, json!({"password": password})).await
}

/// Whether the server asks `who` for a recent proof. The request needs one, and names a session that does not exist.
async fn is_stale(who: &TestUser) -> bool {
    let answer = who.send(who.request(Method::DELETE, &format!("/v1/me/sessions/{}", who.id))).await;
    match answer.status {
        404 => false,
        _ => answer.problem(401, "insufficient_user_authentication").is_object(),
    }
}

/// RFC 9470, section 3
fn challenged(answer: Answer, what: &str) {
    assert_eq!(
        answer.header("www-authenticate"),
        Some(
            "Bearer realm=\"liaison\", error=\"insufficient_user_authentication\", \
             error_description=\"More recent authentication is required\", max_age=900"
        ),
        "{what}: {:?}",
        answer.body
    );
    assert_eq!(answer.problem(401, "insufficient_user_authentication")["max_age"], 900, "{what}");
}

/// ASVS 7.5.1, 7.5.2
#[actix_web::test]
async fn what_lets_somebody_in_needs_a_recent_proof() {
    let world = world().await;
    let send = async |call: &Call, operation: &Operation| world.sue.send(call.request(operation, &world.sue)).await;
    let mut needing = Vec::new();
    for operation in operations().into_iter().filter(|operation| !operation.is_public()) {
        let call = call(&world, operation.id, Target::Ordinary).await;
        world.grow_stale(&json!(world.sue.id)).await;
        let needs = operation.about["x-recent-authentication"] == true;
        let told = operation.about["description"].as_str().unwrap_or_default();
        assert_eq!(
            told.contains("within the last 15 minutes"),
            operation.about["x-recent-authentication"] != Value::Null
        );
        if !needs {
            assert_ne!(send(&call, &operation).await.status, 401, "{}", operation.id);
            continue;
        }
        needing.push(operation.id);
        let before = world.app.count("audit_events").await;
        challenged(send(&call, &operation).await, operation.id);
        assert_eq!(world.app.count("audit_events").await, before, "{}: nothing was done", operation.id);
        // A caller without the right is not asked for a proof.
        if let Some(permission) = operation.permission() {
            assert!(is_for_persons_only(permission), "{}: a service account could not prove anything", operation.id);
            world.grow_stale(&json!(world.ann.id)).await;
            let refused = world.ann.send(call.request(&operation, &world.ann)).await;
            match operation.id {
                // Everybody may name a deputy of their own.
                "create_deputy" => challenged(refused, operation.id),
                _ => drop(refused.problem(403, "forbidden")),
            }
        }
        // Some calls have given her another password and a second factor.
        world.app.give_password(&json!({"id": world.sue.id})).await;
        world.app.sql(&format!("DELETE FROM second_factors WHERE user_id = '{}'", world.sue.id)).await;
        confirm(&world.sue, PASSWORD).await.no_content();
        let done = send(&call, &operation).await;
        // The call names another user's session, which only that user can see.
        let expected = if operation.id == "end_own_session" { 404..405 } else { 200..300 };
        assert!(expected.contains(&done.status), "{}: {:?}", operation.id, done.body);
    }
    needing.sort_unstable();
    assert_eq!(needing, ALWAYS);
}

/// ASVS 7.5.1
#[actix_web::test]
async fn the_address_and_the_rights_of_a_user_need_a_recent_proof() {
    let world = world().await;
    let user = world.user().await;
    let account = world.service_account().await;
    let team = world.mia.team_id;
    let changes = [
        (&user, json!({"email": "thief@example.com"})),
        (&user, json!({"role": "key_account_manager"})),
        (&user, json!({"team_id": team})),
        (&account, json!({"role": "manager"})),
        (&account, json!({"scopes": ["clients:read"]})),
        (&account, json!({"allowed_networks": ["192.0.2.0/24"]})),
        (&account, json!({"team_id": team})),
    ];
    for (whose, change) in changes {
        let path = whose["path"].as_str().unwrap();
        let current = world.sue.get(path).await.ok();
        world.grow_stale(&json!(world.sue.id)).await;
        challenged(world.sue.patch(path, &current, change.clone()).await, path);
        // Unchanged values and names need no proof.
        let name = change.as_object().unwrap().keys().next().unwrap();
        let same = json!({"name": "Renamed", name: current[name]});
        let current = world.sue.patch(path, &current, same).await.ok();
        confirm(&world.sue, PASSWORD).await.no_content();
        let changed = world.sue.patch(path, &current, change.clone()).await.ok();
        assert_eq!(changed[name], change[name]);
    }
    // The rule applies to the caller's own account, too.
    let sue = world.sue.get("/v1/me").await.ok();
    world.grow_stale(&json!(world.sue.id)).await;
    let path = format!("/v1/users/{}", world.sue.id);
    challenged(world.sue.patch(&path, &sue, json!({"email": "mine@example.com"})).await, "own");
}

/// ASVS 7.5.1, 7.5.2: it lasts no longer, and a refresh does not prolong it.
#[actix_web::test]
async fn a_confirmation_is_good_for_fifteen_minutes() {
    let app = TestApp::start().await;
    let world = World::over(app.clone()).await;
    let user = world.user().await;
    assert_eq!(MAX_AGE, Duration::minutes(15));
    let mut tokens = sign_in(&app, email(&user), PASSWORD).await.ok();
    for proof in ["the sign-in", "a confirmation"] {
        for (seconds, stale) in [(0, false), (890, false), (10, false), (1, true), (100, true)] {
            app.advance(Duration::seconds(seconds));
            tokens = refresh(&app, refresh_token(&tokens)).await.ok();
            assert_eq!(is_stale(&bearer(&app, &tokens)).await, stale, "{seconds} s after {proof}");
        }
        let who = bearer(&app, &tokens);
        confirm(&who, WRONG).await.field_error("/password", "wrong_password");
        assert!(is_stale(&who).await);
        confirm(&who, PASSWORD).await.no_content();
        let session = &who.get("/v1/me/sessions").await.ok()["data"][0];
        assert_eq!(session["authenticated_at"], json!(app.parts().clock.now()));
    }
}

#[actix_web::test]
async fn a_confirmation_is_of_one_session_and_in_force_on_every_server_at_once() {
    let world = world().await;
    let user = world.user().await;
    let here = bearer(&world.app, &sign_in(&world.app, email(&user), PASSWORD).await.ok());
    let there = bearer(&world.app, &sign_in(&world.app, email(&user), PASSWORD).await.ok());
    let elsewhere = here.at(&world.app.second_server().await);
    world.grow_stale(&user["id"]).await;
    for who in [&here, &there, &elsewhere] {
        assert!(is_stale(who).await);
    }
    confirm(&here, PASSWORD).await.no_content();
    assert!(!is_stale(&here).await && !is_stale(&elsewhere).await && is_stale(&there).await);
    // Another user's password proves nothing.
    confirm(&there, "seven plums in a paper bag").await.field_error("/password", "wrong_password");
    assert!(is_stale(&there).await);
}

#[actix_web::test]
async fn an_ended_session_and_a_service_account_have_nothing_to_confirm() {
    let world = world().await;
    let service = world.app.service_account(Role::Supervisor, &["clients:read"]).await;
    confirm(&service, PASSWORD).await.problem(403, "forbidden");
    let path = format!("/v1/me/sessions/{}", world.ann.id);
    service.send(service.request(Method::DELETE, &path)).await.problem(403, "forbidden");
    confirm(&world.app.anonymous(), PASSWORD).await.problem(401, "unauthorized");

    // The session was ended or the user blocked on another server a moment ago, and this server does not know it yet.
    for who in [&world.ann, &world.bob] {
        assert_eq!(who.get("/v1/me").await.status, 200);
    }
    world.app.sql(&format!("UPDATE sessions SET ended_at = now() WHERE user_id = '{}'", world.ann.id)).await;
    world.app.sql(&format!("UPDATE users SET status = 'blocked' WHERE id = '{}'", world.bob.id)).await;
    for answer in [
        confirm(&world.bob, PASSWORD).await,
        confirm(&world.ann, PASSWORD).await,
        world.ann.send(world.ann.request(Method::DELETE, "/v1/me/sessions")).await,
    ] {
        assert_eq!(answer.header("www-authenticate"), Some(r#"Bearer realm="liaison", error="invalid_token""#));
        answer.problem(401, "unauthorized");
    }
}

/// ASVS 6.3.3, 6.5.1: like a sign-in.
#[actix_web::test]
async fn who_has_a_second_factor_confirms_with_both() {
    let world = world().await;
    world.enrol_all(true).await;
    let ann = &world.ann;
    world.grow_stale(&json!(ann.id)).await;
    let with = async |password: &str, otp: &str| ann.post(AT, json!({"password": password, "otp": otp})).await;
    confirm(ann, PASSWORD).await.field_error("/otp", "required");
    with(PASSWORD, "000000").await.field_error("/otp", "wrong_code");
    with(WRONG, &code(&world.app, 0)).await.field_error("/password", "wrong_password");
    assert!(is_stale(ann).await);
    with(PASSWORD, &code(&world.app, 0)).await.no_content();
    assert!(!is_stale(ann).await);
    with(PASSWORD, &code(&world.app, 0)).await.field_error("/otp", "wrong_code");

    let codes = json!({"password": PASSWORD, "otp": code(&world.app, 1)});
    let codes = ann.post("/v1/me/second-factor/recovery-codes", codes).await.ok();
    let recovery = codes["recovery_codes"][0].as_str().unwrap();
    world.grow_stale(&json!(ann.id)).await;
    with(PASSWORD, recovery).await.no_content();
    assert!(!is_stale(ann).await);
    with(PASSWORD, recovery).await.field_error("/otp", "wrong_code");
}

/// ASVS 6.3.1: a stolen token gives no more guesses than a sign-in, and guesses of others do not keep a known device
/// from confirming.
#[actix_web::test]
async fn guesses_at_a_confirmation_count_like_those_of_a_sign_in() {
    let app = TestApp::with_limits(Limits { per_account: 3, per_network: 100 }).await;
    let world = World::over(app.clone()).await;
    let user = world.user().await;
    let tokens = sign_in(&app, email(&user), PASSWORD).await.ok();
    let who = bearer(&app, &tokens);
    for _ in 0..2 {
        confirm(&who, WRONG).await.field_error("/password", "wrong_password");
    }
    sign_in(&app, email(&user), WRONG).await.problem(400, "invalid_grant");
    for password in [WRONG, PASSWORD] {
        let refused = confirm(&who, password).await;
        assert_eq!(refused.header("retry-after"), Some("300"));
        refused.problem(429, "too_many_requests");
    }
    sign_in(&app, email(&user), PASSWORD).await.problem(429, "too_many_requests");
    let throttled = "audit_events WHERE action = 'confirmed' AND changes->'cause'->>'to' = 'throttled'";
    assert_eq!(app.count(throttled).await, 2);

    let known = json!({"password": PASSWORD, "device_token": tokens["device_token"]});
    who.post(AT, known.clone()).await.no_content();
    let forged = json!({"password": PASSWORD, "device_token": "forged"});
    who.post(AT, forged).await.problem(429, "too_many_requests");
    app.advance(Duration::minutes(5));
    for _ in 0..3 {
        confirm(&who, WRONG).await.field_error("/password", "wrong_password");
        confirm(&who, PASSWORD).await.no_content();
    }
}

/// ASVS 6.3.1: the limit of failed guesses in a row is for the whole account, wherever they are made.
#[actix_web::test]
async fn after_a_hundred_failures_in_a_row_only_a_known_device_confirms() {
    let app = TestApp::start().await;
    let world = World::over(app.clone()).await;
    let user = world.user().await;
    let tokens = sign_in(&app, email(&user), PASSWORD).await.ok();
    let who = bearer(&app, &tokens);
    let now = app.parts().clock.now().utc().to_rfc3339();
    let streak = format!("INSERT INTO sign_in_streaks VALUES ('account {}', 100, '{now}')", email(&user));
    app.sql(&streak).await;
    confirm(&who, PASSWORD).await.field_error("/password", "wrong_password");
    let known = json!({"password": PASSWORD, "device_token": tokens["device_token"]});
    who.post(AT, known).await.no_content();
    confirm(&who, PASSWORD).await.no_content();
}
