//! Executing orders from the hand-over on: the queue, fulfilment in parts, return and cancellation.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{actions, client, department, draft, handed_over, history, ids, key_client, product, step};
use crate::harness::TestApp;

#[actix_web::test]
async fn an_order_is_executed_in_parts_to_its_end() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let client = client(&ann).await;
    let (paper, pens) = (product(&app, "100").await, product(&app, "10").await);
    let lines = json!([{"product_id": paper, "quantity": "10"}, {"product_id": pens, "quantity": "0.5"}]);
    let order = ann.post("/v1/orders", json!({"client_id": client["id"], "lines": lines})).await.created();
    let department = department(&app, true).await;
    let order = handed_over(&ann, &order, &department).await;
    assert_eq!((&order["department_id"], &order["due_at"]), (&json!(department), &json!("2026-12-24T10:00:00Z")));
    assert_eq!(order["handed_over_at"], "2026-11-24T10:00:00Z");

    let order = sue.get(order["path"].as_str().unwrap()).await.ok();
    assert_eq!(actions(&order), ["update", "ask", "accept", "return", "cancel"]);
    let order = step(&sue, "accept", &order).await;
    assert_eq!(actions(&order), ["update", "ask", "start", "fulfil", "return", "request-cancellation"]);
    let order = step(&sue, "start", &order).await;
    assert_eq!(actions(&order), ["update", "ask", "fulfil", "correct", "return", "request-cancellation"]);

    let deliver = async |order: &Value, parts: &[(usize, &str)]| {
        let part =
            |(line, quantity): &(usize, &str)| json!({"line_id": order["lines"][*line]["id"], "quantity": quantity});
        let lines: Vec<Value> = parts.iter().map(part).collect();
        sue.transition("fulfil", order, json!({"lines": lines})).await
    };
    let over = deliver(&order, &[(0, "10.001"), (1, "0.501")]).await.field_errors();
    assert_eq!(over, [0, 1].map(|line| (format!("/lines/{line}/quantity"), "too_large".to_owned())));
    let order = deliver(&order, &[(0, "9.999")]).await.ok();
    assert_eq!((&order["status"], &order["lines"][0]["fulfilled_quantity"]), (&json!("in_progress"), &json!("9.999")));
    assert_eq!(actions(&order), ["update", "ask", "fulfil", "correct", "take-back", "request-cancellation"]);
    let problem = sue.transition("return", &order, json!({"reason": "x"})).await.problem(409, "invalid_state");
    assert_eq!(problem["allowed"], json!(["fulfil", "request-cancellation"]));
    deliver(&order, &[(0, "0.002")]).await.field_error("/lines/0/quantity", "too_large");
    deliver(&order, &[(1, "0.1"), (1, "0.1")]).await.field_error("/lines/1/line_id", "duplicate");
    deliver(&order, &[]).await.field_error("/lines", "too_short");
    let strange = json!({"lines": [{"line_id": Uuid::now_v7(), "quantity": "1"}]});
    sue.transition("fulfil", &order, strange).await.field_error("/lines/0/line_id", "unknown_reference");
    let order = deliver(&order, &[(0, "0.001")]).await.ok();
    assert_eq!((&order["status"], &order["fulfilled_at"]), (&json!("in_progress"), &Value::Null));
    let order = deliver(&order, &[(1, "0.5")]).await.ok();
    assert_eq!((&order["status"], &order["fulfilled_at"]), (&json!("fulfilled"), &json!("2026-11-24T10:00:00Z")));
    assert_eq!(actions(&order), ["correct", "take-back", "close"]);
    deliver(&order, &[(1, "0.001")]).await.problem(409, "invalid_state");
    sue.transition("cancel", &order, json!({"reason": "x"})).await.problem(409, "invalid_state");
    let order = step(&ann, "close", &order).await;
    assert_eq!((&order["status"], actions(&order)), (&json!("closed"), vec![]));

    let told = history(&ann, &order).await;
    let told: Vec<String> = told.iter().map(|(action, from, to)| format!("{action} {from} {to}")).collect();
    assert_eq!(
        told,
        [
            "created - draft",
            "submitted draft approved",
            "handed_over approved handed_over",
            "accepted handed_over accepted",
            "started accepted in_progress",
            "fulfilled in_progress in_progress",
            "fulfilled in_progress in_progress",
            "fulfilled in_progress fulfilled",
            "closed fulfilled closed"
        ]
    );
    let recorded = app.audit(&order["id"]).await;
    assert_eq!(recorded.len(), told.len());
    assert_eq!(recorded[5].1["lines"]["to"][0]["fulfilled_quantity"], "9.999");
}

#[actix_web::test]
async fn an_accepted_order_can_be_fulfilled_at_once() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let order = draft(&sue, &client(&sue).await, &product(&app, "100").await, "2").await;
    let order = handed_over(&sue, &order, &department(&app, true).await).await;
    let body = json!({"lines": [{"line_id": order["lines"][0]["id"], "quantity": "2"}], "reason": "By courier"});
    sue.transition("fulfil", &order, body.clone()).await.problem(409, "invalid_state");
    let order = step(&sue, "accept", &order).await;
    assert_eq!(sue.transition("fulfil", &order, body).await.ok()["status"], "fulfilled");
    let page = sue.get(&format!("{}/history", order["path"].as_str().unwrap())).await.ok();
    assert_eq!(page["data"][0]["reason"], "By courier");
}

#[actix_web::test]
async fn a_hand_over_names_an_active_department_and_a_time_to_come() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let order = draft(&ann, &client(&ann).await, &product(&app, "100").await, "1").await;
    let (active, closed) = (department(&app, true).await, department(&app, false).await);
    let body = |department: &str, due: &str| json!({"department_id": department, "due_at": due});
    let order = step(&ann, "submit", &order).await;
    assert_eq!(actions(&order), ["update", "hand-over", "cancel"]);
    let due = "2026-11-24T10:00:00.000001Z";
    for (department, due, pointer, code) in [
        (active.as_str(), "2026-11-24T10:00:00Z", "/due_at", "not_in_future"),
        (&closed, due, "/department_id", "inactive_department"),
        (&Uuid::now_v7().to_string(), due, "/department_id", "unknown_reference"),
    ] {
        ann.transition("hand-over", &order, body(department, due)).await.field_error(pointer, code);
    }
    let order = ann.transition("hand-over", &order, body(&active, due)).await.ok();
    assert_eq!(order["status"], "handed_over");
    ann.transition("hand-over", &order, body(&active, due)).await.problem(409, "invalid_state");
}

#[actix_web::test]
async fn a_draft_within_the_limits_is_handed_over_at_once() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let order = draft(&ann, &client(&ann).await, &product(&app, "100").await, "1000").await;
    assert_eq!(actions(&order), ["update", "submit", "hand-over", "cancel"]);
    let body =
        json!({"department_id": department(&app, true).await, "due_at": "2026-12-24T10:00:00Z", "reason": "At once"});
    let wrong = json!({"department_id": Uuid::now_v7(), "due_at": "2026-12-24T10:00:00Z"});
    ann.transition("hand-over", &order, wrong).await.field_error("/department_id", "unknown_reference");
    assert_eq!(ann.get(order["path"].as_str().unwrap()).await.ok(), order, "nothing of it is done");

    let done = ann.transition("hand-over", &order, body).await.ok();
    assert_eq!((&done["status"], &done["approved_by"]), (&json!("handed_over"), &json!(ann.id)));
    assert_eq!((&done["submitted_at"], &done["handed_over_at"]), (&done["updated_at"], &done["updated_at"]));
    let told = history(&ann, &done).await;
    let told: Vec<String> = told.iter().map(|(action, from, to)| format!("{action} {from} {to}")).collect();
    assert_eq!(told, ["created - draft", "submitted draft approved", "handed_over approved handed_over"]);
    let page = ann.get(&format!("{}/history", done["path"].as_str().unwrap())).await.ok();
    assert_eq!((&page["data"][0]["reason"], &page["data"][1]["reason"]), (&json!("At once"), &Value::Null));
    assert_eq!(app.events(&done["id"]).await, ["orders.created", "orders.submitted", "orders.handed_over"]);
    let audit = app.audit(&done["id"]).await;
    assert_eq!(audit[2].1["status"], json!({"from": "approved", "to": "handed_over"}));
}

#[actix_web::test]
async fn a_draft_that_needs_approval_is_not_handed_over() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client(&ann).await;
    let order = draft(&ann, &client, &product(&app, "100").await, "1000.001").await;
    // Whether it needs approval does not show before.
    assert_eq!(actions(&order), ["update", "submit", "hand-over", "cancel"]);
    assert_eq!(actions(&ann.get("/v1/orders").await.ok()["data"][0]), ["update", "submit", "hand-over", "cancel"]);
    let body = json!({"department_id": department(&app, true).await, "due_at": "2026-12-24T10:00:00Z"});
    let waits = ann.transition("hand-over", &order, body.clone()).await.ok();
    assert_eq!((&waits["status"], &waits["exceeded"]), (&json!("submitted"), &json!(["max_order_amount"])));
    assert_eq!((&waits["department_id"], &waits["due_at"]), (&Value::Null, &Value::Null));

    // A user who may hand over an order but not change it cannot submit it by handing it over.
    app.text("UPDATE role_policies SET grants = jsonb_set(grants, '{orders:update}', '\"none\"') WHERE role = 'manager' RETURNING role AS value")
        .await;
    app.parts().callers.forget();
    let small = draft(&ann, &client, &product(&app, "100").await, "1").await;
    assert_eq!(actions(&small), Vec::<&str>::new());
    let problem = ann.transition("hand-over", &small, body).await.problem(403, "forbidden");
    assert_eq!(problem["permission"], "orders:update");
}

#[actix_web::test]
async fn a_returned_order_can_be_handed_over_again() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let order = draft(&ann, &client(&ann).await, &product(&app, "100").await, "1").await;
    let department = department(&app, true).await;
    let order = handed_over(&ann, &order, &department).await;
    sue.transition("return", &order, json!({})).await.field_error("/reason", "required");
    let order = sue.transition("return", &order, json!({"reason": "No stock"})).await.ok();
    assert_eq!(
        (&order["status"], &order["department_id"], &order["due_at"], &order["handed_over_at"]),
        (&json!("approved"), &Value::Null, &Value::Null, &Value::Null)
    );
    let page = ann.get(&format!("{}/history", order["path"].as_str().unwrap())).await.ok();
    assert_eq!((&page["data"][0]["reason"], &page["data"][0]["action"]), (&json!("No stock"), &json!("returned")));
    assert_eq!(app.audit(&order["id"]).await.last().unwrap().1["reason"], json!({"to": "No stock"}));
    let body = json!({"department_id": department, "due_at": "2026-11-25T10:00:00Z"});
    app.advance(chrono::Duration::minutes(1));
    let again = ann.transition("hand-over", &order, body).await.ok();
    assert_eq!((&again["status"], &again["handed_over_at"]), (&json!("handed_over"), &json!("2026-11-24T10:01:00Z")));
}

#[actix_web::test]
async fn an_order_is_cancelled_with_a_reason() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let order = draft(&ann, &client(&ann).await, &product(&app, "100").await, "1").await;
    ann.transition("cancel", &order, json!({})).await.field_error("/reason", "required");
    ann.transition("cancel", &order, json!({"reason": " "})).await.field_error("/reason", "too_short");
    let order = ann.transition("cancel", &order, json!({"reason": "A mistake"})).await.ok();
    assert_eq!((&order["status"], actions(&order)), (&json!("cancelled"), vec![]));
    assert_eq!(
        ann.transition("submit", &order, json!({})).await.problem(409, "invalid_state")["allowed"],
        json!(["take-back"])
    );
}

#[actix_web::test]
async fn a_queue_is_ordered_by_priority_then_key_clients_then_due_time() {
    let app = TestApp::start().await;
    let (kim, sue) = (app.key_account_manager("kim").await, app.supervisor().await);
    let paper = product(&app, "100").await;
    let (plain, key) = (client(&kim).await, key_client(&kim).await);
    let (department, other) = (department(&app, true).await, department(&app, true).await);
    let queue = async |client: &Value, priority: &str, due: &str, department: &str| {
        let lines = json!([{"product_id": paper, "quantity": "1"}]);
        let body = json!({"client_id": client["id"], "priority": priority, "lines": lines});
        let order = step(&kim, "submit", &kim.post("/v1/orders", body).await.created()).await;
        let body = json!({"department_id": department, "due_at": due});
        kim.transition("hand-over", &order, body).await.ok()
    };
    let (soon, late) = ("2026-11-25T10:00:00Z", "2026-11-26T10:00:00Z");
    let mut orders = Vec::new();
    for (client, priority, due) in [
        (&plain, "normal", late),
        (&plain, "normal", soon),
        (&key, "normal", late),
        (&plain, "high", late),
        (&key, "high", late),
        (&key, "high", soon),
        (&plain, "urgent", late),
    ] {
        orders.push(queue(client, priority, due, &department).await);
    }
    queue(&key, "urgent", soon, &other).await;
    let expected: Vec<&str> =
        [6, 5, 4, 3, 2, 1, 0].iter().map(|index| orders[*index]["id"].as_str().unwrap()).collect();

    let path = format!("/v1/departments/{department}/queue");
    let page = sue.get(&format!("{path}?total=true&include=client,lines")).await.ok();
    assert_eq!((ids(&page), &page["total"]), (expected.clone(), &json!(7)));
    assert_eq!(page["data"][0]["client"]["name"], "Romashka");
    assert_eq!(page["data"][0]["lines"][0]["quantity"], "1.000");
    let mut seen = Vec::new();
    let mut next = format!("{path}?limit=2");
    loop {
        let page = sue.get(&next).await.ok();
        seen.extend(ids(&page).into_iter().map(str::to_owned));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        next = format!("{path}?limit=2&cursor={cursor}");
    }
    assert_eq!(seen, expected);

    step(&sue, "accept", &orders[6]).await;
    assert_eq!(ids(&sue.get(&path).await.ok()), expected);
    sue.transition("return", &orders[5], json!({"reason": "x"})).await.ok();
    assert_eq!(ids(&sue.get(&path).await.ok()).len(), 6);
    assert_eq!(ids(&app.manager("ann").await.get(&path).await.ok()), Vec::<&str>::new());
    sue.get(&format!("/v1/departments/{}/queue", Uuid::now_v7())).await.problem(404, "not_found");
    for (filter, expected) in [
        ("status=accepted", vec![6]),
        ("priority=high", vec![4, 3]),
        (&format!("client_id={}", key["id"].as_str().unwrap()), vec![4, 2]),
        ("due_at_to=2026-11-26T10:00:00Z", vec![1]),
        ("due_at_from=2026-11-26T10:00:00Z&priority=normal", vec![2, 0]),
    ] {
        let page = sue.get(&format!("{path}?{filter}")).await.ok();
        let expected: Vec<&str> = expected.iter().map(|index| orders[*index]["id"].as_str().unwrap()).collect();
        assert_eq!(ids(&page), expected, "{filter}");
    }
    sue.get(&format!("{path}?colour=red")).await.field_error("colour", "unknown_field");
}

#[actix_web::test]
async fn a_history_is_paged() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let order = draft(&ann, &client(&ann).await, &product(&app, "100").await, "1").await;
    let order = handed_over(&ann, &order, &department(&app, true).await).await;
    let path = format!("{}/history", order["path"].as_str().unwrap());
    let all = ann.get(&format!("{path}?total=true")).await.ok();
    assert_eq!(all["total"], 3);
    let first = ann.get(&format!("{path}?limit=2")).await.ok();
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = ann.get(&format!("{path}?limit=2&cursor={cursor}")).await.ok();
    assert_eq!([ids(&first), ids(&second)].concat(), ids(&all));
    assert_eq!(second["next_cursor"], Value::Null);
    ann.get(&format!("/v1/orders?cursor={cursor}")).await.problem(400, "invalid_cursor");
}
