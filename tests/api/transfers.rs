//! The transfer of many clients from one owner to one receiver.

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

/// A transfer from one to another, with these members besides.
fn give(from: &TestUser, to: &TestUser, more: Value) -> Value {
    let mut body = json!({"owner_id": from.id, "receiver_id": to.id, "reason": "Another region"});
    let Value::Object(more) = more else { panic!("not an object: {more}") };
    body.as_object_mut().unwrap().extend(more);
    body
}

async fn preview(who: &TestUser, body: &Value) -> Answer {
    who.post("/v1/client-transfers/preview", body.clone()).await
}

async fn transfer(who: &TestUser, body: &Value) -> Answer {
    who.post("/v1/client-transfers", body.clone()).await
}

/// What `user` plans with `client`.
async fn plan(user: &TestUser, client: &Value) -> Value {
    let body = json!({"client_id": client["id"], "channel": "phone", "purpose": "negotiation", "subject": "Prices",
        "scheduled_at": "2026-12-01T10:00:00Z"});
    user.post("/v1/interactions", body).await.created()
}

fn result(clients: usize, interactions: i64, cannot_go: &Value) -> Value {
    json!({"client_count": clients, "interaction_count": interactions, "remaining_count": 0, "cannot_go": cannot_go})
}

#[actix_web::test]
async fn all_clients_of_an_owner_go_with_their_tasks_and_their_history() {
    let world = world().await;
    let mut clients = [world.client(Target::Ordinary).await, world.client(Target::Ordinary).await];
    let archived = world.step(&world.client(Target::Ordinary).await, "archive").await;
    let task = plan(&world.ann, &clients[0]).await;
    clients[0] = world.sue.get(path(&clients[0])).await.ok();
    let body = give(&world.ann, &world.mia, json!({"note": "Olga decides."}));
    let before = world.app.count("audit_events").await;
    let told = preview(&world.sue, &body).await.json();
    assert_eq!(told, result(2, 1, &json!([])));
    assert_eq!(world.app.count("audit_events").await, before, "nothing is written");
    assert_eq!(world.sue.get(path(&clients[0])).await.ok(), clients[0]);

    let done = transfer(&world.sue, &body).await;
    assert_eq!((done.status, done.json()), (200, told));
    for client in &clients {
        let moved = world.mia.get(path(client)).await.ok();
        assert_eq!((&moved["owner_id"], &moved["team_id"]), (&json!(world.mia.id), &json!(world.mia.team_id)));
        let (action, changes) = world.app.audit(&client["id"]).await.pop().unwrap();
        assert_eq!((action.as_str(), &changes["reason"]), ("transferred", &json!({"to": "Another region"})));
        let owners = world.mia.get(&format!("{}/owners", path(client))).await.ok();
        assert_eq!(
            (&owners["data"][0]["user_id"], &owners["data"][0]["note"]),
            (&json!(world.mia.id), &json!("Olga decides."))
        );
        assert_eq!(owners["data"][1]["ended_at"], owners["data"][0]["began_at"]);
    }
    assert_eq!(world.mia.get(path(&task)).await.ok()["user_id"], json!(world.mia.id));
    assert_eq!(world.sue.get(path(&archived)).await.ok()["owner_id"], json!(world.ann.id));
    let events = "outbox_events WHERE type LIKE '%transferred'";
    assert_eq!(world.app.count(events).await, 2);
}

#[actix_web::test]
async fn what_cannot_go_is_told_and_holds_up_the_others_unless_skipped() {
    let world = world().await;
    let (good, key) = (world.client_of(&world.kim).await, world.client(Target::Key).await);
    let archived = world.step(&world.client_of(&world.kim).await, "archive").await;
    let other = world.client_of(&world.kai).await;
    let absent = uuid::Uuid::now_v7();
    let ids = json!([good["id"], key["id"], archived["id"], other["id"], absent, good["id"]]);
    let body = give(&world.kim, &world.bob, json!({"client_ids": ids}));
    let told = preview(&world.sue, &body).await.json();
    let mut cannot_go = told["cannot_go"].as_array().unwrap().clone();
    cannot_go.sort_by_key(|one| one["obstacle"].as_str().unwrap().to_owned());
    let stands = |id: &Value, obstacle: &str| json!({"client_id": id, "obstacle": obstacle});
    let expected = [
        stands(&archived["id"], "archived"),
        stands(&key["id"], "key_client"),
        stands(&json!(absent), "not_found"),
        stands(&other["id"], "other_owner"),
    ];
    assert_eq!((cannot_go.as_slice(), &told["client_count"]), (expected.as_slice(), &json!(1)));

    let refused = transfer(&world.sue, &body).await.problem(409, "conflict");
    assert_eq!((&refused["cannot_go"], &refused["cannot_go_count"]), (&told["cannot_go"], &json!(4)));
    assert_eq!(world.sue.get(path(&good)).await.ok(), good);

    let mut skip = body;
    skip["skip_those_that_cannot_go"] = json!(true);
    assert_eq!(transfer(&world.sue, &skip).await.json(), told);
    assert_eq!(world.sue.get(path(&good)).await.ok()["owner_id"], json!(world.bob.id));
    assert_eq!(world.sue.get(path(&key)).await.ok(), key);
}

#[actix_web::test]
async fn a_refusal_names_at_most_ten() {
    let world = world().await;
    let ids: Vec<_> = (0..12).map(|_| uuid::Uuid::now_v7()).collect();
    let refused = transfer(&world.sue, &give(&world.ann, &world.bob, json!({"client_ids": ids}))).await;
    let refused = refused.problem(409, "conflict");
    assert_eq!((refused["cannot_go"].as_array().unwrap().len(), &refused["cannot_go_count"]), (10, &json!(12)));
}

#[actix_web::test]
async fn the_rights_are_those_of_a_transfer() {
    let world = world().await;
    let anns = world.client(Target::Ordinary).await;
    let (kims, key) = (world.client_of(&world.kim).await, world.client(Target::Key).await);
    let ids = |clients: &[&Value]| json!({"client_ids": clients.iter().map(|one| &one["id"]).collect::<Vec<_>>()});
    for refused in [
        preview(&world.ann, &give(&world.ann, &world.bob, json!({}))).await,
        transfer(&world.ann, &give(&world.ann, &world.bob, json!({}))).await,
    ] {
        assert_eq!(refused.problem(403, "forbidden")["permission"], "clients:transfer");
    }
    let obstacles = async |who: &TestUser, body: Value| {
        let told = preview(who, &body).await.json();
        let refused = transfer(who, &body).await.problem(409, "conflict");
        assert_eq!(refused["cannot_go"], told["cannot_go"]);
        told["cannot_go"].as_array().unwrap().iter().map(|one| one["obstacle"].clone()).collect::<Vec<_>>()
    };
    // What is out of reach cannot be told from what does not exist.
    assert_eq!(obstacles(&world.kim, give(&world.ann, &world.bob, ids(&[&anns]))).await, ["not_found"]);
    // A key client of a colleague is seen, but is not theirs to give.
    assert_eq!(obstacles(&world.kai, give(&world.kim, &world.bob, ids(&[&key]))).await, ["forbidden"]);
    assert_eq!(obstacles(&world.kim, give(&world.kim, &world.leo, ids(&[&kims]))).await, ["receiver_out_of_reach"]);
    world.app.sql("UPDATE role_policies SET grants = grants || '{\"clients:transfer\": \"team\"}' WHERE role = 'key_account_manager'").await;
    world.app.parts().callers.forget();
    assert_eq!(obstacles(&world.kai, give(&world.kim, &world.kai, ids(&[&key]))).await, ["taking"]);
    assert_eq!(
        transfer(&world.kim, &give(&world.kim, &world.kai, ids(&[&kims, &key]))).await.json(),
        result(2, 0, &json!([]))
    );
}

#[actix_web::test]
async fn wrong_requests_are_refused() {
    let world = world().await;
    let client = world.client(Target::Ordinary).await;
    let nobody = uuid::Uuid::now_v7();
    let blocked = world.step(&world.user().await, "block").await;
    let blind = world.app.service_account(Role::KeyAccountManager, &["clients:update"]).await;
    let many: Vec<_> = (0..501).map(|_| uuid::Uuid::now_v7()).collect();
    for (more, pointer, code) in [
        (json!({"receiver_id": nobody}), "/receiver_id", "unknown_reference"),
        (json!({"receiver_id": blocked["id"]}), "/receiver_id", "unknown_reference"),
        (json!({"receiver_id": world.ann.id}), "/receiver_id", "owner"),
        (json!({"receiver_id": blind.id}), "/receiver_id", "cannot_see_client"),
        (json!({"owner_id": nobody}), "/owner_id", "unknown_reference"),
        (json!({"client_ids": many}), "/client_ids", "too_long"),
        (json!({"reason": null}), "/reason", "invalid_type"),
    ] {
        let body = give(&world.ann, &world.bob, more);
        preview(&world.sue, &body).await.field_error(pointer, code);
        transfer(&world.sue, &body).await.field_error(pointer, code);
    }
    assert_eq!(world.sue.get(path(&client)).await.ok(), client);
}

/// Whoever is first gives the clients away; the other finds that they belong to somebody else. Neither waits for the other for
/// ever.
#[actix_web::test]
async fn two_at_once_do_not_stand_in_each_others_way() {
    let world = world().await;
    for _ in 0..4 {
        world.client(Target::Ordinary).await;
    }
    let second = world.app.second_server().await;
    let sue = world.sue.at(&second);
    let (to_bob, to_mia) = (give(&world.ann, &world.bob, json!({})), give(&world.ann, &world.mia, json!({})));
    let answers = futures_util::future::join(transfer(&world.sam, &to_bob), transfer(&sue, &to_mia));
    let (one, other) = answers.await;
    for answer in [&one, &other] {
        assert!(matches!(answer.status, 200 | 409), "{}: {:?}", answer.status, answer.body);
    }
    let present = "client_owners WHERE ended_at IS NULL";
    assert_eq!(world.app.count(present).await, 4);
    let same = "clients JOIN client_owners ON client_id = clients.id AND user_id = owner_id AND ended_at IS NULL";
    assert_eq!(world.app.count(same).await, 4);
}
