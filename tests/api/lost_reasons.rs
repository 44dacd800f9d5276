//! The reasons for losing clients: everyone reads them, supervisors keep them, and clients are lost for one of them.

use serde_json::{Value, json};

use crate::{
    calls::{LOST_REASON, Target, World, step_body},
    harness::{TestApp, TestUser},
};

async fn world() -> World {
    World::over(TestApp::start().await).await
}

async fn names(user: &TestUser, query: &str) -> Vec<String> {
    let page = user.get(&format!("/v1/lost-reasons{query}")).await.ok();
    page["data"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

fn path(row: &Value) -> &str {
    row["path"].as_str().unwrap()
}

#[actix_web::test]
async fn a_new_installation_has_some_reasons() {
    let world = world().await;
    let expected = ["Price", "Competitor", "No need any more", "No answer", "Out of business", "Other"];
    for who in [&world.ann, &world.kim, &world.sue] {
        assert_eq!(names(who, "").await, expected);
    }
    let first = world.ann.get(&format!("/v1/lost-reasons/{LOST_REASON}")).await.ok();
    assert_eq!((&first["name"], &first["is_active"], &first["actions"]), (&json!("Price"), &json!(true), &json!([])));
}

#[actix_web::test]
async fn a_supervisor_keeps_the_list() {
    let world = world().await;
    let made = world.sue.post("/v1/lost-reasons", json!({"name": " Moved abroad ", "position": 15})).await.created();
    assert_eq!((&made["name"], &made["position"]), (&json!("Moved abroad"), &json!(15)));
    assert_eq!((&made["is_active"], &made["actions"]), (&json!(true), &json!(["update"])));
    assert_eq!(names(&world.ann, "?limit=2").await, ["Price", "Moved abroad"]);
    let unused = world.sue.patch(path(&made), &made, json!({"is_active": false})).await.ok();
    assert_eq!(unused["version"], 2);
    assert_eq!(names(&world.ann, "?is_active=false").await, ["Moved abroad"]);
    assert_eq!(names(&world.ann, "?is_active=true&sort=name").await.len(), 6);
    assert_eq!(names(&world.ann, "?sort=-position&limit=1").await, ["Other"]);
    assert_eq!(world.app.events(&made["id"]).await, ["lost_reasons.created", "lost_reasons.updated"]);
    let changed = json!({"is_active": {"from": true, "to": false}});
    assert_eq!(world.app.audit(&made["id"]).await[1], ("updated".to_owned(), changed));
    for who in [&world.ann, &world.kim] {
        let refused = who.post("/v1/lost-reasons", json!({"name": "Mine"})).await.problem(403, "forbidden");
        assert_eq!(refused["permission"], "lost_reasons:create");
        let refused = who.patch(path(&made), &unused, json!({"name": "Mine"})).await.problem(403, "forbidden");
        assert_eq!(refused["permission"], "lost_reasons:update");
    }
    for (wrong, code) in [(json!(-1), "too_small"), (json!(10_001), "too_large"), (Value::Null, "invalid_type")] {
        let refused = world.sue.post("/v1/lost-reasons", json!({"name": "x", "position": wrong})).await;
        refused.field_error("/position", code);
    }
    world.sue.delete(path(&made), &unused).await.problem(405, "method_not_allowed");
    world.app.anonymous().get("/v1/lost-reasons").await.problem(401, "unauthorized");
}

#[actix_web::test]
async fn reasons_at_one_place_are_paged_to_their_end() {
    let world = world().await;
    for name in ["b", "a"] {
        world.sue.post("/v1/lost-reasons", json!({"name": name, "position": 10})).await.created();
    }
    let (mut paged, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world.ann.get(&format!("/v1/lost-reasons?limit=1&total=true{cursor}")).await.ok();
        assert_eq!(page["total"], 8);
        paged.push(page["data"][0]["name"].as_str().unwrap().to_owned());
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(paged, names(&world.ann, "").await);
}

/// K5
#[actix_web::test]
async fn a_client_is_lost_for_a_reason_from_the_list() {
    let world = world().await;
    let client = world.client(Target::Ordinary).await;
    let lose = async |body: Value| world.ann.transition("mark-lost", &client, body).await;
    lose(json!({})).await.field_error("/lost_reason_id", "required");
    lose(json!({"reason": "Too dear"})).await.field_error("/lost_reason_id", "required");
    lose(json!({"lost_reason_id": null})).await.field_error("/lost_reason_id", "invalid_type");
    lose(json!({"lost_reason_id": uuid::Uuid::now_v7()})).await.field_error("/lost_reason_id", "unknown_reference");
    let unused = world.sue.post("/v1/lost-reasons", json!({"name": "Unused", "is_active": false})).await.created();
    lose(json!({"lost_reason_id": unused["id"]})).await.field_error("/lost_reason_id", "inactive_lost_reason");
    assert_eq!(world.sam.get(path(&client)).await.ok(), client, "nothing of it is done");
    assert_eq!((&client["lost_reason_id"], &client["lost_at"]), (&Value::Null, &Value::Null));

    let lost = lose(json!({"lost_reason_id": LOST_REASON, "reason": "Too dear"})).await.ok();
    let now = world.app.parts().clock.now();
    assert_eq!((&lost["status"], &lost["lost_reason_id"]), (&json!("lost"), &json!(LOST_REASON)));
    assert_eq!(lost["lost_at"], json!(now));
    assert_eq!(world.app.audit(&client["id"]).await.last().unwrap().1["reason"], json!({"to": "Too dear"}));
    assert_eq!(world.ann.get(path(&client)).await.ok(), lost);
}

/// What put a client among the lost stays with it in the archive and out of it, until the client is active again.
#[actix_web::test]
async fn the_reason_stays_until_the_client_is_active_again() {
    let world = world().await;
    let client = world.client(Target::Ordinary).await;
    let lost = world.ann.transition("mark-lost", &client, step_body("mark-lost")).await.ok();
    let reason = world.sue.get(&format!("/v1/lost-reasons/{LOST_REASON}")).await.ok();
    let _ = world.sue.patch(path(&reason), &reason, json!({"is_active": false})).await.ok();
    world.app.advance(chrono::Duration::minutes(5));
    let same = |client: &Value| (client["lost_reason_id"].clone(), client["lost_at"].clone());
    let archived = world.step(&lost, "archive").await;
    let restored = world.step(&archived, "restore").await;
    let renamed = world.ann.patch(path(&client), &restored, json!({"industry": "Retail"})).await.ok();
    for later in [&archived, &restored, &renamed] {
        assert_eq!(same(later), same(&lost), "{later}");
    }
    let active = world.step(&renamed, "activate").await;
    assert_eq!(same(&active), (Value::Null, Value::Null));
    let refused = world.ann.transition("mark-lost", &active, step_body("mark-lost")).await;
    refused.field_error("/lost_reason_id", "inactive_lost_reason");
}
