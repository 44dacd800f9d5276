//! Saved views: of their owner, or shared with the owner's team.

use serde_json::{Value, json};

use crate::{
    calls::World,
    harness::{TestApp, TestUser},
};

async fn world() -> World {
    World::over(TestApp::start().await).await
}

async fn names(user: &TestUser, path: &str) -> Vec<String> {
    let page = user.get(path).await.ok();
    page["data"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

fn path(view: &Value) -> &str {
    view["path"].as_str().unwrap()
}

fn of_people(name: &str) -> Value {
    json!({"name": name, "conditions": [{"field": {"name": "kind", "op": "eq", "value": "person"}}]})
}

#[actix_web::test]
async fn a_view_is_its_owners_until_it_is_shared() {
    let world = world().await;
    let view = world.ann.post("/v1/saved-views", of_people("People")).await.created();
    assert_eq!((&view["owner_id"], &view["is_shared"]), (&json!(world.ann.id), &json!(false)));
    assert_eq!(view["actions"], json!(["update", "delete"]));
    for stranger in [&world.bob, &world.kim, &world.mia] {
        stranger.get(path(&view)).await.problem(404, "not_found");
        assert!(names(stranger, "/v1/saved-views").await.is_empty());
        stranger.patch(path(&view), &view, json!({"name": "Mine"})).await.problem(404, "not_found");
    }
    let shared = world.ann.patch(path(&view), &view, json!({"is_shared": true})).await.ok();
    for colleague in [&world.bob, &world.kim] {
        assert_eq!(colleague.get(path(&view)).await.ok()["actions"], json!([]));
        assert_eq!(names(colleague, "/v1/saved-views?is_shared=true").await, ["People"]);
        let refused = colleague.patch(path(&view), &shared, json!({"name": "Mine"})).await.problem(403, "forbidden");
        assert_eq!(refused["permission"], "saved_views:update");
        colleague.delete(path(&view), &shared).await.problem(403, "forbidden");
    }
    world.mia.get(path(&view)).await.problem(404, "not_found");
    assert_eq!(names(&world.sue, "/v1/saved-views?owner_id=me").await.len(), 0);
    assert_eq!(names(&world.sue, "/v1/saved-views").await, ["People"]);
    world.ann.delete(path(&view), &shared).await.no_content();
    world.ann.get(path(&view)).await.problem(404, "not_found");
    let events = ["saved_views.created", "saved_views.updated", "saved_views.deleted"];
    assert_eq!(world.app.events(&view["id"]).await, events);
}

#[actix_web::test]
async fn a_list_takes_a_view() {
    let world = world().await;
    for (owner, kind, name) in
        [(&world.ann, "person", "Anns"), (&world.ann, "organization", "Firm"), (&world.bob, "person", "Bobs")]
    {
        owner.post("/v1/clients", json!({"kind": kind, "name": name})).await.created();
    }
    let mut shared = of_people("People");
    shared["is_shared"] = json!(true);
    let view = world.ann.post("/v1/saved-views", shared).await.created();
    let id = view["id"].as_str().unwrap();
    assert_eq!(names(&world.ann, &format!("/v1/clients?view_id={id}")).await, ["Anns"]);
    assert_eq!(names(&world.bob, &format!("/v1/clients?view_id={id}")).await, ["Bobs"], "each sees their own");
    assert_eq!(names(&world.ann, &format!("/v1/clients?view_id={id}&q=firm")).await.len(), 0);
    let summary = world.sue.get(&format!("/v1/clients/summary?by=kind&view_id={id}")).await.ok();
    assert_eq!(summary["groups"], json!([{"key": "person", "label": null, "count": 2}]));
    let search = json!({"conditions": [{"field": {"name": "name", "op": "eq", "value": "Bobs"}}]});
    let found = world.sue.post(&format!("/v1/clients/search?view_id={id}"), search).await.ok();
    assert_eq!(found["data"].as_array().unwrap().len(), 1);
    for stranger in [&world.mia, &world.leo] {
        let refused = stranger.get(&format!("/v1/clients?view_id={id}")).await.problem(400, "invalid_parameter");
        assert_eq!(refused["errors"][0]["pointer"], "view_id");
        assert_eq!(refused["errors"][0]["code"], "unknown_reference");
    }
    let robot = world.app.service_account(liaison::access::Role::Supervisor, &["clients:read"]).await;
    let refused = robot.get(&format!("/v1/clients?view_id={id}")).await.problem(403, "forbidden");
    assert_eq!(refused["permission"], "saved_views:read");
}

#[actix_web::test]
async fn a_view_follows_its_owner_to_another_team() {
    let world = world().await;
    let mut shared = of_people("People");
    shared["is_shared"] = json!(true);
    let view = world.ann.post("/v1/saved-views", shared).await.created();
    let ann = world.sue.get(&format!("/v1/users/{}", world.ann.id)).await.ok();
    let _ = world.sue.patch(path(&ann), &ann, json!({"team_id": world.mia.team_id})).await.ok();
    world.bob.get(path(&view)).await.problem(404, "not_found");
    assert_eq!(world.mia.get(path(&view)).await.ok()["version"], 2);
}

#[actix_web::test]
async fn a_wrong_view_is_refused() {
    let world = world().await;
    let deep = (0..9).fold(json!({"active_contract": true}), |inner, _| json!({"not": inner}));
    let new = |conditions: Value| json!({"name": "View", "conditions": conditions});
    let ann = &world.ann;
    ann.post("/v1/saved-views", new(json!([deep]))).await.field_error("/conditions", "too_deep");
    ann.post("/v1/saved-views", json!({"name": "View"})).await.field_error("/conditions", "required");
    let view = ann.post("/v1/saved-views", new(json!([]))).await.created();
    ann.patch(path(&view), &view, json!({"conditions": [deep]})).await.field_error("/conditions", "too_deep");
    let replaced = json!([{"active_contract": true}]);
    let changed = ann.patch(path(&view), &view, json!({"conditions": replaced})).await.ok();
    assert_eq!(changed["conditions"], replaced);
    for number in 1..200 {
        ann.post("/v1/saved-views", json!({"name": format!("v{number}"), "conditions": []})).await.created();
    }
    ann.post("/v1/saved-views", json!({"name": "one more", "conditions": []})).await.problem(409, "conflict");
}
