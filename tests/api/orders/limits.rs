//! Who may approve an order.

use serde_json::{Value, json};

use super::{actions, client, draft, key_client, later, product, product_with, step};
use crate::harness::{TestApp, TestUser};

/// An order of one line for a client of its own, submitted by `user`: orders of one client add up.
async fn submitted_alone(user: &TestUser, line: Value) -> Value {
    submitted(user, &client(user).await, line).await
}

/// An order of one line, submitted by `user`.
async fn submitted(user: &TestUser, client: &Value, line: Value) -> Value {
    let order = user.post("/v1/orders", json!({"client_id": client["id"], "lines": [line]})).await.created();
    step(user, "submit", &order).await
}

/// The limits that the newest step of the history names to a supervisor, who may know all of them.
async fn exceeded(user: &TestUser, order: &Value) -> Value {
    let supervisor = user.app().supervisor().await;
    let page = supervisor.get(&format!("{}/history?limit=1", order["path"].as_str().unwrap())).await.ok();
    assert_eq!(page["data"][0]["action"], "submitted");
    assert_eq!(page["data"][0]["actor"]["id"], json!(user.id));
    page["data"][0]["exceeded"].clone()
}

#[actix_web::test]
async fn a_manager_submits_up_to_each_limit_without_approval() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let paper = product_with(&app, "100", "RUB", true, "95").await;
    let line = |quantity: &str, price: &str, discount: &str| json!({"product_id": paper, "quantity": quantity, "unit_price": price, "discount_percent": discount});
    for (line, names) in [
        (line("1000", "100", "0"), json!([])),
        (line("1000.001", "100", "0"), json!(["max_order_amount"])),
        (line("1", "100", "5"), json!([])),
        (line("1", "200", "5.01"), json!(["max_discount_percent", "max_increase_percent"])),
        (line("1", "110", "0"), json!([])),
        (line("1", "110.01", "0"), json!(["max_increase_percent"])),
        (line("1", "95", "0"), json!([])),
        // A lower price is a discount, and this one is below the product's lowest price, too.
        (line("1", "94.99", "0"), json!(["max_discount_percent", "min_price"])),
        (line("2000", "80", "10"), json!(["max_order_amount", "max_discount_percent", "min_price"])),
    ] {
        let order = submitted_alone(&ann, line.clone()).await;
        let waits = names != json!([]);
        assert_eq!(order["status"], if waits { "submitted" } else { "approved" }, "{line}");
        assert_eq!(exceeded(&ann, &order).await, names, "{line}");
        assert_eq!(order["approved_by"], if waits { Value::Null } else { json!(ann.id) });
        assert_eq!(order["submitted_at"], "2026-11-24T10:00:00Z");
    }
}

#[actix_web::test]
async fn a_key_account_manager_has_wider_limits_and_a_supervisor_none() {
    let app = TestApp::start().await;
    let (kim, sue) = (app.key_account_manager("kim").await, app.supervisor().await);
    let paper = product(&app, "1000").await;
    let line = |quantity: &str, discount: &str| json!({"product_id": paper, "quantity": quantity, "discount_percent": discount});
    for (line, status) in [
        (line("1000", "0"), "approved"),
        (line("1000.001", "0"), "submitted"),
        (line("1", "15"), "approved"),
        (line("1", "15.01"), "submitted"),
    ] {
        assert_eq!(submitted_alone(&kim, line.clone()).await["status"], status, "{line}");
    }
    let free = submitted_alone(&sue, line("1000000", "100")).await;
    assert_eq!((&free["status"], &free["net_total"]), (&json!("approved"), &json!("0.00")));
    assert_eq!(submitted_alone(&sue, line("5000", "0")).await["status"], "approved");
    assert_eq!(submitted_alone(&sue, line("5000.001", "0")).await["status"], "submitted", "a second person decides");
}

#[actix_web::test]
async fn the_approver_is_not_the_author_and_has_limits_too() {
    let app = TestApp::start().await;
    let kim = app.key_account_manager("kim").await;
    let kay = app.key_account_manager_of(&kim, "kay").await;
    let client = key_client(&kim).await;
    let paper = product(&app, "1000").await;
    let order = step(&kim, "submit", &draft(&kim, &client, &paper, "1001").await).await;
    assert_eq!(actions(&order), ["withdraw", "reject", "cancel"]);
    let problem = kim.transition("approve", &order, json!({})).await.problem(403, "forbidden");
    assert_eq!(problem["rule"], "separation_of_duties");

    let path = order["path"].as_str().unwrap();
    assert_eq!(actions(&kay.get(path).await.ok()), ["withdraw", "reject", "cancel"]);
    let problem = kay.transition("approve", &order, json!({})).await.problem(403, "limit_exceeded");
    assert_eq!((&problem["limit"], &problem["limits"]), (&json!("max_order_amount"), &json!(["max_order_amount"])));

    let sue = app.supervisor().await;
    let all = ["withdraw", "approve", "reject", "cancel"];
    assert_eq!(actions(&sue.get(path).await.ok()), all);
    assert_eq!(actions(&sue.get("/v1/orders").await.ok()["data"][0]), all);
    let approved = sue.transition("approve", &order, json!({"reason": "A good client"})).await.ok();
    assert_eq!((&approved["status"], &approved["approved_by"]), (&json!("approved"), &json!(sue.id)));
    let recorded = app.audit(&order["id"]).await;
    assert_eq!(recorded[2].0, "approved");
    assert_eq!(recorded[2].1["reason"], json!({"to": "A good client"}));
    assert_eq!(app.events(&order["id"]).await, ["orders.created", "orders.submitted", "orders.approved"]);
    sue.transition("approve", &approved, json!({})).await.problem(409, "invalid_state");
    sue.transition("approve", &order, json!({})).await.problem(412, "precondition_failed");
}

#[actix_web::test]
async fn an_approver_lets_pass_what_is_within_the_own_limits() {
    let app = TestApp::start().await;
    let (ann, kim, sue) = (app.manager("ann").await, app.key_account_manager("kim").await, app.supervisor().await);
    let client = client(&ann).await;
    let paper = product_with(&app, "100", "RUB", true, "90").await;
    let line = |discount: &str| json!({"product_id": paper, "quantity": "1", "discount_percent": discount});
    let large = step(&ann, "submit", &draft(&ann, &client, &paper, "10000").await).await;
    let over = step(&ann, "submit", &draft(&ann, &client, &paper, "10000.001").await).await;
    let reduced = submitted(&ann, &client, line("10")).await;
    let cheap = submitted(&ann, &client, line("10.01")).await;
    sue.transition("transfer", &client, json!({"owner_id": kim.id, "reason": "growth"})).await.ok();

    for (order, limit) in
        [(&large, None), (&over, Some("max_order_amount")), (&reduced, None), (&cheap, Some("min_price"))]
    {
        let seen = kim.get(order["path"].as_str().unwrap()).await.ok();
        // Whether a price is below the minimum does not show in what is offered.
        assert_eq!(actions(&seen).contains(&"approve"), limit != Some("max_order_amount"), "{limit:?}");
        let answer = kim.transition("approve", &seen, json!({})).await;
        match limit {
            None => assert_eq!(answer.ok()["status"], "approved"),
            Some("min_price") => assert_eq!(answer.problem(403, "limit_exceeded").get("limit"), None, "a secret"),
            Some(limit) => assert_eq!(answer.problem(403, "limit_exceeded")["limit"], limit),
        }
    }
    let cheap = sue.get(cheap["path"].as_str().unwrap()).await.ok();
    assert_eq!(step(&sue, "approve", &cheap).await["status"], "approved");
}

#[actix_web::test]
async fn who_submits_an_order_does_not_approve_it() {
    let app = TestApp::start().await;
    let (ann, sue, tom) = (app.manager("ann").await, app.supervisor().await, app.supervisor().await);
    let client = client(&ann).await;
    let paper = product_with(&app, "100", "RUB", true, "90").await;
    let line = json!({"product_id": paper, "quantity": "1", "discount_percent": "11"});
    let order = ann.post("/v1/orders", json!({"client_id": client["id"], "lines": [line]})).await.created();
    let order = step(&sue, "submit", &order).await;
    assert_eq!((&order["status"], actions(&order)), (&json!("submitted"), vec!["withdraw", "reject", "cancel"]));
    let problem = sue.transition("approve", &order, json!({})).await.problem(403, "forbidden");
    assert_eq!(problem["rule"], "separation_of_duties");
    assert!(actions(&tom.get(order["path"].as_str().unwrap()).await.ok()).contains(&"approve"));

    // The last submission counts.
    let order = tom.transition("reject", &order, json!({"reason": "Why so cheap?"})).await.ok();
    let order = step(&ann, "reopen", &order).await;
    app.advance(chrono::Duration::minutes(1));
    let order = step(&tom, "submit", &order).await;
    tom.transition("approve", &order, json!({})).await.problem(403, "forbidden");
    assert_eq!(step(&sue, "approve", &order).await["status"], "approved");
}

#[actix_web::test]
async fn nobody_alone_sells_below_the_least_price() {
    let app = TestApp::start().await;
    let (sue, ann) = (app.supervisor().await, app.manager("ann").await);
    let client = client(&ann).await;
    let paper = product_with(&app, "100", "RUB", true, "90").await;
    let line = json!({"product_id": paper, "quantity": "1", "discount_percent": "11"});
    let order = submitted(&sue, &client, line).await;
    assert_eq!((&order["status"], exceeded(&sue, &order).await), (&json!("submitted"), json!(["min_price"])));
    sue.transition("approve", &order, json!({})).await.problem(403, "forbidden");
    assert_eq!(step(&app.supervisor().await, "approve", &order).await["status"], "approved");
}

#[actix_web::test]
async fn a_rejected_order_is_reopened_and_submitted_anew() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let client = client(&ann).await;
    let paper = product(&app, "100").await;
    let order = step(&ann, "submit", &draft(&ann, &client, &paper, "1001").await).await;
    sue.transition("reject", &order, json!({})).await.field_error("/reason", "required");
    let rejected = sue.transition("reject", &order, json!({"reason": "Too much"})).await.ok();
    let rejected = ann.get(rejected["path"].as_str().unwrap()).await.ok();
    assert_eq!(actions(&rejected), ["reopen", "cancel"]);
    let draft = step(&ann, "reopen", &rejected).await;
    assert_eq!((&draft["status"], &draft["submitted_at"]), (&json!("draft"), &Value::Null));
    let lines = json!([{"product_id": paper, "quantity": "1000"}]);
    let draft = ann.patch(draft["path"].as_str().unwrap(), &draft, json!({"lines": lines})).await.ok();
    assert_eq!(step(&ann, "submit", &draft).await["status"], "approved");
    let steps: Vec<String> = super::history(&ann, &draft).await.into_iter().map(|(action, ..)| action).collect();
    assert_eq!(steps, ["created", "submitted", "rejected", "reopened", "submitted"]);
}

#[actix_web::test]
async fn submitting_twice_with_one_key_submits_once() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let order = draft(&ann, &client(&ann).await, &product(&app, "100").await, "1").await;
    let path = format!("{}/submit", order["path"].as_str().unwrap());
    let send = async || {
        let request = ann.request(actix_web::http::Method::POST, &path);
        ann.send(request.insert_header(("If-Match", "\"1\"")).insert_header(("Idempotency-Key", "s"))).await
    };
    let first = send().await.ok();
    let again = send().await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.ok(), first);
    assert_eq!(app.count("order_events").await, 2);
    ann.transition("submit", &first, json!({})).await.problem(409, "invalid_state");
}

#[actix_web::test]
async fn an_order_is_of_the_day_of_its_submission() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let order = draft(&ann, &client(&ann).await, &product(&app, "100").await, "1").await;
    let ann = later(&app, &ann, 2).await;
    assert_eq!(step(&ann, "submit", &order).await["ordered_on"], "2026-11-26");
}
