//! Reading hidden fields.

use liaison::access::Role;
use serde_json::{Value, json};

use super::{Seen, resources, secrets, tells_nothing, withdraw, words, world};
use crate::{
    calls::{Operation, operations},
    harness::{Answer, TestUser},
};

/// Every GET address that may concern the objects: all lists in all orders and with everything included, and everything
/// under each object. They ask for the hidden fields by name, and search for their values.
fn addresses(seen: &[Seen]) -> Vec<String> {
    let mut all = Vec::new();
    for operation in operations().iter().filter(|operation| operation.is_safe() && operation.path.starts_with("/v1/")) {
        let mut paths = Vec::new();
        if !operation.path.contains('{') {
            paths.push(operation.path.to_owned());
        }
        for Seen { resource, object, .. } in seen {
            if operation.path.starts_with(&format!("/v1/{resource}/{{id}}")) && operation.path.matches('{').count() == 1
            {
                paths.push(operation.path.replace("{id}", object["id"].as_str().unwrap()));
            }
        }
        let queries = queries(operation);
        all.extend(paths.iter().flat_map(|path| queries.iter().map(move |query| format!("{path}{query}"))));
    }
    all
}

fn queries(operation: &Operation) -> Vec<String> {
    let mut queries = vec![String::new()];
    let include = words(operation, "include").join(",");
    if !include.is_empty() {
        queries.push(format!("?include={include}"));
    }
    for sort in words(operation, "sort") {
        queries.push(format!("?sort={sort}"));
        // Where a page ends depends on the order, too.
        queries.push(format!("?sort={sort}&limit=1"));
    }
    if operation.has_parameter("total") {
        queries.push("?total=true".to_owned());
    }
    if operation.has_parameter("q") {
        queries.extend(["?q=Quokka&total=true", "?q=7319.42&total=true", "?q=37.91&total=true"].map(str::to_owned));
    }
    let own = resources().into_iter().filter(|(name, ..)| operation.path.starts_with(&format!("/v1/{name}")));
    if operation.has_parameter("fields") {
        queries.extend(own.map(|(.., fields)| format!("?fields=id,{}", fields.join(","))));
    }
    queries
}

/// Each viewer of any of these objects, once.
fn viewers<'s>(seen: &'s [Seen<'_>]) -> Vec<(&'static str, &'s TestUser)> {
    let mut all: Vec<(&str, &TestUser)> = Vec::new();
    for (name, user) in seen.iter().flat_map(|seen| &seen.viewers) {
        if !all.iter().any(|(_, known)| known.id == user.id) {
            all.push((name, user));
        }
    }
    all
}

/// ASVS 8.2.3, 15.3.1; trust 1.9
#[actix_web::test]
async fn no_answer_tells_what_is_hidden() {
    let world = world().await;
    let seen = secrets(&world).await;
    // A service account whose role has the right, but without the scope.
    let scopes = ["audit:read", "clients:read", "clients:update", "products:read", "products:update"];
    let program = world.app.service_account(Role::Supervisor, &scopes).await;
    for Seen { object, .. } in &seen {
        assert_eq!(program.get(object["path"].as_str().unwrap()).await.status, 200, "a program sees the rest");
    }
    for address in addresses(&seen) {
        tells_nothing(&program.get(&address).await, &format!("{address} to a program"));
    }
    withdraw(&world).await;
    for Seen { object, viewers, .. } in &seen {
        for (name, who) in viewers {
            let answer = who.get(object["path"].as_str().unwrap()).await;
            assert_eq!(answer.status, 200, "{name} sees the rest");
        }
    }
    for (name, who) in viewers(&seen) {
        for address in addresses(&seen) {
            tells_nothing(&who.get(&address).await, &format!("{address} to {name}"));
        }
    }
}

/// The content of an answer, without what changes from one time to the next.
fn said(answer: &Answer) -> Value {
    let mut body = if answer.body.is_empty() { Value::Null } else { answer.json() };
    for changing in ["next_cursor", "request_id", "instance"] {
        if let Value::Object(members) = &mut body {
            members.remove(changing);
        }
    }
    // Who takes personal data out finds in it that they did so before.
    for part in body.get_mut("parts").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(rows) = part["rows"].as_array_mut() {
            rows.retain(|row| row["action"] != "personal_data_read");
        }
    }
    json!([answer.status, answer.header("etag"), body])
}

/// With other values in the hidden fields, all answers stay the same: order, totals, where a page ends, and versions.
///
/// ASVS 8.2.3; trust 1.9
#[actix_web::test]
async fn no_answer_depends_on_what_is_hidden() {
    let world = world().await;
    let seen = secrets(&world).await;
    withdraw(&world).await;
    let (mut addresses, viewers) = (addresses(&seen), viewers(&seen));
    // The audit log is left out, since it grows by the requests that are refused here. The tests of values cover the
    // fields in it.
    addresses.retain(|address| !address.starts_with("/v1/audit"));
    let told = async || {
        let mut told = Vec::new();
        for (name, who) in &viewers {
            for address in &addresses {
                told.push((format!("{address} to {name}"), said(&who.get(address).await)));
            }
        }
        told
    };
    let before = told().await;
    for (resource, _, fields) in resources() {
        for field in fields {
            // The least value becomes the greatest, so any order by the field is reversed.
            let kind = match field {
                "confidential_note" => "text",
                "confidential_custom_fields" => "jsonb",
                _ => "numeric",
            };
            let sql = format!(
                "WITH least AS (SELECT min({field}::text) AS value FROM {resource}), most AS (SELECT max({field}::text) AS value FROM {resource}) \
                 UPDATE {resource} SET {field} = (CASE WHEN {field}::text = least.value THEN most.value ELSE least.value END)::{kind} \
                 FROM least, most WHERE {field} IS NOT NULL RETURNING '' AS value"
            );
            assert!(world.app.text(&sql).await.len() >= 2, "{resource}.{field}");
        }
    }
    for ((what, before), (_, after)) in before.iter().zip(told().await) {
        assert_eq!(*before, after, "{what}");
    }
}

/// A user with the right sees the fields. This shows that the tests above look for values that can occur.
#[actix_web::test]
async fn who_has_the_right_sees_what_is_hidden_from_others() {
    let world = world().await;
    let seen = secrets(&world).await;
    for (resource, _, fields) in resources() {
        for Seen { object, operation, .. } in seen.iter().filter(|seen| seen.resource == resource) {
            let shown = world.sam.get(object["path"].as_str().unwrap()).await.ok();
            for field in &fields {
                assert!(!shown[*field].is_null(), "{operation}: {field} in {shown}");
            }
        }
    }
}
