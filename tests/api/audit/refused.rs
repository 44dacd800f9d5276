//! Sign-ins, sign-outs and refusals in the audit log.

use actix_web::{http::Method, test::TestRequest};
use chrono::Duration;
use diesel_async::SimpleAsyncConnection;
use liaison::{
    audit::{PER_ADDRESS, PER_CALLER},
    auth::throttle::Limits,
};
use serde_json::{Value, json};

use super::{entries, world};
use crate::{
    calls::{PASSWORD, Target, World, code},
    harness::{Answer, TestApp},
};

const WRONG: &str = "not the right password";

async fn form(app: &TestApp, path: &str, fields: &[(&str, &str)]) -> Answer {
    let request = TestRequest::with_uri(path).method(Method::POST).peer_addr("192.0.2.9:4711".parse().unwrap());
    app.send(request.set_form(fields)).await
}

async fn sign_in(app: &TestApp, email: &str, password: &str) -> Answer {
    form(app, "/v1/auth/token", &[("grant_type", "password"), ("username", email), ("password", password)]).await
}

async fn refresh(app: &TestApp, tokens: &Value) -> Answer {
    let token = tokens["refresh_token"].as_str().unwrap();
    form(app, "/v1/auth/token", &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
}

async fn settle(app: &TestApp) {
    app.settle().await;
}

fn email(user: &Value) -> &str {
    user["email"].as_str().unwrap()
}

/// The entry without its time and the ids that the server generated.
fn said(entry: &Value) -> Value {
    let pick = ["actor_id", "action", "outcome", "resource", "resource_id", "address", "changes"];
    pick.iter().map(|name| ((*name).to_owned(), entry[name].clone())).collect::<serde_json::Map<_, _>>().into()
}

fn fields(values: &[(&str, Value)]) -> Value {
    values
        .iter()
        .map(|(name, to)| ((*name).to_owned(), json!({"from": null, "to": to})))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// ASVS 16.3.2, trust 1.12: denied attempts are in the audit trail, with who, from where, and what was missing.
#[actix_web::test]
async fn what_a_caller_was_refused_is_recorded() {
    let world = world().await;
    let client = world.client(Target::Ordinary).await;
    let body = json!({"owner_id": world.bob.id, "reason": "Vacation"});
    world.ann.transition("transfer", &client, body).await.problem(403, "forbidden");
    let found = entries(&world.sue, "outcome=refused").await;
    let operation = "POST /v1/clients/{id}/transfer";
    let changes =
        [("permission", json!("clients:transfer")), ("code", json!("forbidden")), ("operation", json!(operation))];
    assert_eq!(
        (found.len(), said(&found[0])),
        (
            1,
            json!({"actor_id": world.ann.id, "action": "refused", "outcome": "refused", "resource": "clients",
                "resource_id": client["id"], "address": "192.0.2.1", "changes": fields(&changes)})
        )
    );
    assert!(found[0]["session_id"].is_string() && found[0]["request_id"].is_string(), "{}", found[0]);

    world.ann.post("/v1/teams", json!({"name": "Mine"})).await.problem(403, "forbidden");
    let newest = &entries(&world.sue, "action=refused&resource=teams").await[0];
    assert_eq!(
        (&newest["resource_id"], &newest["changes"]["permission"]["to"]),
        (&Value::Null, &json!("teams:create"))
    );
    // This rule is not a permission.
    let own = world.sue.get(&format!("/v1/users/{}", world.sue.id)).await.ok();
    world.sue.transition("block", &own, json!({})).await.problem(403, "forbidden");
    let of_users = entries(&world.sue, &format!("outcome=refused&resource_id={}", world.sue.id)).await;
    assert_eq!(of_users[0]["changes"]["operation"]["to"], "POST /v1/users/{id}/block");
    // A refusal is not part of the client's history.
    let timeline = world.ann.get(&format!("{}/timeline", client["path"].as_str().unwrap())).await.ok();
    assert!(timeline["data"].as_array().unwrap().iter().all(|entry| entry["action"] != "refused"), "{timeline}");
}

#[actix_web::test]
async fn what_is_absent_or_without_a_caller_is_no_refusal() {
    let world = world().await;
    let client = world.client(Target::Ordinary).await;
    world.mia.get(client["path"].as_str().unwrap()).await.problem(404, "not_found");
    world.app.anonymous().get("/v1/audit").await.problem(401, "unauthorized");
    world.ann.with_token("forged").get("/v1/audit").await.problem(401, "unauthorized");
    assert_eq!(entries(&world.sue, "outcome=refused").await, Vec::<Value>::new());
}

#[actix_web::test]
async fn a_flood_of_refusals_is_counted_and_does_not_fill_the_log() {
    let world = world().await;
    for _ in 0..PER_CALLER + 5 {
        world.ann.get("/v1/audit").await.problem(403, "forbidden");
    }
    world.bob.get("/v1/audit").await.problem(403, "forbidden");
    settle(&world.app).await;
    let refused = i64::from(PER_CALLER) + 1;
    assert_eq!(world.app.count("audit_events WHERE outcome = 'refused'").await, refused);
    world.app.advance(Duration::minutes(1));
    settle(&world.app).await;
    settle(&world.app).await;
    let suppressed = entries(&world.sue, "action=suppressed").await;
    assert_eq!(suppressed.len(), 1);
    assert_eq!(
        said(&suppressed[0]),
        json!({"actor_id": world.ann.id, "action": "suppressed", "outcome": "refused", "resource": "users",
            "resource_id": world.ann.id, "address": null, "changes": fields(&[("count", json!(5))])})
    );
    world.ann.get("/v1/audit").await.problem(403, "forbidden");
    assert_eq!(world.app.count("audit_events WHERE action = 'refused'").await, refused + 1);
}

/// ASVS 16.3.1: every sign-in is logged with its method, even the refused ones.
#[actix_web::test]
async fn a_sign_in_is_recorded_whether_it_succeeds_or_not() {
    let app = TestApp::with_limits(Limits { per_account: 2, per_network: 100 }).await;
    let world = World::over(app.clone()).await;
    let (user, other) = (world.user().await, world.user().await);
    let blocked = world.step(&world.user().await, "block").await;
    let entry = |actor: &Value, outcome: &str, id: &Value, changes: &[(&str, Value)]| {
        json!({"actor_id": actor, "action": "signed_in", "outcome": outcome, "resource": "users", "resource_id": id,
            "address": "192.0.2.9", "changes": fields(changes)})
    };
    let newest = async || entries(&world.sue, "action=signed_in").await.swap_remove(0);
    let (password, nobody) = (("method", json!("password")), Value::Null);

    let tokens = sign_in(&app, email(&user), PASSWORD).await.ok();
    let found = newest().await;
    assert_eq!(said(&found), entry(&user["id"], "done", &user["id"], std::slice::from_ref(&password)));
    assert_eq!(app.count(&format!("sessions WHERE id = '{}'", found["session_id"].as_str().unwrap())).await, 1);
    drop(tokens);

    for (name, id, cause) in [
        (email(&other), &other["id"], "wrong_password"),
        (email(&other), &other["id"], "wrong_password"),
        (email(&other), &other["id"], "throttled"),
        (email(&blocked), &blocked["id"], "blocked_account"),
    ] {
        app.advance(Duration::seconds(1));
        let answer = sign_in(&app, name, WRONG).await;
        assert!([400, 429].contains(&answer.status));
        assert_eq!(said(&newest().await), entry(&nobody, "refused", id, &[password.clone(), ("cause", json!(cause))]));
    }
    app.advance(Duration::seconds(1));
    sign_in(&app, "Nobody@Example.com", WRONG).await.problem(400, "invalid_grant");
    let unknown = [password.clone(), ("cause", json!("unknown_account")), ("email", json!("nobody@example.com"))];
    assert_eq!(said(&newest().await), entry(&nobody, "refused", &nobody, &unknown));
    assert_eq!(app.count("audit_events WHERE changes::text LIKE '%nobody@%'").await, 0, "it can be erased");
    // A user name that is not an address may be a password.
    app.advance(Duration::seconds(1));
    sign_in(&app, "my secret phrase", WRONG).await.problem(400, "invalid_grant");
    let unknown = [password, ("cause", json!("unknown_account"))];
    assert_eq!(said(&newest().await), entry(&nobody, "refused", &nobody, &unknown));
    let texts = app.text("SELECT event::text AS value FROM audit_events event").await.join("");
    assert!(!texts.contains("secret phrase") && !texts.contains(WRONG));
}

/// ASVS 16.3.1: a right password with a wrong code means that somebody knows the password.
#[actix_web::test]
async fn a_wrong_code_is_told_from_a_wrong_password() {
    let world = world().await;
    world.enrol_all(true).await;
    let (here, ann) = ("192.0.2.9:4711".parse().unwrap(), json!(world.ann.id));
    let sign_in = async |password: &str, otp: &str| {
        world.app.advance(Duration::seconds(1));
        let fields =
            [("grant_type", "password"), ("username", &*world.ann.email), ("password", password), ("otp", otp)];
        form(&world.app, "/v1/auth/token", &fields).await
    };
    let confirm = async |body: Value| {
        world.app.advance(Duration::seconds(1));
        let request = world.ann.request(Method::POST, "/v1/auth/confirm").peer_addr(here);
        world.ann.send(request.set_json(body)).await
    };
    let newest = async |action: &str| entries(&world.sue, &format!("action={action}")).await.swap_remove(0);
    let refused = |action: &str, actor: &Value, cause: &str| {
        json!({"actor_id": actor, "action": action, "outcome": "refused", "resource": "users", "resource_id": ann,
            "address": "192.0.2.9", "changes": fields(&[("method", json!("password")), ("cause", json!(cause))])})
    };
    for (password, otp, cause) in [
        (WRONG, "000000", "wrong_password"),
        (PASSWORD, "000000", "wrong_code"),
        (PASSWORD, "not a code at all, and too long for one of any kind", "wrong_code"),
    ] {
        sign_in(password, otp).await.problem(400, "invalid_grant");
        assert_eq!(said(&newest("signed_in").await), refused("signed_in", &Value::Null, cause), "{otp}");
        if otp.len() == 6 {
            let answer = confirm(json!({"password": password, "otp": otp})).await;
            assert_eq!(answer.field_errors()[0].1, cause);
            assert_eq!(said(&newest("confirmed").await), refused("confirmed", &ann, cause));
        }
    }
    // Without a code nothing is decided, so nothing is recorded.
    let before = world.app.count("audit_events").await;
    sign_in(PASSWORD, "").await.problem(400, "second_factor_required");
    confirm(json!({"password": PASSWORD})).await.field_error("/otp", "required");
    assert_eq!(world.app.count("audit_events").await, before);

    confirm(json!({"password": PASSWORD, "otp": code(&world.app, 0)})).await.no_content();
    let done = newest("confirmed").await;
    assert_eq!((&done["outcome"], &done["actor_id"]), (&json!("done"), &ann));
    assert_eq!(done["changes"], fields(&[("method", json!("password"))]));
    assert_ne!(done["session_id"], Value::Null);
}

#[actix_web::test]
async fn a_flood_of_sign_ins_is_counted_and_does_not_fill_the_log() {
    let app = TestApp::with_limits(Limits { per_account: 100, per_network: 1000 }).await;
    // Too long to be hashed.
    let long = "x".repeat(1025);
    for number in 0..PER_ADDRESS + 4 {
        sign_in(&app, &format!("nobody{number}@example.com"), &long).await.problem(400, "invalid_grant");
    }
    assert_eq!(app.count("audit_events WHERE outcome = 'refused'").await, i64::from(PER_ADDRESS));
    app.advance(Duration::minutes(1));
    settle(&app).await;
    let sue = app.supervisor().await;
    let suppressed = entries(&sue, "action=suppressed").await;
    assert_eq!((suppressed.len(), &suppressed[0]["changes"]["count"]["to"]), (1, &json!(4)));
}

#[actix_web::test]
async fn a_reused_refresh_token_and_a_sign_out_are_recorded_once() {
    let app = TestApp::start().await;
    let world = World::over(app.clone()).await;
    let user = world.user().await;
    let tokens = sign_in(&app, email(&user), PASSWORD).await.ok();
    let _ = refresh(&app, &tokens).await.ok();
    app.advance(Duration::seconds(11));
    for _ in 0..3 {
        refresh(&app, &tokens).await.problem(400, "invalid_grant");
    }
    refresh(&app, &json!({"refresh_token": "unknown"})).await.problem(400, "invalid_grant");
    let reused = entries(&world.sue, "action=refresh_token_reused").await;
    assert_eq!((reused.len(), &reused[0]["resource_id"], &reused[0]["actor_id"]), (1, &user["id"], &Value::Null));
    let signed_in = entries(&world.sue, "action=signed_in").await;
    assert_eq!((&reused[0]["outcome"], &reused[0]["session_id"]), (&json!("refused"), &signed_in[0]["session_id"]));

    for kind in ["access_token", "refresh_token"] {
        let tokens = sign_in(&app, email(&user), PASSWORD).await.ok();
        for token in [tokens[kind].as_str().unwrap(), tokens[kind].as_str().unwrap(), "unknown"] {
            assert_eq!(form(&app, "/v1/auth/revoke", &[("token", token)]).await.status, 200);
        }
    }
    let signed_out = entries(&world.sue, "action=signed_out").await;
    assert_eq!(signed_out.len(), 2);
    assert!(
        signed_out.iter().all(|entry| entry["actor_id"] == user["id"] && entry["outcome"] == "done"),
        "{signed_out:?}"
    );
}

#[actix_web::test]
async fn a_session_that_could_not_be_recorded_is_none() {
    let app = TestApp::start().await;
    let user = World::over(app.clone()).await.user().await;
    app.db().await.batch_execute("ALTER TABLE audit_events RENAME TO gone").await.unwrap();
    assert_eq!(sign_in(&app, email(&user), PASSWORD).await.status, 500);
    assert_eq!(app.count(&format!("sessions WHERE user_id = {}", user["id"]).replace('"', "'")).await, 0);
}
