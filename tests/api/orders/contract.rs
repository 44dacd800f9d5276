//! Orders under a contract.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{client, department, later, product, step};
use crate::harness::{TestApp, TestUser};

/// A contract of `client` for 1000 roubles, with the changes in `but`.
async fn contract(app: &TestApp, client: &Value, but: &[(&str, &str)]) -> String {
    let get = |name: &str, usual: &'static str| {
        but.iter().find(|(known, _)| *known == name).map_or(usual.to_owned(), |(_, value)| (*value).to_owned())
    };
    let id = Uuid::now_v7();
    let text = |name: &str| client[name].as_str().unwrap();
    let ends_on = get("ends_on", "'2026-12-31'");
    let sql = format!(
        "INSERT INTO contracts (id, version, created_at, updated_at, client_id, owner_id, team_id, is_key, number, title,
            status, author_id, amount, currency, starts_on, ends_on, initial_ends_on, auto_renew, notice_days, signatories)
         VALUES ('{id}', 1, now(), now(), '{}', '{}', '{}', {}, '{id}', 'Supply', '{}', '{}', 1000, '{}', '{}', {ends_on}, {ends_on}, false, 0,
            '[]') RETURNING id::text AS value",
        text("id"),
        text("owner_id"),
        text("team_id"),
        client["is_key"],
        get("status", "active"),
        text("owner_id"),
        get("currency", "RUB"),
        get("starts_on", "2026-01-01"),
    );
    app.text(&sql).await.remove(0)
}

async fn draft_under(user: &TestUser, client: &Value, contract: &str, line: Value) -> Value {
    let body = json!({"client_id": client["id"], "contract_id": contract, "lines": [line]});
    user.post("/v1/orders", body).await.created()
}

#[actix_web::test]
async fn a_contract_is_kept_up_to_its_amount() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client(&ann).await;
    let paper = product(&app, "100").await;
    let contract = contract(&app, &client, &[]).await;
    let under = async |quantity: &str| {
        draft_under(&ann, &client, &contract, json!({"product_id": paper, "quantity": quantity})).await
    };
    let (first, second, third) = (under("6").await, under("4").await, under("4.001").await);
    let first = step(&ann, "submit", &first).await;
    ann.transition("submit", &third, json!({})).await.field_error("/contract_id", "contract_ceiling");
    assert_eq!(ann.get(third["path"].as_str().unwrap()).await.ok()["status"], "draft");
    assert_eq!(step(&ann, "submit", &second).await["status"], "approved");
    ann.transition("submit", &under("0.001").await, json!({})).await.field_error("/contract_id", "contract_ceiling");
    // A cancelled order no longer counts against the amount.
    ann.transition("cancel", &first, json!({"reason": "no need"})).await.ok();
    assert_eq!(step(&ann, "submit", &third).await["status"], "approved");
}

#[actix_web::test]
async fn two_orders_at_once_do_not_share_what_a_contract_leaves() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client(&ann).await;
    let line = json!({"product_id": product(&app, "100").await, "quantity": "6"});
    let contract = contract(&app, &client, &[]).await;
    let first = draft_under(&ann, &client, &contract, line.clone()).await;
    let second = draft_under(&ann, &client, &contract, line).await;
    let (one, other) = futures_util::future::join(
        ann.transition("submit", &first, json!({})),
        ann.transition("submit", &second, json!({})),
    )
    .await;
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 422]);
}

#[actix_web::test]
async fn a_contract_is_active_in_force_and_in_the_same_currency() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client(&ann).await;
    let paper = product(&app, "100").await;
    for (but, refusal) in [
        (("status", "signed"), Some("contract_not_active")),
        (("status", "terminated"), Some("contract_not_active")),
        (("starts_on", "2026-11-24"), None),
        (("starts_on", "2026-11-25"), Some("contract_dates")),
        (("ends_on", "'2026-11-24'"), None),
        (("ends_on", "'2026-11-23'"), Some("contract_dates")),
        (("ends_on", "NULL"), None),
    ] {
        let contract = contract(&app, &client, &[but]).await;
        let order = draft_under(&ann, &client, &contract, json!({"product_id": paper, "quantity": "1"})).await;
        let answer = ann.transition("submit", &order, json!({})).await;
        match refusal {
            Some(code) => answer.field_error("/contract_id", code),
            None => assert_eq!(answer.ok()["status"], "approved", "{but:?}"),
        }
    }
}

#[actix_web::test]
async fn a_contract_is_held_to_again_at_the_approval() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let client = client(&ann).await;
    let paper = product(&app, "100").await;
    let contract = contract(&app, &client, &[]).await;
    let line = json!({"product_id": paper, "quantity": "1", "discount_percent": "6"});
    let order = step(&ann, "submit", &draft_under(&ann, &client, &contract, line).await).await;
    assert_eq!(order["status"], "submitted");
    app.text("UPDATE contracts SET status = 'terminated' RETURNING status AS value").await;
    sue.transition("approve", &order, json!({})).await.field_error("/contract_id", "contract_not_active");
    app.text("UPDATE contracts SET status = 'active' RETURNING status AS value").await;
    assert_eq!(step(&sue, "approve", &order).await["status"], "approved");
}

#[actix_web::test]
async fn a_contract_of_another_client_is_unknown() {
    let app = TestApp::start().await;
    let (ann, bob) = (app.manager("ann").await, app.manager("bob").await);
    let (mine, other) = (client(&ann).await, client(&bob).await);
    let paper = product(&app, "100").await;
    let foreign = contract(&app, &other, &[]).await;
    let lines = json!([{"product_id": paper, "quantity": "1"}]);
    let body = json!({"client_id": mine["id"], "contract_id": foreign, "lines": lines});
    ann.post("/v1/orders", body).await.field_error("/contract_id", "unknown_reference");
    let order = super::draft(&ann, &mine, &paper, "1").await;
    let path = order["path"].as_str().unwrap();
    for id in [foreign, Uuid::now_v7().to_string()] {
        ann.patch(path, &order, json!({"contract_id": id})).await.field_error("/contract_id", "unknown_reference");
    }
    let own = contract(&app, &mine, &[]).await;
    let changed = ann.patch(path, &order, json!({"contract_id": own})).await.ok();
    assert_eq!(changed["contract_id"], json!(own));
    assert_eq!(ann.patch(path, &changed, json!({"contract_id": null})).await.ok()["contract_id"], Value::Null);
}

#[actix_web::test]
async fn a_contract_is_held_to_on_the_day_of_the_submission() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client(&ann).await;
    let line = json!({"product_id": product(&app, "100").await, "quantity": "1"});
    let ended = contract(&app, &client, &[("ends_on", "'2026-11-25'")]).await;
    let begun = contract(&app, &client, &[("starts_on", "2026-11-26")]).await;
    let under = async |contract: &str| draft_under(&ann, &client, contract, line.clone()).await;
    let (late, in_time) = (under(&ended).await, under(&begun).await);
    let (late_at_once, at_once) = (under(&ended).await, under(&begun).await);
    ann.transition("submit", &in_time, json!({})).await.field_error("/contract_id", "contract_dates");

    let ann = later(&app, &ann, 2).await;
    ann.transition("submit", &late, json!({})).await.field_error("/contract_id", "contract_dates");
    assert_eq!(step(&ann, "submit", &in_time).await["ordered_on"], "2026-11-26");
    let body = json!({"department_id": department(&app, true).await, "due_at": "2026-12-24T10:00:00Z"});
    ann.transition("hand-over", &late_at_once, body.clone()).await.field_error("/contract_id", "contract_dates");
    assert_eq!(ann.transition("hand-over", &at_once, body).await.ok()["ordered_on"], "2026-11-26");
}

#[actix_web::test]
async fn a_past_order_is_within_the_days_and_the_amount_of_its_contract() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let client = client(&sue).await;
    let paper = product(&app, "100").await;
    let contract = contract(&app, &client, &[("ends_on", "'2026-06-30'")]).await;
    let record = async |day: &str, quantity: &str| {
        let lines = json!([{"product_id": paper, "quantity": quantity}]);
        let body = json!({"client_id": client["id"], "contract_id": contract, "ordered_on": day, "lines": lines});
        sue.post("/v1/orders/record", body).await
    };
    for day in ["2025-12-31", "2026-07-01"] {
        record(day, "1").await.field_error("/contract_id", "contract_dates");
    }
    record("2026-06-30", "10.001").await.field_error("/contract_id", "contract_ceiling");
    assert_eq!(record("2026-01-01", "6").await.created()["contract_id"], json!(contract));
    // Orders that were recorded before count.
    record("2026-06-30", "4.001").await.field_error("/contract_id", "contract_ceiling");
    assert_eq!(record("2026-06-30", "4").await.created()["net_total"], "400.00");
    assert_eq!(app.count("orders").await, 2);
}
