//! What a business permits and forbids of contracts.

use serde_json::{Value, json};

use super::{client_of, draft_with, get, key_client_of, signed};
use crate::harness::{TestApp, TestUser};

async fn submitted(user: &TestUser, client: &Value, other: Value) -> Value {
    let contract = draft_with(user, client, other).await;
    user.transition("submit", &contract, json!({})).await.ok()
}

/// An order for ten boxes at 100 each under `contract`.
async fn order_under(user: &TestUser, contract: &Value, product: &Value) -> Value {
    let body = json!({"client_id": contract["client_id"], "contract_id": contract["id"],
        "lines": [{"product_id": product["id"], "quantity": "10"}]});
    user.post("/v1/orders", body).await.created()
}

async fn product(app: &TestApp, currency: &str) -> Value {
    let body = json!({"sku": currency, "name": "Paper", "kind": "good", "unit": "box", "base_price": "100", "currency": currency,
        "tax_rate": "20"});
    app.supervisor().await.post("/v1/products", body).await.created()
}

async fn handed_over(app: &TestApp, user: &TestUser, order: &Value) -> Value {
    let department = json!({"name": "Warehouse", "kind": "department"});
    let department = app.supervisor().await.post("/v1/departments", department).await.created();
    let body = json!({"department_id": department["id"], "due_at": "2026-12-24T10:00:00Z"});
    user.transition("hand-over", order, body).await.ok()
}

/// C3, C4, C5
#[actix_web::test]
async fn a_signature_that_cannot_be_is_refused() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let client = client_of(&sue).await;
    let ours = json!([{"name": "Anna Petrova", "side": "ours"}]);
    let theirs = json!([{"name": "Ivan Sidorov", "side": "client"}]);
    for signatories in [json!([]), ours, theirs] {
        let contract = submitted(&sue, &client, json!({"signatories": signatories})).await;
        let answer = sue.transition("sign", &contract, json!({"signed_on": "2026-11-24"})).await;
        answer.field_error("/signatories", "no_signatory");
    }
    let contract = submitted(&sue, &client, json!({})).await;
    for day in ["2026-11-23", "1999-01-01"] {
        sue.transition("sign", &contract, json!({"signed_on": day})).await.field_error("/signed_on", "before_approval");
    }
    let ended = submitted(&sue, &client, json!({"starts_on": "2021-01-01", "ends_on": "2021-12-31"})).await;
    sue.transition("sign", &ended, json!({"signed_on": "2026-11-24"})).await.field_error("/signed_on", "after_end");
    assert_eq!(get(&sue, &ended).await["status"], "approved");
}

/// C6
#[actix_web::test]
async fn a_draft_in_another_currency_than_its_contract_is_refused_at_once() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let client = client_of(&sue).await;
    let contract = signed(&sue, &client, json!({})).await;
    let (paper, dollars) = (product(&app, "RUB").await, product(&app, "USD").await);
    let body = json!({"client_id": client["id"], "contract_id": contract["id"],
        "lines": [{"product_id": dollars["id"], "quantity": "1"}]});
    sue.post("/v1/orders", body).await.field_error("/contract_id", "contract_currency");
    let other = json!({"client_id": client["id"], "lines": [{"product_id": dollars["id"], "quantity": "1"}]});
    let other = sue.post("/v1/orders", other).await.created();
    let path = other["path"].as_str().unwrap();
    sue.patch(path, &other, json!({"contract_id": contract["id"]}))
        .await
        .field_error("/contract_id", "contract_currency");
    order_under(&sue, &contract, &paper).await;
}

/// C7
#[actix_web::test]
async fn what_was_delivered_counts_for_ever_unless_it_comes_back() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let client = client_of(&sue).await;
    let (contract, paper) = (signed(&sue, &client, json!({"amount": "1000.00"})).await, product(&app, "RUB").await);
    let order = handed_over(&app, &sue, &order_under(&sue, &contract, &paper).await).await;
    let order = sue.transition("accept", &order, json!({})).await.ok();
    let of_line = |quantity: &str| json!({"lines": [{"line_id": order["lines"][0]["id"], "quantity": quantity}], "reason": "So it was"});
    let order = sue.transition("fulfil", &order, of_line("9")).await.ok();
    let order = sue.transition("request-cancellation", &order, json!({"reason": "No need"})).await.ok();
    assert_eq!(get(&sue, &contract).await["ordered_total"], "1000.00");
    sue.transition("confirm-cancellation", &order, json!({})).await.ok();
    assert_eq!(get(&sue, &contract).await["ordered_total"], "900.00");
    let again = order_under(&sue, &contract, &paper).await;
    let problem = sue.transition("submit", &again, json!({})).await;
    problem.field_error("/contract_id", "contract_ceiling");

    let other = signed(&sue, &client, json!({"amount": "1200.00", "amount_includes_tax": true})).await;
    let order = handed_over_again(&sue, &order_under(&sue, &other, &paper).await, &order).await;
    assert_eq!(get(&sue, &other).await["ordered_total"], "1200.00");
    let order = sue.transition("accept", &order, json!({})).await.ok();
    let lines = |quantity: &str| json!({"lines": [{"line_id": order["lines"][0]["id"], "quantity": quantity}], "reason": "Broken"});
    let order = sue.transition("fulfil", &order, lines("10")).await.ok();
    sue.transition("take-back", &order, lines("5")).await.ok();
    assert_eq!(get(&sue, &other).await["ordered_total"], "600.00");
}

/// Hands `order` to the department that had `before`.
async fn handed_over_again(user: &TestUser, order: &Value, before: &Value) -> Value {
    let body = json!({"department_id": before["department_id"], "due_at": "2026-12-24T10:00:00Z"});
    user.transition("hand-over", order, body).await.ok()
}

/// C8, C9
#[actix_web::test]
async fn a_contract_ends_when_its_orders_are_done_or_may_be_finished() {
    let app = TestApp::start().await;
    let (sue, ann) = (app.supervisor().await, app.manager("ann").await);
    let client = client_of(&ann).await;
    let (contract, paper) = (signed(&sue, &client, json!({})).await, product(&app, "RUB").await);
    let queued = handed_over(&app, &sue, &order_under(&sue, &contract, &paper).await).await;
    let approved = sue.transition("submit", &order_under(&sue, &contract, &paper).await, json!({})).await.ok();
    order_under(&sue, &contract, &paper).await;
    for (user, step) in [(&ann, "complete"), (&sue, "terminate")] {
        let problem = user.transition(step, &contract, json!({"reason": "Enough"})).await.problem(409, "conflict");
        assert_eq!(problem["order_count"], 2, "{step}");
        let named = json!([{"id": queued["id"], "number": queued["number"]}, {"id": approved["id"], "number": approved["number"]}]);
        assert_eq!(problem["orders"], named);
    }
    let ended = json!({"reason": "Enough", "let_finish": true});
    assert_eq!(sue.transition("terminate", &contract, ended).await.ok()["status"], "terminated");
    let body = json!({"department_id": queued["department_id"], "due_at": "2026-12-24T10:00:00Z"});
    sue.transition("hand-over", &approved, body).await.field_error("/contract_id", "contract_not_active");
    assert_eq!(sue.transition("accept", &queued, json!({})).await.ok()["status"], "accepted");
}

#[actix_web::test]
async fn the_limit_of_a_contract_is_in_the_organisations_currency() {
    let app = TestApp::start().await;
    let (kim, sue) = (app.key_account_manager("kim").await, app.supervisor().await);
    let client = key_client_of(&app, &kim).await;
    let dollars = json!({"amount": "99000.00", "currency": "USD"});
    let contract = submitted(&kim, &client, dollars.clone()).await;
    assert_eq!((&contract["status"], &contract["submitted_on"]), (&json!("in_review"), &json!("2026-11-24")));
    let rate = |rate: &str, day: &str| json!({"currency": "USD", "rate": rate, "starts_on": day});
    sue.post("/v1/exchange-rates", rate("92.5", "2026-11-01")).await.created();
    assert_eq!(submitted(&kim, &client, dollars.clone()).await["status"], "in_review");
    sue.post("/v1/exchange-rates", rate("10", "2026-11-24")).await.created();
    assert_eq!(submitted(&kim, &client, dollars).await["status"], "approved");
    let kay = app.key_account_manager_of(&kim, "kay").await;
    let seen = get(&kay, &contract).await;
    assert!(
        seen["actions"].as_array().unwrap().contains(&json!("approve")),
        "by the rate of the day of its submission"
    );
    assert_eq!(kay.transition("approve", &seen, json!({})).await.ok()["number"], "C-2026-000002");
}

/// C1
#[actix_web::test]
async fn a_frame_contract_has_no_ceiling_and_needs_somebody_without_a_limit() {
    let app = TestApp::start().await;
    let (kim, sue) = (app.key_account_manager("kim").await, app.supervisor().await);
    let kay = app.key_account_manager_of(&kim, "kay").await;
    let client = key_client_of(&app, &kim).await;
    let contract = submitted(&kim, &client, json!({"amount": null})).await;
    assert_eq!((&contract["status"], &contract["amount"]), (&json!("in_review"), &Value::Null));
    kay.transition("approve", &contract, json!({})).await.problem(403, "limit_exceeded");
    let contract = sue.transition("approve", &contract, json!({})).await.ok();
    let contract = sue.transition("sign", &contract, json!({"signed_on": "2026-11-24"})).await.ok();
    let order = order_under(&sue, &contract, &product(&app, "RUB").await).await;
    assert_eq!(sue.transition("submit", &order, json!({})).await.ok()["status"], "approved");
    assert_eq!(get(&sue, &contract).await["ordered_total"], "1000.00");
}

/// C10
#[actix_web::test]
async fn what_changes_after_the_signature_is_an_amendment() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let client = client_of(&ann).await;
    let contract = signed(&sue, &client, json!({"amount": "1000.00"})).await;
    let path = contract["path"].as_str().unwrap();
    ann.patch(path, &contract, json!({"amount": "2000.00"})).await.problem(409, "invalid_state");
    let early = ann.transition("amend", &contract, json!({"effective_on": "2026-11-23"})).await;
    early.field_error("/effective_on", "too_small");
    let amendment =
        ann.transition("amend", &contract, json!({"effective_on": "2026-11-26", "reason": "More"})).await.created();
    assert_eq!((&amendment["amends_id"], &amendment["amendment"]), (&contract["id"], &json!(1)));
    assert_eq!((&amendment["status"], &amendment["amount"]), (&json!("draft"), &json!("1000.00")));
    assert_eq!(super::history(&ann, &amendment).await[0][3], "More");
    let second =
        ann.transition("amend", &contract, json!({"effective_on": "2026-12-01"})).await.problem(409, "conflict");
    assert_eq!(second["amendment_id"], amendment["id"]);
    let change = json!({"amount": "2000.00", "payment_terms": "At once"});
    let path_of_amendment = amendment["path"].as_str().unwrap();
    let ids = json!([{"source": "erp", "id": "17"}]);
    for (field, value) in [("currency", json!("USD")), ("starts_on", json!("2026-11-25")), ("external_ids", ids)] {
        let other = ann.patch(path_of_amendment, &amendment, json!({field: value})).await;
        other.field_error(&format!("/{field}"), "not_amendable");
    }
    let amendment = ann.patch(path_of_amendment, &amendment, change).await.ok();
    let amendment = ann.transition("submit", &amendment, json!({})).await.ok();
    let amendment = sue.transition("approve", &amendment, json!({})).await.ok();
    let number = contract["number"].as_str().unwrap();
    assert_eq!(amendment["number"], json!(format!("{number}/1")), "the sequence has no gap for it");
    let amendment = sue.transition("sign", &amendment, json!({"signed_on": "2026-11-24"})).await.ok();
    assert_eq!((&amendment["status"], &get(&sue, &contract).await["amount"]), (&json!("signed"), &json!("1000.00")));

    let sue = super::later(&app, chrono::Duration::days(2), &sue).await;
    assert_eq!(super::tick(&app).await, 1);
    assert_eq!(super::tick(&app).await, 0, "once");
    let amended = get(&sue, &contract).await;
    assert_eq!((&amended["status"], &amended["amount"]), (&json!("active"), &json!("2000.00")));
    assert_eq!((&amended["payment_terms"], &amended["number"]), (&json!("At once"), &contract["number"]));
    assert_eq!(get(&sue, &amendment).await["status"], "completed");
    for (day, amount) in [("2026-11-25", "1000.00"), ("2026-11-26", "2000.00")] {
        assert_eq!(sue.get(&format!("{path}?as_of={day}")).await.ok()["amount"], amount, "{day}");
    }
    let steps = super::history(&sue, &contract).await;
    assert_eq!(steps.last().unwrap()[0], "amended");
    let listed = sue.get(&format!("/v1/contracts?amends_id={}", contract["id"].as_str().unwrap())).await.ok();
    assert_eq!(listed["data"][0]["id"], amendment["id"]);

    // What takes effect at once does so with the signature, and the next amendment has the next number.
    let earlier = sue.transition("amend", &amended, json!({"effective_on": "2026-11-25"})).await;
    earlier.field_error("/effective_on", "too_small");
    let again = sue.transition("amend", &amended, json!({"effective_on": "2026-11-26"})).await.created();
    let again = sue.patch(again["path"].as_str().unwrap(), &again, json!({"amount": "3000.00"})).await.ok();
    let again = sue.transition("submit", &again, json!({})).await.ok();
    assert_eq!(again["number"], json!(format!("{number}/2")));
    let again = sue.transition("sign", &again, json!({"signed_on": "2026-11-26"})).await.ok();
    assert_eq!((&again["status"], &get(&sue, &contract).await["amount"]), (&json!("completed"), &json!("3000.00")));
    sue.transition("amend", &again, json!({"effective_on": "2026-12-01"})).await.problem(409, "invalid_state");
}

/// An amendment of `contract` from `day` on, approved.
async fn approved_amendment(user: &TestUser, contract: &Value, day: &str, change: Value) -> Value {
    let amendment = user.transition("amend", contract, json!({"effective_on": day})).await.created();
    let amendment = user.patch(amendment["path"].as_str().unwrap(), &amendment, change).await.ok();
    user.transition("submit", &amendment, json!({})).await.ok()
}

/// C10
#[actix_web::test]
async fn an_amendment_leaves_a_renewal_as_it_is() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let days = json!({"ends_on": "2026-11-30", "auto_renew": true});
    let contract = signed(&sue, &client_of(&sue).await, days).await;
    let amendment = approved_amendment(&sue, &contract, "2026-12-03", json!({"amount": "600000.00"})).await;
    let amendment = sue.transition("sign", &amendment, json!({"signed_on": "2026-11-24"})).await.ok();
    let sue = super::later(&app, chrono::Duration::days(8), &sue).await;
    assert_eq!(super::tick(&app).await, 1, "renewed");
    assert_eq!(get(&sue, &contract).await["ends_on"], "2026-12-07");
    let sue = super::later(&app, chrono::Duration::days(1), &sue).await;
    assert_eq!(super::tick(&app).await, 1, "amended");
    let amended = get(&sue, &contract).await;
    assert_eq!((&amended["amount"], &amended["ends_on"]), (&json!("600000.00"), &json!("2026-12-07")));
    assert_eq!(amended["initial_ends_on"], "2026-11-30");
    assert_eq!(get(&sue, &amendment).await["status"], "completed");
    let longer = approved_amendment(&sue, &amended, "2026-12-03", json!({"ends_on": "2026-12-20"})).await;
    sue.transition("sign", &longer, json!({"signed_on": "2026-12-03"})).await.ok();
    let amended = get(&sue, &contract).await;
    assert_eq!((&amended["ends_on"], &amended["initial_ends_on"]), (&json!("2026-12-20"), &json!("2026-11-30")));
}

/// C10
#[actix_web::test]
async fn an_amendment_ends_with_its_contract() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let client = client_of(&sue).await;
    let ended = json!({"reason": "The client moves away"});
    let contract = signed(&sue, &client, json!({})).await;
    let amendment = approved_amendment(&sue, &contract, "2026-11-26", json!({"amount": "600000.00"})).await;
    let amendment = sue.transition("sign", &amendment, json!({"signed_on": "2026-11-24"})).await.ok();
    sue.transition("terminate", &contract, ended.clone()).await.ok();
    super::later(&app, chrono::Duration::days(2), &sue).await;
    assert_eq!(super::tick(&app).await, 1);
    let sue = super::later(&app, chrono::Duration::days(0), &sue).await;
    assert_eq!(get(&sue, &amendment).await["status"], "terminated");
    assert_eq!(get(&sue, &contract).await["amount"], "500000.00");

    let contract = signed(&sue, &client, json!({})).await;
    let amendment = sue.transition("amend", &contract, json!({"effective_on": "2026-11-26"})).await.created();
    sue.transition("terminate", &contract, ended.clone()).await.ok();
    sue.transition("submit", &amendment, json!({})).await.problem(409, "conflict");
    let contract = signed(&sue, &client, json!({})).await;
    let amendment = approved_amendment(&sue, &contract, "2026-11-26", json!({})).await;
    sue.transition("terminate", &contract, ended).await.ok();
    sue.transition("sign", &amendment, json!({"signed_on": "2026-11-26"})).await.problem(409, "conflict");
    // A draft that had a number already can be discarded all the same: numbers of amendments are no sequence.
    let amendment = sue.transition("withdraw", &amendment, json!({})).await.ok();
    assert!(amendment["number"].is_string());
    sue.delete(amendment["path"].as_str().unwrap(), &amendment).await.no_content();
}

/// C2
#[actix_web::test]
async fn a_past_number_leaves_those_of_new_contracts_and_amendments_free() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let client = client_of(&sue).await;
    let record = async |number: &str| {
        let other = json!({"number": number, "signed_on": "2026-11-24"});
        sue.post("/v1/contracts/record", super::terms_with(&client, &other)).await
    };
    for number in ["C-2026-000001", "C-2026-000001/1"] {
        record(number).await.field_error("/number", "reserved");
    }
    record(&"1".repeat(46)).await.field_error("/number", "too_long");
    let longest = record(&"1".repeat(45)).await.created();
    let amendment = approved_amendment(&sue, &longest, "2026-11-24", json!({})).await;
    assert_eq!(amendment["number"], format!("{}/1", "1".repeat(45)));
    let contract = record("17/2024").await.created();
    record("17/2024/1").await.created();
    let amendment = sue.transition("amend", &contract, json!({"effective_on": "2026-11-24"})).await.created();
    sue.transition("submit", &amendment, json!({})).await.problem(409, "already_exists");
}
