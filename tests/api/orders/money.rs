//! What an order comes to, and what it needs approval for.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{client, draft, key_client, later, product, product_with, step};
use crate::harness::{TestApp, TestUser};

async fn ordered(user: &TestUser, client: &Value, line: Value) -> Value {
    user.post("/v1/orders", json!({"client_id": client["id"], "lines": [line]})).await.created()
}

async fn rate(app: &TestApp, currency: &str, rate: &str) {
    let body = json!({"currency": currency, "rate": rate, "starts_on": "2026-11-01"});
    app.supervisor().await.post("/v1/exchange-rates", body).await.created();
}

/// M1
#[actix_web::test]
async fn limits_are_in_the_organisations_currency() {
    let app = TestApp::start().await;
    let (ann, kim, sue) = (app.manager("ann").await, app.key_account_manager("kim").await, app.supervisor().await);
    let dollars = product_with(&app, "1", "USD", true, "NULL").await;
    let large = json!({"product_id": dollars, "quantity": "99820"});
    let order = step(&ann, "submit", &ordered(&ann, &client(&ann).await, large.clone()).await).await;
    assert_eq!((&order["status"], &order["exceeded"]), (&json!("submitted"), &json!(["exchange_rate"])));
    rate(&app, "USD", "92.5").await;
    let order = step(&ann, "submit", &ordered(&ann, &client(&ann).await, large.clone()).await).await;
    assert_eq!((&order["status"], &order["exceeded"]), (&json!("submitted"), &json!(["max_order_amount"])));
    // 1081 dollars are 99,992.50 roubles.
    let small = json!({"product_id": dollars, "quantity": "1081"});
    assert_eq!(step(&ann, "submit", &ordered(&ann, &client(&ann).await, small).await).await["status"], "approved");

    let order = step(&kim, "submit", &ordered(&kim, &key_client(&kim).await, large).await).await;
    assert_eq!(order["exceeded"], json!(["max_order_amount"]));
    let kay = app.key_account_manager_of(&kim, "kay").await;
    let seen = kay.get(order["path"].as_str().unwrap()).await.ok();
    assert!(!super::actions(&seen).contains(&"approve"));
    kay.transition("approve", &seen, json!({})).await.problem(403, "limit_exceeded");
    assert_eq!(step(&sue, "approve", &order).await["status"], "approved");
}

/// M2
#[actix_web::test]
async fn orders_of_one_client_add_up() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let (client, paper) = (client(&ann).await, product(&app, "100").await);
    let submit = async |user: &TestUser, client: &Value| {
        let order = step(user, "submit", &draft(user, client, &paper, "499").await).await;
        (order["status"].clone(), order["exceeded"].clone())
    };
    let (alone, waits) = ((json!("approved"), json!([])), (json!("submitted"), json!(["order_period"])));
    assert_eq!(submit(&ann, &client).await, alone);
    assert_eq!(submit(&ann, &client).await, alone);
    assert_eq!(submit(&ann, &client).await, waits, "from the one that passes the limit");
    assert_eq!(submit(&ann, &super::client(&ann).await).await, alone);
    let ann = later(&app, &ann, 1).await;
    assert_eq!(submit(&ann, &client).await, alone, "another day");
}

#[actix_web::test]
async fn orders_at_once_do_not_share_what_a_limit_leaves() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let (client, paper) = (client(&ann).await, product(&app, "100").await);
    let mut drafts = Vec::new();
    for _ in 0..24 {
        drafts.push(draft(&ann, &client, &paper, "100").await);
    }
    let submitted = join_all(drafts.iter().map(|draft| ann.transition("submit", draft, json!({})))).await;
    let approved = submitted.into_iter().filter(|_| true).map(|answer| answer.ok()["status"].clone());
    assert_eq!(approved.filter(|status| *status == "approved").count(), 10);
}

/// M7
#[actix_web::test]
async fn what_a_client_may_owe_is_kept_secret_and_kept_to() {
    let app = TestApp::start().await;
    let (ann, sue, tom) = (app.manager("ann").await, app.supervisor().await, app.supervisor().await);
    let (client, paper) = (client(&ann).await, product(&app, "100").await);
    let path = client["path"].as_str().unwrap();
    sue.patch(path, &client, json!({"credit_limit": "1000.00"})).await.ok();
    // 8 × 100 with a tax of 20 % are 960.
    let within = step(&ann, "submit", &draft(&ann, &client, &paper, "8").await).await;
    assert_eq!(within["status"], "approved");
    let over = step(&ann, "submit", &draft(&ann, &client, &paper, "1").await).await;
    assert_eq!((&over["status"], &over["exceeded"]), (&json!("submitted"), &json!([])), "a secret");
    let seen = sue.get(over["path"].as_str().unwrap()).await.ok();
    assert_eq!(seen["exceeded"], json!(["credit_limit"]));
    assert_eq!(step(&sue, "approve", &seen).await["status"], "approved");
    app.text("UPDATE role_policies SET may_exceed_credit = false WHERE role = 'supervisor' RETURNING role AS value")
        .await;
    app.parts().callers.forget();
    let over = step(&ann, "submit", &draft(&ann, &client, &paper, "1").await).await;
    assert!(!super::actions(&tom.get(over["path"].as_str().unwrap()).await.ok()).contains(&"approve"));
    let problem = tom.transition("approve", &over, json!({})).await.problem(403, "limit_exceeded");
    assert_eq!(problem["limits"], json!(["credit_limit"]));
}

/// M3, M4, M6
#[actix_web::test]
async fn other_prices_and_taxes_than_the_products_need_approval() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let paper = product(&app, "100").await;
    let submitted = async |line: Value| step(&ann, "submit", &ordered(&ann, &client(&ann).await, line).await).await;
    let dear = submitted(json!({"product_id": paper, "quantity": "1", "unit_price": "10000"})).await;
    assert_eq!(dear["exceeded"], json!(["max_increase_percent"]));

    for tax in ["0", "99"] {
        let line = json!({"product_id": paper, "quantity": "1", "tax_rate": tax});
        let order = ordered(&ann, &client(&ann).await, line).await;
        ann.transition("submit", &order, json!({})).await.field_error("/lines/0/tax_reason", "tax_reason");
    }
    let line = json!({"product_id": paper, "quantity": "1", "tax_rate": "0", "tax_reason": "Delivered abroad"});
    let order = submitted(line).await;
    assert_eq!((&order["status"], &order["exceeded"]), (&json!("submitted"), &json!(["tax_rate"])));
    assert_eq!(order["lines"][0]["tax_reason"], "Delivered abroad");
    assert_eq!(step(&sue, "approve", &order).await["status"], "approved");

    let order = draft(&ann, &client(&ann).await, &paper, "1").await;
    let product = sue.get(&format!("/v1/products/{paper}")).await.ok();
    sue.patch(product["path"].as_str().unwrap(), &product, json!({"is_active": false})).await.ok();
    assert_eq!(step(&ann, "submit", &order).await["exceeded"], json!(["off_sale"]));
}

/// M5
#[actix_web::test]
async fn what_is_sold_whole_is_not_sold_in_parts() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let new = json!({"sku": "PEN", "name": "Pen", "kind": "good", "unit": "piece", "base_price": "10", "currency": "RUB", "tax_rate": "20"});
    let pen = sue.post("/v1/products", new).await.created();
    let client = client(&ann).await;
    let body =
        |quantity: &str| json!({"client_id": client["id"], "lines": [{"product_id": pen["id"], "quantity": quantity}]});
    ann.post("/v1/orders", body("1.5")).await.field_error("/lines/0/quantity", "indivisible");
    let order = ann.post("/v1/orders", body("2.000")).await.created();
    let department = super::department(&app, true).await;
    let order = step(&sue, "accept", &super::handed_over(&ann, &order, &department).await).await;
    let half = json!({"lines": [{"line_id": order["lines"][0]["id"], "quantity": "0.5"}]});
    sue.transition("fulfil", &order, half).await.field_error("/lines", "indivisible");
    sue.patch(pen["path"].as_str().unwrap(), &pen, json!({"is_divisible": true})).await.ok();
    assert_eq!(ann.post("/v1/orders", body("1.5")).await.created()["lines"][0]["net_amount"], "15.00");
}

/// M8, M9, M10
#[actix_web::test]
async fn a_product_keeps_to_its_prices_its_currency_and_its_name() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let new = |sku: &str, least: &str| {
        json!({"sku": sku, "name": "Paper", "kind": "good", "unit": "box", "base_price": "100", "currency": "RUB", "tax_rate": "20",
            "min_price": least})
    };
    sue.post("/v1/products", new("RU-1", "100.01")).await.field_error("/min_price", "above_base_price");
    let paper = sue.post("/v1/products", new("RU-1", "100")).await.created();
    sue.post("/v1/products", new("ru-1", "1")).await.problem(409, "already_exists");
    let path = paper["path"].as_str().unwrap();
    sue.patch(path, &paper, json!({"base_price": "99.99"})).await.field_error("/min_price", "above_base_price");

    let order = draft(&ann, &client(&ann).await, paper["id"].as_str().unwrap(), "1").await;
    let problem = sue.patch(path, &paper, json!({"currency": "USD"})).await.problem(409, "conflict");
    assert_eq!(problem["order_count"], 1);
    ann.transition("cancel", &order, json!({"reason": "No need"})).await.ok();
    let changed = sue.patch(path, &paper, json!({"currency": "USD"})).await.ok();
    assert_eq!(changed["currency"], "USD");
    sue.patch(path, &changed, json!({"currency": "XXX"})).await.field_error("/currency", "invalid_currency");
}

/// M11
#[actix_web::test]
async fn amounts_are_rounded_as_the_organisation_says() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let odd = product(&app, "0.15").await;
    let total = async || {
        let lines = json!(vec![json!({"product_id": odd, "quantity": "0.5", "discount_percent": "0"}); 3]);
        let body = json!({"client_id": client(&ann).await["id"], "lines": lines});
        let order = ann.post("/v1/orders", body).await.created();
        let nets = order["lines"].as_array().unwrap().iter().map(|line| line["net_amount"].clone()).collect::<Vec<_>>();
        (json!(nets), order["net_total"].clone(), order["tax_total"].clone(), order["rounded_per"].clone())
    };
    let text = |value: &str| json!(value);
    assert_eq!(total().await, (json!(["0.08", "0.08", "0.08"]), text("0.24"), text("0.06"), text("line")));
    let change = async |body: Value| {
        let organization = sue.get("/v1/organization").await.ok();
        sue.patch("/v1/organization", &organization, body).await
    };
    change(json!({"rounding": "none"})).await.field_error("/rounding", "unrounded");
    change(json!({"rounded_per": "document"})).await.ok();
    // 3 × 0.075 = 0.225, and a fifth of 0.23 is 0.046.
    assert_eq!(total().await, (json!(["0.08", "0.07", "0.08"]), text("0.23"), text("0.05"), text("document")));
    change(json!({"rounding": "half_even", "prices_include_tax": true})).await.ok();
    // 0.225 becomes 0.22, of which a sixth is tax.
    assert_eq!(total().await, (json!(["0.07", "0.06", "0.05"]), text("0.18"), text("0.04"), text("document")));
}

/// M12
#[actix_web::test]
async fn a_summary_by_product_has_the_lines_of_that_product() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let (paper, pens) = (product(&app, "100").await, product(&app, "10").await);
    let client = client(&ann).await;
    let lines = json!([{"product_id": paper, "quantity": "2"}, {"product_id": pens, "quantity": "3"}]);
    let order = ann.post("/v1/orders", json!({"client_id": client["id"], "lines": lines})).await.created();
    let summary = async |query: &str| ann.get(&format!("/v1/orders/summary?{query}")).await.ok();
    assert_eq!(summary("").await["count"], 0, "a draft is nothing yet");
    step(&ann, "submit", &order).await;
    assert_eq!(summary("").await["currencies"][0]["net_total"], "230.00");
    let of_paper = summary(&format!("product_id={paper}")).await;
    assert_eq!((&of_paper["count"], &of_paper["currencies"][0]["net_total"]), (&json!(1), &json!("200.00")));
    assert_eq!(of_paper["currencies"][0]["total"], "240.00");
    let by = summary("by=product").await;
    let groups: Vec<(&Value, &Value)> =
        by["groups"].as_array().unwrap().iter().map(|group| (&group["key"], &group["net_total"])).collect();
    assert_eq!(groups, [(&json!(paper), &json!("200.00")), (&json!(pens), &json!("30.00"))]);
    assert_eq!((&by["groups"][0]["label"], &by["currencies"][0]["net_total"]), (&json!("Paper"), &json!("230.00")));
    for (query, key) in [
        ("by=month", json!("2026-11")),
        ("by=client", client["id"].clone()),
        ("by=owner", json!(ann.id)),
        ("by=team", json!(ann.team_id)),
        ("by=category", Value::Null),
    ] {
        let groups = summary(query).await;
        assert_eq!(
            (&groups["groups"][0]["key"], &groups["groups"][0]["net_total"]),
            (&key, &json!("230.00")),
            "{query}"
        );
    }
    ann.get("/v1/orders/summary?by=colour").await.problem(400, "invalid_parameter");
}

#[actix_web::test]
async fn of_many_who_decide_at_once_one_wins() {
    let app = TestApp::start().await;
    let (ann, sue, tom) = (app.manager("ann").await, app.supervisor().await, app.supervisor().await);
    let paper = product(&app, "100").await;
    let order = step(&ann, "submit", &draft(&ann, &client(&ann).await, &paper, "1001").await).await;
    let winners = async |verb: &str, order: &Value, body: Value| {
        let attempts = (0..64).map(|index| {
            let user = if index % 2 == 0 { &sue } else { &tom };
            user.transition(verb, order, body.clone())
        });
        let answers = join_all(attempts).await;
        assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 409 | 412)));
        answers.into_iter().filter(|answer| answer.status == 200).count()
    };
    assert_eq!(winners("approve", &order, json!({})).await, 1);
    let order = sue.get(order["path"].as_str().unwrap()).await.ok();
    let body = json!({"department_id": super::department(&app, true).await, "due_at": "2026-12-24T10:00:00Z"});
    assert_eq!(winners("hand-over", &order, body).await, 1);
    assert_eq!(app.count("order_events WHERE action IN ('approved', 'handed_over')").await, 2);
}

/// M7
#[actix_web::test]
async fn submissions_at_once_do_not_share_what_is_left_of_their_number() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let (client, paper) = (client(&ann).await, product(&app, "100").await);
    let mut drafts = Vec::new();
    for _ in 0..40 {
        // Above what a manager may order: the reason does not matter.
        drafts.push(draft(&ann, &client, &paper, "1001").await);
    }
    let submitted = join_all(drafts.iter().map(|draft| ann.transition("submit", draft, json!({})))).await;
    let with = |status: u16| submitted.iter().filter(|answer| answer.status == status).count();
    assert_eq!((with(200), with(429)), (30, 10));
}

/// What was drafted before amounts were rounded can be paid when it is submitted.
#[actix_web::test]
async fn an_old_draft_is_rounded_when_it_is_submitted() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let (client, paper) = (client(&sue).await, product(&app, "0.3333").await);
    let order = draft(&sue, &client, &paper, "1").await;
    app.text("UPDATE orders SET rounding = 'none', net_total = 0.3333, tax_total = 0.0667, total = 0.4 RETURNING rounding AS value").await;
    app.text("UPDATE order_lines SET net_amount = 0.3333, tax_amount = 0.0667 RETURNING 'done' AS value").await;
    let order = step(&sue, "submit", &order).await;
    assert_eq!((&order["net_total"], &order["rounding"]), (&json!("0.33"), &json!("half_up")));
    let read = sue.get(order["path"].as_str().unwrap()).await.ok();
    assert_eq!(read["lines"][0]["net_amount"], "0.33");
}
