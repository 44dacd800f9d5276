//! Adds to the document what every operation has: sign-in, problem responses, headers, examples, and who may call it.

use serde_json::{Map, Value, json};
use strum::IntoEnumIterator;

use crate::{
    access::{
        permission::{PERMISSIONS, is_for_persons_only},
        recent,
    },
    edge::rate,
    error::{Error, ProblemType},
    http::problem_response_name,
    openapi::{example_ids::put_ids, problems, scopes::scopes, tidy::tidy},
    values::Language,
};

pub(super) type Object = Map<String, Value>;

/// Completes the document that utoipa made from the routes.
pub fn complete(document: &mut Value) {
    set(document, "/info/version", json!(env!("CARGO_PKG_VERSION")));
    put_ids(document);
    let examples = schema_examples(document);
    let optional = bodies_without_required_fields(document);
    add_components(document);
    for (path, _, operation) in operations(document) {
        complete_operation(&path, operation, &examples);
        allow_absent_body(operation, &optional);
    }
    tidy(document);
}

pub(super) fn set(document: &mut Value, pointer: &str, value: Value) {
    let Some((parent, name)) = pointer.rsplit_once('/') else { return };
    if let Some(Value::Object(object)) = document.pointer_mut(parent) {
        object.insert(name.to_owned(), value);
    }
}

pub(super) fn operations(document: &mut Value) -> Vec<(String, String, &mut Object)> {
    let Some(Value::Object(paths)) = document.get_mut("paths") else { return Vec::new() };
    paths
        .iter_mut()
        .filter_map(|(path, item)| item.as_object_mut().map(|item| (path, item)))
        .flat_map(|(path, item)| {
            item.iter_mut().filter_map(|(method, operation)| {
                operation.as_object_mut().map(|operation| (path.clone(), method.clone(), operation))
            })
        })
        .collect()
}

/// The example of each schema that has one.
fn schema_examples(document: &Value) -> Object {
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object);
    schemas
        .into_iter()
        .flatten()
        .filter_map(|(name, schema)| schema.get("example").map(|example| (name.clone(), example.clone())))
        .collect()
}

/// The schemas that `{}` satisfies. A body of such a schema may be left out: an absent body is read as `{}`.
fn bodies_without_required_fields(document: &Value) -> Vec<String> {
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object);
    schemas
        .into_iter()
        .flatten()
        .filter(|(_, schema)| schema.get("type") == Some(&json!("object")) && schema.get("required").is_none())
        .map(|(name, _)| format!("#/components/schemas/{name}"))
        .collect()
}

fn allow_absent_body(operation: &mut Object, optional: &[String]) {
    let Some(body) = operation.get_mut("requestBody") else { return };
    let schema = body.pointer("/content/application~1json/schema/$ref").and_then(Value::as_str);
    if schema.is_some_and(|schema| optional.iter().any(|name| name == schema)) {
        set(body, "/required", json!(false));
    }
}

fn add_components(document: &mut Value) {
    set(
        document,
        "/components/securitySchemes",
        json!({
            "password": {
                "type": "oauth2",
                "description": "Sign in with an e-mail address and a password.",
                "flows": {"password": {"tokenUrl": "/v1/auth/token", "refreshUrl": "/v1/auth/token", "scopes": {}}}
            },
            "bearer": {
                "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                "description": "An access token from `POST /v1/auth/token`."
            },
            "client_credentials": {
                "type": "oauth2",
                "description": "Exchange an API key of a service account for an access token: the key's `client_id`, and the key as the secret.",
                "flows": {"clientCredentials": {"tokenUrl": "/v1/auth/token", "scopes": scopes()}}
            },
            "api_key": {
                "type": "http", "scheme": "bearer", "bearerFormat": "lsn_…",
                "description": "An API key of a service account, as it is."
            }
        }),
    );
    let common = document.pointer("/components/schemas/Problem").cloned().unwrap_or_default();
    if let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas") {
        schemas.extend(problems::schemas(&common));
    }
    set(
        document,
        "/components/schemas/ProblemField/properties/code",
        json!({"$ref": "#/components/schemas/FieldErrorCode", "description": "The stable code of the error."}),
    );
    set(document, "/components/headers", headers());
    let responses: Object =
        statuses().into_iter().map(|status| (problem_response_name(status), problem_response(status))).collect();
    set(document, "/components/responses", Value::Object(responses));
    set(document, "/components/parameters", Value::Object(Map::new()));
}

fn headers() -> Value {
    let text = |description: &str, example: &str| json!({"description": description, "schema": {"type": "string"}, "example": example});
    json!({
        "XRequestId": text("The request's id; a sound one that the caller sent is kept.", "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f"),
        "ETag": text(
            "A strong tag of this representation. It begins with the version of the resource, which is all that `If-Match` \
             looks at; `If-None-Match` compares the whole of it.",
            "\"3-Yf3kq0ZtM1cA\"",
        ),
        "Location": text("Where the new resource is.", "/v1/clients/01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f"),
        "Link": text(
            "The next page, when there is one, and the first page (RFC 8288).",
            "</v1/clients?cursor=abc>; rel=\"next\", </v1/clients>; rel=\"first\"",
        ),
        "IdempotencyReplayed": {
            "description": "`true` when this answer was given before to the same `Idempotency-Key`.",
            "schema": {"type": "string", "enum": ["true"]}
        },
        "RetryAfter": {
            "description": "Seconds to wait.",
            "schema": {"type": "integer", "format": "int64", "minimum": 0}, "example": 1
        },
        "RateLimit": text(
            "For each limit how many requests are left (`r`), and in how many seconds there are more (`t`); \
             draft-ietf-httpapi-ratelimit-headers-11. Absent where nothing is limited.",
            "\"default\";r=5999;t=1",
        ),
        "RateLimitPolicy": text(
            "The limits: how many requests (`q`) in how many seconds (`w`). `default` is the caller's; a sign-in that is \
             refused names `account`, `network` or `device`.",
            "\"default\";q=6000;w=60",
        ),
        "WwwAuthenticate": text("How to sign in (RFC 6750), or that a recent proof is asked for (RFC 9470).", "Bearer realm=\"liaison\""),
        "Allow": text("The methods of this address.", "GET, PATCH"),
        "ContentLanguage": {
            "description": "The language of `title` and `detail`.",
            "schema": {"type": "string", "enum": ["en", "ru"]}
        }
    })
}

fn statuses() -> Vec<u16> {
    let mut all: Vec<u16> = ProblemType::iter().map(|problem| problem.status().as_u16()).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The shared response of a status, with an example of each of its problem types.
fn problem_response(status: u16) -> Value {
    let types: Vec<ProblemType> = ProblemType::iter().filter(|problem| problem.status().as_u16() == status).collect();
    let titles: Vec<String> = types.iter().map(|problem| problem.title().text(Language::En).to_owned()).collect();
    let examples: Object = types.iter().map(|problem| (problem.code(), json!({"value": example(*problem)}))).collect();
    let mut headers = json!({
        "X-Request-Id": {"$ref": "#/components/headers/XRequestId"},
        "Content-Language": {"$ref": "#/components/headers/ContentLanguage"},
        "RateLimit": {"$ref": "#/components/headers/RateLimit"},
        "RateLimit-Policy": {"$ref": "#/components/headers/RateLimitPolicy"}
    });
    let own = match status {
        401 => Some(("WWW-Authenticate", "WwwAuthenticate")),
        405 => Some(("Allow", "Allow")),
        429 | 503 => Some(("Retry-After", "RetryAfter")),
        _ => None,
    };
    if let Some((name, component)) = own {
        set(&mut headers, &format!("/{name}"), json!({"$ref": format!("#/components/headers/{component}")}));
    }
    json!({
        "description": format!("{}.", titles.join(" · ")),
        "headers": headers,
        "content": {"application/problem+json": {
            "schema": problems::of_status(status),
            "examples": examples
        }}
    })
}

fn example(problem: ProblemType) -> Value {
    let request_id = "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f";
    let document = Error::new(problem).document(Language::En, "/v1/clients", request_id);
    serde_json::to_value(document).unwrap_or_default()
}

/// Adds what all operations have in common, and what the right of this operation means.
fn complete_operation(path: &str, operation: &mut Object, examples: &Object) {
    if !operation.contains_key("security") {
        operation.insert("security".to_owned(), schemes(operation));
    }
    describe_right(operation);
    describe_proof(operation);
    operation.entry("parameters").or_insert_with(|| json!([]));
    if let Some(Value::Object(responses)) = operation.get_mut("responses") {
        add_problems(path, responses);
        add_headers(path, responses);
    }
    add_examples(operation, examples);
}

/// Whether requests to `path` are limited. Probes are not.
fn is_limited(path: &str) -> bool {
    !rate::UNLIMITED.contains(&path)
}

/// Adds the problems with which any request may be refused.
fn add_problems(path: &str, responses: &mut Object) {
    let limited: &[u16] = if is_limited(path) { &[429] } else { &[] };
    let negotiated: &[u16] = if path.starts_with("/v1/") { &[400, 406] } else { &[] };
    for status in [&[414, 431, 500, 503], limited, negotiated].concat() {
        responses
            .entry(status.to_string())
            .or_insert_with(|| json!({"$ref": format!("#/components/responses/{}", problem_response_name(status))}));
    }
}

/// Adds the headers of every answer.
fn add_headers(path: &str, responses: &mut Object) {
    let common: &[(&str, &str)] = match is_limited(path) {
        true => &[("X-Request-Id", "XRequestId"), ("RateLimit", "RateLimit"), ("RateLimit-Policy", "RateLimitPolicy")],
        false => &[("X-Request-Id", "XRequestId")],
    };
    for response in responses.values_mut().filter_map(Value::as_object_mut) {
        if response.contains_key("$ref") {
            continue;
        }
        let headers = response.entry("headers").or_insert_with(|| json!({}));
        for (name, component) in common {
            set(headers, &format!("/{name}"), json!({"$ref": format!("#/components/headers/{component}")}));
        }
    }
}

/// How callers of the operation sign in: persons, and also service accounts unless the operation is for persons only.
fn schemes(operation: &Object) -> Value {
    let mut schemes = vec![json!({"password": []}), json!({"bearer": []})];
    let scope = operation.get("x-permission").and_then(Value::as_str);
    if !is_for_persons(operation) && !scope.is_some_and(is_for_persons_only) {
        let scopes: Vec<&str> = scope.into_iter().collect();
        schemes.extend([json!({"client_credentials": scopes}), json!({"api_key": []})]);
    }
    Value::Array(schemes)
}

fn is_for_persons(operation: &Object) -> bool {
    operation.get("x-caller") == Some(&json!("person"))
}

/// Describes in words who may call the operation, from the permission that it names.
fn describe_right(operation: &mut Object) {
    let Some(permission) = operation.get("x-permission").and_then(Value::as_str) else { return };
    let Some((_, reaches)) = PERMISSIONS.iter().find(|(name, _)| *name == permission) else { return };
    let [manager, key_account_manager, supervisor] = reaches.map(|reach| format!("{reach:?}").to_lowercase());
    let who = format!(
        "Needs `{permission}`, which reaches by default: manager {manager}, key-account manager {key_account_manager}, \
         supervisor {supervisor}."
    );
    append(operation, &who);
}

/// Describes in words that the operation asks for a recent proof of identity.
fn describe_proof(operation: &mut Object) {
    let needed = match operation.get("x-recent-authentication") {
        Some(Value::Array(properties)) => {
            let names: Vec<String> =
                properties.iter().filter_map(Value::as_str).map(|name| format!("`{name}`")).collect();
            format!("Another value of {} needs", names.join(", "))
        }
        Some(_) => "Needs".to_owned(),
        None => return,
    };
    let minutes = recent::MAX_AGE.num_minutes();
    let proof = format!(
        "{needed} a sign-in or a confirmation (`POST /v1/auth/confirm`) within the last {minutes} minutes; 401 \
         `insufficient_user_authentication` says that there was none (RFC 9470)."
    );
    append(operation, &proof);
}

/// Adds a paragraph to the description.
fn append(operation: &mut Object, paragraph: &str) {
    let said = operation.get("description").and_then(Value::as_str).unwrap_or_default();
    let description = format!("{said}\n\n{paragraph}").trim().to_owned();
    operation.insert("description".to_owned(), json!(description));
}

/// Puts the example of a schema where a body of that schema is sent or answered.
fn add_examples(operation: &mut Object, examples: &Object) {
    let answers =
        operation.get_mut("responses").and_then(Value::as_object_mut).into_iter().flat_map(Object::values_mut);
    for answer in answers {
        add_example(answer, examples);
    }
    if let Some(body) = operation.get_mut("requestBody") {
        add_example(body, examples);
    }
}

fn add_example(message: &mut Value, examples: &Object) {
    let contents = message.get_mut("content").and_then(Value::as_object_mut).into_iter().flat_map(Object::values_mut);
    for content in contents {
        let schema = content.pointer("/schema/$ref").and_then(Value::as_str).unwrap_or_default();
        let name = schema.rsplit('/').next().unwrap_or_default();
        let example = match name.strip_suffix("Page") {
            Some(item) => examples.get(item).map(|item| json!({"data": [item], "next_cursor": null})),
            None => examples.get(name).cloned(),
        };
        if let (Some(example), Some(content)) = (example, content.as_object_mut()) {
            content.entry("example").or_insert(example);
        }
    }
}
