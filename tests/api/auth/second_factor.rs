//! The second factor: enrolment, sign-in, and its loss.

use actix_web::http::Method;
use chrono::Duration;
use data_encoding::BASE32_NOPAD;
use futures_util::future::join_all;
use liaison::auth::{second_factor::Secret, throttle::Limits};
use serde_json::{Value, json};

use super::{HERE, bearer, send_form, sign_in};
use crate::{
    calls::{PASSWORD, World, code},
    harness::{Answer, TestApp, TestUser},
};

const AT: &str = "/v1/me/second-factor";

async fn sign_in_with(app: &TestApp, email: &str, password: &str, otp: &str) -> Answer {
    let form = [("grant_type", "password"), ("username", email), ("password", password), ("otp", otp)];
    send_form(app, "/v1/auth/token", HERE, &form).await
}

async fn status(who: &TestUser) -> Value {
    who.get(AT).await.ok()
}

async fn remove(who: &TestUser, password: &str, otp: &str) -> Answer {
    who.own(Method::DELETE, AT, json!({"password": password, "otp": otp})).await
}

/// The authenticator app of an enrolment.
struct App {
    secret: Secret,
    app: TestApp,
}

impl App {
    fn of(app: &TestApp, enrolment: &Value) -> Self {
        let secret = BASE32_NOPAD.decode(enrolment["secret"].as_str().unwrap().as_bytes()).unwrap();
        Self { secret: Secret::from_bytes(secret).unwrap(), app: app.clone() }
    }

    fn code(&self, steps: i64) -> String {
        self.secret.code(self.app.parts().clock.now().utc().timestamp() / 30 + steps)
    }
}

async fn ann() -> (TestApp, TestUser) {
    let app = TestApp::with_limits(Limits { per_account: 100, per_network: 1000 }).await;
    let ann = app.manager("ann").await;
    (app, ann)
}

/// Ann with a second factor, its app, and her recovery codes.
async fn enrolled() -> (TestApp, TestUser, App, Vec<String>) {
    let (app, ann) = ann().await;
    let enrolment = ann.post(AT, json!({"password": PASSWORD})).await.ok();
    let phone = App::of(&app, &enrolment);
    let confirmed = ann.post(&format!("{AT}/confirm"), json!({"otp": phone.code(0)})).await.ok();
    let codes = confirmed["recovery_codes"].as_array().unwrap();
    let codes = codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect();
    app.advance(Duration::seconds(60));
    (app, ann, phone, codes)
}

/// ASVS 6.3.3, 6.5.2, 7.5.1; trust 1.5
#[actix_web::test]
async fn a_second_factor_is_enrolled_with_the_password_and_a_first_code() {
    let (app, ann) = ann().await;
    assert_eq!(status(&ann).await["status"], "off");
    ann.post(AT, json!({"password": "a wrong password"})).await.field_error("/password", "wrong_password");
    ann.post(&format!("{AT}/confirm"), json!({"otp": "000000"})).await.problem(409, "invalid_state");
    let enrolment = ann.post(AT, json!({"password": PASSWORD})).await.ok();
    let secret = enrolment["secret"].as_str().unwrap();
    assert_eq!(secret.len() * 5, 160, "bits");
    let uri = enrolment["otpauth_uri"].as_str().unwrap();
    assert!(
        uri.starts_with("otpauth://totp/Liaison:") && uri.contains(&format!("secret={secret}&issuer=Liaison")),
        "{uri}"
    );
    assert_eq!(status(&ann).await["status"], "pending");
    let _ = sign_in(&app, &ann.email, PASSWORD).await.ok();

    let phone = App::of(&app, &enrolment);
    ann.post(&format!("{AT}/confirm"), json!({"otp": phone.code(3)})).await.field_error("/otp", "wrong_code");
    let elsewhere = bearer(&app, &sign_in(&app, &ann.email, PASSWORD).await.ok());
    let confirmed = ann.post(&format!("{AT}/confirm"), json!({"otp": phone.code(0)})).await.ok();
    let codes = confirmed["recovery_codes"].as_array().unwrap();
    assert_eq!(codes.len(), 10);
    elsewhere.get("/v1/me").await.problem(401, "unauthorized");
    let on = status(&ann).await;
    assert_eq!((&on["status"], &on["recovery_codes_left"]), (&json!("on"), &json!(10)));
    assert_eq!(on["confirmed_at"], "2026-11-24T10:00:00Z");
    ann.post(AT, json!({"password": PASSWORD})).await.problem(409, "invalid_state");
    ann.post(&format!("{AT}/confirm"), json!({"otp": phone.code(1)})).await.problem(409, "invalid_state");

    let kept = "SELECT encode(sealed_secret, 'escape') AS value FROM second_factors UNION ALL \
                SELECT encode(code_hash, 'escape') FROM recovery_codes UNION ALL SELECT changes::text FROM audit_events";
    let kept = app.text(kept).await.join("");
    assert!(!kept.contains(secret) && codes.iter().all(|code| !kept.contains(code.as_str().unwrap())));
    let actions: Vec<String> = app.audit(&json!(ann.id)).await.into_iter().map(|(action, _)| action).collect();
    assert_eq!(actions, ["second_factor_begun", "second_factor_enabled"]);
}

#[actix_web::test]
async fn an_enrolment_waits_an_hour_and_a_new_one_replaces_it() {
    let (app, ann) = ann().await;
    let first = App::of(&app, &ann.post(AT, json!({"password": PASSWORD})).await.ok());
    let second = App::of(&app, &ann.post(AT, json!({"password": PASSWORD})).await.ok());
    ann.post(&format!("{AT}/confirm"), json!({"otp": first.code(0)})).await.field_error("/otp", "wrong_code");
    app.advance(Duration::minutes(14));
    let tokens = sign_in(&app, &ann.email, PASSWORD).await.ok();
    app.advance(Duration::minutes(46));
    let tokens = super::refresh(&app, super::refresh_token(&tokens)).await.ok();
    let ann = bearer(&app, &tokens);
    ann.post(&format!("{AT}/confirm"), json!({"otp": second.code(0)})).await.problem(409, "invalid_state");
    assert_eq!(status(&ann).await["status"], "off");
}

/// ASVS 6.3.3, 6.3.4; trust 1.6
#[actix_web::test]
async fn signing_in_needs_the_code_and_only_who_knows_the_password_learns_so() {
    let (app, ann, phone, _) = enrolled().await;
    let problem = sign_in(&app, &ann.email, PASSWORD).await.problem(400, "second_factor_required");
    assert_eq!(problem["error"], "invalid_grant");
    let ordinary = sign_in(&app, "nobody@example.com", PASSWORD).await.told(&[]);
    for (password, otp) in
        [("a wrong password", None), ("a wrong password", Some(phone.code(0))), (PASSWORD, Some("000000".to_owned()))]
    {
        let answer = match &otp {
            Some(otp) => sign_in_with(&app, &ann.email, password, otp).await,
            None => sign_in(&app, &ann.email, password).await,
        };
        assert_eq!(answer.told(&[]), ordinary, "{password} {otp:?}");
    }
    sign_in_with(&app, &ann.email, PASSWORD, "").await.problem(400, "second_factor_required");
    sign_in_with(&app, &ann.email, PASSWORD, &"1".repeat(60)).await.problem(400, "invalid_grant");
    let tokens = sign_in_with(&app, &ann.email, PASSWORD, &phone.code(0)).await.ok();
    assert_eq!(bearer(&app, &tokens).get("/v1/clients").await.status, 200);
    // A session is refreshed without a code, since it began with one.
    let _ = super::refresh(&app, super::refresh_token(&tokens)).await.ok();
}

/// ASVS 6.3.1
#[actix_web::test]
async fn guesses_at_a_code_are_throttled_and_the_password_alone_forgets_none() {
    let app = TestApp::with_limits(Limits { per_account: 4, per_network: 100 }).await;
    let world = World::over(app.clone()).await;
    world.enrol_all(true).await;
    for _ in 0..2 {
        sign_in_with(&app, &world.ann.email, PASSWORD, "000000").await.problem(400, "invalid_grant");
        sign_in(&app, &world.ann.email, PASSWORD).await.problem(400, "second_factor_required");
    }
    sign_in_with(&app, &world.ann.email, PASSWORD, &code(&app, 0)).await.problem(429, "too_many_requests");
    app.advance(Duration::minutes(5));
    let _ = sign_in_with(&app, &world.ann.email, PASSWORD, &code(&app, 0)).await.ok();
}

/// ASVS 6.5.1, 6.5.5
#[actix_web::test]
async fn a_code_is_good_once_and_for_a_step_before_and_after() {
    let (app, ann, phone, _) = enrolled().await;
    for steps in [-2, 2] {
        sign_in_with(&app, &ann.email, PASSWORD, &phone.code(steps)).await.problem(400, "invalid_grant");
    }
    for steps in [-1, 0, 1] {
        let spaced = format!("{} {}", &phone.code(steps)[..3], &phone.code(steps)[3..]);
        let _ = sign_in_with(&app, &ann.email, PASSWORD, &spaced).await.ok();
        sign_in_with(&app, &ann.email, PASSWORD, &phone.code(steps)).await.problem(400, "invalid_grant");
    }
    sign_in_with(&app, &ann.email, PASSWORD, &phone.code(-1)).await.problem(400, "invalid_grant");
}

/// ASVS 6.5.1
#[actix_web::test]
async fn of_fifty_uses_of_a_code_at_the_same_time_one_succeeds() {
    let (app, ann, phone, codes) = enrolled().await;
    let second = app.second_server().await;
    for otp in [phone.code(0), codes[3].clone()] {
        let tries = (0..50).map(|n| {
            let app = if n % 2 == 0 { &app } else { &second };
            sign_in_with(app, &ann.email, PASSWORD, &otp)
        });
        let statuses: Vec<u16> = join_all(tries).await.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{otp}: {statuses:?}");
        assert!(statuses.iter().all(|status| [200, 400].contains(status)), "{otp}: {statuses:?}");
        app.advance(Duration::minutes(5));
    }
}

/// ASVS 6.5.1, 6.5.2
#[actix_web::test]
async fn each_recovery_code_is_good_once() {
    let (app, ann, phone, codes) = enrolled().await;
    let _ = sign_in_with(&app, &ann.email, PASSWORD, &codes[0]).await.ok();
    sign_in_with(&app, &ann.email, PASSWORD, &codes[0]).await.problem(400, "invalid_grant");
    let typed = codes[1].to_lowercase().replace('-', " ");
    let _ = sign_in_with(&app, &ann.email, PASSWORD, &typed).await.ok();
    assert_eq!(status(&ann).await["recovery_codes_left"], 8);

    let renew = async |password: &str, otp: &str| {
        ann.post(&format!("{AT}/recovery-codes"), json!({"password": password, "otp": otp})).await
    };
    renew("a wrong password", &phone.code(0)).await.field_error("/password", "wrong_password");
    renew(PASSWORD, "000000").await.field_error("/otp", "wrong_code");
    let renewed = renew(PASSWORD, &phone.code(0)).await.ok();
    assert_eq!(status(&ann).await["recovery_codes_left"], 10);
    sign_in_with(&app, &ann.email, PASSWORD, &codes[2]).await.problem(400, "invalid_grant");
    let _ = sign_in_with(&app, &ann.email, PASSWORD, renewed["recovery_codes"][0].as_str().unwrap()).await.ok();
}

#[actix_web::test]
async fn a_code_of_one_user_is_nothing_to_another() {
    let (app, ann, _, codes) = enrolled().await;
    let bob = app.manager("bob").await;
    let phone = App::of(&app, &bob.post(AT, json!({"password": PASSWORD})).await.ok());
    let _ = bob.post(&format!("{AT}/confirm"), json!({"otp": phone.code(0)})).await.ok();
    sign_in_with(&app, &bob.email, PASSWORD, &codes[0]).await.problem(400, "invalid_grant");
    sign_in_with(&app, &ann.email, PASSWORD, &phone.code(1)).await.problem(400, "invalid_grant");
    // A sealed secret cannot be opened in another user's row.
    let swap = format!(
        "UPDATE second_factors SET sealed_secret = (SELECT sealed_secret FROM second_factors WHERE user_id = '{}') WHERE user_id = '{}'",
        bob.id, ann.id
    );
    app.sql(&swap).await;
    assert_eq!(sign_in_with(&app, &ann.email, PASSWORD, &phone.code(1)).await.status, 500);
}

/// ASVS 7.5.1, 7.4.3
#[actix_web::test]
async fn removing_it_needs_both_factors_and_ends_the_other_sessions() {
    let (app, ann, phone, _) = enrolled().await;
    let elsewhere = bearer(&app, &sign_in_with(&app, &ann.email, PASSWORD, &phone.code(-1)).await.ok());
    remove(&ann, "a wrong password", &phone.code(0)).await.field_error("/password", "wrong_password");
    remove(&ann, PASSWORD, "000000").await.field_error("/otp", "wrong_code");
    ann.own(Method::DELETE, AT, json!({"password": PASSWORD})).await.field_error("/otp", "required");
    remove(&ann, PASSWORD, &phone.code(0)).await.no_content();
    assert_eq!(status(&ann).await["status"], "off");
    elsewhere.get("/v1/me").await.problem(401, "unauthorized");
    let _ = sign_in(&app, &ann.email, PASSWORD).await.ok();
    remove(&ann, PASSWORD, &phone.code(1)).await.problem(409, "invalid_state");
    assert_eq!(app.count("recovery_codes").await, 0);
}

/// NIST SP 800-63B-4, 3.1.1.2
#[actix_web::test]
async fn a_password_that_is_short_alone_keeps_its_second_factor() {
    let (_, ann, phone, codes) = enrolled().await;
    let change = async |current: &str, new: &str, otp: &str| {
        let body = json!({"current_password": current, "new_password": new, "otp": otp});
        ann.own(Method::PUT, "/v1/me/password", body).await
    };
    let without = json!({"current_password": PASSWORD, "new_password": "vxqmtzk8"});
    ann.own(Method::PUT, "/v1/me/password", without).await.field_error("/otp", "required");
    change(PASSWORD, "vxqmtzk", &phone.code(0)).await.field_error("/new_password", "too_short");
    change(PASSWORD, "vxqmtzk8", &phone.code(0)).await.no_content();
    let refused = remove(&ann, "vxqmtzk8", &codes[0]).await.problem(409, "conflict");
    assert!(refused["detail"].as_str().unwrap().contains("15 characters"), "{refused}");
    change("vxqmtzk8", PASSWORD, &codes[0]).await.no_content();
    remove(&ann, PASSWORD, &codes[1]).await.no_content();
}

#[actix_web::test]
async fn a_role_that_needs_it_keeps_it() {
    let (app, ann, phone, _) = enrolled().await;
    app.sql("UPDATE role_policies SET second_factor_required = true WHERE role = 'manager'").await;
    app.parts().callers.forget();
    assert_eq!(status(&ann).await["is_required"], true);
    let refused = remove(&ann, PASSWORD, &phone.code(0)).await.problem(409, "conflict");
    assert!(refused["detail"].as_str().unwrap().contains("role"), "{refused}");
}

/// ASVS 6.4.4, 6.4.6
#[actix_web::test]
async fn a_supervisor_removes_a_lost_factor() {
    let app = TestApp::start().await;
    let world = World::over(app.clone()).await;
    let user = world.user().await;
    let email = user["email"].as_str().unwrap();
    world.sue.transition("reset-second-factor", &user, json!({})).await.problem(409, "invalid_state");
    world.enrol(&user["id"], true).await;
    let signed_in = bearer(&app, &sign_in_with(&app, email, PASSWORD, &code(&app, 0)).await.ok());
    let changed = world.sue.transition("reset-second-factor", &user, json!({})).await.ok();
    assert_eq!(changed["version"], 2);
    signed_in.get("/v1/me").await.problem(401, "unauthorized");
    let _ = sign_in(&app, email, PASSWORD).await.ok();
    let actions: Vec<String> = app.audit(&user["id"]).await.into_iter().map(|(action, _)| action).collect();
    assert_eq!(actions, ["created", "second_factor_reset"]);

    // A password that is too short without a second factor is no longer valid.
    let other = world.user().await;
    world.enrol(&other["id"], true).await;
    app.sql(&format!("UPDATE users SET password_is_long = false WHERE id = '{}'", other["id"].as_str().unwrap())).await;
    let _ = world.sue.transition("reset-second-factor", &other, json!({})).await.ok();
    sign_in(&app, other["email"].as_str().unwrap(), PASSWORD).await.problem(400, "invalid_grant");
}
