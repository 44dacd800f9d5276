//! What happens to an order after it was submitted: it is withdrawn, changed, asked about, cancelled with the department's word,
//! corrected, and taken back.

use serde_json::{Value, json};

use super::{client, department, draft, handed_over, key_client, product, step};
use crate::{
    calls::step_body,
    harness::{TestApp, TestUser},
};

/// An order of ten pieces for 100 each that a department has accepted.
async fn accepted(app: &TestApp, user: &TestUser) -> Value {
    let order = draft(user, &client(user).await, &product(app, "100").await, "10").await;
    let order = handed_over(user, &order, &department(app, true).await).await;
    step(&app.supervisor().await, "accept", &order).await
}

/// The lines of the newest step: what was delivered or taken back before and after it.
async fn figures(user: &TestUser, order: &Value) -> (Value, Value, Value) {
    let page = user.get(&format!("{}/history?limit=1", order["path"].as_str().unwrap())).await.ok();
    let line = &page["data"][0]["details"]["lines"][0];
    (page["data"][0]["action"].clone(), line["before"].clone(), line["after"].clone())
}

fn of_line(order: &Value, name: &str, quantity: &str) -> Value {
    json!({"lines": [{"line_id": order["lines"][0]["id"], name: quantity}], "reason": "Counted anew"})
}

/// O6
#[actix_web::test]
async fn a_submitted_order_is_withdrawn_and_changed() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let paper = product(&app, "100").await;
    let order = step(&ann, "submit", &draft(&ann, &client(&ann).await, &paper, "1001").await).await;
    assert_eq!((&order["status"], &order["exceeded"]), (&json!("submitted"), &json!(["max_order_amount"])));
    let order = step(&ann, "withdraw", &order).await;
    assert_eq!(
        (&order["status"], &order["submitted_at"], &order["exceeded"]),
        (&json!("draft"), &Value::Null, &json!([]))
    );
    let lines = json!([{"product_id": paper, "quantity": "1000"}]);
    let order = ann.patch(order["path"].as_str().unwrap(), &order, json!({"lines": lines})).await.ok();
    let order = step(&ann, "submit", &order).await;
    assert_eq!(order["status"], "approved");
    ann.transition("withdraw", &order, json!({})).await.problem(409, "invalid_state");
}

/// O3, C7
#[actix_web::test]
async fn work_in_progress_is_cancelled_with_the_departments_word() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let order = accepted(&app, &ann).await;
    ann.transition("cancel", &order, json!({"reason": "No need"})).await.problem(409, "invalid_state");
    sue.transition("confirm-cancellation", &order, json!({})).await.problem(409, "invalid_state");
    ann.transition("request-cancellation", &order, json!({})).await.field_error("/reason", "required");
    let order = ann.transition("request-cancellation", &order, json!({"reason": "No need"})).await.ok();
    assert_eq!((&order["status"], &order["cancellation"]["reason"]), (&json!("accepted"), &json!("No need")));
    assert_eq!(order["cancellation"]["by"], json!(ann.id));
    ann.transition("request-cancellation", &order, json!({"reason": "Really"})).await.problem(409, "invalid_state");
    ann.transition("confirm-cancellation", &order, json!({})).await.problem(403, "forbidden");
    let order = sue.transition("decline-cancellation", &order, json!({"reason": "It is packed"})).await.ok();
    assert_eq!((&order["status"], &order["cancellation"]), (&json!("accepted"), &Value::Null));
    let order = sue.transition("fulfil", &order, of_line(&order, "quantity", "9")).await.ok();
    let order = ann.transition("request-cancellation", &order, json!({"reason": "No need of the tenth"})).await.ok();
    let order = sue.transition("confirm-cancellation", &order, json!({})).await.ok();
    assert_eq!((&order["status"], &order["lines"][0]["fulfilled_quantity"]), (&json!("cancelled"), &json!("9.000")));
}

#[actix_web::test]
async fn a_department_asks_before_it_goes_on() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let order = accepted(&app, &ann).await;
    ann.transition("ask", &order, json!({"reason": "Which colour?"})).await.problem(403, "forbidden");
    ann.transition("answer", &order, json!({"reason": "Red"})).await.problem(409, "invalid_state");
    let order = sue.transition("ask", &order, json!({"reason": "Which colour?"})).await.ok();
    assert_eq!(order["question"]["reason"], "Which colour?");
    sue.transition("ask", &order, json!({"reason": "And the size?"})).await.problem(409, "invalid_state");
    let order = ann.transition("answer", &order, json!({"reason": "Red"})).await.ok();
    assert_eq!((&order["status"], &order["question"]), (&json!("accepted"), &Value::Null));
}

/// O7
#[actix_web::test]
async fn a_delivery_is_corrected_and_both_figures_stay() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let order = accepted(&app, &ann).await;
    sue.transition("correct", &order, of_line(&order, "fulfilled_quantity", "1")).await.problem(409, "invalid_state");
    let order = sue.transition("fulfil", &order, of_line(&order, "quantity", "10")).await.ok();
    assert_eq!(figures(&ann, &order).await, (json!("fulfilled"), json!("0.000"), json!("10.000")));
    app.advance(chrono::Duration::seconds(1));
    let order = sue.transition("correct", &order, of_line(&order, "fulfilled_quantity", "8")).await.ok();
    assert_eq!((&order["status"], &order["fulfilled_at"]), (&json!("in_progress"), &Value::Null));
    assert_eq!(figures(&ann, &order).await, (json!("corrected"), json!("10.000"), json!("8.000")));
    let over = sue.transition("correct", &order, of_line(&order, "fulfilled_quantity", "10.001")).await;
    over.field_error("/lines/0/fulfilled_quantity", "too_large");
    let order = sue.transition("correct", &order, of_line(&order, "fulfilled_quantity", "10")).await.ok();
    assert_eq!(order["status"], "fulfilled");
}

#[actix_web::test]
async fn goods_come_back_up_to_what_was_delivered() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let order = accepted(&app, &ann).await;
    let order = sue.transition("fulfil", &order, of_line(&order, "quantity", "4")).await.ok();
    let over = sue.transition("take-back", &order, of_line(&order, "quantity", "4.001")).await;
    over.field_error("/lines/0/quantity", "too_large");
    ann.transition("take-back", &order, of_line(&order, "quantity", "1")).await.problem(403, "forbidden");
    app.advance(chrono::Duration::seconds(1));
    let order = sue.transition("take-back", &order, of_line(&order, "quantity", "3")).await.ok();
    assert_eq!((&order["status"], &order["lines"][0]["returned_quantity"]), (&json!("in_progress"), &json!("3.000")));
    assert_eq!(figures(&ann, &order).await, (json!("taken_back"), json!("0.000"), json!("3.000")));
    let less = sue.transition("correct", &order, of_line(&order, "fulfilled_quantity", "2")).await;
    less.field_error("/lines/0/fulfilled_quantity", "too_small");
    let order = sue.transition("fulfil", &order, of_line(&order, "quantity", "6")).await.ok();
    let order = step(&ann, "close", &order).await;
    let order = sue.transition("take-back", &order, of_line(&order, "quantity", "7")).await.ok();
    assert_eq!((&order["status"], &order["lines"][0]["returned_quantity"]), (&json!("closed"), &json!("10.000")));
}

/// O5
#[actix_web::test]
async fn priority_comment_and_due_time_change_after_the_hand_over() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let order = accepted(&app, &ann).await;
    let path = order["path"].as_str().unwrap();
    app.advance(chrono::Duration::seconds(1));
    let body = json!({"priority": "high", "comment": "The back door", "due_at": "2026-12-20T10:00:00Z"});
    let changed = ann.patch(path, &order, body).await.ok();
    assert_eq!((&changed["status"], &changed["priority"]), (&json!("accepted"), &json!("high")));
    assert_eq!(changed["due_at"], "2026-12-20T10:00:00Z");
    let page = ann.get(&format!("{path}/history?limit=1")).await.ok();
    assert_eq!(page["data"][0]["action"], "changed");
    let changes = json!([{"field": "priority", "from": "normal", "to": "high"},
        {"field": "due_at", "from": "2026-12-24T10:00:00Z", "to": "2026-12-20T10:00:00Z"},
        {"field": "comment", "from": null, "to": null}]);
    assert_eq!(page["data"][0]["details"]["changes"], changes);
    for (wrong, pointer, code) in [
        (json!({"due_at": "2026-11-24T09:00:00Z"}), "/due_at", "not_in_future"),
        (json!({"due_at": "2199-01-01T00:00:00Z"}), "/due_at", "too_far_ahead"),
    ] {
        ann.patch(path, &changed, wrong).await.field_error(pointer, code);
    }
    ann.patch(path, &changed, json!({"requested_delivery_on": "2026-12-01"})).await.problem(409, "invalid_state");
    let order = sue.transition("fulfil", &changed, of_line(&changed, "quantity", "10")).await.ok();
    ann.patch(path, &order, json!({"comment": "Too late"})).await.problem(409, "invalid_state");
}

/// O4
#[actix_web::test]
async fn only_who_has_the_right_puts_an_order_before_all_others() {
    let app = TestApp::start().await;
    let (ann, kim, sue) = (app.manager("ann").await, app.key_account_manager("kim").await, app.supervisor().await);
    let paper = product(&app, "100").await;
    let urgent = |client: &Value| json!({"client_id": client["id"], "priority": "urgent", "lines": [{"product_id": paper, "quantity": "1"}]});
    let problem = ann.post("/v1/orders", urgent(&client(&ann).await)).await.problem(403, "forbidden");
    assert_eq!(problem["permission"], "orders:expedite");
    assert_eq!(kim.post("/v1/orders", urgent(&key_client(&kim).await)).await.created()["priority"], "urgent");
    let order = draft(&ann, &client(&ann).await, &paper, "1").await;
    let path = order["path"].as_str().unwrap();
    ann.patch(path, &order, json!({"priority": "urgent"})).await.problem(403, "forbidden");
    let order = sue.patch(path, &order, json!({"priority": "urgent"})).await.ok();
    // What is urgent already stays so.
    assert_eq!(ann.patch(path, &order, json!({"comment": "Please"})).await.ok()["priority"], "urgent");
}

/// O1
#[actix_web::test]
async fn days_that_cannot_be_are_refused() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let (client, paper) = (client(&ann).await, product(&app, "100").await);
    let body = |day: &str| json!({"client_id": client["id"], "requested_delivery_on": day, "lines": [{"product_id": paper, "quantity": "1"}]});
    ann.post("/v1/orders", body("2020-01-01")).await.field_error("/requested_delivery_on", "too_small");
    ann.post("/v1/orders", body("2199-01-01")).await.field_error("/requested_delivery_on", "too_far_ahead");
    let order = ann.post("/v1/orders", body("2026-11-24")).await.created();
    let path = order["path"].as_str().unwrap();
    let past = ann.patch(path, &order, json!({"requested_delivery_on": "2026-11-23"})).await;
    past.field_error("/requested_delivery_on", "too_small");
    let order = step(&ann, "submit", &order).await;
    let body = json!({"department_id": department(&app, true).await, "due_at": "2199-01-01T00:00:00Z"});
    ann.transition("hand-over", &order, body).await.field_error("/due_at", "too_far_ahead");
}

/// O2
#[actix_web::test]
async fn a_department_with_a_queue_stays_in_use() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let order = accepted(&app, &ann).await;
    let path = format!("/v1/departments/{}", order["department_id"].as_str().unwrap());
    let department = sue.get(&path).await.ok();
    let problem = sue.patch(&path, &department, json!({"is_active": false})).await.problem(409, "conflict");
    assert_eq!(problem["order_count"], 1);
    sue.transition("return", &order, json!({"reason": "It closes"})).await.ok();
    assert_eq!(sue.patch(&path, &department, json!({"is_active": false})).await.ok()["is_active"], false);
}

/// O7
#[actix_web::test]
async fn what_is_delivered_by_correction_makes_a_buyer() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let order = accepted(&app, &ann).await;
    let path = format!("/v1/clients/{}", order["client_id"].as_str().unwrap());
    let order = sue.transition("fulfil", &order, of_line(&order, "quantity", "4")).await.ok();
    assert_eq!(ann.get(&path).await.ok()["status"], "lead");
    let order = sue.transition("correct", &order, of_line(&order, "fulfilled_quantity", "10")).await.ok();
    assert_eq!((&order["status"], &ann.get(&path).await.ok()["status"]), (&json!("fulfilled"), &json!("active")));
    let same = sue.transition("correct", &order, of_line(&order, "fulfilled_quantity", "10")).await.ok();
    assert_eq!(same["version"], order["version"], "nothing was corrected");
}

/// O7
#[actix_web::test]
async fn an_order_is_not_taken_up_again_for_whom_nothing_can_be_done() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let order = accepted(&app, &ann).await;
    let order = sue.transition("fulfil", &order, of_line(&order, "quantity", "10")).await.ok();
    let fewer = of_line(&order, "fulfilled_quantity", "8");
    let department = format!("/v1/departments/{}", order["department_id"].as_str().unwrap());
    let switched = sue.get(&department).await.ok();
    let switched = sue.patch(&department, &switched, json!({"is_active": false})).await.ok();
    sue.transition("correct", &order, fewer.clone()).await.field_error("/department_id", "inactive_department");
    sue.patch(&department, &switched, json!({"is_active": true})).await.ok();
    let client = ann.get(&format!("/v1/clients/{}", order["client_id"].as_str().unwrap())).await.ok();
    ann.transition("mark-lost", &client, step_body("mark-lost")).await.ok();
    sue.transition("correct", &order, fewer).await.problem(409, "invalid_state");
}

/// O7
#[actix_web::test]
async fn a_past_order_that_no_department_had_is_not_taken_up_again() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let (client, paper) = (client(&sue).await, product(&app, "100").await);
    let past = json!({"client_id": client["id"], "ordered_on": "2026-11-01", "status": "fulfilled",
        "lines": [{"product_id": paper, "quantity": "10"}]});
    let order = sue.post("/v1/orders/record", past).await.created();
    sue.transition("correct", &order, of_line(&order, "fulfilled_quantity", "8")).await.problem(409, "conflict");
}

/// O8
#[actix_web::test]
async fn goods_of_a_cancelled_order_come_back() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let order = accepted(&app, &ann).await;
    let order = sue.transition("fulfil", &order, of_line(&order, "quantity", "4")).await.ok();
    let order = ann.transition("request-cancellation", &order, json!({"reason": "No need"})).await.ok();
    let order = sue.transition("confirm-cancellation", &order, json!({})).await.ok();
    assert_eq!(super::actions(&order), ["take-back"]);
    let order = sue.transition("take-back", &order, of_line(&order, "quantity", "4")).await.ok();
    assert_eq!((&order["status"], &order["lines"][0]["returned_quantity"]), (&json!("cancelled"), &json!("4.000")));
    let never = accepted(&app, &ann).await;
    let never = ann.transition("request-cancellation", &never, json!({"reason": "No need"})).await.ok();
    let never = sue.transition("confirm-cancellation", &never, json!({})).await.ok();
    assert_eq!(super::actions(&never), [""; 0], "nothing was delivered");
}
