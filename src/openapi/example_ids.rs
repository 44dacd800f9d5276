//! The ids in examples are those of the demonstration company, so that an example runs there as it is.

use serde_json::{Value, json};

use super::complete::{Object, operations};
use crate::values::example_id;

/// What the members of examples refer to: the end of a member's name, and the kind of row.
const MEMBERS: [(&str, &str); 24] = [
    ("account_id", "service_accounts"),
    ("account_team", "users"),
    ("actor_id", "users"),
    ("approved_by", "users"),
    ("author_id", "users"),
    ("client_id", "clients"),
    ("contact_id", "contacts"),
    ("contract_id", "contracts"),
    ("department_id", "departments"),
    ("department_ids", "departments"),
    ("editor_ids", "users"),
    ("follows_id", "interactions"),
    ("line_id", "order_lines"),
    ("order_id", "orders"),
    ("owner_id", "users"),
    ("product_id", "products"),
    ("team_id", "teams"),
    ("user_id", "users"),
    ("user_ids", "users"),
    ("actor", "users"),
    ("client", "clients"),
    ("contact", "contacts"),
    ("department", "departments"),
    ("lines", "order_lines"),
];

/// The kind of row that a schema describes.
const SCHEMAS: [(&str, &str); 11] = [
    ("Client", "clients"),
    ("Contact", "contacts"),
    ("Contract", "contracts"),
    ("Department", "departments"),
    ("Interaction", "interactions"),
    ("Order", "orders"),
    ("OwnAccount", "users"),
    ("Product", "products"),
    ("ServiceAccount", "service_accounts"),
    ("Team", "teams"),
    ("User", "users"),
];

/// The row of a kind that stands in examples. The first products of the company are no longer sold.
fn id_of(kind: &str) -> uuid::Uuid {
    example_id(kind, if kind == "products" { 3 } else { 1 })
}

/// Puts the ids into the examples of all schemas.
pub fn put_ids(document: &mut Value) {
    let schemas = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut);
    for (name, schema) in schemas.into_iter().flatten() {
        let kind = SCHEMAS.iter().find(|(known, _)| known == name).map_or("others", |(_, kind)| *kind);
        if let Some(example) = schema.get_mut("example") {
            put(example, kind);
        }
    }
}

fn put(example: &mut Value, kind: &str) {
    match example {
        Value::Array(items) => items.iter_mut().for_each(|item| put(item, kind)),
        Value::Object(members) => {
            for (name, member) in members {
                let own = if name == "id" { Some(kind) } else { None };
                match own.or_else(|| kind_of(name)) {
                    Some(kind) => put(member, kind),
                    None if member.is_object() || member.is_array() => put(member, "others"),
                    None => {}
                }
            }
        }
        Value::String(text) if text.parse::<uuid::Uuid>().is_ok() => *text = id_of(kind).to_string(),
        _ => {}
    }
}

fn kind_of(member: &str) -> Option<&'static str> {
    let related = match member {
        "author" | "members" | "owner" | "user" => Some("users"),
        "primary_contact" => Some("contacts"),
        _ => None,
    };
    related.or_else(|| MEMBERS.iter().find(|(name, _)| *name == member).map(|(_, kind)| *kind))
}

/// Gives the id in each address the one of the demonstration company.
pub fn address_examples(document: &mut Value) {
    for (path, _, operation) in operations(document) {
        let Some(kind) = path.strip_prefix("/v1/").and_then(|path| path.split_once("/{id}")) else { continue };
        let kind = kind.0.replace('-', "_");
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten();
        for parameter in parameters.filter_map(Value::as_object_mut).filter(|parameter| is_id(parameter)) {
            parameter.insert("example".to_owned(), json!(id_of(&kind)));
        }
    }
}

fn is_id(parameter: &Object) -> bool {
    parameter.get("name") == Some(&json!("id")) && parameter.get("in") == Some(&json!("path"))
}
