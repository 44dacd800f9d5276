//! The confidential fields: for supervisors, and for key-account managers on their own clients.

use serde_json::{Value, json};

use super::{create, create_with, path, world};
use crate::{calls::World, harness::TestUser};

const FIELDS: [&str; 3] = ["credit_limit", "margin_percent", "confidential_note"];

fn secrets() -> Value {
    json!({"credit_limit": "250000.00", "margin_percent": "17.50", "confidential_note": "Pays late"})
}

/// A key client of Kim and an ordinary client of Ann, both with confidential values.
async fn clients(world: &World) -> [Value; 2] {
    let mut clients = [create(&world.kim, "Kim's").await, create(&world.ann, "Ann's").await];
    clients[0] = world.step(&clients[0], "designate-key").await;
    for client in &mut clients {
        let changed = world.sue.patch(path(client), client, secrets()).await.ok();
        assert_eq!(shown(&changed), 3);
        *client = changed;
    }
    clients
}

fn shown(resource: &Value) -> usize {
    FIELDS.iter().filter(|field| resource.get(**field).is_some()).count()
}

/// How many of the fields a list and the resource itself show; the two must agree.
async fn seen_by(who: &TestUser, client: &Value) -> usize {
    let one = shown(&who.get(path(client)).await.ok());
    let named =
        who.get(&format!("{}?fields=id,credit_limit,margin_percent,confidential_note", path(client))).await.ok();
    let page = who.get("/v1/clients?limit=200&include=owner").await.ok();
    let listed = page["data"].as_array().unwrap().iter().find(|item| item["id"] == client["id"]).unwrap();
    assert_eq!((shown(&named), shown(listed)), (one, one));
    one
}

#[actix_web::test]
async fn only_who_may_see_them_does() {
    let world = world().await;
    let [kims, anns] = clients(&world).await;
    assert_eq!(seen_by(&world.sue, &kims).await, 3);
    assert_eq!(seen_by(&world.sue, &anns).await, 3);
    assert_eq!(seen_by(&world.kim, &kims).await, 3);
    assert_eq!(seen_by(&world.kai, &kims).await, 0);
    assert_eq!(seen_by(&world.ann, &anns).await, 0);
    // The answer to a change does not show the fields either.
    let seen = world.kai.get(path(&kims)).await.ok();
    let changed = world.kai.transition("activate", &seen, json!({})).await.ok();
    assert_eq!(shown(&changed), 0);
    let changed = world.kai.patch(path(&kims), &changed, json!({"industry": "Retail"})).await.ok();
    assert_eq!(shown(&changed), 0);
    assert_eq!(world.sue.get(path(&kims)).await.ok()["credit_limit"], "250000.00", "a change must not lose them");
}

#[actix_web::test]
async fn they_follow_the_client() {
    let world = world().await;
    let [kims, anns] = clients(&world).await;
    let body = json!({"owner_id": world.kai.id, "reason": "Vacation"});
    let moved = world.kim.transition("transfer", &kims, body).await.ok();
    assert_eq!(shown(&moved), 0, "given away, and with it the right to see");
    assert_eq!(seen_by(&world.kai, &kims).await, 3);
    assert_eq!(seen_by(&world.kim, &kims).await, 0);
    let body = json!({"owner_id": world.kim.id, "reason": "Growth"});
    let _ = world.sue.transition("transfer", &anns, body).await.ok();
    assert_eq!(seen_by(&world.kim, &anns).await, 3);
}

#[actix_web::test]
async fn who_cannot_see_them_cannot_write_them() {
    let world = world().await;
    let [kims, anns] = clients(&world).await;
    for field in FIELDS {
        for value in [secrets()[field].clone(), Value::Null] {
            for (who, client) in [(&world.ann, &anns), (&world.kai, &kims)] {
                let refused = who.patch(path(client), client, json!({field: value, "name": "New"})).await;
                assert_eq!(refused.problem(403, "forbidden")["permission"], "clients:read_confidential");
            }
        }
        let body = json!({"kind": "person", "name": "New", field: secrets()[field]});
        let refused = world.ann.post("/v1/clients", body.clone()).await;
        assert_eq!(refused.problem(403, "forbidden")["permission"], "clients:read_confidential");
        let mut for_a_colleague = body.clone();
        for_a_colleague["owner_id"] = json!(world.kai.id);
        world.kim.post("/v1/clients", for_a_colleague).await.problem(403, "forbidden");
        assert_eq!(world.kim.post("/v1/clients", body).await.created()[field], secrets()[field]);
    }
    for client in [&kims, &anns] {
        let now = world.sue.get(path(client)).await.ok();
        assert_eq!((&now["version"], &now["name"]), (&client["version"], &client["name"]));
    }
    let cleared = world.kim.patch(path(&kims), &kims, json!({"credit_limit": null})).await.ok();
    assert_eq!(shown(&cleared), 2);
}

#[actix_web::test]
async fn nothing_else_tells_of_them() {
    let world = world().await;
    create_with(&world.kim, secrets()).await;
    for query in ["q=late", "q=250000"] {
        assert!(super::set(&world.sue, query).await.is_empty(), "searched by secrets");
    }
    for field in FIELDS {
        for query in [format!("sort={field}"), format!("{field}=1"), format!("include={field}")] {
            world.sue.get(&format!("/v1/clients?{query}")).await.problem(400, "invalid_parameter");
        }
    }
}

/// Who may not see confidential fields does not see that they change either: not by the version, the tag, the time or the
/// timeline.
#[actix_web::test]
async fn a_change_of_nothing_else_is_hidden_too() {
    let world = world().await;
    let client = create(&world.ann, "Ann's").await;
    let read = async |who: &TestUser| {
        let answer = who.get(path(&client)).await;
        (answer.header("etag").unwrap().to_owned(), answer.ok())
    };
    let (tag, seen) = read(&world.ann).await;
    let (_, whole) = read(&world.sue).await;
    world.app.advance(chrono::Duration::seconds(5));
    let changed = world.sue.patch(path(&client), &whole, json!({"credit_limit": "5.00"})).await.ok();
    assert_eq!((&changed["version"], &changed["updated_at"]), (&json!(2), &whole["updated_at"]));
    assert_eq!(read(&world.ann).await, (tag, seen.clone()));
    world.sue.patch(path(&client), &whole, json!({"credit_limit": "6.00"})).await.problem(412, "precondition_failed");

    // Each goes on from the version that they see.
    let team = format!("{}/account-team", path(&client));
    let helped = world.ann.put(&team, &seen, json!({"user_ids": [world.bob.id]})).await.ok();
    assert_eq!(helped["version"], 2);
    let renamed = world.ann.patch(path(&client), &helped, json!({"name": "Renamed"})).await.ok();
    assert_eq!(renamed["version"], 3);
    assert_eq!(read(&world.sue).await.1["version"], 4);
    let stale = world.ann.patch(path(&client), &seen, json!({"name": "Again"})).await;
    assert_eq!(stale.problem(412, "precondition_failed")["current_version"], 3);
    // A change of both kinds of fields is seen.
    let both = json!({"credit_limit": "7.00", "industry": "Retail"});
    let both = world.sue.patch(path(&client), &read(&world.sue).await.1, both).await.ok();
    assert_eq!((&both["version"], &read(&world.ann).await.1["version"]), (&json!(5), &json!(4)));

    let product = json!({"sku": "P", "name": "Paper", "kind": "good", "unit": "box", "base_price": "1.00", "currency": "RUB",
        "tax_rate": "20"});
    let product = world.sue.post("/v1/products", product).await.created();
    let changed = world.sue.patch(path(&product), &product, json!({"min_price": "0.50"})).await.ok();
    assert_eq!((&changed["version"], &world.ann.get(path(&product)).await.ok()["version"]), (&json!(2), &json!(1)));
}
