//! The ids of other systems: what has them, who is told of them, and how a row is written by one.

use actix_web::{http::Method, test::TestRequest};
use futures_util::future::join_all;
use liaison::access::Role;
use serde_json::{Value, json};

use crate::{
    calls::{World, unique},
    harness::{Answer, TestApp, TestUser},
};

async fn world() -> World {
    World::over(TestApp::start().await).await
}

fn request(who: &TestUser, resource: &str, id: &str, body: &Value) -> TestRequest {
    who.request(Method::PUT, &format!("/v1/{resource}/external/erp/{id}")).set_json(body)
}

async fn put(who: &TestUser, resource: &str, id: &str, body: Value) -> Answer {
    who.send(request(who, resource, id, &body)).await
}

fn known(id: &str) -> Value {
    json!([{"source": "erp", "id": id}])
}

fn client() -> Value {
    json!({"kind": "organization", "name": unique("Client")})
}

fn product() -> Value {
    json!({"sku": unique("SKU"), "name": "Paper", "kind": "good", "unit": "box", "base_price": "10.00", "currency": "RUB",
        "tax_rate": "20"})
}

/// A body that creates each resource, and a member that a change gives another value.
async fn bodies(world: &World) -> [(&'static str, Value, Value); 6] {
    let of = world.sue.post("/v1/clients", client()).await.created()["id"].clone();
    let sold = world.sue.post("/v1/products", product()).await.created()["id"].clone();
    [
        ("clients", client(), json!({"website": "https://a.example/"})),
        ("contacts", json!({"client_id": of, "name": "Maria"}), json!({"job_title": "Head"})),
        ("products", product(), json!({"weaknesses": "Dear"})),
        (
            "contracts",
            json!({"client_id": of, "title": "Supply", "amount": "100.00", "currency": "RUB", "starts_on": "2026-12-01"}),
            json!({"payment_terms": "Cash"}),
        ),
        (
            "orders",
            json!({"client_id": of, "lines": [{"product_id": sold, "quantity": "2"}]}),
            json!({"comment": "Fragile", "priority": "urgent"}),
        ),
        (
            "interactions",
            json!({"client_id": of, "channel": "phone", "purpose": "follow_up", "subject": "Call"}),
            json!({"summary": "They agree."}),
        ),
    ]
}

#[actix_web::test]
async fn what_is_absent_is_created_and_what_is_there_is_changed() {
    let world = world().await;
    for (resource, body, change) in bodies(&world).await {
        let answer = put(&world.sue, resource, "7", body.clone()).await;
        assert_eq!(answer.status, 201, "{resource}: {:?}", answer.body);
        let location = answer.header("location").map(str::to_owned);
        let created = answer.created();
        assert_eq!(location.as_deref(), created["path"].as_str(), "{resource}");
        assert_eq!(created["external_ids"], known("7"), "{resource}");

        let same = put(&world.sue, resource, "7", body.clone()).await.ok();
        assert_eq!(same, created, "{resource}: the same body changes nothing");
        let changed = put(&world.sue, resource, "7", change.clone()).await.ok();
        assert_eq!((&changed["id"], &changed["version"]), (&created["id"], &json!(2)), "{resource}");
        for (name, value) in change.as_object().unwrap() {
            assert_eq!(changed[name], *value, "{resource} /{name}");
        }
        assert_eq!(changed["external_ids"], known("7"), "{resource}");

        for query in ["external_source=erp", "external_id=7", "external_source=erp&external_id=7"] {
            let page = world.sue.get(&format!("/v1/{resource}?total=true&{query}")).await.ok();
            assert_eq!(page["total"], 1, "{resource} {query}");
            assert_eq!(page["data"][0]["id"], created["id"], "{resource} {query}");
        }
        let page = world.sue.get(&format!("/v1/{resource}?external_source=web&external_id=7")).await.ok();
        assert_eq!(page["data"], json!([]), "{resource}");
    }
    assert_eq!(world.app.count("external_ids").await, 6);
}

#[actix_web::test]
async fn a_version_need_not_be_named_but_counts() {
    let world = world().await;
    let with = async |tag: &str, body: &Value| {
        let request = request(&world.ann, "clients", "7", body).insert_header(("If-Match", tag));
        world.ann.send(request).await
    };
    with("*", &client()).await.problem(412, "precondition_failed");
    let created = put(&world.ann, "clients", "7", client()).await.created();
    let stale = with("\"9\"", &json!({"name": "New"})).await.problem(412, "precondition_failed");
    assert_eq!(stale["current_version"], created["version"]);
    assert_eq!(with("\"1\"", &json!({"name": "New"})).await.ok()["name"], "New");
    assert_eq!(with("*", &json!({"name": "Newer"})).await.ok()["version"], 3);
}

#[actix_web::test]
async fn a_key_stands_for_one_request() {
    let world = world().await;
    let body = client();
    let send = async |body: &Value| {
        let request = request(&world.ann, "clients", "7", body).insert_header(("Idempotency-Key", "k"));
        world.ann.send(request).await
    };
    let first = send(&body).await;
    let again = send(&body).await;
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!((again.header("idempotency-replayed"), first.json()), (Some("true"), again.json()));
    send(&client()).await.problem(422, "idempotency_mismatch");
    assert_eq!(world.app.count("clients").await, 1);
}

#[actix_web::test]
async fn of_those_that_come_together_one_creates() {
    let world = world().await;
    let second = world.sue.at(&world.app.second_server().await);
    for (resource, body, _) in bodies(&world).await {
        let before = world.app.count(resource).await;
        let puts = (0..8).map(|number| {
            let who = if number % 2 == 0 { &world.sue } else { &second };
            put(who, resource, "7", body.clone())
        });
        let mut statuses: Vec<u16> = join_all(puts).await.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 200, 200, 200, 200, 200, 200, 201], "{resource}");
        assert_eq!(world.app.count(resource).await, before + 1, "{resource}");
    }
}

#[actix_web::test]
async fn what_is_out_of_reach_is_taken() {
    let world = world().await;
    let anns = put(&world.ann, "clients", "7", client()).await.created();
    let body = client();
    let refused = put(&world.mia, "clients", "7", body.clone()).await.problem(409, "already_exists");
    assert_eq!(refused["errors"][0]["pointer"], "/external_ids");
    assert_eq!(refused.get("holder_id"), None);
    let mut other = body;
    other["external_ids"] = json!([{"source": "web", "id": "1"}, {"source": "erp", "id": "7"}]);
    let refused = world.mia.post("/v1/clients", other.clone()).await.problem(409, "already_exists");
    assert_eq!((&refused["errors"][0]["pointer"], refused.get("holder_id")), (&json!("/external_ids/1"), None));
    let refused = world.ann.post("/v1/clients", other).await.problem(409, "already_exists");
    assert_eq!(refused["holder_id"], anns["id"]);
    assert_eq!(world.app.count("clients").await, 1);
}

#[actix_web::test]
async fn creating_and_changing_need_their_own_rights() {
    let world = world().await;
    let creates = world.app.service_account(Role::Supervisor, &["products:read", "products:create"]).await;
    let changes = world.app.service_account(Role::Supervisor, &["products:read", "products:update"]).await;
    let refused = put(&changes, "products", "7", product()).await.problem(403, "forbidden");
    assert_eq!(refused["permission"], "products:create");
    let created = put(&creates, "products", "7", product()).await.created();
    let refused = put(&creates, "products", "7", json!({"name": "New"})).await.problem(403, "forbidden");
    assert_eq!(refused["permission"], "products:update");
    assert_eq!(put(&changes, "products", "7", json!({"name": "New"})).await.ok()["id"], created["id"]);
    put(&world.ann, "products", "7", json!({"name": "New"})).await.problem(403, "forbidden");
    put(&world.ann, "products", "8", product()).await.problem(403, "forbidden");
}

#[actix_web::test]
async fn what_only_a_creation_takes_stays_as_it_is() {
    let world = world().await;
    let created = put(&world.sue, "clients", "7", client()).await.created();
    let of = json!({"kind": "person"});
    put(&world.sue, "clients", "7", of).await.field_error("/kind", "not_changeable");
    let same = json!({"kind": "organization", "owner_id": world.ann.id, "name": "New"});
    let changed = put(&world.sue, "clients", "7", same).await.ok();
    assert_eq!((&changed["owner_id"], &changed["name"]), (&created["owner_id"], &json!("New")));
    put(&world.sue, "clients", "7", json!({"strange": 1})).await.problem(400, "unknown_field");
    put(&world.sue, "clients", "8", json!({"kind": "person"})).await.field_error("/name", "required");
    let contact = json!({"client_id": created["id"], "name": "Maria"});
    let contact = put(&world.sue, "contacts", "7", contact).await.created();
    let other = world.sue.post("/v1/clients", client()).await.created();
    let moved = json!({"client_id": other["id"], "job_title": "Head"});
    put(&world.sue, "contacts", "7", moved).await.field_error("/client_id", "not_changeable");
    assert_eq!(world.sue.get(contact["path"].as_str().unwrap()).await.ok()["version"], 1);
}

#[actix_web::test]
async fn an_id_is_kept_by_its_row_as_long_as_the_row_has_it() {
    let world = world().await;
    let sue = &world.sue;
    let twice = json!([{"source": "erp", "id": "1"}, {"source": "erp", "id": "2"}, {"source": "erp", "id": "1"}]);
    let with = |ids: Value| {
        let mut body = client();
        body["external_ids"] = ids;
        body
    };
    sue.post("/v1/clients", with(twice)).await.field_error("/external_ids/2/id", "repeated");
    let many: Vec<Value> = (0..21).map(|number| json!({"source": "erp", "id": number.to_string()})).collect();
    sue.post("/v1/clients", with(json!(many))).await.field_error("/external_ids", "too_long");
    sue.post("/v1/clients", with(json!([{"source": "erp"}]))).await.field_error("/external_ids/0/id", "required");

    let several = json!([{"source": "erp", "id": "1"}, {"source": "erp", "id": "2"}, {"source": "web", "id": "1"}]);
    let created = sue.post("/v1/clients", with(several.clone())).await.created();
    assert_eq!(created["external_ids"], several);
    // The id of the address stays with the row though the body does not name it.
    let changed = put(sue, "clients", "2", json!({"external_ids": [{"source": "web", "id": "3"}]})).await.ok();
    assert_eq!(changed["external_ids"], json!([{"source": "web", "id": "3"}, {"source": "erp", "id": "2"}]));
    let freed = sue.post("/v1/clients", with(known("1"))).await.created();
    let taken = json!({"external_ids": [{"source": "erp", "id": "1"}]});
    let refused = sue.patch(created["path"].as_str().unwrap(), &changed, taken).await.problem(409, "already_exists");
    assert_eq!((&refused["holder_id"], &refused["errors"][0]["pointer"]), (&freed["id"], &json!("/external_ids/0")));

    let contact = json!({"client_id": created["id"], "name": "Maria", "external_ids": known("1")});
    let contact = sue.post("/v1/contacts", contact).await.created();
    assert_eq!(world.app.count("external_ids WHERE resource = 'contacts'").await, 1);
    sue.delete(contact["path"].as_str().unwrap(), &contact).await.no_content();
    assert_eq!(world.app.count("external_ids WHERE resource = 'contacts'").await, 0);
}

#[actix_web::test]
async fn a_past_order_is_known_by_its_id_elsewhere() {
    let world = world().await;
    let of = world.sue.post("/v1/clients", client()).await.created()["id"].clone();
    let sold = world.sue.post("/v1/products", product()).await.created();
    let past = json!({"client_id": of, "ordered_on": "2026-07-04", "external_ids": known("10248"),
        "lines": [{"sku": sold["sku"], "quantity": "2"}]});
    let order = world.sue.post("/v1/orders/record", past.clone()).await.created();
    assert_eq!((&order["external_ids"], &order["lines"][0]["product_id"]), (&known("10248"), &sold["id"]));
    let refused = world.sue.post("/v1/orders/record", past).await.problem(409, "already_exists");
    assert_eq!(refused["holder_id"], order["id"]);
    put(&world.sue, "orders", "10248", json!({"comment": "Late"})).await.problem(409, "invalid_state");
}

#[actix_web::test]
async fn a_line_names_its_product_by_its_id_or_by_its_sku() {
    let world = world().await;
    let of = world.sue.post("/v1/clients", client()).await.created()["id"].clone();
    let sold = world.sue.post("/v1/products", product()).await.created();
    let mut past = product();
    past["is_active"] = json!(false);
    let past = world.sue.post("/v1/products", past).await.created();
    let order = |lines: Value| json!({"client_id": of, "lines": lines});
    let (id, sku) = (&sold["id"], &sold["sku"]);
    let lines = json!([{"sku": sku, "quantity": "2"}, {"product_id": id, "quantity": "1"}]);
    let draft = world.ann.post("/v1/orders", json!({"client_id": of, "lines": lines})).await;
    draft.field_error("/client_id", "unknown_reference");
    let draft = world.sue.post("/v1/orders", order(lines)).await.created();
    assert_eq!((&draft["lines"][0]["product_id"], &draft["lines"][1]["product_id"]), (id, id));
    assert_eq!(draft["net_total"], "30.00");
    let wrong = json!([{"quantity": "1"}, {"sku": sku, "product_id": id, "quantity": "1"}, {"sku": "none", "quantity": "1"},
        {"sku": past["sku"], "quantity": "1"}]);
    let told = |errors: Vec<(String, String)>| errors.into_iter().map(|(at, code)| format!("{at} {code}")).collect();
    let errors: Vec<String> = told(world.sue.post("/v1/orders", order(wrong.clone())).await.field_errors());
    let expected = [
        "/lines/0/product_id required",
        "/lines/1/sku one_of",
        "/lines/2/sku unknown_reference",
        "/lines/3/sku inactive_product",
    ];
    assert_eq!(errors, expected);
    let patch = json!({"lines": [{"sku": "none", "quantity": "1"}]});
    let refused = world.sue.patch(draft["path"].as_str().unwrap(), &draft, patch).await;
    refused.field_error("/lines/0/sku", "unknown_reference");
    let mut record = order(wrong);
    record["ordered_on"] = json!("2026-07-04");
    let errors: Vec<String> = told(world.sue.post("/v1/orders/record", record).await.field_errors());
    assert_eq!(errors, expected[..3], "a product of a past order may be inactive");
}
