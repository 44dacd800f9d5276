//! The document: what is committed is what the code makes, and every operation is complete.

use std::{collections::BTreeSet, path::Path};

use liaison::{access::permission::PERMISSIONS, app};
use serde_json::Value;

use crate::harness::document;

fn operations() -> impl Iterator<Item = (&'static str, &'static str, &'static Value)> {
    let paths = document()["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, item)| {
        item.as_object().unwrap().iter().map(|(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

#[test]
fn the_committed_document_is_what_the_code_makes() {
    let made = app::document().unwrap().json;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/openapi.json");
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == made,
        "openapi/openapi.json is not what the code makes; UPDATE_OPENAPI=1 cargo test rewrites it"
    );
}

#[test]
fn every_operation_says_what_it_is() {
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations() {
        let name = format!("{method} {path}");
        let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{name} has no id"));
        assert!(ids.insert(id), "{id} twice");
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{name} has no summary");
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{name} has not one tag");
        let public = operation["security"].as_array().is_some_and(Vec::is_empty)
            || operation["security"] == serde_json::json!([{}]);
        let permission = operation["x-permission"].as_str();
        let own = path.starts_with("/v1/me") || operation["x-caller"] == "person";
        assert!(public || permission.is_some() || own, "{name} names no permission");
        if let Some(permission) = permission {
            assert!(PERMISSIONS.iter().any(|(known, _)| *known == permission), "{name}: no right {permission}");
        }
    }
}

#[test]
fn every_body_has_an_example() {
    for (path, method, operation) in operations() {
        let name = format!("{method} {path}");
        let answers = operation["responses"].as_object().unwrap();
        let good = answers.iter().filter(|(status, _)| status.starts_with('2')).map(|(_, answer)| answer);
        for message in good.chain([&operation["requestBody"]]) {
            for (kind, content) in message["content"].as_object().into_iter().flatten() {
                let documented = path == "/openapi.json" || !content["example"].is_null();
                assert!(documented, "{name}: {kind} has no example");
            }
        }
    }
}

#[test]
fn every_property_says_what_it_means() {
    let mut silent = Vec::new();
    for (name, schema) in document()["components"]["schemas"].as_object().unwrap() {
        let parts = schema["allOf"].as_array().cloned().unwrap_or_else(|| vec![schema.clone()]);
        for part in &parts {
            for (property, about) in part["properties"].as_object().into_iter().flatten() {
                if about["description"].as_str().is_none_or(str::is_empty) {
                    silent.push(format!("{name}.{property}"));
                }
            }
        }
    }
    assert!(silent.is_empty(), "no description: {silent:?}");
}
