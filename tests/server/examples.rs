//! The document's examples, run as they are against the demonstration company: Swagger UI fills them in, so the first
//! thing that somebody tries should work.

use std::path::Path;

use serde_json::Value;

use crate::process::{DataDir, Server};

/// What no example can stand for: it needs a password, a code, a token, a session, a key, a job or a file of the moment.
const OF_THE_MOMENT: [&str; 30] = [
    "apply_import",
    "begin_second_factor",
    "cancel_job",
    "change_password",
    "check_import",
    "confirm_second_factor",
    "confirm_session",
    "create_import",
    "create_token",
    "delete_api_key",
    "end_own_session",
    "end_user_session",
    "get_api_key",
    "get_export",
    "get_export_file",
    "get_import",
    "get_job",
    "get_second_factor",
    "list_import_rows",
    // The example of the merge itself has run by then.
    "preview_client_merge",
    "remove_second_factor",
    "renew_recovery_codes",
    "reset_password",
    "reset_second_factor",
    "revoke_token",
    "rotate_api_key",
    "undo_import",
    "update_import",
    // The examples of what creates the same client and the same product have run by then.
    "upsert_client",
    "upsert_product",
];

/// What stops others from working for a while, and what lets them work again. They are run last, in this sequence.
const LAST: [&str; 5] =
    ["block_user", "unblock_user", "block_service_account", "unblock_service_account", "end_other_sessions"];

#[test]
fn the_documents_examples_run_against_the_company() {
    let folder = DataDir::new();
    let server = Server::start(&folder.0, &["--demo"]);
    let password = server.printed_password("northwind.example").unwrap();
    let token = server.sign_in("andrew.fuller@northwind.example", &password);
    let mut examples = examples();
    examples.sort_by_key(|example| LAST.iter().position(|last| *last == example.operation));
    let mut wrong = Vec::new();
    for example in &examples {
        let (status, answer) = server.send(&example.method, &example.address, &token, example.body.as_ref());
        if !(200..300).contains(&status) {
            wrong.push(format!("{} {}: {status} {answer}", example.operation, example.address));
        }
    }
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), examples.len());
    assert!(examples.len() > 100, "{}", examples.len());
    server.stop();
}

/// An operation as its example has it.
struct Example {
    operation: String,
    method: String,
    address: String,
    body: Option<Value>,
}

/// Every operation of the committed document that an example can stand for, by address and method.
fn examples() -> Vec<Example> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/openapi.json");
    let document: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap().iter().filter(|(_, operation)| operation.is_object()) {
            let name = operation["operationId"].as_str().unwrap();
            if OF_THE_MOMENT.contains(&name) {
                continue;
            }
            let content = operation["requestBody"]["content"].as_object().and_then(|content| content.values().next());
            all.push(Example {
                operation: name.to_owned(),
                method: method.to_uppercase(),
                address: with_examples(&document, path, operation),
                body: content.map(|content| content["example"].clone()),
            });
        }
    }
    all
}

/// The address of an operation with the examples of its parameters in it.
fn with_examples(document: &Value, path: &str, operation: &Value) -> String {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let resolved = parameters.map(|parameter| match parameter["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => parameter,
    });
    let mut address = path.to_owned();
    for parameter in resolved.filter(|parameter| parameter["in"] == "path") {
        let (name, example) = (parameter["name"].as_str().unwrap(), &parameter["example"]);
        address = address.replace(&format!("{{{name}}}"), example.as_str().unwrap_or_else(|| panic!("{path}: {name}")));
    }
    address
}
