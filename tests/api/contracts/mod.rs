//! Contracts: who reaches and approves them, the steps of their life, by request and by the clock, and what may be
//! ordered under them.

use actix_web::http::Method;
use chrono::Duration;
use liaison::{
    access::SessionId,
    change::{self, Tx},
    contracts::clock,
    values::Id,
};
use serde_json::{Value, json};

use crate::harness::{Answer, TestApp, TestUser};

mod approval;
mod by_clock;
mod ceiling;
mod drafts;
mod life;
mod lists;
mod reach;
mod rules;

/// The default contract of the tests: it runs from today for a year.
fn terms(client: &Value) -> Value {
    json!({"client_id": client["id"], "title": "Supply of coffee", "amount": "500000.00", "currency": "RUB",
        "starts_on": "2026-11-24", "ends_on": "2027-11-23",
        "signatories": [{"name": "Anna Petrova", "position": null, "side": "ours"}, {"name": "Ivan Sidorov", "position": null, "side": "client"}]})
}

/// `terms` with some values changed.
fn terms_with(client: &Value, other: &Value) -> Value {
    let mut terms = terms(client);
    for (name, value) in other.as_object().unwrap() {
        terms[name] = value.clone();
    }
    terms
}

async fn client_of(user: &TestUser) -> Value {
    user.post(
        "/v1/clients",
        json!({"kind": "organization", "name": "Ромашка", "allow_duplicate": {"reason": "Another one"}}),
    )
    .await
    .created()
}

/// A key client of `owner`, a key-account manager.
async fn key_client_of(app: &TestApp, owner: &TestUser) -> Value {
    let client = client_of(owner).await;
    app.supervisor().await.transition("designate-key", &client, json!({})).await.ok()
}

async fn draft(user: &TestUser, client: &Value) -> Value {
    user.post("/v1/contracts", terms(client)).await.created()
}

async fn draft_with(user: &TestUser, client: &Value, other: Value) -> Value {
    user.post("/v1/contracts", terms_with(client, &other)).await.created()
}

/// A contract that a supervisor has approved and signed today. It is active if its first day is not in the future.
async fn signed(supervisor: &TestUser, client: &Value, other: Value) -> Value {
    let contract = draft_with(supervisor, client, other).await;
    let contract = supervisor.transition("submit", &contract, json!({})).await.ok();
    let (today, _) = contract["updated_at"].as_str().unwrap().split_once('T').unwrap();
    supervisor.transition("sign", &contract, json!({"signed_on": today})).await.ok()
}

/// A transition with any version.
async fn force(user: &TestUser, verb: &str, contract: &Value, body: Value) -> Answer {
    let path = format!("{}/{verb}", contract["path"].as_str().unwrap());
    user.send(user.request(Method::POST, &path).insert_header(("If-Match", "*")).set_json(body)).await
}

async fn get(user: &TestUser, resource: &Value) -> Value {
    user.get(resource["path"].as_str().unwrap()).await.ok()
}

/// The steps of a contract, oldest first: action, status before, status after, reason.
async fn history(user: &TestUser, contract: &Value) -> Vec<[Value; 4]> {
    let path = format!("{}/history", contract["path"].as_str().unwrap());
    let page = user.get(&path).await.ok();
    let events = page["data"].as_array().unwrap().iter().rev();
    events.map(|event| ["action", "from_status", "to_status", "reason"].map(|name| event[name].clone())).collect()
}

/// Moves the app's clock on, and gives `user` a new token.
async fn later(app: &TestApp, by: Duration, user: &TestUser) -> TestUser {
    app.text("UPDATE sessions SET expires_at = expires_at + interval '100 years' RETURNING id::text AS value").await;
    app.advance(by);
    let state = app.parts();
    state.callers.forget();
    let of_user = format!("SELECT id::text AS value FROM sessions WHERE user_id = '{}'", user.id.uuid());
    let session: SessionId = Id::from(app.text(&of_user).await[0].parse::<uuid::Uuid>().unwrap());
    let token = state.tokens.issue(&state.keys, user.id, session, "tests", state.clock.now()).unwrap();
    user.with_token(&token)
}

/// What the background task does.
async fn tick(app: &TestApp) -> usize {
    let mut db = app.db().await;
    clock::advance(&mut db, &app.parts().secrets, app.parts().clock.now()).await.unwrap()
}

/// Does `work` as the system, without a request.
async fn by_system<T>(
    app: &TestApp,
    work: impl AsyncFnOnce(&mut Tx<'_>) -> liaison::error::Result<T>,
) -> liaison::error::Result<T> {
    let mut db = app.db().await;
    change::by_system(&mut db, &app.parts().secrets, app.parts().clock.now(), work).await
}
