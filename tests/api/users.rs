//! Users, teams and roles.

use serde_json::{Value, json};

use crate::{
    calls::{PASSWORD, Target, World},
    harness::{Answer, TestApp, TestUser},
};

async fn world() -> World {
    World::over(TestApp::start().await).await
}

fn path(resource: &Value) -> &str {
    resource["path"].as_str().unwrap()
}

async fn read(world: &World, who: &TestUser) -> Value {
    world.sue.get(&format!("/v1/users/{}", who.id)).await.ok()
}

async fn change(by: &TestUser, user: &Value, body: Value) -> Answer {
    by.patch(path(user), user, body).await
}

/// Changes a user as a supervisor would.
async fn set(world: &World, who: &TestUser, body: Value) -> Value {
    if body["role"] == "supervisor" {
        let _ = world.sam.transition("consent", &read(world, who).await, json!({})).await.ok();
    }
    change(&world.sue, &read(world, who).await, body).await.ok()
}

#[actix_web::test]
async fn a_supervisor_makes_and_changes_a_user() {
    let world = world().await;
    let body = json!({"name": "Anna", "email": "Anna@Example.com", "role": "manager", "team_id": world.ann.team_id});
    let user = world.sue.post("/v1/users", body).await.created();
    assert_eq!(
        (&user["email"], &user["status"], &user["job_title"]),
        (&json!("anna@example.com"), &json!("active"), &Value::Null)
    );
    assert_eq!(user["actions"], json!(["update", "block", "reset-password", "consent"]));
    assert!(user.as_object().unwrap().keys().all(|name| !name.contains("password")), "{user}");
    let changed = change(&world.sue, &user, json!({"job_title": "Expert", "role": "key_account_manager"})).await.ok();
    assert_eq!((&changed["version"], &changed["role"]), (&json!(2), &json!("key_account_manager")));
    change(&world.sue, &user, json!({"name": "x"})).await.problem(412, "precondition_failed");
    let cleared = change(&world.sue, &changed, json!({"job_title": null})).await.ok();
    assert_eq!(cleared["job_title"], Value::Null);

    let blocked = world.sue.transition("block", &cleared, json!({})).await.ok();
    assert_eq!((&blocked["status"], &blocked["actions"]), (&json!("blocked"), &json!(["update", "unblock"])));
    let again = world.sue.transition("block", &blocked, json!({})).await.problem(409, "invalid_state");
    assert_eq!((&again["state"], &again["allowed"]), (&json!("blocked"), &json!(["unblock"])));
    let active = world.sue.transition("unblock", &blocked, json!({})).await.ok();
    world.sue.transition("unblock", &active, json!({})).await.problem(409, "invalid_state");
    let actions: Vec<String> = world.app.audit(&user["id"]).await.into_iter().map(|(action, _)| action).collect();
    assert_eq!(actions, ["created", "updated", "updated", "blocked", "unblocked"]);
    let recorded = world
        .app
        .text(
            "SELECT changes::text || coalesce(personal::text, '') AS value FROM audit_events WHERE resource = 'users'",
        )
        .await
        .join("");
    assert!(!recorded.contains("argon2") && !recorded.contains(PASSWORD), "a password is in the audit log");
}

#[actix_web::test]
async fn what_is_wrong_about_a_user_is_told() {
    let world = world().await;
    let user = world.user().await;
    let with = |field: &str, value: Value| {
        let mut body = world.new_user();
        body[field] = value;
        body
    };
    for (field, value, code) in [
        ("email", json!("anna"), "invalid_email"),
        ("role", json!("director"), "invalid_choice"),
        ("team_id", json!(uuid::Uuid::now_v7()), "unknown_reference"),
        ("name", json!(" "), "too_short"),
    ] {
        world.sue.post("/v1/users", with(field, value)).await.field_error(&format!("/{field}"), code);
    }
    // ASVS 6.4.6: nobody chooses a password for somebody else.
    world.sue.post("/v1/users", with("password", json!(PASSWORD))).await.field_error("/password", "unknown_field");
    let other = world.user().await;
    change(&world.sue, &other, json!({"email": user["email"]})).await.problem(409, "already_exists");
    change(&world.sue, &other, json!({"team_id": uuid::Uuid::now_v7()}))
        .await
        .field_error("/team_id", "unknown_reference");
    for field in ["password", "status", "password_hash"] {
        change(&world.sue, &other, json!({field: "active"})).await.problem(400, "unknown_field");
    }
}

#[actix_web::test]
async fn nobody_raises_their_own_rights() {
    let world = world().await;
    for who in [&world.ann, &world.kim] {
        let own = who.get(&format!("/v1/users/{}", who.id)).await.ok();
        assert_eq!(own["actions"], json!([]));
        for body in [json!({"role": "supervisor"}), json!({"name": "x"}), json!({"team_id": world.mia.team_id})] {
            assert_eq!(change(who, &own, body).await.problem(403, "forbidden")["permission"], "users:update");
        }
        who.transition("block", &own, json!({})).await.problem(403, "forbidden");
    }
    let sue = read(&world, &world.sue).await;
    assert_eq!(sue["actions"], json!(["update"]));
    for body in [json!({"role": "manager"}), json!({"team_id": world.ann.team_id})] {
        change(&world.sue, &sue, body).await.problem(403, "forbidden");
    }
    world.sue.transition("block", &sue, json!({})).await.problem(403, "forbidden");
    let renamed = change(&world.sue, &sue, json!({"name": "Susan", "role": "supervisor"})).await.ok();
    assert_eq!(renamed["name"], "Susan");
}

/// Makes Sue and Sam the only active supervisors.
async fn two_supervisors(world: &World) {
    let others = format!(
        "UPDATE users SET status = 'blocked' WHERE role = 'supervisor' AND id NOT IN ('{}', '{}') RETURNING name AS value",
        world.sue.id, world.sam.id
    );
    world.app.text(&others).await;
}

async fn active_supervisors(world: &World) -> i64 {
    world.app.count("users WHERE role = 'supervisor' AND status = 'active'").await
}

#[actix_web::test]
async fn the_last_active_supervisor_stays() {
    let world = world().await;
    two_supervisors(&world).await;
    let sam = read(&world, &world.sam).await;
    let blocked = world.sue.transition("block", &sam, json!({})).await.ok();
    assert_eq!(active_supervisors(&world).await, 1);
    world.sam.get("/v1/me").await.problem(401, "unauthorized");
    // A blocked supervisor may be demoted, since this is not the last active one.
    let _ = change(&world.sue, &blocked, json!({"role": "manager"})).await.ok();
    assert_eq!(active_supervisors(&world).await, 1);
}

#[actix_web::test]
async fn two_supervisors_who_block_each_other_at_once_leave_one() {
    for verb in ["block", "demote"] {
        let world = world().await;
        two_supervisors(&world).await;
        let (sue, sam) = (read(&world, &world.sue).await, read(&world, &world.sam).await);
        let second = world.app.second_server().await;
        let sam_elsewhere = world.sam.at(&second);
        let go = async |who: &TestUser, whom: &Value| match verb {
            "block" => who.transition("block", whom, json!({})).await,
            _ => change(who, whom, json!({"role": "manager"})).await,
        };
        let (one, other) = futures_util::future::join(go(&world.sue, &sam), go(&sam_elsewhere, &sue)).await;
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(active_supervisors(&world).await, 1, "{verb}: {statuses:?}");
        assert_eq!(statuses[0], 200, "{verb}");
        assert!(matches!(statuses[1], 401 | 403 | 409), "{verb}: {statuses:?}");
    }
}

/// Asserts that `address` answers `status` once a second has passed, and something else before.
async fn within_a_second(who: &TestUser, address: &str, status: u16) {
    assert_ne!(who.get(address).await.status, status, "{address}");
    who.app().advance(chrono::Duration::seconds(1));
    assert_eq!(who.get(address).await.status, status, "{address}");
}

#[actix_web::test]
async fn a_block_is_in_force_at_once_and_everywhere_within_a_moment() {
    let world = world().await;
    let elsewhere = world.ann.at(&world.app.second_server().await);
    assert_eq!(elsewhere.get("/v1/me").await.status, 200);
    let ann = read(&world, &world.ann).await;
    let blocked = world.sue.transition("block", &ann, json!({})).await.ok();
    world.ann.get("/v1/me").await.problem(401, "unauthorized");
    within_a_second(&elsewhere, "/v1/me", 401).await;
    // The sessions have ended: unblocking brings back the user, but not the tokens.
    let _ = world.sue.transition("unblock", &blocked, json!({})).await.ok();
    world.app.parts().callers.forget();
    world.ann.get("/v1/me").await.problem(401, "unauthorized");
}

#[actix_web::test]
async fn a_changed_role_is_in_force_at_once_and_everywhere_within_a_moment() {
    let world = world().await;
    let elsewhere = world.ann.at(&world.app.second_server().await);
    elsewhere.get("/v1/audit").await.problem(403, "forbidden");
    world.ann.get("/v1/audit").await.problem(403, "forbidden");
    set(&world, &world.ann, json!({"role": "supervisor"})).await;
    assert_eq!(world.ann.get("/v1/audit").await.status, 200);
    within_a_second(&elsewhere, "/v1/audit", 200).await;
    set(&world, &world.ann, json!({"role": "manager"})).await;
    world.ann.get("/v1/audit").await.problem(403, "forbidden");
    within_a_second(&elsewhere, "/v1/audit", 403).await;
}

#[actix_web::test]
async fn clients_follow_their_owner_to_another_team() {
    let world = world().await;
    let key = world.client(Target::Key).await;
    world.leo.get(path(&key)).await.problem(404, "not_found");
    set(&world, &world.kim, json!({"team_id": world.leo.team_id})).await;
    let moved = world.leo.get(path(&key)).await.ok();
    assert_eq!((&moved["owner_id"], &moved["team_id"]), (&json!(world.kim.id), &json!(world.leo.team_id)));
    world.kai.get(path(&key)).await.problem(404, "not_found");
    assert_eq!(world.kim.get(path(&key)).await.status, 200);
    assert_eq!(
        world.sue.get(&format!("/v1/clients?team_id={}", world.leo.team_id)).await.ok()["data"][0]["id"],
        key["id"]
    );
}

#[actix_web::test]
async fn users_are_listed_by_reach_filter_and_sort() {
    let world = world().await;
    let names = async |who: &TestUser, query: &str| -> Vec<String> {
        let page = who.get(&format!("/v1/users?{query}")).await.ok();
        page["data"].as_array().unwrap().iter().map(|user| user["name"].as_str().unwrap().to_owned()).collect()
    };
    for who in [&world.ann, &world.bob, &world.kim] {
        assert_eq!(names(who, "").await, ["ann", "bob", "kai", "kim"]);
    }
    assert_eq!(names(&world.leo, "").await, ["leo", "meg", "mia"]);
    assert_eq!(names(&world.ann, "role=key_account_manager&sort=-name").await, ["kim", "kai"]);
    assert_eq!(names(&world.ann, "role=manager&role=supervisor").await, ["ann", "bob"]);
    assert_eq!(names(&world.ann, &format!("team_id={}", world.mia.team_id)).await, Vec::<String>::new());
    assert_eq!(names(&world.sue, &format!("team_id={}", world.mia.team_id)).await, ["leo", "meg", "mia"]);
    set(&world, &world.bob, json!({"job_title": "x"})).await;
    let bob = read(&world, &world.bob).await;
    let _ = world.sue.transition("block", &bob, json!({})).await.ok();
    assert_eq!(names(&world.ann, "status=blocked").await, ["bob"]);
    assert_eq!(world.ann.get("/v1/users?status=active&total=true").await.ok()["total"], 3);
    world.ann.get(&format!("/v1/users/{}", world.mia.id)).await.problem(404, "not_found");
    world.app.advance(chrono::Duration::minutes(1));
    set(&world, &world.kim, json!({"job_title": "x"})).await;
    assert_eq!(names(&world.ann, "sort=-updated_at&limit=1").await, ["kim"]);
    assert_eq!(names(&world.ann, "sort=updated_at").await.last().unwrap(), "kim");
}

#[actix_web::test]
async fn teams_are_made_and_renamed() {
    let world = world().await;
    let team = world.sue.post("/v1/teams", json!({"name": "North"})).await.created();
    assert_eq!((&team["actions"], &world.ann.get(path(&team)).await.ok()["actions"]), (&json!(["update"]), &json!([])));
    world.sue.post("/v1/teams", json!({"name": "North"})).await.problem(409, "already_exists");
    let renamed = world.sue.patch(path(&team), &team, json!({"name": "North and East"})).await.ok();
    assert_eq!(renamed["version"], 2);
    world.sue.patch(path(&team), &team, json!({"name": "x"})).await.problem(412, "precondition_failed");
    let other = world.team().await;
    world.sue.patch(path(&other), &other, json!({"name": "North and East"})).await.problem(409, "already_exists");
    let same = world.sue.patch(path(&team), &renamed, json!({"name": "North and East"})).await.ok();
    assert_eq!(same["version"], 2);
    let page = world.ann.get("/v1/teams?sort=-name&limit=200&total=true").await.ok();
    let names: Vec<&str> = page["data"].as_array().unwrap().iter().map(|team| team["name"].as_str().unwrap()).collect();
    let upwards = world.ann.get("/v1/teams?sort=name&limit=200").await.ok();
    let upwards = upwards["data"].as_array().unwrap().iter().rev().map(|team| team["name"].as_str().unwrap());
    assert_eq!(names, upwards.collect::<Vec<_>>());
    let place = |name: &str| names.iter().position(|known| *known == name).unwrap();
    assert!(place("North and East") < place("Management"), "{names:?}");
    assert_eq!(page["total"], json!(names.len()));
}

#[actix_web::test]
async fn everyone_may_read_what_each_role_may_do() {
    let world = world().await;
    for (role, discount, contract, order, key, confidential) in [
        ("manager", json!("5.00"), json!("0.00"), json!("100000.00"), false, "none"),
        ("key_account_manager", json!("15.00"), json!("1000000.00"), json!("1000000.00"), true, "own"),
        ("supervisor", Value::Null, Value::Null, Value::Null, true, "all"),
    ] {
        for who in [&world.ann, &world.kim, &world.sue] {
            let policy = who.get(&format!("/v1/roles/{role}/policy")).await.ok();
            assert_eq!(policy["max_discount_percent"], discount);
            assert_eq!(policy["max_contract_amount"], contract);
            assert_eq!(policy["max_order_amount"], order);
            assert_eq!(policy["may_own_key_clients"], json!(key));
            assert_eq!(policy["second_factor_required"], json!(false));
            assert_eq!(policy["permissions"]["clients:read_confidential"], confidential);
        }
    }
    let names = liaison::access::permission::PERMISSIONS.iter().map(|(name, _)| *name);
    let policy = world.ann.get("/v1/roles/manager/policy").await.ok();
    assert!(names.clone().all(|name| policy["permissions"][name].is_string()));
    world.ann.get("/v1/roles/king/policy").await.problem(404, "not_found");
}

#[actix_web::test]
async fn a_password_reset_ends_the_sessions_and_is_recorded() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let email = ann.get("/v1/me").await.ok()["email"].as_str().unwrap().to_owned();
    let mut db = app.db().await;
    let now = app.parts().clock.now();
    liaison::change::by_system(&mut db, &app.parts().secrets, now, async |tx| {
        let scope = liaison::access::Scope::system();
        liaison::auth::reset_password(tx, &scope, &email, "another hash".to_owned()).await
    })
    .await
    .unwrap();
    app.parts().callers.forget();

    ann.get("/v1/me").await.problem(401, "unauthorized");
    let id = json!(ann.id);
    let actions: Vec<String> = app.audit(&id).await.into_iter().map(|(action, _)| action).collect();
    assert_eq!(actions, ["password_reset"]);
    assert_eq!(app.events(&id).await, ["users.password_reset"]);
}
