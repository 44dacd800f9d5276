//! Every field of every body with strange values: values that the document refuses are refused, and none causes an
//! internal error.
//!
//! The module `fields` tests that each field of a resource accepts valid values.

use serde_json::{Value, json};

use super::{send, world};
use crate::{
    calls::{Body, Call, Operation, Target, World, call, operations},
    harness::{resolve, validator},
};

/// The schema of an operation's JSON body.
pub fn schema(operation: &Operation) -> &'static Value {
    resolve(&operation.about["requestBody"]["content"]["application/json"]["schema"])
}

fn strange() -> Vec<Value> {
    let mut values = vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!([]),
        json!({}),
        json!([null]),
        json!({"x": 1}),
    ];
    let texts = [
        "",
        " ",
        "x",
        "a\u{0}b",
        "\u{202e}",
        "0",
        "-1",
        "1e5",
        "0.001",
        "99999999999999999999.99",
        "2026-02-30",
        "0000-01-01",
        "+79161234567",
    ];
    values.extend(texts.map(Value::from));
    values.extend([
        json!(1e300),
        json!(i64::MAX),
        json!(u64::MAX),
        json!("ы".repeat(10_000)),
        json!(uuid::Uuid::now_v7()),
    ]);
    values
}

#[actix_web::test]
async fn every_field_refuses_what_the_document_refuses() {
    // A field that is defined as required would be missing in all that is created later.
    let of_definitions = world().await;
    let world = world().await;
    for operation in operations().into_iter().filter(|operation| operation.media_type() == Some("application/json")) {
        let defines = operation.path.starts_with("/v1/custom-fields");
        try_fields(if defines { &of_definitions } else { &world }, operation).await;
    }
}

async fn try_fields(world: &World, operation: Operation) {
    let validator = validator(schema(&operation));
    let mut fresh = call(world, operation.id, Target::Key).await;
    for pointer in pointers(&operation, &fresh) {
        for value in strange() {
            let Body::Json(mut body) = fresh.body.clone() else { panic!("{}: no body", operation.id) };
            put(&mut body, &pointer, value.clone());
            let valid = validator.is_valid(&body);
            let request = fresh.head(&operation, &world.sue).set_json(&body);
            let answer = send(world, request).await;
            let shown: String = value.to_string().chars().take(40).collect();
            assert!(answer.status < 500, "{} {pointer} = {shown}: {:?}", operation.id, answer.body);
            let refused = matches!(answer.status, 400 | 422);
            assert!(
                valid || refused,
                "{} {pointer} = {shown} is taken ({}) against the schema",
                operation.id,
                answer.status
            );
            if refused && answer.json()["code"] == "validation_failed" {
                let told = answer.field_errors();
                let near =
                    told.iter().any(|(told, _)| told.starts_with(&pointer) || pointer.starts_with(told.as_str()));
                assert!(near || valid, "{} {pointer} = {shown}: told of {told:?}", operation.id);
            } else if !refused {
                fresh = call(world, operation.id, Target::Key).await;
            }
        }
    }
}

/// Pointers to every field that the body can have, and to the members inside the fields that it has.
fn pointers(operation: &Operation, call: &Call) -> Vec<String> {
    let properties = schema(operation)["properties"].as_object().into_iter().flatten();
    let mut pointers: Vec<String> = properties.map(|(name, _)| format!("/{name}")).collect();
    if let Body::Json(body) = &call.body {
        inside(body, "", &mut pointers);
    }
    pointers.dedup();
    pointers
}

fn inside(value: &Value, at: &str, pointers: &mut Vec<String>) {
    let members: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => return,
    };
    for (name, value) in members {
        let pointer = format!("{at}/{name}");
        inside(value, &pointer, pointers);
        if at.is_empty() && pointers.contains(&pointer) {
            continue;
        }
        pointers.push(pointer);
    }
}

fn put(body: &mut Value, pointer: &str, value: Value) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match body.pointer_mut(parent).unwrap() {
        Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
        object => object[name] = value,
    }
}
