//! To whom a client may be transferred, and which clients may be key clients.

use serde_json::{Value, json};

use super::{create, path, world};
use crate::{
    calls::World,
    harness::{Answer, TestUser},
};

async fn give(who: &TestUser, client: &Value, to: &TestUser) -> Answer {
    who.transition("transfer", client, json!({"owner_id": to.id, "reason": "Vacation"})).await
}

async fn key_client(world: &World) -> Value {
    world.step(&create(&world.kim, "Key").await, "designate-key").await
}

#[actix_web::test]
async fn a_client_is_made_for_whom_the_right_reaches() {
    let world = world().await;
    let for_owner = async |who: &TestUser, owner: Value| {
        who.post("/v1/clients", json!({"kind": "person", "name": "New", "owner_id": owner})).await
    };
    for (who, owner, status) in [
        (&world.ann, &world.ann, 201),
        (&world.ann, &world.bob, 403),
        (&world.kim, &world.bob, 201),
        (&world.kim, &world.mia, 403),
        (&world.sue, &world.mia, 201),
    ] {
        let answer = for_owner(who, json!(owner.id)).await;
        assert_eq!(answer.status, status);
        if status == 201 {
            let client = answer.created();
            assert_eq!((&client["owner_id"], &client["team_id"]), (&json!(owner.id), &json!(owner.team_id)));
        }
    }
    let blocked = world.step(&world.user().await, "block").await;
    for nobody in [json!(uuid::Uuid::now_v7()), blocked["id"].clone()] {
        for_owner(&world.sue, nobody).await.field_error("/owner_id", "unknown_reference");
    }
}

#[actix_web::test]
async fn a_transfer_gives_the_client_and_keeps_the_reason() {
    let world = world().await;
    let client = create(&world.kim, "Client").await;
    let moved = give(&world.kim, &client, &world.bob).await.ok();
    assert_eq!((&moved["owner_id"], &moved["team_id"]), (&json!(world.bob.id), &json!(world.bob.team_id)));
    assert_eq!(moved["actions"], json!([]), "it is out of the giver's reach now");
    world.kim.get(path(&client)).await.problem(404, "not_found");
    let seen = world.bob.get(path(&client)).await.ok();
    let (action, changes) = world.app.audit(&client["id"]).await.pop().unwrap();
    assert_eq!(action, "transferred");
    let owner = json!({"from": world.kim.id, "to": world.bob.id});
    assert_eq!(changes, json!({"owner_id": owner, "reason": {"to": "Vacation"}}));

    let to_another_team = give(&world.sue, &seen, &world.mia).await.ok();
    assert_eq!(to_another_team["team_id"], json!(world.mia.team_id));
    assert_eq!(world.mia.get(path(&client)).await.status, 200);
    let same = give(&world.sue, &to_another_team, &world.mia).await.ok();
    assert_eq!(same["version"], to_another_team["version"], "nothing changed");
}

#[actix_web::test]
async fn a_transfer_out_of_reach_or_against_the_rules_is_refused() {
    let world = world().await;
    let anns = create(&world.ann, "Ann's").await;
    let kims = create(&world.kim, "Kim's").await;
    let key = key_client(&world).await;
    assert_eq!(give(&world.ann, &anns, &world.bob).await.problem(403, "forbidden")["permission"], "clients:transfer");
    give(&world.kim, &anns, &world.bob).await.problem(404, "not_found");
    give(&world.kim, &kims, &world.mia).await.problem(403, "forbidden");
    give(&world.kim, &key, &world.leo).await.problem(403, "forbidden");
    give(&world.kai, &key, &world.bob).await.problem(403, "forbidden");
    for who in [&world.kim, &world.sue] {
        give(who, &key, &world.bob).await.problem(409, "conflict");
    }
    let _ = give(&world.sue, &key, &world.leo).await.ok();

    let wrong = world.kim.transition("transfer", &kims, json!({"owner_id": uuid::Uuid::now_v7()})).await;
    wrong.field_error("/reason", "required");
    let nobody = json!({"owner_id": uuid::Uuid::now_v7(), "reason": "Vacation"});
    world.kim.transition("transfer", &kims, nobody).await.field_error("/owner_id", "unknown_reference");
    let archived = world.step(&kims, "archive").await;
    give(&world.kim, &archived, &world.bob).await.problem(409, "invalid_state");
}

#[actix_web::test]
async fn only_who_may_own_key_clients_has_one() {
    let world = world().await;
    let anns = create(&world.ann, "Ann's").await;
    world.sue.transition("designate-key", &anns, json!({})).await.problem(409, "conflict");
    let kims = create(&world.kim, "Kim's").await;
    let ordinary = world.kim.transition("revoke-key", &kims, json!({})).await.problem(409, "invalid_state");
    assert_eq!((&ordinary["state"], &ordinary["allowed"]), (&json!("ordinary"), &json!(["designate-key"])));
    let key = world.kai.transition("designate-key", &kims, json!({})).await.ok();
    assert_eq!(key["is_key"], true);
    let again = world.kai.transition("designate-key", &key, json!({})).await.problem(409, "invalid_state");
    assert_eq!((&again["state"], &again["allowed"]), (&json!("key"), &json!(["revoke-key"])));
    world.ann.transition("designate-key", &anns, json!({})).await.problem(403, "forbidden");

    // The owner of a key client does not get a role that may not own key clients.
    let kim = world.sue.get(&format!("/v1/users/{}", world.kim.id)).await.ok();
    let demoted = world.sue.patch(path(&kim), &kim, json!({"role": "manager"})).await;
    demoted.problem(409, "conflict");
    let _ = world.kim.transition("revoke-key", &key, json!({})).await.ok();
    let _ = world.sue.patch(path(&kim), &kim, json!({"role": "manager"})).await.ok();
}

/// The entity tag that `who` gets, and the status of a GET with the tag of `before` in `If-None-Match`.
async fn tag(who: &TestUser, before: &Value) -> (String, u16) {
    let fresh = who.get(path(before)).await.header("etag").unwrap().to_owned();
    let held = who.request(actix_web::http::Method::GET, path(before));
    let held = held.insert_header(("If-None-Match", format!("\"{}\"", before["version"])));
    let version = fresh.split('-').next().unwrap().to_owned();
    (version, who.send(held).await.status)
}

/// An order and a contact of `client`.
async fn children(world: &World, client: &Value) -> [Value; 2] {
    let product = json!({"sku": "P", "name": "Paper", "kind": "good", "unit": "box", "base_price": "1.00", "currency": "RUB",
        "tax_rate": "20"});
    let product = world.sue.post("/v1/products", product).await.created();
    let lines = json!([{"product_id": product["id"], "quantity": "1"}]);
    let order = world.sue.post("/v1/orders", json!({"client_id": client["id"], "lines": lines})).await.created();
    let contact = world.sue.post("/v1/contacts", json!({"client_id": client["id"], "name": "Ivan"})).await.created();
    [order, contact]
}

#[actix_web::test]
async fn what_changes_hands_is_a_new_version() {
    let world = world().await;
    let client = create(&world.ann, "Client").await;
    let children = children(&world, &client).await;
    let moved = give(&world.sue, &client, &world.bob).await.ok();
    assert_eq!(moved["version"], 2, "of the client itself there is one change");
    for child in &children {
        assert_eq!(tag(&world.bob, child).await, ("\"2".to_owned(), 200));
        assert_eq!(world.bob.get(path(child)).await.ok()["owner_id"], json!(world.bob.id));
    }
    give(&world.sue, &moved, &world.bob).await.ok();
    assert_eq!(tag(&world.bob, &children[0]).await.0, "\"2", "nothing changed");
}

#[actix_web::test]
async fn a_client_whose_owner_moves_to_another_team_is_a_new_version() {
    let world = world().await;
    let client = create(&world.ann, "Client").await;
    let children = children(&world, &client).await;
    let address = format!("/v1/users/{}", world.ann.id);
    let ann = world.sue.get(&address).await.ok();
    world.sue.patch(&address, &ann, json!({"team_id": world.mia.team_id})).await.ok();
    for before in children.iter().chain([&client]) {
        assert_eq!(tag(&world.sue, before).await, ("\"2".to_owned(), 200));
        assert_eq!(world.sue.get(path(before)).await.ok()["team_id"], json!(world.mia.team_id));
    }
}
