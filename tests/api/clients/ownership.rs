//! To whom a client may be given, and which may be key.

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
    for who in [&world.kim, &world.kai, &world.sue] {
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
    assert_eq!((&ordinary["state"], &ordinary["allowed"]), (&json!("ordinary"), &json!(["designate_key"])));
    let key = world.kim.transition("designate-key", &kims, json!({})).await.ok();
    assert_eq!(key["is_key"], true);
    let again = world.kim.transition("designate-key", &key, json!({})).await.problem(409, "invalid_state");
    assert_eq!((&again["state"], &again["allowed"]), (&json!("key"), &json!(["revoke_key"])));
    world.kai.transition("designate-key", &key, json!({})).await.problem(409, "invalid_state");
    world.ann.transition("designate-key", &anns, json!({})).await.problem(403, "forbidden");

    // Nor is the owner of a key client made someone who may not own it.
    let kim = world.sue.get(&format!("/v1/users/{}", world.kim.id)).await.ok();
    let demoted = world.sue.patch(path(&kim), &kim, json!({"role": "manager"})).await;
    demoted.problem(409, "conflict");
    let _ = world.kim.transition("revoke-key", &key, json!({})).await.ok();
    let _ = world.sue.patch(path(&kim), &kim, json!({"role": "manager"})).await.ok();
}
