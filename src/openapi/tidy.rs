//! Corrects what utoipa writes differently from what a reader wants.

use serde_json::{Value, json};

use super::{
    classes::{drop_audit_words, is_confidential, name_rights},
    complete::{Object, operations, set},
    enums::name_enums,
    example_ids::address_examples,
    sparse::add_sparse_answers,
};
use crate::values::members::is_nullable;

/// Tidies a document that is otherwise complete.
pub fn tidy(document: &mut Value) {
    name_page_items(document);
    drop_null_defaults(document);
    lift_descriptions(document);
    write_out_closed_parts(document);
    name_rights(document);
    drop_audit_words(document);
    write_out_texts(document);
    name_enums(document);
    add_sparse_answers(document);
    address_examples(document);
    share_parameters(document);
    drop_unused_components(document);
}

/// The schema of what callers write allows no other members, so the schema of a row cannot refer to it as a part. Its
/// members are written out in the row instead.
fn write_out_closed_parts(document: &mut Value) {
    let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas") else { return };
    let is_closed = |schema: &Value| schema.get("additionalProperties") == Some(&json!(false));
    let closed: Object = schemas
        .iter()
        .filter(|(_, schema)| is_closed(schema))
        .map(|(name, schema)| (name.clone(), schema.clone()))
        .collect();
    // A part that is written in its place stands beside its description.
    let in_place = |part: &Value| part.get("allOf")?.as_array()?.iter().find(|part| is_closed(part)).cloned();
    let referred = |part: &Value| closed.get(part.get("$ref")?.as_str()?.rsplit('/').next()?).cloned();
    let named = |part: &Value| in_place(part).or_else(|| referred(part));
    for row in schemas.values_mut().filter_map(Value::as_object_mut) {
        let Some(parts) = row.get("allOf").and_then(Value::as_array) else { continue };
        let written: Vec<Value> = parts.iter().filter_map(named).collect();
        let mut own: Vec<Value> = parts.iter().filter(|part| named(part).is_none()).cloned().collect();
        let (false, [Value::Object(own)]) = (written.is_empty(), own.as_mut_slice()) else { continue };
        for part in &written {
            write_out(own, part);
        }
        row.remove("allOf");
        row.append(own);
    }
}

/// Adds the members of `part` to those of `row`. A member that callers may leave out is always present in the row,
/// unless it can be cleared.
fn write_out(row: &mut Object, part: &Value) {
    let Some(Value::Object(properties)) = part.get("properties").cloned() else { return };
    for (name, mut property) in properties {
        if let Some(about) = property.as_object_mut() {
            about.remove("default");
        }
        if is_confidential(&property)
            && let Some(Value::String(description)) = property.get_mut("description")
        {
            description.push_str(" Absent for callers who may not see it.");
        }
        if !is_nullable(&property)
            && let Some(Value::Array(required)) = row.get_mut("required")
        {
            required.push(json!(name));
        }
        if let Some(Value::Object(own)) = row.get_mut("properties") {
            own.insert(name, property);
        }
    }
}

/// A text with a bound says nothing by a name such as `Text50`, so its schema is written out where it is used.
fn write_out_texts(document: &mut Value) {
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object).into_iter().flatten();
    let is_text = |name: &str| name.strip_prefix("Text").is_some_and(|rest| rest.parse::<usize>().is_ok());
    let texts: Object = schemas
        .filter(|(name, _)| is_text(name))
        .map(|(name, schema)| (format!("#/components/schemas/{name}"), schema.clone()))
        .collect();
    put_in(document, &texts);
}

fn put_in(value: &mut Value, texts: &Object) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| put_in(item, texts)),
        Value::Object(members) => {
            let address = members.get("$ref").and_then(Value::as_str);
            if let Some(Value::Object(text)) = address.and_then(|address| texts.get(address)) {
                members.remove("$ref");
                for (word, value) in text {
                    members.entry(word).or_insert_with(|| value.clone());
                }
            }
            members.values_mut().for_each(|member| put_in(member, texts));
        }
        _ => {}
    }
}

/// utoipa writes out the schema of a page's item again; a reference by its name says more.
fn name_page_items(document: &mut Value) {
    let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas") else { return };
    let names: Vec<String> = schemas.keys().cloned().collect();
    for (name, page) in schemas.iter_mut() {
        let item = name.strip_suffix("Page").filter(|item| names.iter().any(|name| name == item));
        if let Some(item) = item {
            set(page, "/properties/data/items", json!({"$ref": format!("#/components/schemas/{item}")}));
        }
    }
}

/// A default of `null` only says how serde reads an absent field. A caller who sends `null` means something else: in a
/// patch, `null` clears.
fn drop_null_defaults(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(drop_null_defaults),
        Value::Object(object) => {
            object.retain(|name, value| name != "default" || !value.is_null());
            object.values_mut().for_each(drop_null_defaults);
        }
        _ => {}
    }
}

/// utoipa puts the description of an optional property at the referenced alternative, where a reader of the property
/// does not look.
fn lift_descriptions(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(lift_descriptions),
        Value::Object(object) => {
            let alternatives = object.get_mut("oneOf").and_then(Value::as_array_mut).into_iter().flatten();
            let description = alternatives
                .filter_map(Value::as_object_mut)
                .filter(|alternative| alternative.contains_key("$ref"))
                .find_map(|alternative| alternative.remove("description"));
            if let Some(description) = description {
                object.entry("description").or_insert(description);
            }
            object.values_mut().for_each(lift_descriptions);
        }
        _ => {}
    }
}

/// A parameter that is the same in several operations becomes a shared component.
fn share_parameters(document: &mut Value) {
    let mut uses: Vec<(Value, Vec<String>)> = Vec::new();
    for (path, _, operation) in operations(document) {
        for parameter in parameters(operation) {
            match uses.iter_mut().find(|(known, _)| known == parameter) {
                Some((_, paths)) => paths.push(path.clone()),
                None => uses.push((parameter.clone(), vec![path.clone()])),
            }
        }
    }
    uses.retain(|(_, paths)| paths.len() > 1);
    let name = |parameter: &Value| camel(parameter.get("name").and_then(Value::as_str).unwrap_or_default());
    let mut shared: Vec<(String, Value)> = Vec::new();
    for (parameter, paths) in &uses {
        let own = name(parameter);
        let is_only = uses.iter().filter(|(other, _)| name(other) == own).count() == 1;
        let resource = || paths.first().map(|path| resource_of(path, parameter)).unwrap_or_default();
        let mut key = if is_only { own } else { format!("{}{own}", resource()) };
        if shared.iter().any(|(known, _)| *known == key) {
            let place = parameter.get("in").and_then(Value::as_str).unwrap_or_default();
            key = format!("{key}In{}", camel(place));
        }
        shared.push((key, parameter.clone()));
    }
    for (_, _, operation) in operations(document) {
        for parameter in parameters(operation) {
            if let Some((key, _)) = shared.iter().find(|(_, known)| known == parameter) {
                *parameter = json!({"$ref": format!("#/components/parameters/{key}")});
            }
        }
    }
    set(document, "/components/parameters", Value::Object(shared.into_iter().collect()));
}

/// The resource that a parameter is about, by the addresses that take it: for an id in the address, what stands before it.
fn resource_of(path: &str, parameter: &Value) -> String {
    let own = format!("{{{}}}", parameter.get("name").and_then(Value::as_str).unwrap_or_default());
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let before = parts.iter().position(|part| *part == own).and_then(|at| parts.get(at.checked_sub(1)?));
    let named = before.or_else(|| parts.iter().rev().find(|part| !part.starts_with('{')));
    camel(named.copied().unwrap_or_default().trim_matches(['{', '}']))
}

/// A name as components have it, such as `IfMatch` of `If-Match`.
fn camel(name: &str) -> String {
    name.split(['_', '-'])
        .flat_map(|word| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)))
        .collect()
}

fn parameters(operation: &mut Object) -> impl Iterator<Item = &mut Value> {
    operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten()
}

/// Shared responses are made for every problem type, but no operation answers 405, which is for methods that an address
/// does not have. A schema that was written out in a row may have no other use.
fn drop_unused_components(document: &mut Value) {
    for kind in ["responses", "headers", "schemas"] {
        let text = document.to_string();
        if let Some(Value::Object(components)) = document.pointer_mut(&format!("/components/{kind}")) {
            components.retain(|name, _| text.contains(&format!("\"#/components/{kind}/{name}\"")));
        }
    }
}
