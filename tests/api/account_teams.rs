//! Account teams: to a member, a client and all that belongs to it count as their own.

use serde_json::{Value, json};

use crate::{
    calls::{Target, World},
    harness::{Answer, TestApp, TestUser},
};

async fn world() -> World {
    World::over(TestApp::start().await).await
}

fn team_path(client: &Value) -> String {
    format!("{}/account-team", client["path"].as_str().unwrap())
}

async fn assign(by: &TestUser, client: &Value, users: &[&TestUser]) -> Answer {
    let ids: Vec<_> = users.iter().map(|user| user.id).collect();
    by.put(&team_path(client), client, json!({"user_ids": ids})).await
}

async fn fresh(by: &TestUser, client: &Value) -> Value {
    by.get(client["path"].as_str().unwrap()).await.ok()
}

#[actix_web::test]
async fn a_member_works_with_the_client_as_with_their_own() {
    let world = world().await;
    let client = world.client(Target::Ordinary).await;
    let path = client["path"].as_str().unwrap();
    world.mia.get(path).await.problem(404, "not_found");
    let team = assign(&world.sue, &client, &[&world.mia, &world.bob]).await.ok();
    let names: Vec<&str> =
        team["members"].as_array().unwrap().iter().map(|member| member["name"].as_str().unwrap()).collect();
    assert_eq!((names, &team["version"]), (vec!["bob", "mia"], &json!(2)));

    for member in [&world.mia, &world.bob] {
        let seen = member.get(path).await.ok();
        assert_eq!(seen["version"], 2);
        assert!(seen["actions"].as_array().unwrap().contains(&json!("update")), "{seen}");
        let contact = json!({"client_id": client["id"], "name": "Olga"});
        let contact = member.post("/v1/contacts", contact).await.created();
        let listed = world.mia.get(&format!("/v1/contacts?client_id={}", client["id"].as_str().unwrap())).await.ok();
        assert!(listed["data"].to_string().contains(contact["id"].as_str().unwrap()));
        assert_eq!(member.get("/v1/clients?total=true").await.ok()["total"], 1);
        let _ = member.get(&format!("{path}/timeline")).await.ok();
    }
    let renamed = world.mia.patch(path, &fresh(&world.mia, &client).await, json!({"name": "Renamed"})).await.ok();
    assert_eq!(renamed["name"], "Renamed");
    // A colleague of a member is not a member.
    world.leo.get(path).await.problem(404, "not_found");
}

#[actix_web::test]
async fn who_leaves_the_team_reaches_nothing_any_more() {
    let world = world().await;
    let client = world.client(Target::Ordinary).await;
    let elsewhere = world.mia.at(&world.app.second_server().await);
    let team = assign(&world.sue, &client, &[&world.mia]).await.ok();
    let path = client["path"].as_str().unwrap();
    assert_eq!(elsewhere.get(path).await.status, 200);
    let _ = world.sue.put(&team_path(&client), &team, json!({"user_ids": []})).await.ok();
    world.mia.get(path).await.problem(404, "not_found");
    world.app.advance(chrono::Duration::seconds(1));
    elsewhere.get(path).await.problem(404, "not_found");
}

#[actix_web::test]
async fn a_key_account_manager_member_sees_nothing_confidential() {
    let world = world().await;
    let client = world.client(Target::Key).await;
    let secret =
        world.sam.patch(client["path"].as_str().unwrap(), &client, json!({"credit_limit": "1000.00"})).await.ok();
    let colleague = fresh(&world.kai, &client).await;
    assert_eq!(colleague["credit_limit"], Value::Null, "confidential fields reach own clients only");
    let _ = assign(&world.kim, &secret, &[&world.kai]).await.ok();
    assert_eq!(fresh(&world.kai, &client).await["credit_limit"], Value::Null);
}

#[actix_web::test]
async fn a_team_changes_within_reach_only() {
    let world = world().await;
    let ordinary = world.client(Target::Ordinary).await;
    let key = world.client(Target::Key).await;
    assign(&world.ann, &ordinary, &[&world.mia]).await.problem(403, "forbidden");
    assign(&world.kim, &ordinary, &[&world.bob]).await.problem(404, "not_found");
    assign(&world.leo, &key, &[&world.leo]).await.problem(404, "not_found");
    assign(&world.kim, &key, &[&world.mia]).await.problem(403, "forbidden");
    let _ = assign(&world.kim, &key, &[&world.bob]).await.ok();
    assert_eq!(world.bob.get(key["path"].as_str().unwrap()).await.status, 200);
    assert_eq!(world.ann.get(&team_path(&ordinary)).await.ok()["actions"], json!(["update"]));
    assert_eq!(world.kai.get(&team_path(&key)).await.ok()["actions"], json!([]));
    assert_eq!(world.sue.get(&team_path(&ordinary)).await.ok()["actions"], json!(["update"]));
}

#[actix_web::test]
async fn members_that_cannot_be_are_told_each() {
    let world = world().await;
    let client = world.client(Target::Ordinary).await;
    let blocked = world.step(&world.user().await, "block").await;
    let put = async |ids: Value| world.sue.put(&team_path(&client), &client, json!({"user_ids": ids})).await;
    let told = put(json!([world.ann.id, world.bob.id, world.bob.id])).await.field_errors();
    let pair = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    assert_eq!(told, [pair("/user_ids/0", "owner"), pair("/user_ids/2", "duplicate")]);
    put(json!([world.bob.id, blocked["id"]])).await.field_error("/user_ids/1", "unknown_reference");
    put(json!([uuid::Uuid::now_v7()])).await.field_error("/user_ids/0", "unknown_reference");
    let many: Vec<_> = (0..51).map(|_| uuid::Uuid::now_v7()).collect();
    put(json!(many)).await.field_error("/user_ids", "too_long");
    assert_eq!(world.app.count("account_team_members").await, 0);
}

#[actix_web::test]
async fn a_user_is_on_a_bounded_number_of_teams() {
    let world = world().await;
    let client = world.client(Target::Ordinary).await;
    // As many rows as the limit, of clients that are copies of one with other ids.
    let columns = world
        .app
        .text("SELECT string_agg(quote_ident(attname), ', ') AS value FROM pg_attribute WHERE attrelid = 'clients'::regclass AND attnum > 1 AND attgenerated = '' AND NOT attisdropped")
        .await
        .remove(0);
    let fill = format!(
        "WITH copied AS (INSERT INTO clients (id, {columns}) SELECT gen_random_uuid(), {columns} FROM clients, \
         generate_series(1, 500) WHERE clients.id = '{}' RETURNING id), \
         joined AS (INSERT INTO account_team_members SELECT id, '{}', now() FROM copied RETURNING 1) \
         SELECT count(*)::text AS value FROM joined",
        client["id"].as_str().unwrap(),
        world.mia.id
    );
    assert_eq!(world.app.text(&fill).await, ["500"]);
    world.app.parts().callers.forget();
    assign(&world.sue, &client, &[&world.mia]).await.problem(409, "conflict");
    assert_eq!(world.mia.get("/v1/clients?total=true&limit=200").await.ok()["total"], 500);
}

#[actix_web::test]
async fn a_change_of_the_team_is_a_change_of_the_client() {
    let world = world().await;
    let client = world.client(Target::Ordinary).await;
    let _ = assign(&world.sue, &client, &[&world.mia]).await.ok();
    assign(&world.sue, &client, &[]).await.problem(412, "precondition_failed");
    let client = fresh(&world.sue, &client).await;
    let same = assign(&world.sue, &client, &[&world.mia]).await.ok();
    assert_eq!(same["version"], 2, "nothing changed");
    let (action, changes) = world.app.audit(&client["id"]).await.pop().unwrap();
    assert_eq!(
        (action.as_str(), &changes["account_team"]),
        ("account_team_changed", &json!({"from": [], "to": [world.mia.id]}))
    );
    assert_eq!(world.app.events(&client["id"]).await.last().unwrap(), "clients.account_team_changed");
    let archived = world.step(&client, "archive").await;
    assign(&world.sue, &archived, &[]).await.problem(409, "invalid_state");
}

#[actix_web::test]
async fn a_new_owner_is_no_member() {
    let world = world().await;
    let client = world.client(Target::Ordinary).await;
    let _ = assign(&world.sue, &client, &[&world.bob, &world.mia]).await.ok();
    let client = fresh(&world.sue, &client).await;
    let body = json!({"owner_id": world.bob.id, "reason": "Vacation"});
    let _ = world.sue.transition("transfer", &client, body).await.ok();
    let team = world.bob.get(&team_path(&client)).await.ok();
    assert_eq!(team["members"].as_array().unwrap().len(), 1);
    assert_eq!(team["members"][0]["id"], json!(world.mia.id));
    world.ann.get(client["path"].as_str().unwrap()).await.problem(404, "not_found");
}

/// R8: whatever the policy lets owners do with their own clients.
#[actix_web::test]
async fn what_an_owner_may_do_is_not_for_helpers() {
    let world = world().await;
    let own = r#"{"clients:transfer": "own", "clients:designate_key": "own"}"#;
    world.app.sql(&format!("UPDATE role_policies SET grants = grants || '{own}' WHERE role <> 'supervisor'")).await;
    world.app.parts().callers.forget();
    let offers = |client: &Value, step: &str| client["actions"].as_array().unwrap().contains(&json!(step));
    for helper in [&world.bob, &world.kai, &world.leo] {
        let helped = async |client: Value| {
            let _ = assign(&world.sue, &client, &[helper]).await.ok();
            fresh(helper, &client).await
        };
        let ordinary = helped(world.client_of(&world.kim).await).await;
        let key = helped(world.client(Target::Key).await).await;
        let archived = world.step(&helped(world.client_of(&world.kim).await).await, "archive").await;
        let away = json!({"owner_id": world.kai.id, "reason": "away"});
        for (client, step, body, permission) in [
            (&ordinary, "transfer", &away, "clients:transfer"),
            (&ordinary, "designate-key", &json!({}), "clients:designate_key"),
            (&key, "revoke-key", &json!({}), "clients:designate_key"),
            (&archived, "restore", &json!({}), "clients:archive"),
        ] {
            let refused = helper.transition(step, client, body.clone()).await.problem(403, "forbidden");
            assert_eq!(refused["permission"], permission, "{step}");
            let seen = fresh(helper, client).await;
            assert!(!offers(&seen, step), "{step}: {seen}");
        }
    }
    let own = fresh(&world.kim, &world.client_of(&world.kim).await).await;
    assert!(offers(&own, "transfer") && offers(&own, "archive"), "{own}");
}
