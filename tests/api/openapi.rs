//! The API document: the committed file is what the code generates, and every operation is complete.

use std::{collections::BTreeSet, path::Path};

use actix_web::http::Method;
use liaison::{access::permission::PERMISSIONS, app, http::Operations};
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
            || operation["security"] == serde_json::json!([]);
        let permission = operation["x-permission"].as_str();
        // A search through everything leaves out what the caller may not read.
        let own = path.starts_with("/v1/me") || path == "/v1/search" || operation["x-caller"] == "person";
        assert!(public || permission.is_some() || own, "{name} names no permission");
        if let Some(permission) = permission {
            assert!(PERMISSIONS.iter().any(|(known, _)| *known == permission), "{name}: no right {permission}");
        }
    }
}

#[test]
fn every_operation_says_when_to_use_it() {
    let silent: Vec<&str> = operations()
        .filter(|(_, _, operation)| {
            let text = operation["description"].as_str().unwrap_or_default();
            !text.split(['.', '\n']).any(|sentence| sentence.trim().starts_with("Use it "))
        })
        .map(|(_, _, operation)| operation["operationId"].as_str().unwrap())
        .collect();
    assert!(silent.is_empty(), "no sentence that begins with `Use it`: {silent:?}");
}

#[test]
fn what_callers_come_for_stands_before_administration() {
    let names: Vec<&str> =
        document()["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    assert_eq!((names.first(), names.last()), (Some(&"clients"), Some(&"service")));
    let place = |wanted: &str| names.iter().position(|name| *name == wanted).unwrap();
    for administration in ["users", "roles", "service accounts", "audit", "auth"] {
        assert!(place(administration) > place("orders"), "{names:?}");
    }
    for (_, _, operation) in operations() {
        assert!(names.contains(&operation["tags"][0].as_str().unwrap()), "{operation}");
    }
}

/// A handler's arguments decide whether callers must be signed in: a handler that takes no caller's rights is open to
/// all.
#[test]
fn only_these_operations_need_no_sign_in() {
    let open = operations().filter(|(_, _, operation)| operation["security"] == serde_json::json!([]));
    let ids: BTreeSet<&str> = open.map(|(_, _, operation)| operation["operationId"].as_str().unwrap()).collect();
    let expected = [
        "create_token",
        "forgot_password",
        "get_jwks",
        "get_liveness",
        "get_openapi",
        "get_problem_type",
        "get_readiness",
        "get_server_metadata",
        "list_problem_types",
        "report_leaked_key",
        "reset_password",
        "revoke_token",
    ];
    assert_eq!(ids, BTreeSet::from(expected));
}

#[test]
fn operations_can_be_walked_with_their_right_and_their_schemas() {
    let document = app::document().unwrap();
    let of = |id: &str| document.operations().iter().find(|operation| operation.id == id).unwrap().clone();
    let update = of("update_client");
    assert_eq!((update.method.as_str(), update.path.as_str()), ("PATCH", "/v1/clients/{id}"));
    assert_eq!(update.right.as_deref(), Some("clients:update"));
    assert_eq!((update.request.as_deref(), update.answer.as_deref()), (Some("ClientPatch"), Some("Client")));
    let list = of("list_orders");
    assert_eq!((list.request.as_deref(), list.answer.as_deref()), (None, Some("OrderPage")));
    let delete = of("delete_contact");
    assert_eq!((delete.right.as_deref(), delete.answer), (Some("contacts:delete"), None));
    assert_eq!(of("get_liveness").right, None);
    assert_eq!(document.operations().len(), operations().count());
}

/// Two addresses that differ only in the name of a parameter would hide each other.
#[test]
fn every_operation_is_found_at_its_address() {
    let document = app::document().unwrap();
    let found = Operations::of(document.operations().iter().cloned());
    for operation in document.operations() {
        let method = Method::from_bytes(operation.method.as_bytes()).unwrap();
        assert_eq!(found.find(&method, &operation.path).id, operation.id);
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
