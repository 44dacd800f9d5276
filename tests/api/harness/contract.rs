//! The document as a contract: status, content type, headers and body of every answer are held against it.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
};

use jsonschema::Validator;
use liaison::openapi::Document;
use serde_json::{Value, json};

use super::Answer;

/// Made once for the run: it takes as long as a short test.
static SERVED: LazyLock<Arc<Document>> = LazyLock::new(|| Arc::new(Document::build().unwrap()));
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(&SERVED.json).unwrap());
static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// The document as the apps under test serve it.
pub fn served() -> Arc<Document> {
    Arc::clone(&SERVED)
}

/// The OpenAPI document.
pub fn document() -> &'static Value {
    &DOCUMENT
}

/// Panics when `answer` breaks the contract of the operation at `method` and `path`.
#[track_caller]
pub fn check(method: &str, path: &str, query: &str, answer: &Answer) {
    assert!(answer.header("x-request-id").is_some(), "no request id");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    let Some((template, operation)) = operation(method, path) else {
        assert!(
            matches!(answer.status, 404..=406) || path.starts_with("/docs") || path == "/",
            "undocumented: {method} {path}"
        );
        return;
    };
    let responses = &operation["responses"];
    let response = resolve(&responses[answer.status.to_string()]);
    assert!(
        !response.is_null(),
        "{method} {template} answered {}, which is not documented: {:?}",
        answer.status,
        answer.body
    );
    for (name, header) in response["headers"].as_object().into_iter().flatten() {
        let optional = ["Link", "Idempotency-Replayed", "Retry-After"].contains(&name.as_str());
        let given = answer.header(&name.to_lowercase());
        assert!(optional || given.is_some(), "{method} {template} {}: no header {name} {header}", answer.status);
    }
    let sparse = answer.status == 200 && query.split('&').any(|pair| pair.starts_with("fields="));
    check_body(method, template, &response, sparse, answer);
}

fn check_body(method: &str, template: &str, response: &Value, sparse: bool, answer: &Answer) {
    let Some((content_type, content)) = response["content"].as_object().and_then(|content| content.iter().next())
    else {
        assert!(answer.body.is_empty(), "{method} {template} {}: a body that is not documented", answer.status);
        return;
    };
    assert_eq!(answer.header("content-type"), Some(content_type.as_str()), "{method} {template}");
    let body = answer.json();
    let validator = validator(&format!("{method} {template} {} {sparse}", answer.status), &content["schema"], sparse);
    let errors: Vec<String> =
        validator.iter_errors(&body).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{method} {template} {} breaks its schema: {errors:?}\n{body}", answer.status);
}

fn validator(key: &str, schema: &Value, sparse: bool) -> Arc<Validator> {
    let mut known = VALIDATORS.lock().unwrap();
    let made = known.entry(key.to_owned()).or_insert_with(|| {
        let mut root = json!({"allOf": [schema], "components": document()["components"]});
        if sparse {
            require_nothing(&mut root["components"]["schemas"]);
        }
        Arc::new(jsonschema::draft202012::options().should_validate_formats(true).build(&root).unwrap())
    });
    Arc::clone(made)
}

/// With `fields` an answer has only what was asked for, and that must be as the document says.
fn require_nothing(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(require_nothing),
        Value::Object(object) => {
            object.retain(|name, value| name != "required" || !value.is_array());
            object.values_mut().for_each(require_nothing);
        }
        _ => {}
    }
}

/// The operation that serves `method` and `path`; a path without parameters goes before one with.
fn operation(method: &str, path: &str) -> Option<(&'static str, &'static Value)> {
    let paths = document()["paths"].as_object()?;
    let fitting = paths.iter().filter(|(template, _)| fits(template, path));
    let (template, item) = fitting.min_by_key(|(template, _)| template.matches('{').count())?;
    let operation = &item[method.to_lowercase()];
    (!operation.is_null()).then_some((template.as_str(), operation))
}

fn fits(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template.iter().zip(&path).all(|(part, given)| part == given || (part.starts_with('{') && !given.is_empty()))
}

fn resolve(value: &Value) -> Value {
    match value["$ref"].as_str() {
        Some(reference) => resolve(document().pointer(reference.trim_start_matches('#')).unwrap()),
        None => value.clone(),
    }
}
