//! The page of a client: the client with what belongs to it, in one request.

use serde_json::{Value, json};

use super::{create, create_with, path, world};
use crate::{
    calls::{World, new_order},
    harness::TestUser,
};

const ALL: &str =
    "owner,primary_contact,contacts,account_team,open_interactions,last_interactions,contracts,orders,totals";

async fn page(user: &TestUser, client: &Value, include: &str) -> Value {
    user.get(&format!("{}?include={include}", path(client))).await.ok()
}

fn told(rows: &Value, member: &str) -> Vec<String> {
    rows.as_array().unwrap().iter().map(|row| row[member].as_str().unwrap().to_owned()).collect()
}

/// Plans and logs interactions with `client`, and enters contacts, contracts and orders of it.
async fn fill(world: &World, client: &Value) {
    let (ann, id) = (&world.ann, &client["id"]);
    for (name, is_primary) in [("Яна", false), ("Ёжик", false), ("Борис", true)] {
        let contact = json!({"client_id": id, "name": name, "is_primary": is_primary});
        ann.post("/v1/contacts", contact).await.created();
    }
    for (subject, when) in [
        ("Later", json!({"scheduled_at": "2026-12-03T10:00:00Z"})),
        ("Sooner", json!({"scheduled_at": "2026-12-01T10:00:00Z"})),
        ("Before", json!({"occurred_at": "2026-11-19T09:00:00Z"})),
        ("Lately", json!({"occurred_at": "2026-11-20T09:00:00Z"})),
    ] {
        let mut body = json!({"client_id": id, "channel": "phone", "purpose": "follow_up", "subject": subject});
        body.as_object_mut().unwrap().extend(when.as_object().unwrap().clone());
        ann.post("/v1/interactions", body).await.created();
    }
    let contract =
        json!({"client_id": id, "title": "Supply", "amount": "1000.00", "currency": "RUB", "starts_on": "2026-12-01"});
    let contract = ann.post("/v1/contracts", contract).await.created();
    let _ = ann.transition("submit", &contract, json!({})).await.ok();
    for _ in 0..2 {
        ann.post("/v1/orders", new_order(world, client).await).await.created();
    }
}

#[actix_web::test]
async fn one_request_shows_what_belongs_to_a_client() {
    let world = world().await;
    let client = create(&world.ann, "Client").await;
    fill(&world, &client).await;
    fill(&world, &create(&world.ann, "Another").await).await;
    let team = format!("{}/account-team", path(&client));
    let read = world.ann.get(path(&client)).await.ok();
    let _ = world.ann.put(&team, &read, json!({"user_ids": [world.bob.id, world.kim.id]})).await.ok();
    let page = page(&world.ann, &client, ALL).await;
    assert_eq!(page["owner"]["id"], json!(world.ann.id));
    assert_eq!(page["primary_contact"]["name"], "Борис");
    assert_eq!(told(&page["contacts"], "name"), ["Борис", "Ёжик", "Яна"]);
    assert_eq!(told(&page["account_team"], "name"), ["bob", "kim"]);
    assert_eq!(told(&page["open_interactions"], "subject"), ["Sooner", "Later"]);
    assert_eq!(told(&page["last_interactions"], "subject"), ["Lately", "Before"]);
    assert_eq!(told(&page["contracts"], "status"), ["in_review"]);
    let orders = world.ann.get(&format!("/v1/orders?client_id={}", client["id"].as_str().unwrap())).await.ok();
    assert_eq!(page["orders"], orders["data"]);
    let mut summary =
        world.ann.get(&format!("/v1/orders/summary?client_id={}", client["id"].as_str().unwrap())).await.ok();
    summary.as_object_mut().unwrap().retain(|name, _| ["count", "currencies"].contains(&name.as_str()));
    let totals = json!({"contacts": 3, "interactions": 4, "open_interactions": 2, "contracts": 1, "contracts_under_way": 1,
        "orders_under_way": 0, "orders": summary});
    assert_eq!(page["totals"], totals);
    assert_eq!(summary["count"], 0, "drafts are nothing yet");
    let plain = world.ann.get(path(&client)).await.ok();
    for part in ALL.split(',') {
        assert!(plain.get(part).is_none(), "{part}");
    }
    let sparse = world.ann.get(&format!("{}?include=contacts,orders&fields=id,contacts", path(&client))).await.ok();
    assert_eq!(sparse.as_object().unwrap().keys().filter(|key| *key != "path").collect::<Vec<_>>(), ["contacts", "id"]);
}

#[actix_web::test]
async fn each_part_of_a_page_is_bounded() {
    let world = world().await;
    let client = create(&world.ann, "Client").await;
    let id = &client["id"];
    for number in 0..52 {
        world.ann.post("/v1/contacts", json!({"client_id": id, "name": format!("c{number}")})).await.created();
    }
    for number in 0..21 {
        let plan = json!({"client_id": id, "channel": "phone", "purpose": "follow_up", "subject": "Call",
            "scheduled_at": format!("2026-12-03T10:{number:02}:00Z")});
        world.ann.post("/v1/interactions", plan).await.created();
    }
    let page = page(&world.ann, &client, "contacts,open_interactions,totals").await;
    let counts = ["contacts", "open_interactions"].map(|part| page[part].as_array().unwrap().len());
    assert_eq!(counts, [50, 20]);
    assert_eq!((&page["totals"]["contacts"], &page["totals"]["open_interactions"]), (&json!(52), &json!(21)));
}

#[actix_web::test]
async fn a_part_that_the_caller_may_not_read_is_refused() {
    let world = world().await;
    let client = create_with(&world.ann, json!({"name": "Client"})).await;
    world.mia.get(&format!("{}?include={ALL}", path(&client))).await.problem(404, "not_found");
    let robot = world.app.service_account(liaison::access::Role::Supervisor, &["clients:read", "contacts:read"]).await;
    let _ = robot.get(&format!("{}?include=owner,contacts,account_team", path(&client))).await.ok();
    for (part, right) in [
        ("open_interactions", "interactions:read"),
        ("last_interactions", "interactions:read"),
        ("contracts", "contracts:read"),
        ("orders", "orders:read"),
        ("totals", "interactions:read"),
    ] {
        let refused = robot.get(&format!("{}?include=owner,{part}", path(&client))).await.problem(403, "forbidden");
        assert_eq!(refused["permission"], right, "{part}");
    }
    let refused = world.ann.get(&format!("{}?include=friends", path(&client))).await.problem(400, "invalid_parameter");
    assert_eq!(refused["errors"][0]["code"], "invalid_choice");
}
