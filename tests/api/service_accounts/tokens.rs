//! Keys exchanged for access tokens: `client_credentials`.

use actix_web::http::Method;
use base64::{Engine, prelude::*};
use chrono::Duration;
use liaison::auth::throttle::Limits;
use serde_json::{Value, json};

use super::{account, change, get_from, key_with, path, with_key, within_a_second};
use crate::{
    calls::{PASSWORD, World},
    harness::{Answer, TestApp, TestUser},
};

const HERE: &str = "192.0.2.1:4711";
const CLIENTS: &str = "/v1/clients?limit=1";

async fn world() -> World {
    super::world().await
}

async fn ask(app: &TestApp, from: &str, basic: Option<&str>, form: &[(&str, &str)]) -> Answer {
    let mut request = app.anonymous().request(Method::POST, "/v1/auth/token").peer_addr(from.parse().unwrap());
    if let Some(pair) = basic {
        request = request.insert_header(("Authorization", format!("Basic {}", BASE64_STANDARD.encode(pair))));
    }
    let form: Vec<_> = [("grant_type", "client_credentials")].into_iter().chain(form.iter().copied()).collect();
    app.send(request.set_form(form)).await
}

async fn exchange(app: &TestApp, key: &Value, more: &[(&str, &str)]) -> Answer {
    let id_and_key =
        [("client_id", key["client_id"].as_str().unwrap()), ("client_secret", key["key"].as_str().unwrap())];
    ask(app, HERE, None, &[&id_and_key, more].concat()).await
}

fn bearer(app: &TestApp, tokens: &Value) -> TestUser {
    app.anonymous().with_token(tokens["access_token"].as_str().unwrap())
}

async fn with_account() -> (World, Value, Value) {
    let world = world().await;
    let account = account(&world, "supervisor", &["clients:read", "departments:read", "teams:read"]).await;
    let key = world.key_of(&account).await;
    (world, account, key)
}

fn claims(tokens: &Value) -> Value {
    let token = tokens["access_token"].as_str().unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

/// RFC 6749, 4.4; RFC 9068.
#[actix_web::test]
async fn a_key_is_exchanged_for_a_short_token() {
    let (world, account, key) = with_account().await;
    let tokens = exchange(&world.app, &key, &[]).await.ok();
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(900)));
    assert_eq!(tokens["scope"], "clients:read departments:read teams:read");
    assert!(tokens.get("refresh_token").is_none());
    let claims = claims(&tokens);
    assert_eq!((&claims["sub"], &claims["key"], &claims["client_id"]), (&account["id"], &key["id"], &key["client_id"]));
    assert!(claims.get("sid").is_none() && !claims.to_string().contains(&key["key"].as_str().unwrap()[27..70]));

    let service = bearer(&world.app, &tokens);
    assert_eq!((service.get(CLIENTS).await.status, service.get("/v1/products").await.status), (200, 403));
    world.app.advance(Duration::seconds(899));
    assert_eq!(service.get(CLIENTS).await.status, 200);
    world.app.advance(Duration::seconds(1));
    assert_eq!(service.get(CLIENTS).await.status, 401);
}

/// RFC 6749, 2.3.1.
#[actix_web::test]
async fn a_program_names_itself_in_the_form_or_by_basic() {
    let (world, account, key) = with_account().await;
    let (text, id) = (key["key"].as_str().unwrap(), key["client_id"].as_str().unwrap());
    let account_id = account["id"].as_str().unwrap();
    for name in [id, account_id, key["id"].as_str().unwrap()] {
        let in_form = [("client_id", name), ("client_secret", text)];
        assert_eq!(ask(&world.app, HERE, None, &in_form).await.status, 200);
        assert_eq!(ask(&world.app, HERE, Some(&format!("{name}:{text}")), &[]).await.status, 200);
    }
    let escaped = format!("{}:{}", account_id.replace('-', "%2D"), text.replace('_', "%5f"));
    assert_eq!(ask(&world.app, HERE, Some(&escaped), &[]).await.status, 200);
    let pair = format!("{id}:{text}");
    assert_eq!(ask(&world.app, HERE, Some(&pair), &[("client_id", id)]).await.status, 200);
    for both in
        [&[("client_secret", text)][..], &[("client_id", id), ("client_secret", text)], &[("client_id", "other")]]
    {
        let _ = ask(&world.app, HERE, Some(&pair), both).await.problem(400, "invalid_request");
    }
}

/// RFC 6749, 5.2: everyone who is refused gets the same answer, with a challenge.
#[actix_web::test]
async fn who_is_not_let_in_learns_nothing_of_why() {
    let (world, _, key) = with_account().await;
    let other = world.key_of(&account(&world, "manager", &["clients:read"]).await).await;
    let (text, id) = (key["key"].as_str().unwrap(), key["client_id"].as_str().unwrap());
    let foreign_account = account(&world, "manager", &["clients:read"]).await;
    let foreign = key_with(&world, &foreign_account, json!({"allowed_networks": ["203.0.113.0/24"]})).await.created();
    let mangled = text.to_lowercase();
    let mut answers = vec![
        ask(&world.app, HERE, None, &[]).await,
        ask(&world.app, HERE, None, &[("client_id", id)]).await,
        ask(&world.app, HERE, None, &[("client_secret", text)]).await,
        ask(&world.app, HERE, None, &[("client_id", id), ("client_secret", "")]).await,
        ask(&world.app, HERE, None, &[("client_id", id), ("client_secret", &mangled)]).await,
        ask(&world.app, HERE, None, &[("client_id", id), ("client_secret", other["key"].as_str().unwrap())]).await,
        ask(&world.app, HERE, None, &[("client_id", "anna"), ("client_secret", text)]).await,
        ask(&world.app, HERE, Some("no colon"), &[]).await,
        ask(&world.app, HERE, Some(&format!("{id}:%FF")), &[]).await,
        exchange(&world.app, &foreign, &[]).await,
    ];
    for header in ["Basic", "Basic !!!", "Bearer x", "Basic /////w=="] {
        let request =
            world.app.anonymous().request(Method::POST, "/v1/auth/token").insert_header(("Authorization", header));
        answers.push(world.app.send(request.set_form([("grant_type", "client_credentials")])).await);
    }
    let told = answers[0].told(&[]);
    for answer in answers {
        assert_eq!(answer.told(&[]), told);
        assert_eq!(answer.header("www-authenticate"), Some(r#"Basic realm="liaison", charset="UTF-8""#));
        assert_eq!(answer.problem(401, "invalid_client")["error"], "invalid_client");
    }
}

#[actix_web::test]
async fn a_token_is_narrowed_to_the_scopes_asked_for() {
    let (world, account, key) = with_account().await;
    let tokens = exchange(&world.app, &key, &[("scope", "teams:read clients:read teams:read")]).await.ok();
    assert_eq!(
        (&tokens["scope"], &claims(&tokens)["scope"]),
        (&json!("clients:read teams:read"), &json!("clients:read teams:read"))
    );
    let service = bearer(&world.app, &tokens);
    assert_eq!((service.get("/v1/teams").await.status, service.get("/v1/departments").await.status), (200, 403));
    for wrong in
        ["", " ", "products:read", "teams:read products:read", "users:update", "teams:read  clients:read", "no such"]
    {
        let problem = exchange(&world.app, &key, &[("scope", wrong)]).await.problem(400, "invalid_scope");
        assert_eq!(problem["error"], "invalid_scope", "{wrong:?}");
    }
    // A narrowed token loses the scopes that its account loses, but gains none.
    let whole = bearer(&world.app, &exchange(&world.app, &key, &[]).await.ok());
    change(&world, &account, json!({"scopes": ["clients:read", "products:read"]})).await;
    let statuses = async |who: &TestUser| {
        (who.get("/v1/teams").await.status, who.get(CLIENTS).await.status, who.get("/v1/products").await.status)
    };
    assert_eq!(statuses(&service).await, (403, 200, 403));
    assert_eq!(statuses(&whole).await, (403, 200, 200));
}

/// ASVS 7.4.1, 8.3.2: when a key or a right of the account ends, it also ends for tokens that were already issued.
#[actix_web::test]
async fn tokens_end_with_what_they_came_from() {
    let (world, account, key) = with_account().await;
    let tokens = exchange(&world.app, &key, &[]).await.ok();
    let service = bearer(&world.app, &tokens);
    let elsewhere = service.at(&world.app.second_server().await);
    assert_eq!(elsewhere.get(CLIENTS).await.status, 200);
    change(&world, &account, json!({"role": "manager", "scopes": ["audit:read", "clients:read"]})).await;
    assert_eq!(service.get("/v1/audit").await.status, 403);
    let changed = change(&world, &account, json!({"role": "supervisor"})).await;
    assert_eq!(service.get("/v1/audit").await.status, 200);
    let blocked = world.step(&changed, "block").await;
    assert_eq!(service.get(CLIENTS).await.status, 401);
    within_a_second(&elsewhere, CLIENTS, 401).await;
    let _ = world.step(&blocked, "unblock").await;
    assert_eq!(service.get(CLIENTS).await.status, 200);
    change(&world, &account, json!({"allowed_networks": ["192.0.2.0/24"]})).await;
    assert_eq!(get_from(&service, "198.51.100.1:1", CLIENTS).await.status, 401);
    // Such a token cannot be revoked by itself, and the answer says so.
    let form = [("token", tokens["access_token"].as_str().unwrap())];
    let refused = world.app.send(world.app.anonymous().request(Method::POST, "/v1/auth/revoke").set_form(form)).await;
    assert_eq!(refused.problem(400, "invalid_request")["error"], "unsupported_token_type");
    world.sam.delete(path(&key), &key).await.no_content();
    assert_eq!(service.get(CLIENTS).await.status, 401);
    let _ = exchange(&world.app, &key, &[]).await.problem(401, "invalid_client");
}

/// trust 1.6: wrong keys are throttled by network, not by account: that would let anyone lock out a service account.
#[actix_web::test]
async fn wrong_keys_are_throttled_by_network() {
    let app = TestApp::with_limits(Limits { per_account: 3, per_network: 4 }).await;
    let world = World::over(app.clone()).await;
    let account = account(&world, "manager", &["clients:read"]).await;
    let (key, old) = (world.key_of(&account).await, world.key_of(&account).await);
    world.sam.delete(path(&old), &old).await.no_content();
    for _ in 0..10 {
        let _ = exchange(&app, &key, &[]).await.ok();
    }
    for _ in 0..4 {
        let _ = exchange(&app, &old, &[]).await.problem(401, "invalid_client");
    }
    let refused = exchange(&app, &key, &[]).await;
    assert_eq!(refused.header("retry-after"), Some("300"));
    let _ = refused.problem(429, "too_many_requests");
    let pair = format!("{}:{}", key["client_id"].as_str().unwrap(), key["key"].as_str().unwrap());
    assert_eq!(ask(&app, "198.51.100.1:1", Some(&pair), &[]).await.status, 200, "elsewhere it is let in");
    assert_eq!(with_key(&app, &key).get(CLIENTS).await.status, 200, "the key itself is not counted");
    // A program with a wrong key does not keep persons in its network from signing in.
    let user = world.user().await;
    let form = [("grant_type", "password"), ("username", user["email"].as_str().unwrap()), ("password", PASSWORD)];
    let signed_in = app.send(app.anonymous().request(Method::POST, "/v1/auth/token").set_form(form)).await;
    assert_eq!(signed_in.status, 200);
    app.advance(Duration::minutes(5));
    let _ = exchange(&app, &key, &[]).await.ok();
}
