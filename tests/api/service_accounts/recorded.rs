//! The audit log of service accounts: which key was used, and how tokens were obtained.

use actix_web::http::Method;
use chrono::Duration;
use liaison::{
    audit::{self, PER_ADDRESS},
    auth::throttle::Limits,
};
use serde_json::{Value, json};

use super::{account, key_with, path, with_key, world};
use crate::{
    calls::World,
    harness::{Answer, TestApp},
};

async fn exchange(app: &TestApp, id: &str, secret: &str, more: &[(&str, &str)]) -> Answer {
    let form = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
    let form: Vec<_> = form.iter().chain(more).copied().collect();
    app.send(app.anonymous().request(Method::POST, "/v1/auth/token").set_form(form)).await
}

fn text<'a>(key: &'a Value, name: &str) -> &'a str {
    key[name].as_str().unwrap()
}

async fn entries(world: &World, query: &str) -> Vec<Value> {
    world.sue.get(&format!("/v1/audit?{query}")).await.ok()["data"].as_array().unwrap().clone()
}

/// ASVS 16.2.1: which key was used for an action or a refused attempt, both with the key itself and with a token
/// obtained for it.
#[actix_web::test]
async fn an_entry_names_the_api_key_that_was_used() {
    let world = world().await;
    let account = account(&world, "supervisor", &["teams:create"]).await;
    let (key, other) = (world.key_of(&account).await, world.key_of(&account).await);
    let _ = with_key(&world.app, &key).post("/v1/teams", json!({"name": "By key"})).await.created();
    let tokens = exchange(&world.app, text(&key, "client_id"), text(&key, "key"), &[]).await.ok();
    let by_token = world.app.anonymous().with_token(text(&tokens, "access_token"));
    let _ = by_token.post("/v1/teams", json!({"name": "By token"})).await.created();
    by_token.get("/v1/audit").await.problem(403, "forbidden");
    let _ = with_key(&world.app, &other).post("/v1/teams", json!({"name": "By another"})).await.created();

    let found = entries(&world, &format!("api_key_id={}", text(&key, "id"))).await;
    let mut actions: Vec<&str> = found.iter().map(|entry| text(entry, "action")).collect();
    actions.sort_unstable();
    assert_eq!(actions, ["created", "created", "refused", "signed_in"]);
    for entry in &found {
        let who = (&entry["actor_id"], &entry["api_key_id"], &entry["session_id"]);
        assert_eq!(who, (&account["id"], &key["id"], &Value::Null), "{entry}");
    }
    let by_person = &entries(&world, &format!("actor_id={}&action=created", world.sam.id)).await[0];
    assert!(by_person["api_key_id"].is_null() && by_person["session_id"].is_string(), "{by_person}");
    let kept = world.app.text("SELECT event::text AS value FROM audit_events event").await.join("");
    assert!(!kept.contains(&text(&key, "key")[27..70]));
    let found = audit::verify(&world.app.db().await, &world.app.parts().secrets, &[]).await.unwrap();
    assert!(found.intact, "{found:?}");
}

/// ASVS 16.3.1: exchanging a key for an access token is a sign-in, and is recorded as one, even when it is refused.
#[actix_web::test]
async fn a_token_for_a_key_is_recorded_whether_it_is_given_or_not() {
    let app = TestApp::with_limits(Limits { per_account: 10, per_network: 5 }).await;
    let world = World::over(app.clone()).await;
    let account = account(&world, "manager", &["clients:read"]).await;
    let (key, gone) = (world.key_of(&account).await, world.key_of(&account).await);
    world.sam.delete(path(&gone), &gone).await.no_content();
    let elsewhere = account_of_elsewhere(&world).await;
    let said = |entry: &Value| {
        let change = |name: &str| entry["changes"][name]["to"].clone();
        let who = (entry["actor_id"].clone(), entry["resource_id"].clone());
        (text(entry, "outcome").to_owned(), who, [change("method"), change("cause"), change("api_key_id")])
    };
    let newest = async || {
        let entry = entries(&world, "action=signed_in&resource=service_accounts").await.swap_remove(0);
        app.advance(Duration::seconds(1));
        said(&entry)
    };
    let method = json!("client_credentials");
    let _ = exchange(&app, text(&key, "client_id"), text(&key, "key"), &[]).await.ok();
    let done =
        ("done".to_owned(), (account["id"].clone(), account["id"].clone()), [method.clone(), json!(null), json!(null)]);
    assert_eq!(newest().await, done);

    let nobody = json!(null);
    let refused = |owner: &Value, cause: &str, key: &Value| {
        ("refused".to_owned(), (nobody.clone(), owner.clone()), [method.clone(), json!(cause), key.clone()])
    };
    let of = |key: &Value| (text(key, "client_id").to_owned(), text(key, "key").to_owned());
    for ((id, secret), scope, expected) in [
        (of(&key), Some("teams:read"), refused(&account["id"], "wrong_scope", &key["id"])),
        (("anna".to_owned(), of(&key).1), None, refused(&account["id"], "refused_key", &key["id"])),
        (of(&elsewhere), None, refused(&elsewhere["account_id"], "refused_key", &elsewhere["id"])),
        (of(&gone), None, refused(&nobody, "unknown_key", &nobody)),
    ] {
        let scope: Vec<_> = scope.map(|scope| ("scope", scope)).into_iter().collect();
        assert!([400, 401].contains(&exchange(&app, &id, &secret, &scope).await.status));
        assert_eq!(newest().await, expected);
    }
    // A text that is not a key costs the database nothing (trust 1.7), and may be a secret in the wrong field.
    let _ = exchange(&app, "anna", "my secret phrase", &[]).await.problem(401, "invalid_client");
    assert_eq!(newest().await, refused(&nobody, "unknown_key", &nobody));
    assert_eq!(app.count("audit_events WHERE outcome = 'refused' AND action = 'signed_in'").await, 4);
    let current = world.sam.get(path(&account)).await.ok();
    let _ = world.step(&current, "block").await;
    let (id, secret) = of(&key);
    let _ = exchange(&app, &id, &secret, &[]).await.problem(401, "invalid_client");
    assert_eq!(newest().await, refused(&account["id"], "blocked_account", &key["id"]));
    while exchange(&app, &id, &secret, &[]).await.status == 401 {}
    assert_eq!(newest().await, refused(&account["id"], "throttled", &key["id"]));
    let kept = app.text("SELECT event::text AS value FROM audit_events event").await.join("");
    assert!(!kept.contains("secret phrase") && !kept.contains("anna\""));
}

/// A key of an account that may not be used from the tests' network.
async fn account_of_elsewhere(world: &World) -> Value {
    let account = account(world, "manager", &["clients:read"]).await;
    let mut key = key_with(world, &account, json!({"allowed_networks": ["203.0.113.0/24"]})).await.created();
    key["account_id"] = account["id"].clone();
    key
}

#[actix_web::test]
async fn a_flood_of_refused_keys_is_counted_and_does_not_fill_the_log() {
    let app = TestApp::with_limits(Limits { per_account: 10, per_network: 3 }).await;
    let world = World::over(app.clone()).await;
    let key = world.key_of(&account(&world, "manager", &["clients:read"]).await).await;
    for _ in 0..PER_ADDRESS + 4 {
        let _ = exchange(&app, "anna", text(&key, "key"), &[]).await;
    }
    assert_eq!(app.count("audit_events WHERE outcome = 'refused'").await, i64::from(PER_ADDRESS));
    app.advance(Duration::minutes(1));
    app.settle().await;
    assert_eq!(entries(&world, "action=suppressed").await[0]["changes"]["count"]["to"], json!(4));
}
