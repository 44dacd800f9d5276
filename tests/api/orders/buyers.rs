//! The business rule K6: a client whose order is fulfilled is active.

use liaison::access::Role;
use serde_json::{Value, json};

use super::{client, department, draft, handed_over, product, step};
use crate::{
    calls::step_body,
    harness::{TestApp, TestUser},
};

fn path(row: &Value) -> &str {
    row["path"].as_str().unwrap()
}

/// An accepted order of two pieces.
async fn accepted(app: &TestApp, user: &TestUser, client: &Value) -> Value {
    let order = draft(user, client, &product(app, "100").await, "2").await;
    let order = handed_over(user, &order, &department(app, true).await).await;
    step(&app.supervisor().await, "accept", &order).await
}

fn lines(order: &Value, quantity: &str) -> Value {
    json!({"lines": [{"line_id": order["lines"][0]["id"], "quantity": quantity}], "reason": "By courier"})
}

#[actix_web::test]
async fn the_last_delivery_of_the_first_order_makes_a_client_active() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    for steps in [&[][..], &["qualify"], &["activate", "mark-dormant"]] {
        let mut client = client(&ann).await;
        for verb in steps {
            client = step(&ann, verb, &client).await;
        }
        let order = accepted(&app, &ann, &client).await;
        // A department's system, which sees its orders and no client.
        let robot = app.service_account(Role::Supervisor, &["orders:read", "orders:execute"]).await;
        let bound = json!([order["department_id"]]);
        app.sql(&format!("UPDATE service_accounts SET department_ids = '{bound}' WHERE id = '{}'", robot.id)).await;
        let order = robot.transition("fulfil", &order, lines(&order, "1")).await.ok();
        let partly = ann.get(path(&client)).await.ok();
        let same = |name: &str| partly[name] == client[name];
        assert!(same("status") && same("version"), "a part is not the whole: {partly}");
        let order = robot.transition("fulfil", &order, lines(&order, "1")).await.ok();
        assert_eq!(order["status"], "fulfilled");

        let bought = ann.get(path(&client)).await.ok();
        assert_eq!(bought["status"], "active");
        assert_eq!(bought["version"].as_i64(), client["version"].as_i64().map(|version| version + 1));
        ann.patch(path(&client), &client, json!({"name": "x"})).await.problem(412, "precondition_failed");
        let (action, changes) = app.audit(&client["id"]).await.pop().unwrap();
        assert_eq!(action, "activated");
        assert_eq!(changes, json!({"status": {"from": client["status"], "to": "active"}}));
        assert_eq!(app.audit(&order["id"]).await.pop().unwrap().1["reason"], json!({"to": "By courier"}));
        assert_eq!(app.events(&client["id"]).await.pop().unwrap(), "clients.activated");
        let actor =
            "SELECT actor_id::text AS value FROM audit_events WHERE action = 'activated' ORDER BY id DESC LIMIT 1";
        assert_eq!(app.text(actor).await, [robot.id.to_string()]);

        // The next one changes nothing.
        let next = accepted(&app, &ann, &client).await;
        let _ = sue.transition("fulfil", &next, lines(&next, "2")).await.ok();
        assert_eq!(ann.get(path(&client)).await.ok(), bought);
    }
}

#[actix_web::test]
async fn orders_fulfilled_at_once_make_their_client_active_once() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let client = client(&ann).await;
    let orders =
        [accepted(&app, &ann, &client).await, accepted(&app, &ann, &client).await, accepted(&app, &ann, &client).await];
    let all = orders.iter().map(|order| Box::pin(sue.transition("fulfil", order, lines(order, "2"))));
    for answer in futures_util::future::join_all(all).await {
        assert_eq!(answer.ok()["status"], "fulfilled");
    }
    let bought = ann.get(path(&client)).await.ok();
    assert_eq!((&bought["status"], &bought["version"]), (&json!("active"), &json!(2)));
}

#[actix_web::test]
async fn a_past_order_tells_that_a_lead_has_bought() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let paper = product(&app, "100").await;
    for (steps, status, expected) in [
        (&[][..], "closed", "active"),
        (&["qualify"], "fulfilled", "active"),
        (&[], "approved", "lead"),
        (&["activate", "mark-dormant"], "closed", "dormant"),
        (&["mark-lost"], "closed", "lost"),
    ] {
        let mut client = client(&ann).await;
        for verb in steps {
            client = ann.transition(verb, &client, step_body(verb)).await.ok();
        }
        let lines = json!([{"product_id": paper, "quantity": "1"}]);
        let body = json!({"client_id": client["id"], "ordered_on": "2026-07-04", "status": status, "lines": lines});
        sue.post("/v1/orders/record", body).await.created();
        assert_eq!(ann.get(path(&client)).await.ok()["status"], expected, "{steps:?} {status}");
    }
}
