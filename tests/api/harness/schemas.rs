//! The schemas of the document, closed and each compiled once.
//!
//! The document leaves the objects of answers open, so that a client still works when they get a new member. The tests
//! are stricter: here, an object has the documented members and no others.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
};

use jsonschema::{Draft, Registry, Validator};
use serde_json::{Map, Value, json};

use super::document;

/// The members that only some types of problem have (RFC 9457, section 3.2). The document names them only in
/// descriptions.
const OF_PROBLEMS: [&str; 12] = [
    "allowed",
    "current_version",
    "error",
    "left",
    "limit",
    "limits",
    "location",
    "max_age",
    "permission",
    "reasons",
    "rule",
    "state",
];

/// The base URI of the references between schemas.
const BASE: &str = "urn:liaison:document";

type Validators = Mutex<HashMap<(String, bool), Arc<Validator>>>;

static WHOLE: LazyLock<Registry<'static>> = LazyLock::new(|| registry(&components()));
static SPARSE: LazyLock<Registry<'static>> = LazyLock::new(|| registry(&without_required(components())));
static VALIDATORS: LazyLock<Validators> = LazyLock::new(Mutex::default);

/// The validator of a schema of the document.
pub fn validator(schema: &Value) -> Arc<Validator> {
    compiled(schema, false)
}

/// The same, but no member is required: for answers that the parameter `fields` has reduced.
pub fn sparse_validator(schema: &Value) -> Arc<Validator> {
    compiled(schema, true)
}

fn compiled(schema: &Value, is_sparse: bool) -> Arc<Validator> {
    let key = (schema.to_string(), is_sparse);
    if let Some(known) = VALIDATORS.lock().unwrap().get(&key) {
        return Arc::clone(known);
    }
    // Two threads may compile the same schema at once, which is better than making all threads wait.
    let (registry, schema) = match is_sparse {
        true => (&*SPARSE, without_required(closed(schema))),
        false => (&*WHOLE, closed(schema)),
    };
    let options = jsonschema::draft202012::options().should_validate_formats(true).with_registry(registry);
    let made = Arc::new(options.build(&schema).unwrap());
    VALIDATORS.lock().unwrap().insert(key, Arc::clone(&made));
    made
}

fn registry(components: &Value) -> Registry<'static> {
    let resource = Draft::Draft202012.create_resource(components.clone());
    Registry::new().add(BASE, resource).unwrap().prepare().unwrap()
}

/// Each schema twice: closed by itself, and open as a part of another one.
fn components() -> Value {
    let schemas = document()["components"]["schemas"].as_object().unwrap();
    let each = |change: fn(&Value) -> Value| -> Map<String, Value> {
        schemas.iter().map(|(name, schema)| (name.clone(), change(schema))).collect()
    };
    let mut components = json!({"components": {"schemas": each(closed)}, "parts": each(part)});
    for name in OF_PROBLEMS {
        components["components"]["schemas"]["Problem"]["properties"][name] = json!(true);
    }
    components
}

fn closed(schema: &Value) -> Value {
    let mut closed = part(schema);
    if let Value::Object(members) = &mut closed {
        if members.contains_key("allOf") {
            members.insert("unevaluatedProperties".to_owned(), json!(false));
        } else if members.contains_key("properties") {
            members.entry("additionalProperties").or_insert(json!(false));
        }
    }
    closed
}

/// The schema as a part of a composed one: it is open itself, but the schemas inside its members are closed.
fn part(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), keyword(name, value))).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(closed).collect(),
        other => other.clone(),
    }
}

fn keyword(name: &str, value: &Value) -> Value {
    match (name, value) {
        ("$ref", Value::String(reference)) => json!(format!("{BASE}{reference}")),
        ("allOf", Value::Array(parts)) => parts.iter().map(composed).collect(),
        ("properties", Value::Object(properties)) => {
            properties.iter().map(|(name, schema)| (name.clone(), closed(schema))).collect::<Map<_, _>>().into()
        }
        ("const" | "default" | "enum" | "example" | "examples", value) => value.clone(),
        (_, value) => closed(value),
    }
}

fn composed(schema: &Value) -> Value {
    match schema["$ref"].as_str() {
        Some(reference) => json!({"$ref": format!("{BASE}{}", reference.replace("/components/schemas/", "/parts/"))}),
        None => part(schema),
    }
}

fn without_required(mut schema: Value) -> Value {
    match &mut schema {
        Value::Array(items) => items.iter_mut().for_each(|item| *item = without_required(item.take())),
        Value::Object(members) => {
            members.retain(|name, value| name != "required" || !value.is_array());
            members.values_mut().for_each(|value| *value = without_required(value.take()));
        }
        _ => {}
    }
    schema
}

#[test]
fn a_member_that_is_not_documented_breaks_every_schema_with_members() {
    let schemas = document()["components"]["schemas"].as_object().unwrap();
    let mut tried = 0;
    // An object that needs one of its members has no empty one.
    let may_be_empty = |name: &&String| schemas[*name]["minProperties"].is_null();
    for name in schemas.keys().filter(|name| has_members(&schemas[*name])).filter(may_be_empty) {
        let schema = json!({"$ref": format!("#/components/schemas/{name}")});
        let validator = sparse_validator(&schema);
        assert!(validator.is_valid(&json!({})), "{name}");
        assert!(!validator.is_valid(&json!({"surprise": 1})), "{name}");
        tried += 1;
    }
    assert!(tried > 100, "only {tried}");
}

fn has_members(schema: &Value) -> bool {
    schema["properties"].is_object() || schema["allOf"].as_array().is_some_and(|parts| parts.iter().any(has_members))
}
