//! Requests for access to a client that somebody else has.

use serde_json::{Value, json};

use crate::{
    calls::World,
    harness::{TestApp, TestUser},
};

const PATH: &str = "/v1/access-requests";

async fn world() -> (World, Value) {
    let world = World::over(TestApp::start().await).await;
    let body = json!({"kind": "organization", "name": "Ромашка", "tax_id": "7707083893", "phone": "+74951234567"});
    let client = world.ann.post("/v1/clients", body).await.created();
    (world, client)
}

async fn ask(user: &TestUser) -> Value {
    user.post(PATH, json!({"tax_id": "7707083893", "reason": "They called me."})).await.created()
}

fn path(resource: &Value) -> &str {
    resource["path"].as_str().unwrap()
}

#[actix_web::test]
async fn who_is_granted_access_joins_the_account_team() {
    let (world, client) = world().await;
    let asked = ask(&world.mia).await;
    assert_eq!((&asked["client"], &asked["status"], &asked["actions"]), (&Value::Null, &json!("open"), &json!([])));
    assert_eq!(ask(&world.mia).await["id"], asked["id"], "one request waits");
    let seen = world.ann.get(path(&asked)).await.ok();
    assert_eq!((&seen["client"]["id"], &seen["actions"]), (&client["id"], &json!(["grant", "decline"])));
    assert_eq!(seen["requester"]["name"], "mia");
    for stranger in [&world.bob, &world.leo] {
        stranger.get(path(&asked)).await.problem(404, "not_found");
        stranger.transition("grant", &asked, json!({})).await.problem(404, "not_found");
    }
    world.mia.transition("grant", &asked, json!({})).await.problem(404, "not_found");
    let granted = world.ann.transition("grant", &seen, json!({"answer": "Gladly"})).await.ok();
    assert_eq!((&granted["status"], &granted["answer"]), (&json!("granted"), &json!("Gladly")));
    let mine = world.mia.get(path(&asked)).await.ok();
    assert_eq!(mine["client"]["name"], "Ромашка");
    assert_eq!(world.mia.get(path(&client)).await.ok()["id"], client["id"]);
    world.sue.transition("decline", &granted, json!({})).await.problem(409, "invalid_state");
}

#[actix_web::test]
async fn who_is_declined_sees_why_and_not_the_client() {
    let (world, client) = world().await;
    let asked = ask(&world.mia).await;
    world.sue.transition("decline", &asked, json!({"answer": "Ann has known them for years."})).await.ok();
    let mine = world.mia.get(path(&asked)).await.ok();
    assert_eq!((&mine["status"], &mine["client"]), (&json!("declined"), &Value::Null));
    assert_eq!(mine["answer"], "Ann has known them for years.");
    world.mia.get(path(&client)).await.problem(404, "not_found");
    assert_ne!(ask(&world.mia).await["id"], asked["id"], "they may ask again");
}

#[actix_web::test]
async fn requests_are_listed_for_who_asks_and_who_decides() {
    let (world, _) = world().await;
    ask(&world.mia).await;
    ask(&world.leo).await;
    let count = async |user: &TestUser, query: &str| {
        user.get(&format!("{PATH}?total=true{query}")).await.ok()["total"].as_i64().unwrap()
    };
    assert_eq!((count(&world.ann, "").await, count(&world.ann, "&own=true").await), (2, 0));
    assert_eq!((count(&world.mia, "").await, count(&world.mia, "&own=true").await), (1, 1));
    assert_eq!((count(&world.sue, "").await, count(&world.sue, "&status=granted").await), (2, 0));
    assert_eq!(count(&world.bob, "").await, 0);
}

#[actix_web::test]
async fn what_describes_no_client_of_others_is_refused() {
    let (world, _) = world().await;
    let post = async |user: &TestUser, body: Value| user.post(PATH, body).await;
    let reason = "They called me.";
    post(&world.mia, json!({"reason": reason})).await.field_error("/tax_id", "required");
    post(&world.mia, json!({"tax_id": "7736050003", "reason": reason}))
        .await
        .field_error("/tax_id", "unknown_reference");
    post(&world.mia, json!({"phone": "+79161112233", "reason": reason}))
        .await
        .field_error("/phone", "unknown_reference");
    post(&world.ann, json!({"tax_id": "7707083893", "reason": reason}))
        .await
        .field_error("/tax_id", "unknown_reference");
    post(&world.mia, json!({"phone": "8 495 123-45-67", "reason": reason})).await.created();
}
