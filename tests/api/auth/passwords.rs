//! Passwords: what they may be, and how their users change them.

use actix_web::http::Method;
use argon2::{Argon2, Params, password_hash::PasswordHasher};
use futures_util::future::join_all;
use liaison::auth::throttle::Limits;
use serde_json::{Value, json};

use super::{bearer, refresh, refresh_token, sign_in};
use crate::{
    calls::PASSWORD,
    harness::{Answer, TestApp, TestUser},
};

const NEW: &str = "seven plums in a paper bag";

async fn change(who: &TestUser, current: &str, new: &str) -> Answer {
    who.own(Method::PUT, "/v1/me/password", json!({"current_password": current, "new_password": new})).await
}

async fn ann() -> (TestApp, TestUser) {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    (app, ann)
}

async fn actions(app: &TestApp, who: &TestUser) -> Vec<String> {
    app.audit(&json!(who.id)).await.into_iter().map(|(action, _)| action).collect()
}

async fn hash_of(app: &TestApp, who: &TestUser) -> String {
    app.text(&format!("SELECT password_hash AS value FROM users WHERE id = '{}'", who.id)).await.remove(0)
}

/// ASVS 6.2.2, 6.2.3, 7.4.3; trust 1.5
#[actix_web::test]
async fn a_changed_password_holds_at_once_and_ends_all_other_sessions() {
    let (app, ann) = ann().await;
    let bob = app.colleague_of(&ann, "bob").await;
    let elsewhere = sign_in(&app, &ann.email, PASSWORD).await.ok();
    change(&ann, PASSWORD, NEW).await.no_content();

    assert_eq!(ann.get("/v1/me").await.status, 200, "the session that changed it goes on");
    bearer(&app, &elsewhere).get("/v1/me").await.problem(401, "unauthorized");
    refresh(&app, refresh_token(&elsewhere)).await.problem(400, "invalid_grant");
    assert_eq!(bob.get("/v1/me").await.status, 200);
    sign_in(&app, &ann.email, PASSWORD).await.problem(400, "invalid_grant");
    let _ = sign_in(&app, &ann.email, NEW).await.ok();

    assert_eq!(actions(&app, &ann).await, ["password_changed"]);
    let sql = "SELECT changes::text AS value FROM audit_events WHERE resource = 'users' \
               UNION ALL SELECT convert_from(body, 'UTF8') FROM idempotency_keys";
    let recorded = app.text(sql).await.join("");
    assert!(!recorded.contains("argon2") && !recorded.contains("plums"), "{recorded}");
    assert_eq!(app.events(&json!(ann.id)).await, ["users.password_changed"]);
}

/// ASVS 6.2.3
#[actix_web::test]
async fn only_who_knows_the_password_changes_it() {
    let (app, ann) = ann().await;
    let before = hash_of(&app, &ann).await;
    for wrong in
        ["a wrong password, long enough", "", &PASSWORD[..27], &format!("{PASSWORD} "), &PASSWORD.to_uppercase()]
    {
        change(&ann, wrong, NEW).await.field_error("/current_password", "wrong_password");
    }
    change(&ann, &"x".repeat(1025), NEW).await.field_error("/current_password", "too_long");
    app.anonymous()
        .own(Method::PUT, "/v1/me/password", json!({"current_password": PASSWORD, "new_password": NEW}))
        .await
        .problem(401, "unauthorized");
    assert_eq!(hash_of(&app, &ann).await, before);
    assert_eq!(actions(&app, &ann).await, Vec::<String>::new());
}

/// ASVS 6.3.1
#[actix_web::test]
async fn guesses_at_the_current_password_count_like_those_of_a_sign_in() {
    let app = TestApp::with_limits(Limits { per_account: 3, per_network: 100 }).await;
    let ann = app.manager("ann").await;
    for _ in 0..2 {
        change(&ann, "a wrong password", NEW).await.field_error("/current_password", "wrong_password");
    }
    sign_in(&app, &ann.email, "a wrong password").await.problem(400, "invalid_grant");
    change(&ann, PASSWORD, NEW).await.problem(429, "too_many_requests");
    sign_in(&app, &ann.email, PASSWORD).await.problem(429, "too_many_requests");
    app.advance(chrono::Duration::minutes(5));
    change(&ann, PASSWORD, NEW).await.no_content();
}

/// ASVS 6.2.1, 6.2.4, 6.2.5, 6.2.9, 6.2.11, 6.2.12; trust 1.5
#[actix_web::test]
async fn a_new_password_keeps_to_the_rule() {
    let (_, ann) = ann().await;
    let own = format!("{}{}", ann.email, ann.email);
    for (new, code) in [
        ("fourteen chars", "too_short"),
        ("short", "too_short"),
        (&"\u{10348}".repeat(300), "too_long"),
        ("ManchesterUnited1", "common_password"),
        ("passwordpassword", "common_password"),
        ("liaison liaison 2026", "common_password"),
        (&own, "common_password"),
    ] {
        let answer = change(&ann, PASSWORD, new).await;
        answer.field_error("/new_password", code);
    }
    let ru = ann
        .request(Method::PUT, "/v1/me/password")
        .insert_header(("Accept-Language", "ru"))
        .set_json(json!({"current_password": PASSWORD, "new_password": "passwordpassword"}));
    let told = ann.send(ru).await.problem(422, "validation_failed");
    assert!(told["errors"][0]["detail"].as_str().unwrap().contains("пароль"), "{told}");

    let long = "длинный пароль из многих слов 🐎 ".repeat(9);
    let mut current = PASSWORD;
    for new in ["ключ от погреба", "               ", "8350194622857 no", long.as_str()] {
        let answer = change(&ann, current, new).await;
        match new.trim() {
            // Fifteen spaces are fifteen times the same.
            "" => answer.field_error("/new_password", "common_password"),
            _ => {
                answer.no_content();
                current = new;
            }
        }
    }
}

/// NIST SP 800-63B-4, 3.1.1.2: the same password typed on two keyboards is the same.
#[actix_web::test]
async fn a_password_is_the_same_however_its_letters_are_composed() {
    let (app, ann) = ann().await;
    let (composed, decomposed) = ("ёлки и йод в аптеке", "е\u{308}лки и и\u{306}од в аптеке");
    change(&ann, PASSWORD, decomposed).await.no_content();
    for typed in [composed, decomposed] {
        let _ = sign_in(&app, &ann.email, typed).await.ok();
    }
}

fn hashed(password: &str, memory_kib: u32) -> String {
    let params = Params::new(memory_kib, 1, 1, None).unwrap();
    let argon2 = Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    argon2.hash_password(password.as_bytes()).unwrap().to_string()
}

/// trust 1.5: a hash is renewed at sign-in when the parameters were raised.
#[actix_web::test]
async fn an_old_hash_still_holds_and_is_renewed_at_a_sign_in() {
    let (app, ann) = ann().await;
    let app = app.hashing_as_in_production().await;
    // A hash from before passwords were normalised, made with less effort.
    let typed = "е\u{308}лки и и\u{306}од в аптеке";
    let old = hashed(typed, 8 * 1024);
    app.sql(&format!("UPDATE users SET password_hash = '{old}' WHERE id = '{}'", ann.id)).await;
    sign_in(&app, &ann.email, "a wrong password").await.problem(400, "invalid_grant");
    assert_eq!(hash_of(&app, &ann).await, old);
    for _ in 0..2 {
        let _ = sign_in(&app, &ann.email, typed).await.ok();
        let renewed = hash_of(&app, &ann).await;
        assert!(renewed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{renewed}");
    }
    assert_eq!(actions(&app, &ann).await, Vec::<String>::new(), "the password is the same");
}

#[actix_web::test]
async fn of_changes_at_the_same_time_one_holds() {
    let app = TestApp::with_limits(Limits { per_account: 100, per_network: 1000 }).await;
    let ann = app.manager("ann").await;
    let news: Vec<String> = (0..8).map(|n| format!("seven plums in bag {n}")).collect();
    let answers = join_all(news.iter().map(|new| change(&ann, PASSWORD, new))).await;
    let changed: Vec<&String> =
        news.iter().zip(&answers).filter(|(_, answer)| answer.status == 204).map(|(new, _)| new).collect();
    assert_eq!(changed.len(), 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    let _ = sign_in(&app, &ann.email, changed[0]).await.ok();
    assert_eq!(actions(&app, &ann).await, ["password_changed"]);
}

#[actix_web::test]
async fn a_change_makes_a_link_worthless() {
    let (app, ann) = ann().await;
    let sue = app.supervisor().await;
    let user = sue.get(&format!("/v1/users/{}", ann.id)).await.ok();
    let started: Value = sue.transition("reset-password", &user, json!({})).await.ok();
    change(&ann, PASSWORD, NEW).await.no_content();
    let body = json!({"token": started["token"], "new_password": "another plum in a bag"});
    app.anonymous().post("/v1/auth/reset-password", body).await.field_error("/token", "invalid_token");
}
