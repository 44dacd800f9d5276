//! Paths, methods and query parameters.

use actix_web::http::Method;
use jsonschema::Validator;
use serde_json::{Value, json};

use super::{each, send, traces, world};
use crate::{
    calls::{Operation, World, operations},
    harness::{TestUser, resolve, validator},
};

async fn refused(who: &TestUser, address: &str, parameter: &str) {
    let problem = who.get(address).await.problem(400, "invalid_parameter");
    assert_eq!(problem["errors"][0]["pointer"], parameter, "{address}: {problem}");
}

#[actix_web::test]
async fn an_id_that_is_none_is_not_found() {
    let world = world().await;
    let strange = [
        "1",
        "not-an-id",
        "%00",
        "%FF",
        "'%20OR%201=1",
        "0193-6f0e",
        "%D0%B0",
        "null",
        "undefined",
        "00000000-0000-0000-0000-000000000000",
        &"x".repeat(2000),
    ];
    // Another system may know a row by any id.
    let names_a_row = |operation: &Operation| operation.path.contains('{') && !operation.path.contains("/external/");
    for (operation, call) in each(&world, names_a_row).await {
        let before = traces(&world).await;
        let template = operation.path.split('/').find(|part| part.starts_with('{')).unwrap();
        // An id of one kind of resource does not exist under another kind.
        let another_kind =
            if operation.path.contains("/teams/") { world.sue.id.to_string() } else { world.sue.team_id.to_string() };
        for id in strange.iter().map(|id| (*id).to_owned()).chain([another_kind]) {
            let address = operation.path.replacen(template, &id, 1);
            send(&world, call.request_at(&operation, &address, &world.sue)).await.problem(404, "not_found");
        }
        assert_eq!(traces(&world).await, before, "{}", operation.id);
    }
}

/// An address is compared as it is written, without decoding, so that a proxy can have rules about addresses.
#[actix_web::test]
async fn an_address_has_one_spelling() {
    let world = world().await;
    let client = uuid::Uuid::now_v7();
    let encoded_end = format!("/v1/clients/{client}/%74imeline");
    for address in ["/v1/%63lients", "/v1%2Fclients", "/%761/clients", "/v1/CLIENTS", "/v1/clients/", &encoded_end] {
        world.sue.get(address).await.problem(404, "not_found");
    }
}

#[actix_web::test]
async fn a_method_that_is_not_there_is_405_with_those_that_are() {
    let world = world().await;
    let mut paths: Vec<&str> = operations().iter().map(|operation| operation.path).collect();
    paths.dedup();
    for path in paths {
        let known: Vec<String> = operations()
            .iter()
            .filter(|operation| operation.path == path)
            .map(|operation| operation.method.to_uppercase())
            .collect();
        let address = path.replace("{id}", &uuid::Uuid::now_v7().to_string());
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "PROPFIND"] {
            if known.iter().any(|known| known == method) {
                continue;
            }
            let request = world.sue.request(Method::from_bytes(method.as_bytes()).unwrap(), &address);
            let answer = send(&world, request).await;
            let mut allowed: Vec<&str> =
                answer.header("allow").unwrap_or_else(|| panic!("{method} {path}: no Allow")).split(", ").collect();
            allowed.sort_unstable();
            let mut expected: Vec<&str> = known.iter().map(String::as_str).chain(["OPTIONS"]).collect();
            expected.extend(known.iter().any(|known| known == "GET").then_some("HEAD"));
            expected.sort_unstable();
            assert_eq!(allowed, expected, "{method} {path}");
            answer.problem(405, "method_not_allowed");
        }
    }
    for nowhere in ["/v1", "/v1/", "/v1/nothing", "/v1/clients/", "/v2/clients", "/v1//clients", "/favicon.ico"] {
        world.sue.get(nowhere).await.problem(404, "not_found");
    }
}

#[actix_web::test]
async fn an_unknown_parameter_is_refused_everywhere() {
    let world = world().await;
    // RFC 6749 asks for unknown parameters of a sign-in to be ignored.
    for (operation, call) in each(&world, |operation| !operation.is_public()).await {
        let before = traces(&world).await;
        for query in ["surprise=1", "surprise", "Limit=1", "offset=0"] {
            let address = format!("{}?{query}", call.path(&operation));
            let answer = send(&world, call.request_at(&operation, &address, &world.sue)).await;
            assert_eq!(answer.status, 400, "{} ?{query}: {:?}", operation.id, answer.body);
            let problem = answer.problem(400, "invalid_parameter");
            assert_eq!(problem["errors"][0]["pointer"], query.split('=').next().unwrap(), "{}", operation.id);
        }
        assert_eq!(traces(&world).await, before, "{}", operation.id);
    }
}

#[actix_web::test]
async fn limits_have_bounds() {
    let world = world().await;
    for (operation, _) in each(&world, Operation::is_list).await {
        for limit in ["0", "201", "-1", "abc", "", "1.5", "1e2", "99999999999999999999", "0x10", "%00"] {
            refused(&world.sue, &format!("{}?limit={limit}", operation.path), "limit").await;
        }
        for limit in ["1", "200"] {
            assert_eq!(world.sue.get(&format!("{}?limit={limit}", operation.path)).await.status, 200);
        }
        refused(&world.sue, &format!("{}?cursor=", operation.path), "cursor").await;
        world.sue.get(&format!("{}?cursor=x", operation.path)).await.problem(400, "invalid_cursor");
    }
}

/// For each query parameter: values that its schema refuses are refused, and none causes an internal error.
#[actix_web::test]
async fn parameters_are_what_the_document_says() {
    let world = world().await;
    let long = "x".repeat(5000);
    let values = [
        "",
        "%00",
        "%FF%FE",
        "%EF%BF%BF",
        "null",
        "-1",
        "1",
        "true",
        "x",
        "2026-13-01T00:00:00Z",
        "9999-12-31T00:00:00Z",
        "1899-12-31T23:59:59Z",
        "2026-11-24",
        "%F0%9F%98%80",
        "'--",
        "[1]",
        &long,
    ];
    for (operation, call) in each(&world, |operation| {
        operation.method == "get" && operation.parameters().any(|parameter| parameter["in"] == "query")
    })
    .await
    {
        let path = call.path(&operation);
        for parameter in operation.parameters().filter(|parameter| parameter["in"] == "query") {
            let name = parameter["name"].as_str().unwrap();
            let is_array = parameter["schema"]["type"]
                .as_array()
                .map_or(parameter["schema"]["type"] == "array", |types| types.contains(&json!("array")));
            let schema = validator(&parameter["schema"]);
            for value in values {
                let answer = world.sue.get(&format!("{path}?{name}={value}")).await;
                assert!(matches!(answer.status, 200 | 400), "{} {name}={value}: {}", operation.id, answer.status);
                let fits = fits(&schema, value);
                assert!(
                    fits || answer.status == 400,
                    "{} {name}={} is taken against its schema",
                    operation.id,
                    value.get(..40).unwrap_or(value)
                );
            }
            if !is_array {
                let twice = world.sue.get(&format!("{path}?{name}=1&{name}=1")).await;
                twice.problem(400, "invalid_parameter");
            }
        }
    }
}

/// The parameters whose values come only from an answer. Other tests cover them: those that follow pages, and
/// `audit/chain` and `saved_views`.
const TOLD_BY_ANSWERS: [&str; 5] = ["custom_field", "custom_sort", "cursor", "head", "view_id"];

/// For each query parameter: values that its schema allows are accepted.
#[actix_web::test]
async fn parameters_take_what_the_document_says() {
    let world = world().await;
    let is_query = |parameter: &Value| parameter["in"] == "query";
    let reads = |operation: &Operation| operation.is_safe() && operation.parameters().any(is_query);
    for (operation, call) in each(&world, reads).await {
        let path = call.path(&operation);
        for parameter in operation.parameters().filter(|parameter| is_query(parameter)) {
            let name = parameter["name"].as_str().unwrap();
            let values = match name {
                "fields" => members(&world, &path).await,
                _ if TOLD_BY_ANSWERS.contains(&name) => continue,
                _ => accepted(name, resolve(&parameter["schema"])),
            };
            for value in values {
                let answer = world.sue.get(&format!("{path}?{name}={value}")).await;
                assert_eq!(answer.status, 200, "{} {name}={value}: {:?}", operation.id, answer.body);
            }
        }
    }
}

/// The names of the members of the resource at `path`, or of the first row of the list there. For an empty list, only
/// `id`.
async fn members(world: &World, path: &str) -> Vec<String> {
    let answer = world.sue.get(path).await.json();
    let one = match answer["data"].as_array() {
        Some(rows) => rows.first().cloned().unwrap_or_else(|| json!({"id": null})),
        None => answer,
    };
    one.as_object().unwrap().keys().cloned().collect()
}

/// Values that the schema of a parameter allows: all choices if it lists them.
fn accepted(name: &str, schema: &'static Value) -> Vec<String> {
    let texts = |values: &[Value]| values.iter().map(|value| value.as_str().unwrap().to_owned()).collect();
    if schema["type"] == "array" {
        return accepted(name, resolve(&schema["items"]));
    }
    if let Some(kinds) = schema["oneOf"].as_array() {
        return kinds.iter().flat_map(|kind| accepted(name, resolve(kind))).collect();
    }
    if let Some(choices) = schema["enum"].as_array().or_else(|| schema["examples"].as_array()) {
        return texts(choices);
    }
    match (schema["type"].as_str(), schema["pattern"].as_str()) {
        (Some("boolean"), _) => vec!["true".to_owned(), "false".to_owned()],
        (Some("integer"), _) => vec![schema["minimum"].to_string(), schema["maximum"].to_string()],
        // `^(client|owner)(,(client|owner))*$`
        (_, Some(pattern)) if name == "include" => {
            let names = pattern.trim_start_matches("^(").split(')').next().unwrap();
            names.split('|').map(str::to_owned).chain([names.replace('|', ",")]).collect()
        }
        (Some("string"), Some(_)) => vec!["x".to_owned()],
        _ => panic!("no value for {name}"),
    }
}

/// Whether the schema of a parameter allows the text, read as the type that the schema asks for.
fn fits(schema: &Validator, text: &str) -> bool {
    let decoded: String =
        url::form_urlencoded::parse(format!("x={text}").as_bytes()).map(|(_, value)| value.into_owned()).collect();
    let read: Value = serde_json::from_str(&decoded).unwrap_or(json!(decoded));
    [json!(decoded), json!([decoded]), read.clone(), json!([read])].iter().any(|value| schema.is_valid(value))
}
