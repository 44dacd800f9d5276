//! Competitors, their offers, and how a product compares with them.

use serde_json::{Value, json};

use crate::harness::TestApp;

#[actix_web::test]
async fn a_product_stands_beside_what_others_offer() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let tea = json!({"sku": "TEA", "name": "Tea", "kind": "good", "unit": "box", "base_price": "100", "currency": "RUB", "tax_rate": "20",
        "min_price": "80", "strengths": "Fresh", "weaknesses": "Dear"});
    let tea = sue.post("/v1/products", tea).await.created();
    ann.post("/v1/competitors", json!({"name": "Lipton"})).await.problem(403, "forbidden");
    let lipton = sue.post("/v1/competitors", json!({"name": "Lipton"})).await.created();
    let other = sue.post("/v1/competitors", json!({"name": "Gone", "is_active": false})).await.created();
    let path = format!("/v1/products/{}/comparison", tea["id"].as_str().unwrap());
    let offer = async |who: &Value, name: &str, price: Value, currency: Value, seen_on: &str| {
        let body = json!({"product_id": tea["id"], "competitor_id": who["id"], "name": name, "price": price, "currency": currency,
            "seen_on": seen_on, "better_at": "A tin"});
        ann.post("/v1/competitor-offers", body).await
    };
    offer(&lipton, "Same currency", json!("120"), json!("RUB"), "2026-11-20").await.created();
    offer(&lipton, "No rate", json!("2"), json!("USD"), "2026-11-19").await.created();
    let old = offer(&lipton, "No price", Value::Null, Value::Null, "2026-11-18").await.created();
    offer(&other, "Of somebody who is gone", json!("1"), json!("RUB"), "2026-11-20").await.created();
    offer(&lipton, "Same currency", json!("1"), json!("RUB"), "2026-11-20").await.problem(409, "already_exists");
    offer(&lipton, "X", json!("1"), Value::Null, "2026-11-20").await.field_error("/currency", "required");
    offer(&lipton, "X", Value::Null, json!("RUB"), "2026-11-20").await.field_error("/price", "required");
    offer(&tea, "X", Value::Null, Value::Null, "2026-11-20").await.field_error("/competitor_id", "unknown_reference");

    let compared = async || {
        let comparison = ann.get(&path).await.ok();
        assert_eq!(
            (&comparison["product"]["strengths"], comparison["product"].get("min_price")),
            (&json!("Fresh"), None)
        );
        let offers = comparison["offers"].as_array().unwrap();
        assert!(offers.iter().all(|offer| offer["competitor"] == "Lipton"));
        offers
            .iter()
            .map(|offer| (offer["name"].clone(), offer["price_difference_percent"].clone()))
            .collect::<Vec<_>>()
    };
    let same = (json!("Same currency"), json!("20.00"));
    assert_eq!(compared().await, [same.clone(), (json!("No rate"), Value::Null), (json!("No price"), Value::Null)]);
    let rate = json!({"currency": "USD", "rate": "45", "starts_on": "2026-11-01"});
    sue.post("/v1/exchange-rates", rate).await.created();
    ann.patch(old["path"].as_str().unwrap(), &old, json!({"is_active": false})).await.ok();
    assert_eq!(compared().await, [same, (json!("No rate"), json!("-10.00"))]);
    ann.get("/v1/products/01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f/comparison").await.problem(404, "not_found");
}
