//! The fields that the organisation adds, and who defines them.

mod imported;
mod kept;
mod lists;
mod schema;
mod values;

use serde_json::{Value, json};

use crate::{
    calls::{World, unique},
    harness::{TestApp, TestUser},
};

async fn world() -> World {
    World::over(TestApp::start().await).await
}

fn path(row: &Value) -> &str {
    row["path"].as_str().unwrap()
}

/// Defines a field of clients.
async fn define(world: &World, name: &str, kind: &str, more: Value) -> Value {
    let mut body = json!({"resource": "clients", "name": name, "kind": kind, "label_en": name, "label_ru": name});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.sue.post("/v1/custom-fields", body).await.created()
}

fn client(custom: Value) -> Value {
    let mut body = json!({"kind": "organization", "name": unique("Clinic")});
    body["custom_fields"] = custom;
    body
}

async fn create(user: &TestUser, custom: Value) -> Value {
    user.post("/v1/clients", client(custom)).await.created()
}

async fn refused(user: &TestUser, custom: Value, pointer: &str, code: &str) {
    user.post("/v1/clients", client(custom)).await.field_error(pointer, code);
}

async fn found(user: &TestUser, query: &str) -> Vec<Value> {
    let encoded = query.split('&').map(|pair| {
        let (name, value) = pair.split_once('=').unwrap();
        format!("{name}={}", url::form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>())
    });
    let page = user.get(&format!("/v1/clients?{}", encoded.collect::<Vec<_>>().join("&"))).await.ok();
    page["data"].as_array().unwrap().iter().map(|client| client["id"].clone()).collect()
}

#[actix_web::test]
async fn supervisors_define_and_everybody_reads() {
    let world = world().await;
    let made =
        define(&world, "beds", "number", json!({"minimum": "1", "position": 20, "help_ru": "Сколько коек"})).await;
    assert_eq!(
        (&made["minimum"], &made["is_personal"], &made["actions"]),
        (&json!("1.0000"), &json!(true), &json!(["update"]))
    );
    let page = world.ann.get("/v1/custom-fields?resource=clients&is_active=true").await.ok();
    assert_eq!((&page["data"][0]["id"], &page["data"][0]["actions"]), (&made["id"], &json!([])));
    for who in [&world.ann, &world.kim] {
        let body = json!({"resource": "clients", "name": "mine", "kind": "text", "label_en": "x", "label_ru": "x"});
        who.post("/v1/custom-fields", body).await.problem(403, "forbidden");
        who.patch(path(&made), &made, json!({"position": 1})).await.problem(403, "forbidden");
    }
    let taken = json!({"resource": "clients", "name": "beds", "kind": "text", "label_en": "x", "label_ru": "x"});
    let refused = world.sue.post("/v1/custom-fields", taken).await;
    assert_eq!(refused.problem(409, "already_exists")["errors"][0]["pointer"], "/name");
    for fixed in ["name", "kind", "resource", "is_unique"] {
        world.sue.patch(path(&made), &made, json!({fixed: "text"})).await.problem(400, "unknown_field");
    }
    assert_eq!(world.app.events(&made["id"]).await, ["custom_fields.created"]);
}

#[actix_web::test]
async fn a_definition_must_make_sense() {
    let world = world().await;
    let choices = json!([{"value": "a", "label_en": "A", "label_ru": "А"}]);
    for (kind, more, pointer, code) in [
        ("choice", json!({}), "/choices", "too_short"),
        ("choice", json!({"choices": [choices[0], choices[0]]}), "/choices/1/value", "repeated"),
        ("text", json!({"choices": choices}), "/choices", "other_kind"),
        ("text", json!({"minimum": "1"}), "/minimum", "other_kind"),
        ("number", json!({"minimum": "5", "maximum": "4"}), "/maximum", "too_small"),
        ("number", json!({"max_length": 5}), "/max_length", "other_kind"),
        ("number", json!({"default_value": "many"}), "/default_value", "invalid_decimal"),
        ("choice", json!({"choices": choices, "default_value": "b"}), "/default_value", "invalid_choice"),
        ("user", json!({"default_value": world.ann.id}), "/default_value", "other_kind"),
        ("money", json!({"is_unique": true}), "/is_unique", "other_kind"),
        ("number", json!({"is_searchable": true}), "/is_searchable", "other_kind"),
        ("text", json!({"is_confidential": true, "is_indexed": true}), "/is_indexed", "other_kind"),
        ("text", json!({"resource": "orders", "is_confidential": true}), "/is_confidential", "other_kind"),
        ("text", json!({"is_confidential": true, "is_required": true}), "/is_required", "other_kind"),
        ("text", json!({"is_unique": true, "default_value": "a"}), "/default_value", "other_kind"),
        ("text", json!({"required_for_kinds": ["clinic"]}), "/required_for_kinds/0", "invalid_choice"),
        ("text", json!({"required_in_statuses": ["open"]}), "/required_in_statuses/0", "invalid_choice"),
        ("text", json!({"name": "Beds"}), "/name", "invalid_field_name"),
    ] {
        let mut body = json!({"resource": "clients", "name": "field", "kind": kind, "label_en": "x", "label_ru": "x"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        world.sue.post("/v1/custom-fields", body).await.field_error(pointer, code);
    }
    let field = define(&world, "ward", "choice", json!({"choices": choices})).await;
    let others = json!([{"value": "b", "label_en": "B", "label_ru": "Б"}]);
    world.sue.patch(path(&field), &field, json!({"choices": others})).await.field_error("/choices", "left_out");
}
