//! Puts in order what utoipa writes otherwise than a reader wants it.

use serde_json::{Value, json};

use super::complete::{Object, operations, set};

/// Tidies a document that is complete otherwise.
pub fn tidy(document: &mut Value) {
    name_page_items(document);
    drop_null_defaults(document);
    lift_descriptions(document);
    share_parameters(document);
    drop_unused_components(document);
}

/// utoipa writes the item of a page out again; its name says more.
fn name_page_items(document: &mut Value) {
    let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas") else { return };
    let names: Vec<String> = schemas.keys().cloned().collect();
    for (name, page) in schemas.iter_mut() {
        let item = name.strip_prefix("Page_").filter(|item| names.iter().any(|name| name == item));
        if let Some(item) = item {
            set(page, "/properties/data/items", json!({"$ref": format!("#/components/schemas/{item}")}));
        }
    }
}

/// serde's default of an absent field is not a value that a caller could send: in a patch, `null` clears.
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

/// A parameter that several operations have alike becomes a shared component.
fn share_parameters(document: &mut Value) {
    let mut uses: Vec<(Value, usize)> = Vec::new();
    for (_, _, operation) in operations(document) {
        for parameter in parameters(operation) {
            match uses.iter_mut().find(|(known, _)| known == parameter) {
                Some((_, count)) => *count += 1,
                None => uses.push((parameter.clone(), 1)),
            }
        }
    }
    let mut shared: Vec<(String, Value)> = Vec::new();
    for (parameter, _) in uses.into_iter().filter(|(_, count)| *count > 1) {
        let name = parameter.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let namesakes = shared.iter().filter(|(_, known)| known.get("name") == parameter.get("name")).count();
        let key = if namesakes == 0 { name } else { format!("{name}-{}", namesakes + 1) };
        shared.push((key, parameter));
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

fn parameters(operation: &mut Object) -> impl Iterator<Item = &mut Value> {
    operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten()
}

/// Shared components are made for every problem type, but 405 is for the methods that an address does not have.
fn drop_unused_components(document: &mut Value) {
    for kind in ["responses", "headers"] {
        let text = document.to_string();
        if let Some(Value::Object(components)) = document.pointer_mut(&format!("/components/{kind}")) {
            components.retain(|name, _| text.contains(&format!("\"#/components/{kind}/{name}\"")));
        }
    }
}
