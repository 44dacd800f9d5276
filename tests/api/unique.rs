//! Values that must be the only ones: the refusal names who has the value, to those who may see it.

use serde_json::{Value, json};

use crate::{
    calls::{World, unique},
    harness::{Answer, TestApp},
};

/// The refusal of a value at `pointer`, which `holder` has.
#[track_caller]
fn refused(answer: Answer, pointer: &str, holder: Option<&Value>) {
    let problem = answer.problem(409, "already_exists");
    assert_eq!(problem["errors"][0]["pointer"], pointer);
    assert_eq!(problem["errors"][0]["code"], "taken");
    assert_eq!(problem.get("holder_id"), holder.map(|holder| &holder["id"]), "{pointer}");
}

#[actix_web::test]
async fn who_has_a_value_is_named() {
    let world = World::over(TestApp::start().await).await;
    let team = json!({"name": unique("Team")});
    let department = json!({"name": unique("Department"), "kind": "department"});
    let product = json!({"sku": "P-1", "name": "Paper", "kind": "good", "unit": "box", "base_price": "1.00", "currency": "RUB",
        "tax_rate": "20"});
    for (address, body, pointer) in [
        ("/v1/teams", team, "/name"),
        ("/v1/departments", department, "/name"),
        ("/v1/lost-reasons", json!({"name": unique("Reason")}), "/name"),
        ("/v1/products", product, "/sku"),
        ("/v1/users", world.new_user(), "/email"),
        ("/v1/saved-views", json!({"name": unique("View"), "conditions": []}), "/name"),
    ] {
        let holder = world.sue.post(address, body.clone()).await.created();
        refused(world.sue.post(address, body.clone()).await, pointer, Some(&holder));
        let name = pointer.trim_start_matches('/');
        let mut other = body.clone();
        other[name] = json!(if name == "email" { "other@example.com" } else { "Another" });
        let other = world.sue.post(address, other).await.created();
        let path = other["path"].as_str().unwrap();
        refused(world.sue.patch(path, &other, json!({name: body[name]})).await, pointer, Some(&holder));
        let _ = world.sue.patch(holder["path"].as_str().unwrap(), &holder, json!({name: body[name]})).await.ok();
    }
}

#[actix_web::test]
async fn who_has_a_value_out_of_reach_is_not_named() {
    let world = World::over(TestApp::start().await).await;
    let body = json!({"kind": "person", "name": "Ivan", "external_ids": [{"source": "erp", "id": "7"}]});
    let holder = world.ann.post("/v1/clients", body.clone()).await.created();
    refused(world.ann.post("/v1/clients", body.clone()).await, "/external_ids/0", Some(&holder));
    refused(world.mia.post("/v1/clients", body).await, "/external_ids/0", None);
}
