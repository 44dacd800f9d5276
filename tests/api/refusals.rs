//! The order of refusals, the same for every operation on an existing resource: 404, 403, 412, and then errors of the
//! state and the body.

use serde_json::json;

use crate::{
    calls::{About, Body, Call, Operation, Target, World, call, operations},
    harness::{TestApp, TestUser},
};

/// The operations on one resource with a version.
fn changes() -> Vec<Operation> {
    operations().into_iter().filter(|operation| operation.requires("If-Match")).collect()
}

/// Lets managers see everything of their team, but change only their own.
async fn managers_see_more_than_they_change(app: &TestApp) {
    let sql = "UPDATE role_policies SET grants = grants || COALESCE((SELECT jsonb_object_agg(name, reach) FROM \
         (SELECT key AS name, CASE WHEN key LIKE '%:read' THEN 'team' ELSE 'own' END AS reach \
          FROM role_policies p, jsonb_each_text(p.grants) WHERE p.role = 'manager' AND value <> 'none') own), '{}') \
         WHERE role = 'manager' RETURNING role AS value";
    assert_eq!(app.text(sql).await, ["manager"]);
    app.parts().callers.forget();
}

/// The status that `who` gets with a version that does not exist.
async fn stale(operation: &Operation, call: &Call, who: &TestUser) -> u16 {
    let request = call.request(operation, who).insert_header(("If-Match", "\"777\""));
    who.send(request).await.status
}

#[actix_web::test]
async fn what_is_not_seen_is_404_before_403_before_412() {
    let world = World::over(TestApp::start().await).await;
    managers_see_more_than_they_change(&world.app).await;
    let mut tried = 0;
    for operation in changes() {
        let prepared = call(&world, operation.id, Target::Ordinary).await;
        assert_eq!(stale(&operation, &prepared, &world.sue).await, 412, "{} by who may", operation.id);
        if prepared.id().is_some() {
            assert_eq!(stale(&operation, &prepared.absent(), &world.sue).await, 404, "{} of nothing", operation.id);
        }
        let (About::Client(_), Some(permission)) = (prepared.about, operation.permission()) else { continue };
        let own = stale(&operation, &prepared, &world.ann).await;
        if own != 412 {
            assert_eq!(own, 403, "{}: {permission} by who lacks the right", operation.id);
            continue;
        }
        tried += 1;
        assert_eq!(stale(&operation, &prepared, &world.mia).await, 404, "{} by a stranger", operation.id);
        assert_eq!(stale(&operation, &prepared, &world.bob).await, 403, "{} by a colleague", operation.id);
    }
    assert!(tried > 15, "only {tried} operations");
}

#[actix_web::test]
async fn a_wrong_value_of_a_patch_is_told_last() {
    let world = World::over(TestApp::start().await).await;
    for operation in changes().into_iter().filter(|operation| operation.method == "patch") {
        let prepared = call(&world, operation.id, Target::Ordinary).await;
        let Body::Json(body) = &prepared.body else { panic!("{}: no body", operation.id) };
        let field = body.as_object().unwrap().keys().next().unwrap().clone();
        let wrong = prepared.json(json!({field: [[]]}));
        let answer = world.sue.send(wrong.request(&operation, &world.sue)).await;
        assert_eq!(answer.status, 422, "{}", operation.id);
        let strange = wrong.json(json!({"strange": 1}));
        assert_eq!(stale(&operation, &strange, &world.sue).await, 400, "{}: it is no patch at all", operation.id);
    }
}

#[actix_web::test]
async fn a_confidential_field_is_refused_before_version_and_state() {
    let world = World::over(TestApp::start().await).await;
    let live = world.client(Target::Ordinary).await;
    let archived = world.client(Target::Ordinary).await;
    let archived = world.ann.transition("archive", &archived, json!({})).await.ok();
    let update = changes().into_iter().find(|operation| operation.id == "update_client").unwrap();
    for client in [live, archived] {
        let call = Call::of_client(client.clone()).json(json!({"credit_limit": "10.00"}));
        let answer = world.ann.send(call.request(&update, &world.ann)).await;
        assert_eq!(answer.problem(403, "forbidden")["permission"], "clients:read_confidential");
        assert_eq!(stale(&update, &call, &world.ann).await, 403);
        let plain = call.json(json!({"industry": "Retail"}));
        assert_eq!(stale(&update, &plain, &world.ann).await, 412);
        let status = world.ann.send(plain.request(&update, &world.ann)).await.status;
        assert_eq!(status, if client["status"] == "archived" { 409 } else { 200 });
    }
}
