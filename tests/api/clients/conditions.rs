//! Conditions joined by and, or and not.

use serde_json::{Value, json};

use super::{create, create_with, path, world};
use crate::{
    calls::{World, new_order},
    harness::TestUser,
};

async fn found(user: &TestUser, conditions: Value) -> Vec<String> {
    let page = user.post("/v1/clients/search?total=true&sort=name", json!({"conditions": conditions})).await.ok();
    let names: Vec<String> =
        page["data"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(page["total"], json!(names.len()), "{conditions}");
    names
}

fn field(name: &str, op: &str, value: impl Into<Value>) -> Value {
    json!({"field": {"name": name, "op": op, "value": value.into()}})
}

/// Ann's clients `a`, `b` and `c`, and Mia's client `m`.
async fn clients(world: &World) -> [Value; 4] {
    let a = json!({"kind": "person", "name": "a", "phone": "+74951234567", "tags": ["vip", "new"], "employees": 5,
        "address": {"city": "Тверь", "country": "RU"}, "source": "fair"});
    let b =
        json!({"name": "b", "tags": ["new"], "employees": 50, "address": {"city": "Berlin"}, "email": "b@b.example"});
    [
        create_with(&world.ann, a).await,
        create_with(&world.ann, b).await,
        create(&world.ann, "c").await,
        create(&world.mia, "m").await,
    ]
}

#[actix_web::test]
async fn each_comparison_keeps_what_it_says() {
    let world = world().await;
    let [a, _, c, _] = clients(&world).await;
    let _ = world.ann.transition("verify", &a, json!({})).await.ok();
    let ann = &world.ann;
    for (condition, expected) in [
        (field("name", "eq", "a"), vec!["a"]),
        (field("name", "in", json!(["a", "c", "m"])), vec!["a", "c"]),
        (field("kind", "eq", "person"), vec!["a"]),
        (field("status", "in", json!(["lead", "lost"])), vec!["a", "b", "c"]),
        (field("phone", "eq", "8 (495) 123-45-67"), vec!["a"]),
        (field("email", "eq", "B@b.example"), vec!["b"]),
        (field("email", "is_set", true), vec!["b"]),
        (field("email", "is_set", false), vec!["a", "c"]),
        (field("city", "in", json!(["Тверь", "Berlin"])), vec!["a", "b"]),
        (field("country", "eq", "RU"), vec!["a"]),
        (field("source", "eq", "fair"), vec!["a"]),
        (field("tags", "eq", "new"), vec!["a", "b"]),
        (field("tags", "in", json!(["vip", "old"])), vec!["a"]),
        (field("tags", "is_set", false), vec!["c"]),
        (field("tags", "is_set", true), vec!["a", "b"]),
        (field("employees", "gt", 5), vec!["b"]),
        (field("employees", "ge", "5"), vec!["a", "b"]),
        (field("employees", "lt", 50), vec!["a"]),
        (field("employees", "le", 50), vec!["a", "b"]),
        (field("employees", "in", json!([5, 7])), vec!["a"]),
        (field("id", "eq", c["id"].clone()), vec!["c"]),
        (field("owner_id", "eq", json!(world.mia.id)), vec![]),
        (field("team_id", "eq", json!(world.ann.team_id)), vec!["a", "b", "c"]),
        (field("is_key", "eq", false), vec!["a", "b", "c"]),
        (field("is_key", "eq", true), vec![]),
        (field("last_verified_at", "is_set", true), vec!["a"]),
        (field("last_verified_at", "lt", "2026-01-01T00:00:00Z"), vec![]),
        (field("created_at", "ge", "2026-01-01T00:00:00Z"), vec!["a", "b", "c"]),
    ] {
        assert_eq!(found(ann, json!([condition])).await, expected, "{condition}");
    }
}

#[actix_web::test]
async fn conditions_are_joined_as_logic_has_it() {
    let world = world().await;
    clients(&world).await;
    let ann = &world.ann;
    let (vip, many, set) =
        (field("tags", "eq", "vip"), field("employees", "gt", 5), field("employees", "is_set", true));
    for (conditions, expected) in [
        (json!([]), vec!["a", "b", "c"]),
        (json!([{"and": []}]), vec!["a", "b", "c"]),
        (json!([{"or": []}]), vec![]),
        (json!([vip, many]), vec![]),
        (json!([{"or": [vip, many]}]), vec!["a", "b"]),
        (json!([{"not": many}]), vec!["a", "c"]),
        (json!([{"not": {"not": many}}]), vec!["b"]),
        (json!([{"not": {"or": [many, {"not": vip}]}}]), vec!["a"]),
        (json!([{"and": [set, {"not": vip}]}]), vec!["b"]),
    ] {
        assert_eq!(found(ann, conditions.clone()).await, expected, "{conditions}");
    }
    assert_eq!(found(&world.sue, json!([])).await, ["a", "b", "c", "m"]);
    let page = world.sue.post("/v1/clients/search?owner_id=me", json!({"conditions": []})).await.ok();
    assert_eq!(page["data"], json!([]), "the parameters of the list hold as well");
}

#[actix_web::test]
async fn what_was_ordered_and_agreed_decides_too() {
    let world = world().await;
    let [a, b, ..] = clients(&world).await;
    let order = new_order(&world, &a).await;
    let product = order["lines"][0]["product_id"].clone();
    let ordered = world.ann.post("/v1/orders", order).await.created();
    let any = json!([{"ordered": {}}]);
    assert!(found(&world.ann, any.clone()).await.is_empty(), "a draft is no order yet");
    world.put_into("orders", &ordered, "submitted").await;
    let day = ordered["ordered_on"].as_str().unwrap();
    for (ordered, expected) in [
        (json!({}), vec!["a"]),
        (json!({"product_ids": [product]}), vec!["a"]),
        (json!({"product_ids": [a["id"]]}), vec![]),
        (json!({"from": day}), vec!["a"]),
        (json!({"to": day}), vec![]),
        (json!({"from": day, "to": "2099-01-01", "product_ids": [product]}), vec!["a"]),
    ] {
        assert_eq!(found(&world.ann, json!([{"ordered": ordered}])).await, expected, "{ordered}");
    }
    let contract = json!({"client_id": b["id"], "title": "Supply", "amount": "1000.00", "currency": "RUB",
        "starts_on": "2026-11-01"});
    let contract = world.ann.post("/v1/contracts", contract).await.created();
    world
        .app
        .sql(&format!(
            "UPDATE contracts SET status = 'active', signed_on = '2026-11-01', approved_at = now() WHERE id = '{}'",
            contract["id"].as_str().unwrap()
        ))
        .await;
    assert_eq!(found(&world.ann, json!([{"active_contract": true}])).await, ["b"]);
    assert_eq!(found(&world.ann, json!([{"active_contract": false}])).await, ["a", "c"]);
    assert_eq!(
        found(&world.sue, json!([{"not": {"active_contract": true}}, {"not": {"ordered": {}}}])).await,
        ["c", "m"]
    );
    let robot = world.app.service_account(liaison::access::Role::Supervisor, &["clients:read", "orders:read"]).await;
    assert_eq!(found(&robot, any).await, ["a"]);
    let refused = robot.post("/v1/clients/search", json!({"conditions": [{"not": {"active_contract": true}}]})).await;
    assert_eq!(refused.problem(403, "forbidden")["permission"], "contracts:read");
}

#[actix_web::test]
async fn what_is_confidential_decides_only_for_who_may_read_it() {
    let world = world().await;
    for (owner, name) in [(&world.kim, "kims"), (&world.kai, "kais")] {
        let client = create(owner, name).await;
        let client = world.step(&client, "designate-key").await;
        let _ = world.sam.patch(path(&client), &client, json!({"credit_limit": "1000.00"})).await.ok();
    }
    let rich = || json!([field("credit_limit", "ge", "1000.00")]);
    assert_eq!(found(&world.sue, rich()).await, ["kais", "kims"]);
    assert_eq!(found(&world.kim, rich()).await, ["kims"], "a colleague's limit decides nothing");
    assert_eq!(found(&world.kim, json!([{"not": field("credit_limit", "ge", "1000.00")}])).await, ["kais"]);
    assert_eq!(found(&world.kim, json!([{"not": field("credit_limit", "lt", "1000.00")}])).await, ["kais", "kims"]);
    let refused = world.ann.post("/v1/clients/search", json!({"conditions": rich()})).await.problem(403, "forbidden");
    assert_eq!(refused["permission"], "clients:read_confidential");
}

#[actix_web::test]
async fn a_further_page_is_asked_for_with_the_same_body() {
    let world = world().await;
    clients(&world).await;
    let body = json!({"conditions": [field("status", "eq", "lead")]});
    let first = world.ann.post("/v1/clients/search?limit=2&sort=name", body.clone()).await.ok();
    let next = format!("/v1/clients/search?limit=2&sort=name&cursor={}", first["next_cursor"].as_str().unwrap());
    let second = world.ann.post(&next, body).await.ok();
    assert_eq!((&second["data"][0]["name"], &second["next_cursor"]), (&json!("c"), &Value::Null));
    let other = json!({"conditions": [field("status", "in", json!(["lead"]))]});
    world.ann.post(&next, other).await.problem(400, "invalid_cursor");
}

#[actix_web::test]
async fn a_wrong_condition_is_told_with_its_place() {
    let world = world().await;
    let deep = |depth: usize| (0..depth).fold(json!({"active_contract": true}), |inner, _| json!({"not": inner}));
    for (conditions, pointer, code) in [
        (json!([deep(7), deep(8)]), "/conditions", "too_deep"),
        (json!([{"or": vec![json!({"active_contract": true}); 100]}]), "/conditions", "too_long"),
        (json!(vec![json!({"active_contract": true}); 101]), "/conditions", "too_long"),
        (json!([field("name", "in", json!(vec!["x"; 201]))]), "/conditions/0/field", "too_long"),
        (json!([field("name", "gt", "x")]), "/conditions/0/field", "invalid_choice"),
        (json!([{"not": field("status", "eq", "gone")}]), "/conditions/0/not/field", "invalid_choice"),
        (json!([field("height", "eq", 1)]), "/conditions/0/field/name", "invalid_choice"),
        (json!([field("created_at", "lt", "today")]), "/conditions/0/field", "invalid_instant"),
        (json!([field("employees", "eq", "many")]), "/conditions/0/field", "invalid_decimal"),
        (json!([{"ordered": {"from": "2026-02-31"}}]), "/conditions/0/ordered/from", "invalid_date"),
    ] {
        let refused = world.ann.post("/v1/clients/search", json!({"conditions": conditions})).await;
        refused.field_error(pointer, code);
    }
    for (condition, status, pointer, code) in [
        (json!({}), 422, "/conditions/0", "one_member"),
        (json!({"and": [], "or": []}), 422, "/conditions/0", "one_member"),
        (json!({"not": {}}), 422, "/conditions/0/not", "one_member"),
        (json!({"xor": []}), 400, "/conditions/0/xor", "unknown_field"),
    ] {
        let refused = world.ann.post("/v1/clients/search", json!({"conditions": [condition]})).await;
        assert_eq!(refused.status, status, "{condition}");
        assert_eq!(refused.field_errors(), [(pointer.to_owned(), code.to_owned())], "{condition}");
    }
    let text = format!("{{\"conditions\": [{}{}]}}", "{\"not\":".repeat(1000), "}".repeat(1000));
    let request = world.ann.request(actix_web::http::Method::POST, "/v1/clients/search");
    let request = request.insert_header(("content-type", "application/json")).set_payload(text);
    world.ann.send(request).await.problem(400, "malformed_body");
}
