//! What a service account may do: never more than its role, never more than its scopes, and nothing that gives rights.

use chrono::Duration;
use liaison::access::{Role, permission::PERMISSIONS};
use serde_json::{Value, json};

use super::{account, change, key_with, path, with_key, within_a_second, world};
use crate::{
    calls::{Target, World},
    harness::TestUser,
};

/// Changes the policy of `role` as a supervisor might.
async fn grant(world: &World, role: &str, grants: Value) {
    let sql =
        format!("UPDATE role_policies SET grants = grants || '{grants}' WHERE role = '{role}' RETURNING role AS value");
    assert_eq!(world.app.text(&sql).await, [role]);
    world.app.parts().callers.forget();
}

async fn status(who: &TestUser, address: &str) -> u16 {
    who.get(address).await.status
}

/// trust 1.7; ASVS 8.3.2: a scope never allows more than the role, and a right that the role loses is lost for the key
/// at once.
#[actix_web::test]
async fn a_scope_is_never_more_than_the_role() {
    let world = world().await;
    let account = account(&world, "manager", &["audit:read", "clients:read", "departments:read"]).await;
    let key = world.key_of(&account).await;
    let service = with_key(&world.app, &key);
    assert_eq!(service.get("/v1/audit").await.problem(403, "forbidden")["permission"], "audit:read");
    assert_eq!(service.get("/v1/products").await.problem(403, "forbidden")["permission"], "products:read");
    // A manager reaches only their own clients, and so does the account.
    let foreign = world.client(Target::Ordinary).await;
    service.get(path(&foreign)).await.problem(404, "not_found");

    let elsewhere = service.at(&world.app.second_server().await);
    assert_eq!(status(&elsewhere, "/v1/audit").await, 403);
    change(&world, &account, json!({"role": "supervisor"})).await;
    assert_eq!((status(&service, "/v1/audit").await, status(&service, path(&foreign)).await), (200, 200));
    within_a_second(&elsewhere, "/v1/audit", 200).await;
    change(&world, &account, json!({"role": "manager"})).await;
    assert_eq!((status(&service, "/v1/audit").await, status(&service, path(&foreign)).await), (403, 404));
    within_a_second(&elsewhere, "/v1/audit", 403).await;

    assert_eq!(status(&service, "/v1/departments").await, 200);
    grant(&world, "manager", json!({"departments:read": "none"})).await;
    assert_eq!(status(&service, "/v1/departments").await, 403);
}

#[actix_web::test]
async fn a_changed_team_or_scope_is_in_force_at_once() {
    let world = world().await;
    grant(&world, "manager", json!({"clients:read": "team"})).await;
    let account = account(&world, "manager", &["clients:read", "departments:read"]).await;
    let service = with_key(&world.app, &world.key_of(&account).await);
    let client = world.client(Target::Ordinary).await;
    assert_eq!(status(&service, path(&client)).await, 200);
    change(&world, &account, json!({"team_id": world.mia.team_id})).await;
    assert_eq!(status(&service, path(&client)).await, 404);
    change(&world, &account, json!({"scopes": ["departments:read"]})).await;
    assert_eq!((status(&service, path(&client)).await, status(&service, "/v1/departments").await), (403, 200));
}

#[actix_web::test]
async fn a_key_has_a_part_of_its_accounts_scopes() {
    let world = world().await;
    let account = account(&world, "supervisor", &["clients:read", "departments:read"]).await;
    key_with(&world, &account, json!({"scopes": ["departments:read", "teams:read"]}))
        .await
        .field_error("/scopes/1", "not_of_account");
    key_with(&world, &account, json!({"scopes": []})).await.field_error("/scopes", "too_short");
    let narrow = key_with(&world, &account, json!({"scopes": ["departments:read"]})).await.created();
    let (narrow, whole) = (with_key(&world.app, &narrow), with_key(&world.app, &world.key_of(&account).await));
    assert_eq!((status(&narrow, "/v1/departments").await, status(&narrow, "/v1/clients").await), (200, 403));
    assert_eq!((status(&whole, "/v1/departments").await, status(&whole, "/v1/clients").await), (200, 200));
    // A scope that the account loses is lost for all its keys; a new scope of the account does not widen a narrow key.
    change(&world, &account, json!({"scopes": ["clients:read", "teams:read"]})).await;
    assert_eq!((status(&narrow, "/v1/departments").await, status(&narrow, "/v1/teams").await), (403, 403));
    assert_eq!((status(&whole, "/v1/departments").await, status(&whole, "/v1/teams").await), (403, 200));
}

#[actix_web::test]
async fn actions_say_what_the_scopes_leave() {
    let world = world().await;
    let client = world.client(Target::Ordinary).await;
    let reader = world.app.service_account(Role::Supervisor, &["clients:read"]).await;
    assert_eq!(reader.get(path(&client)).await.ok()["actions"], json!([]));
    let writer = world.app.service_account(Role::Supervisor, &["clients:read", "clients:update"]).await;
    let seen = writer.get(path(&client)).await.ok();
    assert!(seen["actions"].as_array().unwrap().contains(&json!("update")), "{seen}");
    assert!(!seen["actions"].as_array().unwrap().contains(&json!("archive")), "{seen}");
    // Without the right to read, the client is not found.
    let blind = world.app.service_account(Role::Supervisor, &["clients:update"]).await;
    blind.patch(path(&client), &client, json!({"name": "x"})).await.problem(404, "not_found");
    // Confidential fields need a right of their own.
    assert!(seen.get("credit_limit").is_none());
}

/// trust 1.7: only persons give rights; no scope lets a service account do so, not even one written directly into the
/// database.
#[actix_web::test]
async fn a_service_account_makes_no_rights() {
    let world = world().await;
    let every: Vec<&str> = PERMISSIONS.iter().map(|(name, _)| *name).collect();
    let service = world.app.service_account(Role::Supervisor, &every).await;
    let other = world.service_account().await;
    let key = world.key_of(&other).await;
    let user = world.user().await;
    let refused = [
        service.post("/v1/users", world.new_user()).await,
        service.patch(path(&user), &user, json!({"role": "supervisor"})).await,
        service.transition("block", &user, json!({})).await,
        service.post("/v1/service-accounts", world.new_service_account()).await,
        service.patch(path(&other), &other, json!({"name": "x"})).await,
        service.transition("block", &other, json!({})).await,
        service.post(&format!("{}/keys", path(&other)), json!({"name": "x"})).await,
        service.post(&format!("/v1/service-accounts/{}/keys", service.id), json!({"name": "x"})).await,
        service.post(&format!("{}/rotate", path(&key)), json!({})).await,
        service.delete(path(&key), &key).await,
    ];
    for answer in refused {
        let _ = answer.problem(403, "forbidden");
    }
    for readable in ["/v1/users", "/v1/service-accounts"] {
        assert_eq!(status(&service, readable).await, 200, "reading is a scope like others");
    }
}

/// trust 1.7: nobody can give scopes beyond their own rights.
#[actix_web::test]
async fn nobody_hands_out_more_than_they_have() {
    let world = world().await;
    grant(
        &world,
        "manager",
        json!({"service_accounts:create": "all", "service_accounts:read": "all", "service_accounts:update": "all"}),
    )
    .await;
    let (ann, team) = (&world.ann, world.ann.team_id);
    let with = |role: &str, scope: &str| json!({"name": "Own", "role": role, "team_id": team, "scopes": [scope]});
    for role in ["key_account_manager", "supervisor"] {
        let _ = ann.post("/v1/service-accounts", with(role, "clients:read")).await.problem(403, "forbidden");
    }
    let own = ann.post("/v1/service-accounts", with("manager", "clients:read")).await.created();
    let _ = ann.patch(path(&own), &own, json!({"role": "supervisor"})).await.problem(403, "forbidden");
    let own_key = ann.post(&format!("{}/keys", path(&own)), json!({"name": "Key"})).await.created();
    assert_eq!(status(&with_key(&world.app, &own_key), "/v1/clients").await, 200);

    // Nor can they use what someone else gave, by creating a key of that account or by unblocking it.
    let strong = account(&world, "supervisor", &["clients:read"]).await;
    let key = world.key_of(&strong).await;
    let _ = ann.post(&format!("{}/keys", path(&strong)), json!({"name": "x"})).await.problem(403, "forbidden");
    let _ = ann.post(&format!("{}/rotate", path(&key)), json!({})).await.problem(403, "forbidden");
    let _ = ann.patch(path(&strong), &strong, json!({"scopes": ["clients:update"]})).await.problem(403, "forbidden");
    let blocked = ann.transition("block", &strong, json!({})).await.ok();
    let _ = ann.transition("unblock", &blocked, json!({})).await.problem(403, "forbidden");
    assert_eq!(ann.patch(path(&strong), &blocked, json!({"name": "Renamed"})).await.status, 200);

    // A right with a wider reach in the role than for the giver is also more than they have.
    grant(&world, "supervisor", json!({"orders:read": "own"})).await;
    let _ = account(&world, "supervisor", &["orders:read"]).await;
    grant(&world, "manager", json!({"orders:read": "all"})).await;
    let refused = world.sam.post("/v1/service-accounts", with("manager", "orders:read")).await;
    assert_eq!(refused.problem(403, "forbidden")["permission"], "orders:read");
}

#[actix_web::test]
async fn a_role_that_may_not_own_what_the_account_owns_is_refused() {
    let world = world().await;
    let account = account(&world, "key_account_manager", &["clients:read"]).await;
    let body = json!({"kind": "organization", "name": "North", "owner_id": account["id"]});
    let client = world.sam.post("/v1/clients", body).await.created();
    let _ = world.step(&client, "designate-key").await;
    let _ = world.sam.patch(path(&account), &account, json!({"role": "manager"})).await.problem(409, "conflict");
}

/// A key expires by time alone.
#[actix_web::test]
async fn a_key_ends_with_time() {
    let world = world().await;
    let account = account(&world, "manager", &["clients:read"]).await;
    let service = with_key(&world.app, &world.key_of(&account).await);
    world.app.advance(Duration::days(90) - Duration::seconds(1));
    assert_eq!(status(&service, "/v1/clients").await, 200);
    world.app.advance(Duration::seconds(1));
    assert_eq!(status(&service, "/v1/clients").await, 401);
}
