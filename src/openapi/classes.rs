//! What kind of data a member is, as its doc comment says. A confidential member gets the name of the right that shows
//! it. Whether a member is personal matters to the audit log and not to callers, so it is left out.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::complete::operations;
use crate::{
    access::{Action, ReadConfidential},
    values::{BUSINESS, CONFIDENTIAL, PERSONAL},
};

/// Whether only some callers may see the member.
pub fn is_confidential(property: &Value) -> bool {
    property.get("description").and_then(Value::as_str).is_some_and(|text| text.contains(CONFIDENTIAL))
}

/// Adds to each confidential member the right that shows it: the right of the resource whose operations read or write
/// it.
pub fn name_rights(document: &mut Value) {
    let mut resources: BTreeMap<String, String> = BTreeMap::new();
    for (_, _, operation) in operations(document) {
        let permission = operation.get("x-permission").and_then(Value::as_str).unwrap_or_default();
        let Some((resource, _)) = permission.split_once(':') else { continue };
        for schema in references(&json!(operation)) {
            resources.entry(schema).or_insert_with(|| resource.to_owned());
        }
    }
    let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas") else { return };
    while let Some((part, resource)) = next_part(schemas, &resources) {
        resources.insert(part, resource);
    }
    for (schema, resource) in resources {
        let Some(Value::Object(properties)) = schemas.get_mut(&schema).and_then(|schema| schema.get_mut("properties"))
        else {
            continue;
        };
        for property in properties.values_mut().filter(|property| is_confidential(property)) {
            if let Some(property) = property.as_object_mut() {
                let right = format!("{resource}:{}", ReadConfidential::NAME);
                property.insert("x-visible-with".to_owned(), json!(right));
            }
        }
    }
}

/// A schema that is part of another schema whose resource is known, and that resource.
fn next_part(schemas: &serde_json::Map<String, Value>, known: &BTreeMap<String, String>) -> Option<(String, String)> {
    known.iter().find_map(|(schema, resource)| {
        let part = references(schemas.get(schema)?).into_iter().find(|part| !known.contains_key(part))?;
        Some((part, resource.clone()))
    })
}

/// The names of the schemas that `value` refers to.
fn references(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(references).collect(),
        Value::Object(members) => {
            let own = members.get("$ref").and_then(Value::as_str);
            let own = own.and_then(|address| address.strip_prefix("#/components/schemas/")).map(str::to_owned);
            own.into_iter().chain(members.values().flat_map(references)).collect()
        }
        _ => Vec::new(),
    }
}

/// Removes the words that are only for the audit log.
pub fn drop_audit_words(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(drop_audit_words),
        Value::Object(members) => {
            if let Some(Value::String(text)) = members.get_mut("description") {
                for word in [PERSONAL, BUSINESS] {
                    if let Some(rest) = text.strip_prefix(word) {
                        *text = rest.to_owned();
                    }
                }
            }
            members.values_mut().for_each(drop_audit_words);
        }
        _ => {}
    }
}
