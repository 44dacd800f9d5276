//! Role policies: everyone reads them, supervisors change them, and changes take effect at once.

use liaison::access::{
    Policy, Reach, Role,
    permission::{ADMINISTRATION, PERMISSIONS},
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    calls::{Target, World},
    harness::{Answer, TestApp, TestUser},
};

async fn world() -> World {
    World::over(TestApp::start().await).await
}

const MANAGER: &str = "/v1/roles/manager/policy";
const READ_ONLY: [&str; 6] = ["role", "version", "created_at", "updated_at", "actions", "path"];

/// Replaces the policy at `path` after `change` has changed it.
async fn put(by: &TestUser, path: &str, change: impl FnOnce(&mut Value)) -> Answer {
    let policy = by.get(path).await.ok();
    let mut body = policy.clone();
    body.as_object_mut().unwrap().retain(|name, _| !READ_ONLY.contains(&name.as_str()));
    change(&mut body);
    by.put(path, &policy, body).await
}

/// ASVS 8.3.2: a change takes effect at once, and on other servers within a second.
#[actix_web::test]
async fn a_changed_policy_is_in_force_on_every_server() {
    let world = world().await;
    let client = world.client(Target::Ordinary).await;
    let elsewhere = world.bob.at(&world.app.second_server().await);
    let path = client["path"].as_str().unwrap();
    elsewhere.get(path).await.problem(404, "not_found");
    let changed = put(&world.sue, MANAGER, |policy| policy["permissions"]["clients:read"] = json!("team")).await.ok();
    assert_eq!((&changed["version"], &changed["permissions"]["clients:read"]), (&json!(2), &json!("team")));
    assert_eq!(world.bob.get(path).await.status, 200);
    world.app.advance(chrono::Duration::seconds(1));
    assert_eq!(elsewhere.get(path).await.status, 200);
    let own = world.bob.get("/v1/me/permissions").await.ok();
    assert_eq!((&own["permissions"]["clients:read"], &own["role"]), (&json!("team"), &json!("manager")));
}

#[actix_web::test]
async fn everyone_reads_what_they_may_do() {
    let world = world().await;
    for (who, role) in [(&world.ann, "manager"), (&world.kim, "key_account_manager"), (&world.sue, "supervisor")] {
        let own = who.get("/v1/me/permissions").await.ok();
        let policy = who.get(&format!("/v1/roles/{role}/policy")).await.ok();
        for name in
            ["permissions", "max_discount_percent", "max_contract_amount", "max_order_amount", "may_own_key_clients"]
        {
            assert_eq!(own[name], policy[name], "{role} {name}");
        }
        let may_update = role == "supervisor";
        assert_eq!(policy["actions"], if may_update { json!(["update"]) } else { json!([]) });
    }
    world.app.anonymous().get("/v1/me/permissions").await.problem(401, "unauthorized");
}

#[actix_web::test]
async fn limits_change_with_the_policy() {
    let world = world().await;
    let changed = put(&world.sue, MANAGER, |policy| {
        policy["max_discount_percent"] = json!("12.5");
        policy["max_order_amount"] = Value::Null;
        policy["may_own_key_clients"] = json!(true);
    });
    let changed = changed.await.ok();
    let limits = ["max_discount_percent", "max_order_amount", "may_own_key_clients"].map(|name| changed[name].clone());
    assert_eq!(limits, [json!("12.50"), Value::Null, json!(true)]);
    let client = world.client(Target::Ordinary).await;
    let _ = world.sue.transition("designate-key", &client, json!({})).await.ok();
    put(&world.sue, MANAGER, |policy| policy["may_own_key_clients"] = json!(false)).await.problem(409, "conflict");
}

#[actix_web::test]
async fn only_supervisors_change_policies() {
    let world = world().await;
    for who in [&world.ann, &world.kim] {
        put(who, MANAGER, |_| {}).await.problem(403, "forbidden");
    }
    let unchanged = put(&world.sue, MANAGER, |_| {}).await.ok();
    assert_eq!(unchanged["version"], 1);
    let mut body = world.sue.get(MANAGER).await.ok();
    body.as_object_mut().unwrap().retain(|name, _| !READ_ONLY.contains(&name.as_str()));
    world.sue.put(MANAGER, &json!({"version": 7}), body).await.problem(412, "precondition_failed");
}

/// A policy that nobody can work with, or that locks supervisors out, is refused with all its errors.
#[actix_web::test]
async fn a_policy_against_the_rules_is_refused() {
    let world = world().await;
    let supervisor = "/v1/roles/supervisor/policy";
    let refused = async |path: &str, right: &str, reach: &str, code: &str| {
        let answer = put(&world.sue, path, |policy| policy["permissions"][right] = json!(reach)).await;
        answer.field_error(&format!("/permissions/{right}"), code);
    };
    for right in ADMINISTRATION {
        refused(MANAGER, right, "all", "supervisor_only").await;
        refused("/v1/roles/key_account_manager/policy", right, "own", "supervisor_only").await;
        refused(supervisor, right, "team", "lockout").await;
        refused(supervisor, right, "none", "lockout").await;
    }
    refused(MANAGER, "clients:update", "team", "beyond_reading").await;
    refused(MANAGER, "products:read", "own", "none_or_all").await;
    refused(MANAGER, "clients:fly", "own", "unknown_field").await;
    let missing =
        put(&world.sue, MANAGER, |policy| drop(policy["permissions"].as_object_mut().unwrap().remove("clients:read")));
    let told = missing.await.field_errors();
    assert!(told.contains(&("/permissions/clients:read".to_owned(), "required".to_owned())), "{told:?}");
    let idle = put(&world.sue, MANAGER, |policy| {
        for reach in policy["permissions"].as_object_mut().unwrap().values_mut().filter(|reach| *reach == "own") {
            *reach = json!("none");
        }
    });
    idle.await.field_error("/permissions", "no_work");
    let silent = put(&world.sue, MANAGER, |policy| drop(policy.as_object_mut().unwrap().remove("max_order_amount")));
    silent.await.field_error("/max_order_amount", "required");
    assert_eq!(world.sue.get(MANAGER).await.ok()["version"], 1);
}

#[actix_web::test]
async fn a_change_of_a_policy_is_recorded_by_what_changed() {
    let world = world().await;
    let _ = put(&world.sue, MANAGER, |policy| policy["permissions"]["clients:read"] = json!("team")).await.ok();
    let id = json!("00000000-0000-0000-0000-000000000001");
    let (action, changes) = world.app.audit(&id).await.pop().unwrap();
    let rights = json!({"from": {"clients:read": "own"}, "to": {"clients:read": "team"}});
    assert_eq!((action.as_str(), &changes), ("updated", &json!({"permissions": rights})));
    assert_eq!(world.app.events(&id).await, ["roles.updated"]);
}

fn reaches() -> impl Strategy<Value = Vec<Reach>> {
    let reach = prop::sample::select(vec![Reach::None, Reach::Own, Reach::Team, Reach::All]);
    prop::collection::vec(reach, PERMISSIONS.len())
}

proptest! {
    /// Every right has the reach that was set, and a right that does not exist has none.
    #[test]
    fn a_stored_policy_says_what_it_was_given(reaches in reaches()) {
        let stored = PERMISSIONS.iter().zip(&reaches).map(|((name, _), reach)| ((*name).to_owned(), *reach)).collect();
        for role in [Role::Manager, Role::KeyAccountManager, Role::Supervisor] {
            let policy = Policy::new(role, Policy::initial(role).limits, &stored);
            for ((name, _), reach) in PERMISSIONS.iter().zip(&reaches) {
                prop_assert_eq!(policy.reach(name), *reach);
            }
            prop_assert_eq!(policy.reach("clients:fly"), Reach::None);
        }
    }
}
