//! Known devices, and the bound on guesses in a row. ASVS 6.1.1, 6.3.1, trust 1.6, S11

use chrono::Duration;
use liaison::{auth::throttle::Limits, commands};
use serde_json::Value;

use super::{HERE, email, send_form, sign_in, sign_in_from, with_user};
use crate::{
    calls::{PASSWORD, World},
    harness::{Answer, TestApp},
};

const WRONG: &str = "a wrong password";

async fn sign_in_with(app: &TestApp, email: &str, password: &str, device: &str) -> Answer {
    let fields = [("grant_type", "password"), ("username", email), ("password", password), ("device_token", device)];
    send_form(app, "/v1/auth/token", HERE, &fields).await
}

fn device(tokens: &Value) -> &str {
    tokens["device_token"].as_str().unwrap()
}

/// The token with a different first character.
fn altered(token: &str) -> String {
    let (first, rest) = token.split_at(1);
    format!("{}{rest}", if first == "A" { "B" } else { "A" })
}

/// A user and the tokens of their device, after an attacker in the same network has used up all budgets.
async fn attacked() -> (TestApp, Value, Value) {
    let (app, user) = with_user(Limits { per_account: 3, per_network: 5 }).await;
    let tokens = sign_in(&app, email(&user), PASSWORD).await.ok();
    for _ in 0..4 {
        let _ = sign_in(&app, email(&user), WRONG).await;
    }
    for n in 0..4 {
        let _ = sign_in(&app, &format!("nobody{n}@example.com"), WRONG).await;
    }
    (app, user, tokens)
}

#[actix_web::test]
async fn an_attacker_does_not_lock_a_known_device_out() {
    let (app, user, tokens) = attacked().await;
    for from in [HERE, "203.0.113.1:1"] {
        sign_in_from(&app, from, email(&user), PASSWORD).await.problem(429, "too_many_requests");
    }
    let again = sign_in_with(&app, email(&user), PASSWORD, device(&tokens)).await.ok();
    let _ = sign_in_with(&app, email(&user), PASSWORD, device(&again)).await.ok();
    // The owner's success gives the attacker no new guesses.
    sign_in(&app, email(&user), WRONG).await.problem(429, "too_many_requests");
}

#[actix_web::test]
async fn a_device_token_does_not_sign_in_and_has_a_budget_of_its_own() {
    let (app, user) = with_user(Limits { per_account: 3, per_network: 3 }).await;
    let tokens = sign_in(&app, email(&user), PASSWORD).await.ok();
    for _ in 0..3 {
        sign_in_with(&app, email(&user), WRONG, device(&tokens)).await.problem(400, "invalid_grant");
    }
    for password in [WRONG, PASSWORD] {
        let refused = sign_in_with(&app, email(&user), password, device(&tokens)).await;
        assert!(refused.header("ratelimit").unwrap().ends_with(r#", "device";r=0;t=300"#));
        refused.problem(429, "too_many_requests");
    }
    // None of these failures counts for the account or the network.
    for _ in 0..3 {
        sign_in(&app, email(&user), WRONG).await.problem(400, "invalid_grant");
    }
    app.advance(Duration::minutes(5));
    let _ = sign_in_with(&app, email(&user), PASSWORD, device(&tokens)).await.ok();
}

#[actix_web::test]
async fn a_token_that_is_foreign_forged_or_old_is_as_good_as_none() {
    let (app, user, tokens) = attacked().await;
    let bob = World::over(app.clone()).await.user().await;
    let without = sign_in(&app, email(&user), PASSWORD).await.told(&[]);
    let foreign = sign_in_from(&app, "203.0.113.1:1", email(&bob), PASSWORD).await.ok();
    let forged = altered(device(&tokens));
    let long = "x".repeat(10_000);
    for token in [device(&foreign), &forged, "", "nonsense", "\0", &long] {
        let told = sign_in_with(&app, email(&user), PASSWORD, token).await.told(&[]);
        assert_eq!(told.2, without.2, "{token}");
        assert_eq!(told.0, 429, "{token}");
    }
    app.advance(Duration::days(365));
    let old = device(&tokens);
    for _ in 0..3 {
        sign_in_with(&app, email(&user), WRONG, old).await.problem(400, "invalid_grant");
    }
    // The failures with the old token count for the account.
    sign_in(&app, email(&user), PASSWORD).await.problem(429, "too_many_requests");
    // Another user who sends this user's valid token signs in as if without a token.
    app.advance(Duration::minutes(5));
    let mine = sign_in(&app, email(&user), PASSWORD).await.ok();
    let _ = sign_in_with(&app, email(&bob), PASSWORD, device(&mine)).await.ok();
}

#[actix_web::test]
async fn refreshing_gives_no_device_token() {
    let (app, user) = with_user(Limits::default()).await;
    let tokens = sign_in(&app, email(&user), PASSWORD).await.ok();
    let refreshed = super::refresh(&app, super::refresh_token(&tokens)).await.ok();
    assert_eq!(refreshed.get("device_token"), None);
}

/// Neither the answers nor their headers show whether the account exists. ASVS 6.3.8
#[actix_web::test]
async fn the_limits_told_are_those_of_every_name() {
    let (app, user) = with_user(Limits { per_account: 2, per_network: 100 }).await;
    let mut told = Vec::new();
    for name in [email(&user), "nobody@example.com"] {
        let mut answers = Vec::new();
        for _ in 0..3 {
            answers.push(sign_in(&app, name, WRONG).await);
        }
        let refused = &answers[2];
        assert!(refused.header("ratelimit-policy").unwrap().ends_with(r#", "account";q=2;w=300"#));
        assert!(refused.header("ratelimit").unwrap().ends_with(r#", "account";r=0;t=300"#));
        told.push((refused.status, refused.header("retry-after").unwrap().to_owned(), answers[0].status));
    }
    assert_eq!(told[0], told[1]);
    let (app, _) = with_user(Limits { per_account: 2, per_network: 1 }).await;
    let _ = sign_in(&app, "nobody@example.com", WRONG).await;
    let refused = sign_in(&app, "no.one@example.com", WRONG).await;
    assert!(refused.header("ratelimit").unwrap().ends_with(r#", "network";r=0;t=300"#));
    refused.problem(429, "too_many_requests");
}

/// A user whose account has had 100 failures in a row, and the tokens of a known device of theirs.
async fn exhausted() -> (TestApp, Value, Value) {
    let (app, user) = with_user(Limits::default()).await;
    let tokens = sign_in(&app, email(&user), PASSWORD).await.ok();
    sign_in(&app, email(&user), WRONG).await.problem(400, "invalid_grant");
    set_streak(&app, 99).await;
    // This is the last password that is checked, and it is wrong.
    sign_in(&app, email(&user), WRONG).await.problem(400, "invalid_grant");
    app.advance(Duration::minutes(5));
    (app, user, tokens)
}

async fn set_streak(app: &TestApp, failures: i32) {
    let sql = format!("UPDATE sign_in_streaks SET failures = {failures} RETURNING subject AS value");
    assert_eq!(app.text(&sql).await.len(), 1);
}

/// NIST SP 800-63B-4, 3.2.2
#[actix_web::test]
async fn after_a_hundred_failures_in_a_row_only_a_known_device_is_let_in() {
    let (app, user, tokens) = exhausted().await;
    let unknown = sign_in(&app, "nobody@example.com", PASSWORD).await.told(&[]);
    let refused = sign_in_from(&app, "203.0.113.1:1", email(&user), PASSWORD).await;
    assert_eq!(refused.told(&[]).2, unknown.2, "nothing tells that the password was right");
    refused.problem(400, "invalid_grant");
    app.advance(Duration::days(300));
    sign_in(&app, email(&user), PASSWORD).await.problem(400, "invalid_grant");
    let _ = sign_in_with(&app, email(&user), PASSWORD, device(&tokens)).await.ok();
    let _ = sign_in(&app, email(&user), PASSWORD).await.ok();
}

#[actix_web::test]
async fn the_hundredth_guess_in_a_row_may_be_right() {
    let (app, user) = with_user(Limits::default()).await;
    sign_in(&app, email(&user), WRONG).await.problem(400, "invalid_grant");
    set_streak(&app, 99).await;
    let _ = sign_in(&app, email(&user), PASSWORD).await.ok();
    assert_eq!(app.count("sign_in_streaks").await, 0);
}

#[actix_web::test]
async fn a_reset_of_the_password_ends_the_streak() {
    let (app, user, _) = exhausted().await;
    assert_eq!(app.count("sign_in_streaks").await, 1);
    commands::reset_password(&app.urls(), &app.parts().secrets, email(&user)).await.unwrap();
    assert_eq!(app.count("sign_in_streaks").await, 0);
}

#[actix_web::test]
async fn a_device_that_guesses_a_hundred_times_is_known_no_longer() {
    let (app, user) = with_user(Limits::default()).await;
    let tokens = sign_in(&app, email(&user), PASSWORD).await.ok();
    sign_in_with(&app, email(&user), WRONG, device(&tokens)).await.problem(400, "invalid_grant");
    set_streak(&app, 100).await;
    // From now on the failure counts like a stranger's, for the account and not for the device.
    sign_in_with(&app, email(&user), WRONG, device(&tokens)).await.problem(400, "invalid_grant");
    let counted = app.text("SELECT subject AS value FROM sign_in_streaks WHERE subject LIKE 'account %'").await;
    assert_eq!(counted, [format!("account {}", email(&user))]);
}

#[actix_web::test]
async fn streaks_of_names_that_nobody_has_are_thrown_away() {
    let (app, user) = with_user(Limits::default()).await;
    for name in [email(&user), "nobody@example.com"] {
        sign_in(&app, name, WRONG).await.problem(400, "invalid_grant");
    }
    for (days, left) in [(0, 2), (1, 1), (1000, 1)] {
        app.advance(Duration::days(days));
        app.sweep().await;
        assert_eq!(app.count("sign_in_streaks").await, left, "{days}");
    }
}
