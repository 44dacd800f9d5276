//! What `fields` answers: a type of its own, in which nothing is required.

use serde_json::{Value, json};

use super::{
    complete::{Object, operations, set},
    enums::{answered, members},
};
use crate::http::Fields;

/// Adds to each operation that takes `fields` what it answers then.
pub fn add_sparse_answers(document: &mut Value) {
    let mut sparse = Object::new();
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object).cloned().unwrap_or_default();
    for (_, _, operation) in operations(document) {
        let Some(schema) = answered(operation).filter(|_| takes_fields(operation)) else { continue };
        let item = schema.strip_suffix("Page").unwrap_or(&schema);
        let Some(whole) = schemas.get(item) else { continue };
        let named = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
        sparse.insert(format!("Sparse{item}"), sparse_item(&schemas, item, whole));
        if schema != item
            && let Some(page) = schemas.get(&schema)
        {
            let mut page = page.clone();
            set(&mut page, "/description", json!(format!("A page of a list with `fields`: see `{schema}`.")));
            set(&mut page, "/properties/data/items", named(&format!("Sparse{item}")));
            sparse.insert(format!("Sparse{schema}"), page);
        }
        let both = json!({"anyOf": [named(&schema), named(&format!("Sparse{schema}"))]});
        let good = operation.get_mut("responses").and_then(|answers| answers.get_mut("200"));
        if let Some(content) = good.and_then(|good| good.pointer_mut("/content/application~1json")) {
            set(content, "/schema", both);
        }
    }
    if let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas") {
        schemas.extend(sparse);
    }
}

fn sparse_item(schemas: &Object, item: &str, whole: &Value) -> Value {
    json!({
        "type": "object",
        "description": format!("Some fields of `{item}`: those that `fields` asked for."),
        "properties": members(schemas, whole)
    })
}

fn takes_fields(operation: &Object) -> bool {
    let parameters = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
    let mut queries = parameters.filter(|parameter| parameter.get("in") == Some(&json!("query")));
    queries.any(|parameter| parameter.get("name") == Some(&json!(Fields::PARAMETER)))
}
