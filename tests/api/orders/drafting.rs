//! Drafts: the amounts that the server computes, and what it refuses.

use actix_web::http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{client, draft, history, key_client, product, product_with, step};
use crate::harness::TestApp;

#[actix_web::test]
async fn a_draft_is_priced_and_counted_by_the_server() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client(&ann).await;
    let (paper, pens) = (product(&app, "100").await, product(&app, "7.75").await);
    let order = ann
        .post(
            "/v1/orders",
            json!({"client_id": client["id"], "lines": [
                {"product_id": paper, "quantity": "12"},
                {"product_id": pens, "quantity": "0.333", "unit_price": "7.70", "discount_percent": "4.5", "tax_rate": "10"}
            ]}),
        )
        .await
        .created();
    assert_eq!(order["number"], "O-2026-000001");
    assert_eq!((&order["status"], &order["priority"]), (&json!("draft"), &json!("normal")));
    assert_eq!((&order["currency"], &order["ordered_on"]), (&json!("RUB"), &json!("2026-11-24")));
    assert_eq!((&order["author_id"], &order["owner_id"]), (&json!(ann.id), &json!(ann.id)));
    assert_eq!(order["actions"], json!(["update", "submit", "hand-over", "cancel"]));
    let lines = &order["lines"];
    assert_eq!((&lines[0]["unit_price"], &lines[0]["net_amount"]), (&json!("100.00"), &json!("1200.00")));
    assert_eq!((&lines[0]["tax_amount"], &lines[0]["fulfilled_quantity"]), (&json!("240.00"), &json!("0.000")));
    // 0.333 × 7.70 × 0.955 = 2.4487155, and a tenth of 2.45 is 0.245.
    assert_eq!((&lines[1]["net_amount"], &lines[1]["tax_amount"]), (&json!("2.45"), &json!("0.25")));
    assert_eq!((&order["net_total"], &order["tax_total"]), (&json!("1202.45"), &json!("240.25")));
    assert_eq!(
        (&order["total"], &order["rounding"], &order["rounded_per"]),
        (&json!("1442.70"), &json!("half_up"), &json!("line"))
    );

    let path = order["path"].as_str().unwrap();
    assert_eq!(ann.get(path).await.ok(), order);
    assert_eq!(history(&ann, &order).await, [("created".into(), "-".into(), "draft".into())]);
    assert_eq!(app.events(&order["id"]).await, ["orders.created"]);
    let recorded = app.audit(&order["id"]).await;
    assert_eq!(recorded[0].1["lines"]["to"].as_array().unwrap().len(), 2);
    assert_eq!(draft(&ann, &client, &paper, "1").await["number"], "O-2026-000002");
}

#[actix_web::test]
async fn an_order_of_a_key_client_begins_with_high_priority() {
    let app = TestApp::start().await;
    let kim = app.key_account_manager("kim").await;
    let client = key_client(&kim).await;
    let paper = product(&app, "100").await;
    let order = draft(&kim, &client, &paper, "1").await;
    assert_eq!((&order["priority"], &order["is_key"]), (&json!("high"), &json!(true)));
    let body =
        json!({"client_id": client["id"], "priority": "normal", "lines": [{"product_id": paper, "quantity": "1"}]});
    assert_eq!(kim.post("/v1/orders", body).await.created()["priority"], "normal");
}

#[actix_web::test]
async fn every_wrong_line_is_told_at_once_and_nothing_is_made() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client(&ann).await;
    let paper = product(&app, "100").await;
    let dollars = product_with(&app, "100", "USD", true, "NULL").await;
    let gone = product_with(&app, "100", "RUB", false, "NULL").await;
    let line = |product: &str| json!({"product_id": product, "quantity": "1"});
    let post = async |lines: Value| ann.post("/v1/orders", json!({"client_id": client["id"], "lines": lines})).await;

    let errors = post(json!([line(&paper), line(&dollars), line(&gone), line(&Uuid::now_v7().to_string())])).await;
    let pairs = [
        ("/lines/1/product_id", "currency_mismatch"),
        ("/lines/2/product_id", "inactive_product"),
        ("/lines/3/product_id", "unknown_reference"),
    ];
    assert_eq!(errors.field_errors(), pairs.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
    post(json!([])).await.field_error("/lines", "too_short");
    post(json!(vec![line(&paper); 201])).await.field_error("/lines", "too_long");
    for (quantity, code) in
        [("0", "too_small"), ("-1", "too_small"), ("1000000.001", "too_large"), ("1.0001", "too_many_decimals")]
    {
        post(json!([{"product_id": paper, "quantity": quantity}])).await.field_error("/lines/0/quantity", code);
    }
    let largest = json!({"product_id": paper, "quantity": "100", "unit_price": "9999999999999", "tax_rate": "0"});
    post(json!([{"product_id": paper, "quantity": "101", "unit_price": "9999999999999"}]))
        .await
        .field_error("/lines/0/quantity", "too_large");
    post(json!([largest, largest])).await.field_error("/lines", "too_large");
    let in_dollars = json!({"client_id": client["id"], "currency": "USD", "lines": [line(&paper)]});
    ann.post("/v1/orders", in_dollars).await.field_error("/lines/0/product_id", "currency_mismatch");
    assert_eq!(app.count("orders").await, 0);

    assert_eq!(post(json!([largest])).await.created()["total"], "999999999999900.00");
    assert_eq!(post(json!(vec![line(&paper); 200])).await.created()["lines"].as_array().unwrap().len(), 200);
}

#[actix_web::test]
async fn what_is_malformed_is_refused() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client(&ann).await;
    let paper = product(&app, "100").await;
    let line = json!({"product_id": paper, "quantity": "1"});
    let with = |name: &str, value: Value| {
        let mut body = json!({"client_id": client["id"], "lines": [line]});
        body[name] = value;
        body
    };
    for (name, value) in [("status", json!("approved")), ("net_total", json!("1")), ("number", json!("7"))] {
        ann.post("/v1/orders", with(name, value)).await.field_error(&format!("/{name}"), "unknown_field");
    }
    ann.post("/v1/orders", with("priority", json!("now"))).await.field_error("/priority", "invalid_choice");
    ann.post("/v1/orders", with("contract_id", json!(Uuid::now_v7())))
        .await
        .field_error("/contract_id", "unknown_reference");
    ann.post("/v1/orders", json!({"client_id": client["id"]})).await.field_error("/lines", "required");
    let number = json!([{"product_id": paper, "quantity": 1}]);
    ann.post("/v1/orders", with("lines", number)).await.field_error("/lines/0/quantity", "invalid_type");
    app.anonymous().post("/v1/orders", json!({})).await.problem(401, "unauthorized");
}

#[actix_web::test]
async fn the_day_of_the_requested_delivery_is_kept() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let client = client(&sue).await;
    let lines = json!([{"product_id": product(&app, "100").await, "quantity": "1"}]);
    let body = json!({"client_id": client["id"], "requested_delivery_on": "2026-12-01", "lines": lines});
    let order = sue.post("/v1/orders", body.clone()).await.created();
    let path = order["path"].as_str().unwrap();
    assert_eq!(sue.get(path).await.ok()["requested_delivery_on"], "2026-12-01");
    let changed = sue.patch(path, &order, json!({"requested_delivery_on": "2026-12-02"})).await.ok();
    assert_eq!(sue.get(path).await.ok()["requested_delivery_on"], "2026-12-02");
    sue.patch(path, &changed, json!({"requested_delivery_on": null})).await.ok();
    assert_eq!(sue.get(path).await.ok()["requested_delivery_on"], Value::Null);

    let mut past = body;
    past["ordered_on"] = json!("2026-11-20");
    let order = sue.post("/v1/orders/record", past).await.created();
    assert_eq!(sue.get(order["path"].as_str().unwrap()).await.ok()["requested_delivery_on"], "2026-12-01");
}

#[actix_web::test]
async fn an_archived_client_orders_nothing() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client(&ann).await;
    let paper = product(&app, "100").await;
    step(&ann, "archive", &client).await;
    let body = json!({"client_id": client["id"], "lines": [{"product_id": paper, "quantity": "1"}]});
    ann.post("/v1/orders", body).await.problem(409, "invalid_state");
}

#[actix_web::test]
async fn only_a_draft_is_changed() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client(&ann).await;
    let (paper, pens) = (product(&app, "100").await, product(&app, "10").await);
    let order = draft(&ann, &client, &paper, "2").await;
    let path = order["path"].as_str().unwrap();

    let lines = json!([{"product_id": pens, "quantity": "3"}, {"product_id": paper, "quantity": "1"}]);
    let body = json!({"lines": lines, "comment": "At the back door", "priority": "high", "requested_delivery_on": "2026-12-01"});
    let changed = ann.patch(path, &order, body.clone()).await.ok();
    assert_eq!((&changed["version"], &changed["net_total"]), (&json!(2), &json!("130.00")));
    assert_eq!((&changed["comment"], &changed["priority"]), (&json!("At the back door"), &json!("high")));
    assert_eq!(changed["lines"][0]["id"], order["lines"][0]["id"]);
    assert_eq!(ann.get(path).await.ok()["lines"], changed["lines"]);
    let recorded = app.audit(&order["id"]).await;
    assert_eq!(recorded[1].1["net_total"], json!({"from": "200.00", "to": "130.00"}));
    assert_eq!(recorded[1].1["lines"]["from"][0]["quantity"], "2.000");

    assert_eq!(ann.patch(path, &changed, body).await.ok()["version"], 2, "nothing changed");
    let cleared = ann.patch(path, &changed, json!({"comment": null})).await.ok();
    assert_eq!(cleared["comment"], Value::Null);
    ann.patch(path, &cleared, json!({"priority": null})).await.field_error("/priority", "not_nullable");
    ann.patch(path, &cleared, json!({"lines": []})).await.field_error("/lines", "too_short");
    ann.patch(path, &cleared, json!({"currency": "USD"})).await.field_error("/currency", "unknown_field");
    ann.patch(path, &order, json!({"comment": "x"})).await.problem(412, "precondition_failed");
    ann.send(ann.request(Method::PATCH, path).set_json(json!({}))).await.problem(428, "precondition_required");

    let approved = step(&ann, "submit", &cleared).await;
    let problem = ann.patch(path, &approved, json!({"lines": lines})).await.problem(409, "invalid_state");
    assert_eq!((&problem["state"], &problem["allowed"]), (&json!("approved"), &json!(["hand-over", "cancel"])));
}

#[actix_web::test]
async fn the_same_request_twice_makes_one_order() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client(&ann).await;
    let paper = product(&app, "100").await;
    let body = json!({"client_id": client["id"], "lines": [{"product_id": paper, "quantity": "1"}]});
    let send = async |body: &Value| {
        let request = ann.request(Method::POST, "/v1/orders").insert_header(("Idempotency-Key", "order-1"));
        ann.send(request.set_json(body)).await
    };
    let first = send(&body).await.created();
    let again = send(&body).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.created(), first);
    assert_eq!(app.count("orders").await, 1);
    send(&json!({"client_id": client["id"], "lines": []})).await.problem(422, "idempotency_mismatch");
}
