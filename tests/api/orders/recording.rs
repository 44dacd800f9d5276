//! Past orders with their real dates, one by one and in bulk.

use liaison::{
    access::Scope,
    change::by_system,
    clients::ClientId,
    orders::{LineTerms, OrderStatus, OrderTerms, PastOrder, Priority, record_all},
    products::ProductId,
    values::{Amount, Percent, Quantity, Text},
};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{actions, client, department, history, key_client, product_with};
use crate::harness::{TestApp, TestUser};

fn past(client: &Value, product: &str) -> Value {
    json!({"client_id": client["id"], "ordered_on": "2020-07-04",
        "lines": [{"product_id": product, "quantity": "12", "unit_price": "14", "discount_percent": "15"}]})
}

fn with(mut body: Value, more: &Value) -> Value {
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[actix_web::test]
async fn a_past_order_has_its_real_dates() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let client = client(&ann).await;
    // The product is inactive and the price below its lowest price, but a past order may have them all the same.
    let paper = product_with(&app, "100", "RUB", false, "90").await;
    let department = department(&app, false).await;
    let body = with(
        past(&client, &paper),
        &json!({"number": "10248", "fulfilled_on": "2020-07-16", "department_id": department, "author_id": ann.id}),
    );
    let order = sue.post("/v1/orders/record", body.clone()).await.created();
    assert_eq!((&order["number"], &order["status"]), (&json!("10248"), &json!("closed")));
    assert_eq!((&order["ordered_on"], &order["fulfilled_at"]), (&json!("2020-07-04"), &json!("2020-07-16T00:00:00Z")));
    assert_eq!((&order["owner_id"], &order["author_id"]), (&json!(ann.id), &json!(ann.id)));
    assert_eq!((&order["net_total"], &order["total"]), (&json!("142.80"), &json!("171.36")));
    assert_eq!(order["lines"][0]["fulfilled_quantity"], "12.000");
    assert_eq!(order["created_at"], "2026-11-24T10:00:00Z");
    let mut seen = order.clone();
    seen["actions"] = json!([]);
    assert_eq!(ann.get(order["path"].as_str().unwrap()).await.ok(), seen);

    let page = ann.get(&format!("{}/history", order["path"].as_str().unwrap())).await.ok();
    let told: Vec<_> = page["data"].as_array().unwrap().iter().map(|step| (&step["action"], &step["at"])).collect();
    let (ordered, fulfilled) = (json!("2020-07-04T00:00:00Z"), json!("2020-07-16T00:00:00Z"));
    assert_eq!(
        told,
        [
            (&json!("closed"), &fulfilled),
            (&json!("fulfilled"), &fulfilled),
            (&json!("handed_over"), &ordered),
            (&json!("recorded"), &ordered)
        ]
    );
    assert_eq!(page["data"][0]["actor_id"], json!(sue.id));
    assert_eq!(app.events(&order["id"]).await, ["orders.created"]);
    sue.post("/v1/orders/record", body).await.problem(409, "already_exists");
    assert_eq!(app.count("orders").await, 1);
}

#[actix_web::test]
async fn a_past_order_came_as_far_as_it_says() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let client = client(&sue).await;
    let paper = product_with(&app, "100", "RUB", true, "NULL").await;
    let record = async |more: Value| sue.post("/v1/orders/record", with(past(&client, &paper), &more)).await;
    let approved = record(json!({"status": "approved"})).await.created();
    assert_eq!((&approved["fulfilled_at"], actions(&approved)), (&Value::Null, vec!["update", "hand-over", "cancel"]));
    assert_eq!((&approved["number"], &approved["author_id"]), (&json!("O-2026-000001"), &json!(sue.id)));
    assert_eq!(approved["lines"][0]["fulfilled_quantity"], "0.000");
    assert_eq!(history(&sue, &approved).await, [("recorded".into(), "-".into(), "approved".into())]);
    let fulfilled = record(json!({"status": "fulfilled", "ordered_on": "2026-11-24"})).await.created();
    assert_eq!(
        (&fulfilled["fulfilled_at"], actions(&fulfilled)),
        (&json!("2026-11-24T00:00:00Z"), vec!["correct", "take-back", "close"])
    );
    assert_eq!(history(&sue, &fulfilled).await.len(), 2);
}

#[actix_web::test]
async fn what_cannot_have_happened_is_refused() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let client = client(&sue).await;
    let paper = product_with(&app, "100", "RUB", true, "NULL").await;
    for (more, pointer, code) in [
        (json!({"ordered_on": "2026-11-25"}), "/ordered_on", "too_large"),
        (json!({"fulfilled_on": "2020-07-03"}), "/fulfilled_on", "too_small"),
        (json!({"fulfilled_on": "2026-11-25"}), "/fulfilled_on", "too_large"),
        (json!({"status": "approved", "fulfilled_on": "2020-07-04"}), "/fulfilled_on", "not_with_status"),
        (json!({"status": "approved", "department_id": Uuid::now_v7()}), "/department_id", "not_with_status"),
        (json!({"status": "draft"}), "/status", "invalid_choice"),
        (json!({"number": "O-2026-000007"}), "/number", "reserved"),
        (json!({"number": "O-2026-1000000"}), "/number", "reserved"),
        (json!({"author_id": Uuid::now_v7()}), "/author_id", "unknown_reference"),
        (json!({"department_id": Uuid::now_v7()}), "/department_id", "unknown_reference"),
        (json!({"contract_id": Uuid::now_v7()}), "/contract_id", "unknown_reference"),
        (json!({"client_id": Uuid::now_v7()}), "/client_id", "unknown_reference"),
        (json!({"lines": []}), "/lines", "too_short"),
        (json!({"due_at": "2026-12-01T15:00:00Z"}), "/due_at", "unknown_field"),
    ] {
        sue.post("/v1/orders/record", with(past(&client, &paper), &more)).await.field_error(pointer, code);
    }
    assert_eq!((app.count("orders").await, app.count("order_events").await), (0, 0));
    let number = json!({"number": "O-26-7", "fulfilled_on": "2026-11-24"});
    assert_eq!(sue.post("/v1/orders/record", with(past(&client, &paper), &number)).await.created()["number"], "O-26-7");
}

/// A past order of `client` with lines of odd prices and discounts, and its total.
fn historic(user: &TestUser, client: &Value, product: ProductId, index: i64) -> (PastOrder, Decimal) {
    let id: ClientId = serde_json::from_value(client["id"].clone()).unwrap();
    let count = if index < 495 { 3 } else { 2 };
    let terms = |line: i64| LineTerms {
        product_id: product,
        name: Text::parse("Paper").unwrap(),
        unit: Text::parse("box").unwrap(),
        quantity: Quantity::new(Decimal::from(1 + (index + line) % 130)).unwrap(),
        unit_price: Amount::new(Decimal::new(5 + 37 * index + line, 2)).unwrap(),
        discount_percent: Percent::new(Decimal::from([0, 1, 5, 15, 25][usize::try_from(index % 5).unwrap()])).unwrap(),
        tax_rate: Percent::new(Decimal::ZERO).unwrap(),
        tax_reason: None,
    };
    let lines: Vec<LineTerms> = (0..count).map(terms).collect();
    let exact = |line: &LineTerms| {
        line.quantity.value() * line.unit_price.value() * (Decimal::ONE_HUNDRED - line.discount_percent.value())
            / Decimal::ONE_HUNDRED
    };
    let sum = lines.iter().map(exact).sum();
    let order = PastOrder {
        client_id: id,
        owner_id: user.id,
        team_id: user.team_id,
        is_key: true,
        number: Text::parse(&(10_248 + index).to_string()).unwrap(),
        author_id: user.id,
        status: OrderStatus::Closed,
        due_at: None,
        priority: Priority::High,
        currency: serde_json::from_value(json!("USD")).unwrap(),
        prices_include_tax: false,
        ordered_on: "1997-05-06".parse().unwrap(),
        fulfilled_on: Some("1997-05-16".parse().unwrap()),
        department_id: None,
        terms: OrderTerms::default(),
        lines,
    };
    (order, sum)
}

#[actix_web::test]
async fn many_past_orders_are_loaded_at_once_and_their_sum_does_not_drift() {
    let app = TestApp::start().await;
    let kim = app.key_account_manager("kim").await;
    let client = key_client(&kim).await;
    let product = product_with(&app, "100", "USD", true, "NULL").await;
    let product: ProductId = serde_json::from_value(json!(product)).unwrap();
    let (orders, sums): (Vec<_>, Vec<_>) = (0..830).map(|index| historic(&kim, &client, product, index)).unzip();
    let now = app.parts().clock.now();
    let mut db = app.db().await;
    let before = std::time::Instant::now();
    by_system(&mut db, &app.parts().secrets, now, async |tx| {
        record_all(tx, &Scope::system(), orders).await.map(|_| ())
    })
    .await
    .unwrap();
    let took = before.elapsed();
    assert!(took.as_secs() < 5, "{took:?}");

    assert_eq!((app.count("orders").await, app.count("order_lines").await), (830, 2155));
    assert_eq!(
        (app.count("order_events").await, app.count("outbox_events WHERE type = 'orders.created'").await),
        (830 * 3, 830)
    );
    assert_eq!(app.count("audit_events WHERE resource = 'orders' AND action = 'created'").await, 830);
    let exact: Decimal = sums.into_iter().sum();
    let stored = app.text("SELECT sum(net_total)::text AS value FROM orders").await;
    assert_eq!(stored[0].parse::<Decimal>().unwrap(), exact);
    let summary = kim.get("/v1/orders/summary").await.ok();
    let mut rounded = exact.round_dp_with_strategy(2, rust_decimal::RoundingStrategy::MidpointAwayFromZero);
    rounded.rescale(2);
    assert_eq!((&summary["count"], &summary["currencies"][0]["net_total"]), (&json!(830), &json!(rounded.to_string())));

    let (again, _) = historic(&kim, &client, product, 0);
    let refused =
        by_system(&mut db, &app.parts().secrets, now, async |tx| record_all(tx, &Scope::system(), vec![again]).await)
            .await;
    assert_eq!(refused.unwrap_err().problem().code(), "already_exists");
}
