//! The life of a key: shown once, at most two per account, replaced, revoked, found.

use actix_web::http::Method;
use chrono::Duration;
use futures_util::future::join_all;
use liaison::auth::throttle::Limits;
use serde_json::{Value, json};

use super::{account, get_from, key_with, path, with_key, within_a_second, world};
use crate::{
    calls::World,
    harness::{Answer, TestApp, TestUser},
};

const CLIENTS: &str = "/v1/clients?limit=1";

async fn reader(world: &World) -> Value {
    account(world, "supervisor", &["clients:read"]).await
}

/// The same world later, when the users' tokens have expired, with a new supervisor as `sam`.
async fn after(world: World, time: Duration) -> World {
    world.app.advance(time);
    World { sam: world.app.supervisor().await, ..world }
}

async fn signs_in(app: &TestApp, key: &Value) -> bool {
    match with_key(app, key).get(CLIENTS).await.status {
        200 => true,
        401 => false,
        other => panic!("{other}"),
    }
}

async fn rotate(world: &World, key: &Value, body: Value) -> Answer {
    world.sam.post(&format!("{}/rotate", path(key)), body).await
}

/// Every row of every table, as text.
async fn dump(app: &TestApp) -> String {
    let mut dump = String::new();
    for table in app.text("SELECT tablename::text AS value FROM pg_tables WHERE schemaname = 'public'").await {
        dump +=
            &app.text(&format!("SELECT coalesce(string_agg(t::text, ' '), '') AS value FROM {table} t")).await.join("");
    }
    dump
}

/// trust 1.7; ASVS 11.4.1: the secret is shown once and stored only as a digest; the answer stored for an idempotency
/// key is sealed.
#[actix_web::test]
async fn a_key_is_shown_once_and_is_nowhere_in_the_database() {
    let world = world().await;
    let account = reader(&world).await;
    let keys = format!("{}/keys", path(&account));
    let make = || {
        let request = world.sam.request(Method::POST, &keys).insert_header(("Idempotency-Key", "make-a-key"));
        world.sam.send(request.set_json(json!({"name": "Production"})))
    };
    let made = make().await.created();
    let text = made["key"].as_str().unwrap();
    assert!(signs_in(&world.app, &made).await);
    let rotated = rotate(&world, &made, json!({})).await.created();

    let kept = dump(&world.app).await;
    assert!(kept.contains(made["id"].as_str().unwrap()), "the dump has the key's row");
    for text in [text, rotated["key"].as_str().unwrap()] {
        let secret = text.get(27..70).unwrap();
        let in_hex: String = secret.bytes().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        assert!(!kept.contains(secret) && !kept.contains(&in_hex), "the secret is in the database");
    }
    let again = make().await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.created(), made, "the replay shows the same key");

    let read = world.sam.get(path(&made)).await.ok();
    let list = world.sam.get(&keys).await.ok();
    assert_eq!((&read["name"], &read["client_id"]), (&json!("Production"), &made["client_id"]));
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
    for shown in [read, list] {
        assert!(!shown.to_string().contains(text.get(27..).unwrap()), "{shown}");
    }
    let actions: Vec<String> = world.app.audit(&made["id"]).await.into_iter().map(|(action, _)| action).collect();
    assert_eq!(actions, ["created", "rotated"]);
}

#[actix_web::test]
async fn a_sealed_answer_is_bound_to_its_row() {
    let world = world().await;
    let send = async |key: &'static str, name: &str| {
        let request = world.sam.request(Method::POST, "/v1/teams").insert_header(("Idempotency-Key", key));
        world.sam.send(request.set_json(json!({"name": name}))).await
    };
    let _ = send("one", "East").await.created();
    let _ = send("two", "West").await.created();
    let moved = "UPDATE idempotency_keys SET body = (SELECT body FROM idempotency_keys WHERE key = 'one') WHERE key = 'two' RETURNING key AS value";
    assert_eq!(world.app.text(moved).await, ["two"]);
    let _ = send("two", "West").await.problem(500, "internal");
}

/// trust 1.7: two live keys, for rotation.
#[actix_web::test]
async fn an_account_has_two_good_keys_at_most() {
    let world = world().await;
    let account = reader(&world).await;
    let soon = world.app.parts().clock.now().after(Duration::hours(1));
    let first = key_with(&world, &account, json!({"expires_at": soon})).await.created();
    let second = world.key_of(&account).await;
    let _ = key_with(&world, &account, json!({})).await.problem(409, "conflict");
    let _ = rotate(&world, &second, json!({})).await.problem(409, "conflict");
    assert!(signs_in(&world.app, &first).await && signs_in(&world.app, &second).await);
    // A key that has expired or is revoked makes room for another.
    let world = after(world, Duration::hours(1)).await;
    let third = world.key_of(&account).await;
    assert!(!signs_in(&world.app, &first).await);
    let _ = key_with(&world, &account, json!({})).await.problem(409, "conflict");
    world.sam.delete(path(&second), &second).await.no_content();
    let fourth = world.key_of(&account).await;
    assert!(signs_in(&world.app, &third).await && signs_in(&world.app, &fourth).await);
    // Keys of another account do not count.
    let _ = world.key_of(&reader(&world).await).await;
}

#[actix_web::test]
async fn keys_made_at_once_are_two_at_most() {
    let world = world().await;
    let account = reader(&world).await;
    let second = world.sam.at(&world.app.second_server().await);
    let makers = [&world.sam, &second];
    let keys = format!("{}/keys", path(&account));
    let answers = join_all((0..8).map(|n| makers[n % 2].post(&keys, json!({"name": "Key"})))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 2);
    assert!(answers.iter().all(|answer| matches!(answer.status, 201 | 409)));
    assert_eq!(world.app.count("api_keys").await, 2);
}

/// trust 1.7: expiry is required, a year at most.
#[actix_web::test]
async fn a_key_ends_in_ninety_days_or_when_it_is_said_within_a_year() {
    let world = world().await;
    let account = reader(&world).await;
    let now = world.app.parts().clock.now();
    let made = key_with(&world, &account, json!({})).await.created();
    assert_eq!(made["expires_at"], json!(now.after(Duration::days(90))));
    let year = now.after(Duration::days(365));
    let made = key_with(&world, &account, json!({"expires_at": year})).await.created();
    assert_eq!(made["expires_at"], json!(year));
    for (moment, code) in [
        (now, "too_small"),
        (now.after(-Duration::days(1)), "too_small"),
        (year.after(Duration::seconds(1)), "too_large"),
    ] {
        key_with(&world, &account, json!({"expires_at": moment})).await.field_error("/expires_at", code);
        rotate(&world, &made, json!({"expires_at": moment})).await.field_error("/expires_at", code);
    }
}

/// trust 1.7: rotation with an overlap.
#[actix_web::test]
async fn a_replaced_key_lives_on_for_the_overlap() {
    let world = world().await;
    let account = reader(&world).await;
    let body = json!({"scopes": ["clients:read"], "allowed_networks": ["192.0.2.0/24"]});
    let old = key_with(&world, &account, body).await.created();
    let new = rotate(&world, &old, json!({})).await.created();
    assert_ne!((&new["id"], &new["key"]), (&old["id"], &old["key"]));
    for same in ["name", "scopes", "allowed_networks", "account_id"] {
        assert_eq!(new[same], old[same], "{same}");
    }
    assert!(signs_in(&world.app, &old).await && signs_in(&world.app, &new).await);
    world.app.advance(Duration::hours(24) - Duration::seconds(1));
    assert!(signs_in(&world.app, &old).await);
    let world = after(world, Duration::seconds(1)).await;
    assert!(!signs_in(&world.app, &old).await && signs_in(&world.app, &new).await);
    assert_eq!(rotate(&world, &old, json!({})).await.problem(409, "invalid_state")["state"], "expired");

    let newest = rotate(&world, &new, json!({"overlap_hours": 0})).await.created();
    assert!(!signs_in(&world.app, &new).await && signs_in(&world.app, &newest).await);
    rotate(&world, &newest, json!({"overlap_hours": 169})).await.field_error("/overlap_hours", "too_large");
    // The overlap never makes a key live longer.
    let soon = world.app.parts().clock.now().after(Duration::hours(1));
    let short = key_with(&world, &account, json!({"expires_at": soon})).await.created();
    world.sam.delete(path(&newest), &newest).await.no_content();
    let _ = rotate(&world, &short, json!({"overlap_hours": 168})).await.created();
    assert_eq!(world.sam.get(path(&short)).await.ok()["expires_at"], json!(soon));
}

/// trust 1.7; ASVS 7.4.1: revoked at once here, within a second on every server.
#[actix_web::test]
async fn a_revoked_key_is_worthless_at_once_and_everywhere_within_a_second() {
    let world = world().await;
    let key = world.key_of(&reader(&world).await).await;
    let service = with_key(&world.app, &key);
    let elsewhere = service.at(&world.app.second_server().await);
    assert_eq!((service.get(CLIENTS).await.status, elsewhere.get(CLIENTS).await.status), (200, 200));
    world.sam.delete(path(&key), &json!({"version": 7})).await.problem(412, "precondition_failed");
    world.sam.delete(path(&key), &key).await.no_content();
    service.get(CLIENTS).await.problem(401, "unauthorized");
    within_a_second(&elsewhere, CLIENTS, 401).await;
    world.sam.get(path(&key)).await.problem(404, "not_found");
    world.sam.delete(path(&key), &key).await.problem(404, "not_found");
    let actions: Vec<String> = world.app.audit(&key["id"]).await.into_iter().map(|(action, _)| action).collect();
    assert_eq!(actions, ["created", "deleted"]);
}

#[actix_web::test]
async fn a_blocked_accounts_keys_are_worthless_until_it_is_unblocked() {
    let world = world().await;
    let account = reader(&world).await;
    let key = world.key_of(&account).await;
    assert!(signs_in(&world.app, &key).await);
    let blocked = world.step(&account, "block").await;
    assert!(!signs_in(&world.app, &key).await);
    let _ = world.step(&blocked, "unblock").await;
    assert!(signs_in(&world.app, &key).await);
}

/// trust 1.7: the networks of the account and of the key are checked with each request.
#[actix_web::test]
async fn a_key_is_good_from_its_networks_only() {
    let world = world().await;
    let account = reader(&world).await;
    let (here, there) = ("192.0.2.1:1", "198.51.100.1:1");
    let key =
        key_with(&world, &account, json!({"allowed_networks": ["198.51.100.0/24", "192.0.2.0/25"]})).await.created();
    let service = with_key(&world.app, &key);
    let from = async |address: &str| get_from(&service, address, CLIENTS).await.status;
    assert_eq!((from(here).await, from(there).await, from("192.0.2.128:1").await), (200, 200, 401));
    super::change(&world, &account, json!({"allowed_networks": ["192.0.2.0/24"]})).await;
    assert_eq!((from(here).await, from(there).await, from("[2001:db8::1]:1").await), (200, 401, 401));
    assert_eq!(from("[::ffff:192.0.2.1]:1").await, 200, "an IPv4 address is itself however it is written");
}

async fn last_use(world: &World, key: &Value) -> Value {
    let key = world.sam.get(path(key)).await.ok();
    json!([key["last_used_on"], key["last_used_network"]])
}

async fn used(world: &World, key: &Value, on: &str, network: &str) {
    for _ in 0..250 {
        if last_use(world, key).await == json!([on, network]) {
            return;
        }
        actix_web::rt::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("never {on} {network}: {}", last_use(world, key).await);
}

/// trust 1.7: only the day and the network of the last use are stored, and not with each request.
#[actix_web::test]
async fn the_last_use_is_a_day_and_a_network() {
    let world = world().await;
    let key = world.key_of(&reader(&world).await).await;
    assert_eq!(last_use(&world, &key).await, json!([null, null]));
    let service = with_key(&world.app, &key);
    let from = async |address: &str| get_from(&service, address, CLIENTS).await.status;
    assert_eq!(from("192.0.2.77:1").await, 200);
    used(&world, &key, "2026-11-24", "192.0.2.0/24").await;
    // Within a minute nothing is written, wherever the key is used.
    for _ in 0..20 {
        assert_eq!(from("198.51.100.9:1").await, 200);
    }
    actix_web::rt::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(last_use(&world, &key).await, json!(["2026-11-24", "192.0.2.0/24"]));
    world.app.advance(Duration::minutes(1));
    assert_eq!(from("[2001:db8:0:1ff::1]:1").await, 200);
    used(&world, &key, "2026-11-24", "2001:db8:0:100::/56").await;
    let world = after(world, Duration::days(1)).await;
    assert_eq!(from("[2001:db8:0:1ff::1]:1").await, 200);
    used(&world, &key, "2026-11-25", "2001:db8:0:100::/56").await;
    // Using a key does not change its version.
    assert_eq!(world.sam.get(path(&key)).await.ok()["version"], 1);
}

async fn report(app: &TestApp, from: &str, key: &str) -> Answer {
    let request = app.anonymous().request(Method::POST, "/v1/auth/leaked-keys").peer_addr(from.parse().unwrap());
    app.send(request.set_json(json!({"key": key}))).await
}

/// trust 1.7: someone who finds a key can revoke it, and learns nothing.
#[actix_web::test]
async fn a_found_key_is_revoked_by_who_found_it() {
    let world = world().await;
    let account = reader(&world).await;
    let (key, other) = (world.key_of(&account).await, world.key_of(&account).await);
    let text = key["key"].as_str().unwrap();
    let unknown = world.key_of(&reader(&world).await).await;
    world.sam.delete(path(&unknown), &unknown).await.no_content();
    let mut told = Vec::new();
    for wrong in ["nothing", &text[..75], unknown["key"].as_str().unwrap(), other["client_id"].as_str().unwrap()] {
        told.push(report(&world.app, "203.0.113.1:1", wrong).await.told(&[]));
    }
    assert!(signs_in(&world.app, &key).await);
    told.push(report(&world.app, "203.0.113.1:1", text).await.told(&[]));
    told.push(report(&world.app, "203.0.113.1:1", text).await.told(&[]));
    assert_eq!(told[0].0, 202);
    assert!(told.iter().all(|one| *one == told[0]), "{told:#?}");
    assert!(!signs_in(&world.app, &key).await && signs_in(&world.app, &other).await);
    let (action, changes) = world.app.audit(&key["id"]).await.pop().unwrap();
    assert_eq!((action.as_str(), &changes["reason"]["to"]), ("deleted", &json!("Reported as leaked.")));
}

#[actix_web::test]
async fn reports_of_leaked_keys_are_throttled_by_network() {
    let app = TestApp::with_limits(Limits { per_network: 3, ..Limits::default() }).await;
    let unknown = app.service_account(liaison::access::Role::Manager, &["clients:read"]).await;
    app.text("DELETE FROM api_keys RETURNING '' AS value").await;
    for _ in 0..3 {
        assert_eq!(report(&app, "203.0.113.1:1", unknown.token()).await.status, 202);
    }
    let _ = report(&app, "203.0.113.9:1", unknown.token()).await.problem(429, "too_many_requests");
    assert_eq!(report(&app, "203.0.113.9:1", "mangled").await.status, 202, "what costs nothing is not counted");
    assert_eq!(report(&app, "198.51.100.1:1", unknown.token()).await.status, 202);
    // The throttling keeps nobody from signing in.
    let user: TestUser = app.manager("ann").await;
    assert_eq!(user.get("/v1/me").await.status, 200);
}
