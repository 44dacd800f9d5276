//! Mass assignment: nobody can write fields that only answers have.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    calls::{Body, Call, Operation, Target, World, call, operations},
    harness::{TestApp, document},
};

/// The schema of an operation's JSON body.
pub fn body_schema(operation: &Operation) -> &'static Value {
    &operation.about["requestBody"]["content"]["application/json"]["schema"]
}

/// The schema of a successful answer of an operation.
fn answer_schema(operation: &Operation) -> &'static Value {
    let answers = operation.about["responses"].as_object().unwrap();
    let good = answers.iter().find(|(status, _)| status.starts_with('2')).map(|(_, answer)| answer);
    good.map_or(&Value::Null, |answer| &answer["content"]["application/json"]["schema"])
}

/// The schemas that `schema` consists of: the ones it refers to, and its alternatives.
fn parts(schema: &'static Value) -> Vec<&'static Value> {
    if let Some(reference) = schema["$ref"].as_str() {
        return parts(document().pointer(reference.trim_start_matches('#')).unwrap());
    }
    let others = ["allOf", "oneOf", "anyOf"].into_iter().filter_map(|name| schema[name].as_array()).flatten();
    [schema].into_iter().chain(others.flat_map(parts)).collect()
}

/// The names of an object's properties.
pub fn properties(schema: &'static Value) -> BTreeSet<&'static str> {
    let of = |part: &'static Value| part["properties"].as_object().into_iter().flatten();
    parts(schema).into_iter().flat_map(of).map(|(name, _)| name.as_str()).collect()
}

/// The schema of a property, or of the items of an array.
fn inner(schema: &'static Value, name: &str) -> Option<&'static Value> {
    parts(schema).into_iter().find_map(|part| part["properties"].get(name))
}

fn items(schema: &'static Value) -> Option<&'static Value> {
    parts(schema).into_iter().find_map(|part| part.get("items"))
}

/// Adds to `found` the pointers of read-only fields: those that the answer has but the body's schema does not, at every
/// depth of the call's body.
fn read_only(body: &Value, takes: &'static Value, answers: &'static Value, at: &str, found: &mut Vec<String>) {
    match body {
        Value::Object(members) => {
            let (taken, answered) = (properties(takes), properties(answers));
            if taken.is_empty() {
                return;
            }
            found.extend(answered.difference(&taken).map(|name| format!("{at}/{name}")));
            for (name, value) in members {
                if let (Some(takes), Some(answers)) = (inner(takes, name), inner(answers, name)) {
                    read_only(value, takes, answers, &format!("{at}/{name}"), found);
                }
            }
        }
        Value::Array(values) => {
            if let (Some(value), Some(takes), Some(answers)) = (values.first(), items(takes), items(answers)) {
                read_only(value, takes, answers, &format!("{at}/0"), found);
            }
        }
        _ => {}
    }
}

/// ASVS 15.3.3; trust 1.10
#[actix_web::test]
async fn read_only_fields_are_written_by_nobody() {
    let world = World::over(TestApp::start().await).await;
    let mut tried = 0;
    for operation in operations() {
        if operation.media_type() != Some("application/json") || !operation.path.starts_with("/v1/") {
            continue;
        }
        let call = call(&world, operation.id, Target::Key).await;
        let Body::Json(body) = &call.body else { panic!("{}: no body in its entry", operation.id) };
        let mut pointers = Vec::new();
        read_only(body, body_schema(&operation), answer_schema(&operation), "", &mut pointers);
        let before = traces(&world).await;
        for pointer in &pointers {
            refuses(&world, &operation, &call, pointer).await;
        }
        assert_eq!(traces(&world).await, before, "{}", operation.id);
        tried += pointers.len();
    }
    assert!(tried > 200, "only {tried} read-only fields were found");
}

async fn refuses(world: &World, operation: &Operation, call: &Call, pointer: &str) {
    let Body::Json(mut body) = call.body.clone() else { unreachable!() };
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    // The resource's current value is refused like any other.
    let value = call.object.get(name).filter(|value| !value.is_null()).cloned().unwrap_or(json!("1"));
    body.pointer_mut(parent).unwrap()[name] = value;
    let problem = world.sue.send(call.head(operation, &world.sue).set_json(&body)).await.problem(400, "unknown_field");
    assert_eq!(problem["errors"][0]["pointer"], pointer, "{}", operation.id);
}

/// Everything that a change would touch.
async fn traces(world: &World) -> Vec<String> {
    let sql = "SELECT json_build_array((SELECT count(*) FROM outbox_events), (SELECT count(*) FROM idempotency_keys), \
               (SELECT sum(version) FROM clients), (SELECT sum(version) FROM users), (SELECT sum(version) FROM orders), \
               (SELECT sum(version) FROM contracts), (SELECT sum(version) FROM products))::text AS value";
    world.app.text(sql).await
}
