//! The business rule R12: who is blocked leaves neither clients nor tasks to nobody.

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

async fn block(world: &World, who: &TestUser, body: Value) -> Answer {
    let user = world.sue.get(&format!("/v1/users/{}", who.id)).await.ok();
    world.sue.transition("block", &user, body).await
}

/// What `user` is to do with `client`.
async fn plan(world: &World, user: &TestUser, client: &Value) -> Value {
    let body = json!({"client_id": client["id"], "channel": "phone", "purpose": "negotiation", "subject": "Prices",
        "scheduled_at": "2026-12-01T10:00:00Z", "user_id": user.id});
    world.sue.post("/v1/interactions", body).await.created()
}

async fn owner(world: &World, client: &Value) -> Value {
    world.sue.get(path(client)).await.ok()["owner_id"].clone()
}

#[actix_web::test]
async fn clients_and_tasks_go_to_the_receiver() {
    let world = world().await;
    let clients = [world.client(Target::Ordinary).await, world.client(Target::Ordinary).await];
    let archived = world.step(&world.client(Target::Ordinary).await, "archive").await;
    let task = plan(&world, &world.ann, &clients[0]).await;
    let refused = block(&world, &world.ann, json!({})).await.problem(409, "conflict");
    assert_eq!((&refused["client_count"], &refused["interaction_count"]), (&json!(2), &json!(1)));
    assert_eq!(world.ann.get("/v1/me").await.status, 200, "nothing happened");

    let body = json!({"receiver_id": world.mia.id, "reason": "Ann has left"});
    assert_eq!(block(&world, &world.ann, body).await.ok()["status"], "blocked");
    world.ann.get("/v1/me").await.problem(401, "unauthorized");
    for client in &clients {
        let moved = world.mia.get(path(client)).await.ok();
        assert_eq!((&moved["owner_id"], &moved["team_id"]), (&json!(world.mia.id), &json!(world.mia.team_id)));
        let (action, changes) = world.app.audit(&client["id"]).await.pop().unwrap();
        assert_eq!((action.as_str(), &changes["reason"]), ("transferred", &json!({"to": "Ann has left"})));
        let owners = world.mia.get(&format!("{}/owners", path(client))).await.ok();
        assert_eq!(owners["data"][0]["given_by"], json!(world.sue.id));
        assert_eq!((&owners["data"][0]["reason"], &owners["total"]), (&json!("Ann has left"), &Value::Null));
    }
    assert_eq!(world.mia.get(path(&task)).await.ok()["user_id"], json!(world.mia.id));
    assert_eq!(owner(&world, &archived).await, json!(world.ann.id));
    assert_eq!(world.app.count("outbox_events WHERE type LIKE '%transferred'").await, 2);
    let (action, changes) = world.app.audit(&json!(world.ann.id)).await.pop().unwrap();
    assert_eq!((action.as_str(), &changes["reason"]), ("blocked", &json!({"to": "Ann has left"})));
}

#[actix_web::test]
async fn a_task_with_a_colleagues_client_goes_to_who_can_see_it() {
    let world = world().await;
    let client = world.client_of(&world.mia).await;
    let team = format!("{}/account-team", path(&client));
    world.sue.put(&team, &client, json!({"user_ids": [world.ann.id]})).await.ok();
    for (receiver, doer) in [(&world.kai, &world.mia), (&world.sam, &world.sam)] {
        let task = plan(&world, &world.ann, &client).await;
        let refused = block(&world, &world.ann, json!({})).await.problem(409, "conflict");
        assert_eq!((&refused["client_count"], &refused["interaction_count"]), (&json!(0), &json!(1)));
        let blocked = block(&world, &world.ann, json!({"receiver_id": receiver.id})).await.ok();
        assert_eq!(world.sue.get(path(&task)).await.ok()["user_id"], json!(doer.id));
        assert_eq!(owner(&world, &client).await, json!(world.mia.id));
        world.sue.transition("unblock", &blocked, json!({})).await.ok();
    }
}

#[actix_web::test]
async fn the_receiver_must_be_able_to_own_the_clients() {
    let world = world().await;
    let key = world.client(Target::Key).await;
    let blocked = world.step(&world.user().await, "block").await;
    for nobody in [json!(uuid::Uuid::now_v7()), blocked["id"].clone(), json!(world.kim.id)] {
        let answer = block(&world, &world.kim, json!({"receiver_id": nobody})).await;
        answer.field_error("/receiver_id", "unknown_reference");
    }
    block(&world, &world.kim, json!({"receiver_id": world.bob.id})).await.problem(409, "conflict");
    let blind = world.app.service_account(liaison::access::Role::KeyAccountManager, &["clients:update"]).await;
    let answer = block(&world, &world.kim, json!({"receiver_id": blind.id})).await;
    answer.field_error("/receiver_id", "cannot_see_client");
    assert_eq!(owner(&world, &key).await, json!(world.kim.id));
    assert_eq!(world.kim.get("/v1/me").await.status, 200);
    block(&world, &world.kim, json!({"receiver_id": world.leo.id})).await.ok();
    assert_eq!(owner(&world, &key).await, json!(world.leo.id));
}

#[actix_web::test]
async fn who_leaves_nothing_behind_needs_no_receiver() {
    let world = world().await;
    let archived = world.step(&world.client(Target::Ordinary).await, "archive").await;
    let blocked = block(&world, &world.ann, json!({})).await.ok();
    assert_eq!(owner(&world, &archived).await, json!(world.ann.id));
    // An archived client comes back to its owner, whoever that is.
    assert_eq!(blocked["status"], "blocked");
    block(&world, &world.bob, json!({"receiver_id": world.mia.id})).await.ok();
}

/// Adds `count` copies of `client`.
async fn copies(world: &World, client: &Value, count: u32) {
    let id = client["id"].as_str().unwrap();
    let sql = format!(
        "DO $$ DECLARE names text; BEGIN
            SELECT string_agg(quote_ident(column_name), ', ') INTO names FROM information_schema.columns
                WHERE table_name = 'clients' AND is_generated = 'NEVER' AND column_name <> 'id';
            EXECUTE format('INSERT INTO clients (id, %s) SELECT gen_random_uuid(), %s FROM clients, generate_series(1, {count})
                WHERE id = %L', names, names, '{id}');
        END $$"
    );
    world.app.sql(&sql).await;
}

#[actix_web::test]
async fn at_most_a_thousand_clients_go_in_one_request() {
    let world = world().await;
    let client = world.client(Target::Ordinary).await;
    copies(&world, &client, 1000).await;
    let body = json!({"receiver_id": world.bob.id});
    let refused = block(&world, &world.ann, body.clone()).await.problem(409, "conflict");
    assert_eq!(refused["client_count"], json!(1001));
    let some = json!({"owner_id": world.ann.id, "receiver_id": world.bob.id, "reason": "Ann leaves"});
    let told = world.sue.post("/v1/client-transfers", some).await.json();
    assert_eq!((&told["client_count"], &told["remaining_count"]), (&json!(500), &json!(501)));
    block(&world, &world.ann, body).await.ok();
    assert_eq!(world.app.count(&format!("clients WHERE owner_id = '{}'", world.bob.id)).await, 1001);
}

#[actix_web::test]
async fn two_who_are_blocked_in_favour_of_each_other_at_once() {
    let world = world().await;
    world.client(Target::Ordinary).await;
    world.client_of(&world.bob).await;
    let (ann, bob) = futures_util::future::join(
        block(&world, &world.ann, json!({"receiver_id": world.bob.id})),
        block(&world, &world.bob, json!({"receiver_id": world.ann.id})),
    )
    .await;
    let mut statuses = [ann.status, bob.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 422]);
}
