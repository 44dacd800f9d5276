//! Clients: who reaches them, what is refused, and the steps of their life.

mod change;
mod completeness;
mod conditions;
mod confidential;
mod duplicates;
mod idempotency;
mod life;
mod list;
mod merges;
mod owners;
mod ownership;
mod page;
mod paging;
mod reach;
mod records;
mod requisites;
mod scan;
mod search;
mod summary;

use serde_json::{Value, json};

use crate::{
    calls::World,
    harness::{TestApp, TestUser},
};

async fn world() -> World {
    World::over(TestApp::start().await).await
}

/// A new client of the caller, called `name`.
async fn create(who: &TestUser, name: &str) -> Value {
    create_with(who, json!({"name": name})).await
}

/// A new client of the caller with these fields, also if it is called as another one.
async fn create_with(who: &TestUser, fields: Value) -> Value {
    let mut body = json!({"kind": "organization", "name": "Client", "allow_duplicate": {"reason": "Another one"}});
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    who.post("/v1/clients", body).await.created()
}

fn path(resource: &Value) -> &str {
    resource["path"].as_str().unwrap()
}

/// The names of a page, in its order.
async fn names(who: &TestUser, query: &str) -> Vec<String> {
    let page = who.get(&format!("/v1/clients?{query}")).await.ok();
    let name = |item: &Value| item["name"].as_str().unwrap().to_owned();
    page["data"].as_array().unwrap().iter().map(name).collect()
}

/// The names of a page, sorted.
async fn set(who: &TestUser, query: &str) -> Vec<String> {
    let mut names = names(who, query).await;
    names.sort();
    names
}
