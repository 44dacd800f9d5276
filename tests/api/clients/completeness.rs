//! How much of what the organisation expects is known of clients.

use serde_json::{Value, json};

use crate::{
    calls::{World, unique},
    harness::{TestApp, TestUser},
};

async fn world() -> World {
    World::over(TestApp::start().await).await
}

async fn client(user: &TestUser, more: Value) -> Value {
    let mut body = json!({"kind": "organization", "name": unique("Client")});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    user.post("/v1/clients", body).await.created()
}

async fn known(user: &TestUser, client: &Value) -> Value {
    let path = format!("{}?include=completeness", client["path"].as_str().unwrap());
    user.get(&path).await.ok()["completeness"].clone()
}

#[actix_web::test]
async fn a_client_tells_what_is_missing() {
    let world = world().await;
    let organization = world.sue.get("/v1/organization").await.ok();
    let expected = json!({"expected_of_organizations": ["phone", "industry", "address"], "expected_of_persons": []});
    world.sue.patch("/v1/organization", &organization, expected).await.ok();
    let made = client(&world.ann, json!({"industry": "Health"})).await;
    assert_eq!(
        known(&world.ann, &made).await,
        json!({"expected": 3, "filled": 1, "percent": 33, "missing": ["phone", "address"]})
    );
    let person = client(&world.ann, json!({"kind": "person"})).await;
    assert_eq!(known(&world.ann, &person).await, json!({"expected": 0, "filled": 0, "percent": 100, "missing": []}));
    let own = json!({"resource": "clients", "name": "ward", "kind": "text", "label_en": "Ward", "label_ru": "Отделение",
        "required_for_kinds": ["organization"]});
    world.sue.post("/v1/custom-fields", own).await.created();
    assert_eq!(known(&world.ann, &made).await["missing"], json!(["phone", "address", "custom_fields.ward"]));
    assert_eq!(known(&world.ann, &person).await["expected"], 0);
    world
        .sue
        .patch(
            "/v1/organization",
            &world.sue.get("/v1/organization").await.ok(),
            json!({"expected_of_persons": ["owner"]}),
        )
        .await
        .field_error("/expected_of_persons/0", "invalid_choice");
}

#[actix_web::test]
async fn owners_and_teams_are_told_how_complete_their_clients_are() {
    let world = world().await;
    let organization = world.sue.get("/v1/organization").await.ok();
    let expected = json!({"expected_of_organizations": ["industry", "source"], "expected_of_persons": ["language"]});
    world.sue.patch("/v1/organization", &organization, expected).await.ok();
    let group = async |user: &TestUser, by: &str, key: &Value, more: &str| {
        let summary = user.get(&format!("/v1/clients/completeness?by={by}{more}")).await.ok();
        let groups = summary["groups"].as_array().unwrap().clone();
        groups.into_iter().find(|group| group["key"] == *key).unwrap_or_default()
    };
    let counted = |group: &Value| (group["clients"].clone(), group["complete"].clone(), group["percent"].clone());
    let bob = json!(world.bob.id);
    client(&world.bob, json!({"industry": "Health", "source": "call"})).await;
    client(&world.bob, json!({"industry": "Health"})).await;
    client(&world.bob, json!({"kind": "person"})).await;
    assert_eq!(counted(&group(&world.bob, "owner", &bob, "").await), (json!(3), json!(1), json!(60)));
    assert_eq!(counted(&group(&world.sue, "owner", &bob, "&kind=person").await), (json!(1), json!(0), json!(0)));
    assert_eq!(group(&world.ann, "owner", &bob, "").await, Value::Null);
    let own = json!({"resource": "clients", "name": "ward", "kind": "text", "label_en": "Ward", "label_ru": "Отделение",
        "required_in_statuses": ["lead"]});
    world.sue.post("/v1/custom-fields", own).await.created();
    assert_eq!(counted(&group(&world.bob, "owner", &bob, "").await), (json!(3), json!(0), json!(37)));
    let team = json!(world.bob.team_id);
    assert!(group(&world.sue, "team", &team, "").await["clients"].as_i64().unwrap() >= 3);
    world.ann.get("/v1/clients/completeness?by=status").await.problem(400, "invalid_parameter");
}
