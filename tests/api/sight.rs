//! The business rule R9: work with a client, and a client, are given only to users who can see the client.

use liaison::access::Role;
use serde_json::{Value, json};

use crate::{
    calls::{Target, World},
    harness::{Answer, TestApp, TestUser},
};

async fn world() -> World {
    World::over(TestApp::start().await).await
}

fn path(row: &Value) -> &str {
    row["path"].as_str().unwrap()
}

const AT: &str = "2026-12-01T10:00:00Z";

/// A call with `client`, with these members besides.
fn call(client: &Value, more: Value) -> Value {
    let mut call =
        json!({"client_id": client["id"], "channel": "phone", "purpose": "negotiation", "subject": "Prices"});
    let Value::Object(more) = more else { panic!("not an object: {more}") };
    call.as_object_mut().unwrap().extend(more);
    call
}

/// Every way to give `to` a task with `client`, of which `planned` and `other` are interactions: how it is answered, and
/// the field with the assignee.
async fn ways(
    from: &TestUser,
    client: &Value,
    [planned, other]: [&Value; 2],
    to: &TestUser,
) -> Vec<(Answer, &'static str)> {
    let next = json!({"next": {"scheduled_at": AT, "user_id": to.id}});
    vec![
        (from.post("/v1/interactions", call(client, json!({"scheduled_at": AT, "user_id": to.id}))).await, "/user_id"),
        (from.post("/v1/interactions", call(client, next.clone())).await, "/next/user_id"),
        (from.transition("complete", other, next).await, "/next/user_id"),
        (from.patch(path(planned), planned, json!({"user_id": to.id})).await, "/user_id"),
    ]
}

async fn give_all(from: &TestUser, client: &Value, to: &TestUser) -> Vec<(Answer, &'static str)> {
    let plan = async || from.post("/v1/interactions", call(client, json!({"scheduled_at": AT}))).await.created();
    let (planned, other) = (plan().await, plan().await);
    ways(from, client, [&planned, &other], to).await
}

#[actix_web::test]
async fn a_task_is_given_only_to_who_sees_its_client() {
    let world = world().await;
    let ordinary = world.client(Target::Ordinary).await;
    let key = world.client(Target::Key).await;
    let service = world.app.service_account(Role::Supervisor, &["interactions:read"]).await;
    let reader = world.app.service_account(Role::Supervisor, &["clients:read", "interactions:read"]).await;
    for (client, to, sees) in [
        (&ordinary, &world.ann, true),
        (&ordinary, &world.bob, false),
        (&ordinary, &world.kim, false),
        (&ordinary, &world.mia, false),
        (&ordinary, &world.sam, true),
        (&key, &world.kim, true),
        (&key, &world.kai, true),
        (&key, &world.bob, false),
        (&key, &world.leo, false),
        (&key, &service, false),
        (&key, &reader, true),
    ] {
        let interactions = world.app.count("interactions").await;
        for (answer, pointer) in give_all(&world.sue, client, to).await {
            match sees {
                true => assert!(matches!(answer.status, 200 | 201), "{pointer}: {:?}", answer.body),
                false => answer.field_error(pointer, "cannot_see_client"),
            }
        }
        let made = world.app.count("interactions").await - interactions;
        assert_eq!(made, if sees { 6 } else { 2 }, "of a refused task nothing is left");
    }
}

#[actix_web::test]
async fn a_helper_sees_the_client_and_takes_tasks() {
    let world = world().await;
    let client = world.client(Target::Ordinary).await;
    let team = format!("{}/account-team", path(&client));
    let team = world.sue.put(&team, &client, json!({"user_ids": [world.mia.id]})).await.ok();
    for (answer, pointer) in give_all(&world.sue, &client, &world.mia).await {
        assert!(matches!(answer.status, 200 | 201), "{pointer}: {:?}", answer.body);
    }
    let _ = world.sue.put(team["path"].as_str().unwrap(), &team, json!({"user_ids": []})).await.ok();
    for (answer, pointer) in give_all(&world.sue, &client, &world.mia).await {
        answer.field_error(pointer, "cannot_see_client");
    }
}

/// Who did something may have lost sight of the client since.
#[actix_web::test]
async fn what_took_place_is_logged_whoever_did_it() {
    let world = world().await;
    let client = world.client(Target::Ordinary).await;
    let done = world.sue.post("/v1/interactions", call(&client, json!({"user_id": world.mia.id}))).await.created();
    assert_eq!(done["user_id"], json!(world.mia.id));
}

#[actix_web::test]
async fn a_client_is_given_only_to_who_may_read_it() {
    let world = world().await;
    let client = world.client(Target::Key).await;
    let blind = world.app.service_account(Role::KeyAccountManager, &["clients:update"]).await;
    let new = |owner: &TestUser| json!({"kind": "person", "name": "New", "owner_id": owner.id});
    let give = |owner: &TestUser| json!({"owner_id": owner.id, "reason": "Vacation"});
    world.sue.post("/v1/clients", new(&blind)).await.field_error("/owner_id", "cannot_see_client");
    world.sue.transition("transfer", &client, give(&blind)).await.field_error("/owner_id", "cannot_see_client");
    // A key client only to who may own one, as before.
    world.sue.transition("transfer", &client, give(&world.bob)).await.problem(409, "conflict");
    assert_eq!(world.sue.get(path(&client)).await.ok(), client);

    let none = "UPDATE role_policies SET grants = grants || '{\"clients:read\": \"none\"}' WHERE role = 'manager'";
    world.app.sql(none).await;
    world.app.parts().callers.forget();
    world.sue.post("/v1/clients", new(&world.bob)).await.field_error("/owner_id", "cannot_see_client");
    let ordinary = world.client_of(&world.kim).await;
    world.sue.transition("transfer", &ordinary, give(&world.bob)).await.field_error("/owner_id", "cannot_see_client");
    // What is made for nobody else is nobody else's concern: a web form that makes leads reads none.
    let form = world.app.service_account(Role::Supervisor, &["clients:create"]).await;
    let _ = form.post("/v1/clients", json!({"kind": "person", "name": "Lead"})).await.created();
}
