//! Contacts: who reaches them, the primary contact, and their consents.

mod change;
mod consents;
mod list;
mod primary;
mod reach;
mod retired;

use serde_json::{Value, json};

use crate::harness::{TestApp, TestUser};

async fn client(user: &TestUser, name: &str) -> Value {
    user.post("/v1/clients", json!({"kind": "organization", "name": name})).await.created()
}

/// A key client of `owner`, whose role may own one.
async fn key_client(owner: &TestUser, name: &str) -> Value {
    let made = client(owner, name).await;
    let path = made["path"].clone();
    let mut key = owner.app().supervisor().await.transition("designate-key", &made, json!({})).await.ok();
    key["path"] = path;
    key
}

fn body(client: &Value, name: &str) -> Value {
    json!({"client_id": client["id"], "name": name})
}

async fn contact(user: &TestUser, client: &Value, name: &str) -> Value {
    user.post("/v1/contacts", body(client, name)).await.created()
}

async fn primary(user: &TestUser, client: &Value, name: &str) -> Value {
    let mut body = body(client, name);
    body["is_primary"] = json!(true);
    user.post("/v1/contacts", body).await.created()
}

fn path(resource: &Value) -> &str {
    resource["path"].as_str().unwrap()
}

fn names_of(page: &Value) -> Vec<&str> {
    page["data"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect()
}

async fn names(user: &TestUser, query: &str) -> Vec<String> {
    let page = user.get(&format!("/v1/contacts{query}")).await.ok();
    names_of(&page).into_iter().map(str::to_owned).collect()
}

/// Sets a right of all managers.
async fn grant(app: &TestApp, permission: &str, reach: &str) {
    let sql = format!(
        "UPDATE role_policies SET grants = grants || '{{\"{permission}\": \"{reach}\"}}' WHERE role = 'manager' RETURNING role AS value"
    );
    assert_eq!(app.text(&sql).await, ["manager"]);
    app.parts().callers.forget();
}
