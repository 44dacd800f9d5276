//! Service accounts: who manages them, what they may do, and their keys.

mod forged;
mod keys;
mod recorded;
mod rights;
mod tokens;

use actix_web::http::Method;
use liaison::access::Role;
use serde_json::{Value, json};

use crate::{
    calls::{PASSWORD, World, every_scope, unique},
    harness::{Answer, TestApp, TestUser},
};

async fn world() -> World {
    World::over(TestApp::start().await).await
}

fn path(resource: &Value) -> &str {
    resource["path"].as_str().unwrap()
}

/// A service account with these scopes.
async fn account(world: &World, role: &str, scopes: &[&str]) -> Value {
    let body = json!({"name": unique("Service"), "role": role, "team_id": world.ann.team_id, "scopes": scopes});
    world.sam.post("/v1/service-accounts", body).await.created()
}

async fn change(world: &World, account: &Value, body: Value) -> Value {
    let current = world.sam.get(path(account)).await.ok();
    world.sam.patch(path(account), &current, body).await.ok()
}

/// Creates a key of `account` with `body`.
async fn key_with(world: &World, account: &Value, mut body: Value) -> Answer {
    body["name"] = json!("Key");
    world.sam.post(&format!("{}/keys", path(account)), body).await
}

/// The caller that sends the key as its token.
fn with_key(app: &TestApp, key: &Value) -> TestUser {
    app.anonymous().with_token(key["key"].as_str().unwrap())
}

/// The answer to a GET that comes from another address.
async fn get_from(who: &TestUser, from: &str, address: &str) -> Answer {
    who.send(who.request(Method::GET, address).peer_addr(from.parse().unwrap())).await
}

/// Asserts that `address` answers `status` once a second has passed, and something else before.
async fn within_a_second(who: &TestUser, address: &str, status: u16) {
    assert_ne!(who.get(address).await.status, status, "{address}");
    who.app().advance(chrono::Duration::seconds(1));
    assert_eq!(who.get(address).await.status, status, "{address}");
}

#[actix_web::test]
async fn a_supervisor_makes_and_changes_a_service_account() {
    let world = world().await;
    let body = json!({"name": "ERP", "description": "Ask the warehouse.", "role": "supervisor",
        "team_id": world.ann.team_id, "scopes": ["orders:read", "orders:execute"], "allowed_networks": ["192.0.2.7"]});
    let account = world.sue.post("/v1/service-accounts", body).await.created();
    assert_eq!((&account["status"], &account["actions"]), (&json!("active"), &json!(["update", "block"])));
    assert_eq!(account["allowed_networks"], json!(["192.0.2.7/32"]));
    assert!(account.get("email").is_none() && account.get("password_hash").is_none());

    let changed = json!({"name": "Warehouse", "description": null, "role": "manager", "team_id": world.mia.team_id,
        "scopes": ["orders:read"], "allowed_networks": []});
    let changed = world.sue.patch(path(&account), &account, changed).await.ok();
    assert_eq!(
        (&changed["version"], &changed["role"], &changed["description"]),
        (&json!(2), &json!("manager"), &Value::Null)
    );
    assert_eq!((&changed["scopes"], &changed["allowed_networks"]), (&json!(["orders:read"]), &json!([])));
    world.sue.patch(path(&account), &account, json!({"name": "x"})).await.problem(412, "precondition_failed");
    let same = world.sue.patch(path(&account), &changed, json!({"name": "Warehouse"})).await.ok();
    assert_eq!(same["version"], 2);

    let blocked = world.sue.transition("block", &changed, json!({})).await.ok();
    assert_eq!((&blocked["status"], &blocked["actions"]), (&json!("blocked"), &json!(["update", "unblock"])));
    world.sue.transition("block", &blocked, json!({})).await.problem(409, "invalid_state");
    let active = world.sue.transition("unblock", &blocked, json!({})).await.ok();
    world.sue.transition("unblock", &active, json!({})).await.problem(409, "invalid_state");
    let actions: Vec<String> = world.app.audit(&account["id"]).await.into_iter().map(|(action, _)| action).collect();
    assert_eq!(actions, ["created", "updated", "blocked", "unblocked"]);
    assert_eq!(world.app.events(&account["id"]).await[0], "service_accounts.created");
}

#[actix_web::test]
async fn what_is_wrong_about_a_service_account_is_told() {
    let world = world().await;
    let networks: Vec<String> = (0..51).map(|n| format!("192.0.{n}.0/24")).collect();
    for (field, value, pointer, code) in [
        ("scopes", json!([]), "/scopes", "too_short"),
        ("scopes", json!(["clients:read", "clients:fly"]), "/scopes/1", "invalid_choice"),
        ("scopes", json!(["Clients:read"]), "/scopes/0", "invalid_choice"),
        ("scopes", json!(["clients:read", "clients:read"]), "/scopes/1", "repeated"),
        ("scopes", json!(["users:create"]), "/scopes/0", "invalid_choice"),
        ("scopes", json!(["service_accounts:update"]), "/scopes/0", "invalid_choice"),
        ("allowed_networks", json!(["192.0.2.7/24"]), "/allowed_networks/0", "invalid_network"),
        ("allowed_networks", json!(["example.com"]), "/allowed_networks/0", "invalid_network"),
        ("allowed_networks", json!(["192.0.2.7", "192.0.2.7/32"]), "/allowed_networks/1", "repeated"),
        ("allowed_networks", json!(networks), "/allowed_networks", "too_long"),
        ("team_id", json!(uuid::Uuid::now_v7()), "/team_id", "unknown_reference"),
        ("role", json!("director"), "/role", "invalid_choice"),
    ] {
        let mut body = world.new_service_account();
        body[field] = value.clone();
        world.sam.post("/v1/service-accounts", body).await.field_error(pointer, code);
        let account = world.service_account().await;
        world.sam.patch(path(&account), &account, json!({field: value})).await.field_error(pointer, code);
    }
    let mut body = world.new_service_account();
    body["scopes"] = json!(["clients:fly", "clients:read", "users:create", "clients:read"]);
    let told = world.sam.post("/v1/service-accounts", body).await.field_errors();
    let wrong = |pointer: &str| (pointer.to_owned(), "invalid_choice".to_owned());
    assert_eq!(told, [wrong("/scopes/0"), wrong("/scopes/2")]);
    for field in ["status", "email", "password", "kind"] {
        let mut body = world.new_service_account();
        body[field] = json!("x");
        world.sam.post("/v1/service-accounts", body).await.problem(400, "unknown_field");
    }
}

#[actix_web::test]
async fn persons_and_service_accounts_are_kept_apart() {
    let world = world().await;
    let account = world.service_account().await;
    let as_user = format!("/v1/users/{}", account["id"].as_str().unwrap());
    world.sue.get(&as_user).await.problem(404, "not_found");
    world.sue.patch(&as_user, &account, json!({"name": "Anna"})).await.problem(404, "not_found");
    for verb in ["block", "unblock"] {
        let request = world.sue.request(Method::POST, &format!("{as_user}/{verb}")).insert_header(("If-Match", "*"));
        world.sue.send(request).await.problem(404, "not_found");
    }
    let people = world.sue.get("/v1/users?limit=200").await.ok();
    assert!(people["data"].as_array().unwrap().iter().all(|user| user["id"] != account["id"]));

    let as_account = format!("/v1/service-accounts/{}", world.ann.id);
    world.sue.get(&as_account).await.problem(404, "not_found");
    let any = json!({"version": 1});
    world.sue.patch(&as_account, &any, json!({"name": "x"})).await.problem(404, "not_found");
    world.sue.post(&format!("{as_account}/keys"), json!({"name": "x"})).await.problem(404, "not_found");
    // The database itself keeps persons and service accounts apart.
    let set = |sql: &str| format!("UPDATE users SET {sql} WHERE id = {}", account["id"].to_string().replace('"', "'"));
    let mut db = world.app.db().await;
    for sql in ["email = 'a@example.com'", "password_hash = 'x'", "kind = 'person'", "kind = 'robot'"] {
        let refused = diesel_async::RunQueryDsl::execute(diesel::sql_query(set(sql)), &mut db).await;
        assert!(refused.is_err(), "{sql}");
    }
}

#[actix_web::test]
async fn a_service_account_owns_and_is_named_as_a_person_is() {
    let world = world().await;
    let account = account(&world, "manager", &["clients:create", "clients:read"]).await;
    let key = world.key_of(&account).await;
    let client =
        with_key(&world.app, &key).post("/v1/clients", json!({"kind": "person", "name": "Boris"})).await.created();
    assert_eq!((&client["owner_id"], &client["team_id"]), (&account["id"], &account["team_id"]));
    let read = world.sue.get(&format!("{}?include=owner", path(&client))).await.ok();
    assert_eq!(read["owner"]["name"], account["name"]);
    let entries =
        world.sue.get(&format!("/v1/audit?include=actor&resource_id={}", client["id"].as_str().unwrap())).await.ok();
    assert_eq!(entries["data"][0]["actor"]["name"], account["name"], "{entries}");
    // The account's clients follow it to another team.
    change(&world, &account, json!({"team_id": world.mia.team_id})).await;
    assert_eq!(world.sue.get(path(&client)).await.ok()["team_id"], json!(world.mia.team_id));
}

#[actix_web::test]
async fn service_accounts_are_listed_by_filter_and_sort() {
    let world = world().await;
    for (name, role, team) in
        [("a", "manager", &world.ann), ("b", "supervisor", &world.ann), ("c", "manager", &world.mia)]
    {
        let body = json!({"name": name, "role": role, "team_id": team.team_id, "scopes": ["clients:read"]});
        let _ = world.sam.post("/v1/service-accounts", body).await.created();
    }
    let names = async |query: &str| -> Vec<String> {
        let page = world.sue.get(&format!("/v1/service-accounts?{query}")).await.ok();
        page["data"].as_array().unwrap().iter().map(|account| account["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("").await, ["a", "b", "c"]);
    assert_eq!(names("role=manager&sort=-name").await, ["c", "a"]);
    assert_eq!(names(&format!("team_id={}", world.ann.team_id)).await, ["a", "b"]);
    assert_eq!(names("status=blocked").await, Vec::<String>::new());
    let first = world.sue.get("/v1/service-accounts?limit=2&total=true").await.ok();
    assert_eq!(first["total"], 3);
    assert_eq!(names(&format!("limit=2&cursor={}", first["next_cursor"].as_str().unwrap())).await, ["c"]);
    world.app.advance(chrono::Duration::minutes(1));
    change(
        &world,
        &json!({"path": format!("/v1/service-accounts/{}", first["data"][0]["id"].as_str().unwrap())}),
        json!({"description": "x"}),
    )
    .await;
    assert_eq!(names("sort=-updated_at&limit=1").await, ["a"]);
}

/// ASVS 6.3.2, 13.2.1: a service account is no way to sign in as a person.
#[actix_web::test]
async fn a_service_account_never_signs_in_with_a_password() {
    let world = world().await;
    let account = world.service_account().await;
    let id = account["id"].as_str().unwrap();
    for name in [id, account["name"].as_str().unwrap(), "", &format!("{id}@service.invalid")] {
        let form = [("grant_type", "password"), ("username", name), ("password", PASSWORD)];
        let request = world.app.anonymous().request(Method::POST, "/v1/auth/token").set_form(form);
        world.app.send(request).await.problem(400, "invalid_grant");
    }
}

#[actix_web::test]
async fn a_service_account_is_never_the_last_active_supervisor() {
    let world = world().await;
    let _ = account(&world, "supervisor", &["clients:read"]).await;
    let others = format!(
        "UPDATE users SET status = 'blocked' WHERE role = 'supervisor' AND kind = 'person' AND id NOT IN ('{}', '{}') RETURNING name AS value",
        world.sue.id, world.sam.id
    );
    world.app.text(&others).await;
    let read = async |who: &TestUser| world.sue.get(&format!("/v1/users/{}", who.id)).await.ok();
    let (sue, sam) = (read(&world.sue).await, read(&world.sam).await);
    let sam_elsewhere = world.sam.at(&world.app.second_server().await);
    let (one, other) = futures_util::future::join(
        world.sue.transition("block", &sam, json!({})),
        sam_elsewhere.transition("block", &sue, json!({})),
    )
    .await;
    assert_ne!((one.status, other.status), (200, 200));
    assert_eq!(world.app.count("users WHERE role = 'supervisor' AND kind = 'person' AND status = 'active'").await, 1);
}

#[actix_web::test]
async fn what_is_for_persons_is_refused_to_a_service_account() {
    let world = world().await;
    let service = world.app.service_account(Role::Supervisor, &every_scope()).await;
    assert_eq!(service.get("/v1/clients").await.status, 200);
    let _ = service.get("/v1/me/sessions").await.problem(403, "forbidden");
}

/// trust 1.7: prefix, public id, secret and checksum.
#[actix_web::test]
async fn a_made_key_has_the_documented_form() {
    let world = world().await;
    let key = world.key_of(&world.service_account().await).await;
    let text = key["key"].as_str().unwrap();
    assert_eq!((text.len(), text.get(..4), text.get(4..26)), (76, Some("lsn_"), key["client_id"].as_str()));
    assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
}
