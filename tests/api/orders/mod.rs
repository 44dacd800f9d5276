//! Orders: their amounts, who may approve them, how they are executed, and past orders.

mod buyers;
mod contract;
mod drafting;
mod execution;
mod limits;
mod listing;
mod money;
mod reach;
mod recording;
mod under_way;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{TestApp, TestUser};

/// A new client of `user`.
async fn client(user: &TestUser) -> Value {
    user.post(
        "/v1/clients",
        json!({"kind": "organization", "name": "Romashka", "allow_duplicate": {"reason": "Another one"}}),
    )
    .await
    .created()
}

/// A key client of `user`, a key-account manager.
async fn key_client(user: &TestUser) -> Value {
    let client = client(user).await;
    user.app().supervisor().await.transition("designate-key", &client, json!({})).await.ok()
}

/// A product that is sold for `price` roubles, with a tax of 20 %.
async fn product(app: &TestApp, price: &str) -> String {
    product_with(app, price, "RUB", true, "NULL").await
}

async fn product_with(app: &TestApp, price: &str, currency: &str, is_active: bool, least: &str) -> String {
    let id = Uuid::now_v7();
    let sql = format!(
        "INSERT INTO products (id, version, created_at, updated_at, sku, name, kind, unit, base_price, currency, tax_rate,
            min_price, is_active)
         VALUES ('{id}', 1, now(), now(), '{id}', 'Paper', 'good', 'box', {price}, '{currency}', 20, {least}, {is_active})
         RETURNING id::text AS value"
    );
    app.text(&sql).await.remove(0)
}

async fn department(app: &TestApp, is_active: bool) -> String {
    let id = Uuid::now_v7();
    let sql = format!(
        "INSERT INTO departments (id, version, created_at, updated_at, name, kind, is_active)
         VALUES ('{id}', 1, now(), now(), '{id}', 'department', {is_active}) RETURNING id::text AS value"
    );
    app.text(&sql).await.remove(0)
}

/// An order of `user`'s `client` for `quantity` of `product`.
async fn draft(user: &TestUser, client: &Value, product: &str, quantity: &str) -> Value {
    let lines = json!([{"product_id": product, "quantity": quantity}]);
    user.post("/v1/orders", json!({"client_id": client["id"], "lines": lines})).await.created()
}

/// The same user some days later, with a token of that day.
async fn later(app: &TestApp, user: &TestUser, days: i64) -> TestUser {
    app.advance(chrono::Duration::days(days));
    let session = app.text(&format!("SELECT id::text AS value FROM sessions WHERE user_id = '{}'", user.id)).await;
    let session = session[0].parse::<Uuid>().unwrap().into();
    let state = app.parts();
    let token = state.tokens.issue(&state.keys, user.id, session, "tests", state.clock.now()).unwrap();
    user.with_token(&token)
}

async fn step(user: &TestUser, verb: &str, order: &Value) -> Value {
    user.transition(verb, order, json!({})).await.ok()
}

/// An order handed to `department`, due in a month.
async fn handed_over(user: &TestUser, order: &Value, department: &str) -> Value {
    let order = step(user, "submit", order).await;
    let body = json!({"department_id": department, "due_at": "2026-12-24T10:00:00Z"});
    user.transition("hand-over", &order, body).await.ok()
}

/// The history of an order, oldest first: action, status before and after.
async fn history(user: &TestUser, order: &Value) -> Vec<(String, String, String)> {
    let page = user.get(&format!("{}/history", order["path"].as_str().unwrap())).await.ok();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let steps = page["data"].as_array().unwrap().iter().rev();
    steps.map(|step| (text(&step["action"]), text(&step["from_status"]), text(&step["to_status"]))).collect()
}

fn ids(page: &Value) -> Vec<&str> {
    page["data"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect()
}

fn actions(order: &Value) -> Vec<&str> {
    order["actions"].as_array().unwrap().iter().map(|action| action.as_str().unwrap()).collect()
}
