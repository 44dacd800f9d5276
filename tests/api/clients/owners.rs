//! Who owned a client from when to when, and why it was given to them.

use chrono::Duration;
use serde_json::{Value, json};

use super::{create, path, world};
use crate::{calls::World, harness::TestUser};

async fn owners(who: &TestUser, client: &Value, query: &str) -> Vec<Value> {
    let page = who.get(&format!("{}/owners{query}", path(client))).await.ok();
    page["data"].as_array().unwrap().clone()
}

/// Who, from when to when, given by whom.
fn told(owner: &Value) -> [&Value; 4] {
    ["user_id", "began_at", "ended_at", "given_by"].map(|name| &owner[name])
}

/// Kim's client, which is Bob's a minute later and Mia's another minute later.
async fn handed_on(world: &World) -> Value {
    let client = create(&world.kim, "Client").await;
    world.app.advance(Duration::minutes(1));
    let note = "Call Olga before noon.\nShe decides.";
    let body = json!({"owner_id": world.bob.id, "reason": "Vacation", "note": note});
    world.kim.transition("transfer", &client, body).await.ok();
    world.app.advance(Duration::minutes(1));
    let seen = world.sue.get(path(&client)).await.ok();
    let body = json!({"owner_id": world.mia.id, "reason": "Another region"});
    world.sue.transition("transfer", &seen, body).await.ok()
}

#[actix_web::test]
async fn each_owner_stands_with_their_days_the_reason_and_the_note() {
    let world = world().await;
    let client = handed_on(&world).await;
    let all = owners(&world.mia, &client, "?include=user").await;
    let [at, bobs, mias] = ["2026-11-24T10:00:00Z", "2026-11-24T10:01:00Z", "2026-11-24T10:02:00Z"].map(Value::from);
    let [kim, bob, mia, sue] = [&world.kim, &world.bob, &world.mia, &world.sue].map(|user| json!(user.id));
    assert_eq!(
        all.iter().map(told).collect::<Vec<_>>(),
        [[&mia, &mias, &Value::Null, &sue], [&bob, &bobs, &mias, &kim], [&kim, &at, &bobs, &kim]]
    );
    let why = all.iter().map(|owner| [&owner["reason"], &owner["note"]]).collect::<Vec<_>>();
    let note = json!("Call Olga before noon.\nShe decides.");
    let (moved, left, none) = (json!("Another region"), json!("Vacation"), Value::Null);
    assert_eq!(why, [[&moved, &none], [&left, &note], [&none, &none]]);
    assert_eq!(all[0]["user"]["name"], "mia");
}

#[actix_web::test]
async fn who_may_read_the_client_may_read_its_owners_page_by_page() {
    let world = world().await;
    let client = handed_on(&world).await;
    for (who, status) in [(&world.mia, 200), (&world.sue, 200), (&world.bob, 404), (&world.kim, 404)] {
        assert_eq!(who.get(&format!("{}/owners", path(&client))).await.status, status);
    }
    let address = format!("{}/owners?limit=2&total=true", path(&client));
    let first = world.mia.get(&address).await.ok();
    assert_eq!((first["data"].as_array().unwrap().len(), &first["total"]), (2, &json!(3)));
    let next = format!("{address}&cursor={}", first["next_cursor"].as_str().unwrap());
    let last = world.mia.get(&next).await.ok();
    assert_eq!((&last["data"][0]["user_id"], &last["next_cursor"]), (&json!(world.kim.id), &Value::Null));
}

#[actix_web::test]
async fn only_another_owner_is_a_new_owner() {
    let world = world().await;
    let client = create(&world.ann, "Client").await;
    let same = json!({"owner_id": world.ann.id, "reason": "None", "note": "None"});
    world.sue.transition("transfer", &client, same).await.ok();
    let address = format!("/v1/users/{}", world.ann.id);
    let ann = world.sue.get(&address).await.ok();
    world.sue.patch(&address, &ann, json!({"team_id": world.mia.team_id})).await.ok();
    assert_eq!(owners(&world.ann, &client, "").await.len(), 1);
    let wrong = json!({"owner_id": world.bob.id, "reason": "Vacation", "note": " "});
    let seen = world.sue.get(path(&client)).await.ok();
    world.sue.transition("transfer", &seen, wrong).await.field_error("/note", "too_short");
    assert_eq!(world.app.count("client_owners").await, 1);
}
