//! Enumerations get names, and every place that lists the same words refers to the one by its name.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::complete::{Object, operations, set};
use crate::{
    access::{
        permission::{PERMISSIONS, is_for_persons_only},
        policy::LIMITS,
    },
    http::{Fields, INCLUDE},
};

/// Names the enumerations of a document whose schemas are otherwise complete.
pub fn name_enums(document: &mut Value) {
    add_rights(document);
    name_actions(document);
    name_parameters(document);
    share(document);
}

fn add_rights(document: &mut Value) {
    let all: Vec<&str> = PERMISSIONS.iter().map(|(name, _)| *name).collect();
    let scopes: Vec<&str> = all.iter().copied().filter(|name| !is_for_persons_only(name)).collect();
    set(document, "/components/schemas/PermissionName", words("The name of a right.", &all));
    set(document, "/components/schemas/ScopeName/enum", json!(scopes));
    set(document, "/components/schemas/LimitName", words("The name of a limit.", &LIMITS));
}

fn words(about: &str, words: &[impl AsRef<str>]) -> Value {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    json!({"type": "string", "description": about, "enum": words})
}

/// The words of `actions` of each resource follow from the operations at its address: `update` is `PATCH` or `PUT`,
/// `delete` is `DELETE`, and any other is the last part of the address of a `POST`.
fn name_actions(document: &mut Value) {
    let mut of_schema: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let all: Vec<(String, String, Option<String>)> =
        operations(document).into_iter().map(|(path, method, operation)| (path, method, answered(operation))).collect();
    for (base, schema) in addresses(&all) {
        let actions = of_schema.entry(schema).or_default();
        for action in all.iter().filter_map(|(path, method, _)| action(&base, path, method)) {
            if !actions.contains(&action) {
                actions.push(action);
            }
        }
    }
    let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas") else { return };
    for (schema, actions) in of_schema {
        let pointer = actions_of(schemas, &schema);
        let Some(property) = pointer.and_then(|(schema, pointer)| schemas.get_mut(&schema)?.pointer_mut(&pointer))
        else {
            continue;
        };
        let name = format!("{schema}Action");
        set(property, "/items", json!({"$ref": format!("#/components/schemas/{name}")}));
        let about = "What a caller may do: `update` is PATCH or PUT and `delete` is DELETE at the resource's address, any \
                     other is a POST to that address with the word behind it.";
        schemas.insert(name, words(about, &actions));
    }
}

/// The address of each resource and the name of its schema: where it is read, or where its list is, with an id behind it.
fn addresses(all: &[(String, String, Option<String>)]) -> Vec<(String, String)> {
    let read = all.iter().filter(|(_, method, _)| method == "get");
    read.filter_map(|(path, _, schema)| match schema.as_deref()?.strip_suffix("Page") {
        None => Some((path.clone(), schema.clone()?)),
        Some(item) => {
            let id = |other: &&(String, String, Option<String>)| {
                let rest = other.0.strip_prefix(path.as_str()).and_then(|rest| rest.strip_prefix('/'));
                rest.is_some_and(|rest| rest.starts_with('{') && rest.ends_with('}') && !rest.contains('/'))
            };
            Some((all.iter().find(id)?.0.clone(), item.to_owned()))
        }
    })
    .collect()
}

fn action(base: &str, path: &str, method: &str) -> Option<String> {
    if path == base {
        return match method {
            "patch" | "put" => Some("update".to_owned()),
            "delete" => Some("delete".to_owned()),
            _ => None,
        };
    }
    let verb = path.strip_prefix(base)?.strip_prefix('/')?;
    (method == "post" && !verb.contains('/')).then(|| verb.to_owned())
}

/// Where the actions stand in a schema, or in a part of it.
fn actions_of(schemas: &Object, schema: &str) -> Option<(String, String)> {
    let about = schemas.get(schema)?;
    if about.pointer("/properties/actions").is_some() {
        return Some((schema.to_owned(), "/properties/actions".to_owned()));
    }
    let parts = about.get("allOf")?.as_array()?;
    let at = parts.iter().position(|part| part.pointer("/properties/actions").is_some())?;
    Some((schema.to_owned(), format!("/allOf/{at}/properties/actions")))
}

/// The name of the schema that an operation answers.
pub fn answered(operation: &Object) -> Option<String> {
    let answers = operation.get("responses")?.as_object()?;
    let good = answers.iter().find(|(status, _)| status.starts_with('2'))?.1;
    let schema = good.pointer("/content/application~1json/schema/$ref")?.as_str()?;
    schema.rsplit('/').next().map(str::to_owned)
}

/// `sort`, `include` and `fields` have words of their own for each resource.
fn name_parameters(document: &mut Value) {
    let mut named = Object::new();
    let fields = all_members(document);
    for (_, _, operation) in operations(document) {
        let Some(schema) = answered(operation) else { continue };
        let item = schema.strip_suffix("Page").unwrap_or(&schema).to_owned();
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten();
        for parameter in parameters.filter(|parameter| parameter.get("in") == Some(&json!("query"))) {
            let (suffix, at) = match parameter.get("name").and_then(Value::as_str) {
                Some("sort") => ("Sort", "/schema"),
                Some(INCLUDE) => ("Include", "/schema/items"),
                Some(Fields::PARAMETER) => ("Field", "/schema/items"),
                _ => continue,
            };
            let name = format!("{item}{suffix}");
            let mut about = parameter.pointer(at).cloned().unwrap_or_default();
            if suffix == "Field" {
                let Some(members) = fields.get(&item) else { continue };
                about = words("The name of a field.", members);
            }
            set(parameter, at, json!({"$ref": format!("#/components/schemas/{name}")}));
            named.entry(name).or_insert(about);
        }
    }
    if let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas") {
        schemas.extend(named);
    }
}

/// The names of the members of each schema, those of its parts too.
fn all_members(document: &Value) -> BTreeMap<String, Vec<String>> {
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object);
    let Some(schemas) = schemas else { return BTreeMap::new() };
    schemas.iter().map(|(name, schema)| (name.clone(), members(schemas, schema).keys().cloned().collect())).collect()
}

/// The members of a schema and of its parts.
pub fn members(schemas: &Object, schema: &Value) -> Object {
    let mut all = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        let named = part.get("$ref").and_then(Value::as_str).and_then(|address| address.rsplit('/').next());
        all.extend(members(schemas, named.and_then(|name| schemas.get(name)).unwrap_or(part)));
    }
    all
}

/// Puts a reference wherever the words of a named enumeration are listed again.
fn share(document: &mut Value) {
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object);
    let named: Vec<(String, Value)> = schemas
        .into_iter()
        .flatten()
        .filter_map(|(name, schema)| Some((name.clone(), schema.get("enum")?.clone())))
        .collect();
    if let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas") {
        for schema in schemas.values_mut().filter(|schema| schema.get("enum").is_none()) {
            refer(schema, &named);
        }
    }
    if let Some(paths) = document.get_mut("paths") {
        refer(paths, &named);
    }
}

fn refer(schema: &mut Value, named: &[(String, Value)]) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(|item| refer(item, named)),
        Value::Object(members) => {
            let words = members.get("enum").filter(|words| words.as_array().is_some_and(|words| words.len() > 1));
            let name = words.and_then(|words| named.iter().find(|(_, known)| known == words)).map(|(name, _)| name);
            match name {
                Some(name) => *schema = json!({"$ref": format!("#/components/schemas/{name}")}),
                None => members.values_mut().for_each(|member| refer(member, named)),
            }
        }
        _ => {}
    }
}
