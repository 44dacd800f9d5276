//! The document as a contract: status, content type, headers and body of every answer are compared with it.

use std::sync::{Arc, LazyLock};

use liaison::{app, openapi::Document};
use serde_json::Value;

use super::{Answer, schemas};

/// Made once for the run, because it takes as long as a short test.
static SERVED: LazyLock<Arc<Document>> = LazyLock::new(|| Arc::new(app::document().unwrap()));
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(&SERVED.json).unwrap());
static PATHS: LazyLock<Vec<Path>> = LazyLock::new(paths);

/// The document as the apps under test serve it.
pub fn served() -> Arc<Document> {
    Arc::clone(&SERVED)
}

/// The OpenAPI document.
pub fn document() -> &'static Value {
    &DOCUMENT
}

/// Panics when `answer` does not conform to the operation at `method` and `path`.
#[track_caller]
pub fn check(method: &str, path: &str, query: &str, answer: &Answer) {
    check_headers(method, path, answer);
    // The server drops the body of an answer to HEAD only when it sends it.
    let method = if method == "HEAD" { "GET" } else { method };
    let Some((template, operation)) = operation(method, path) else {
        assert!(
            matches!(answer.status, 404..=406 | 429) || method == "OPTIONS" || path.starts_with("/docs") || path == "/",
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
        let optional = ["Idempotency-Replayed", "Retry-After", "RateLimit", "RateLimit-Policy"];
        let optional = optional.contains(&name.as_str());
        let given = answer.header(&name.to_lowercase());
        assert!(optional || given.is_some(), "{method} {template} {}: no header {name} {header}", answer.status);
    }
    let sparse = answer.status == 200 && query.split('&').any(|pair| pair.starts_with("fields="));
    check_body(method, template, response, sparse, answer);
}

/// Headers that every answer must have, whatever its status. ASVS 3.4.1, 3.4.3, 3.4.4, 3.4.5, 3.4.6, 3.4.8, 3.5.8,
/// 13.4.6, 14.3.2; trust 1.11, S18, A13.
#[track_caller]
fn check_headers(method: &str, path: &str, answer: &Answer) {
    let what = format!("{method} {path} {}", answer.status);
    assert!(answer.header("x-request-id").is_some(), "{what}: no request id");
    let found = matches!(answer.status, 200 | 304);
    let page = path.starts_with("/docs/") && found;
    let keys = path.starts_with("/.well-known/") && answer.status == 200;
    let kept = if page || (path == "/openapi.json" && found) { "no-cache" } else { "no-store" };
    let required = [
        ("cache-control", if keys { "public, max-age=300" } else { kept }),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("strict-transport-security", "max-age=63072000; includeSubDomains"),
        ("cross-origin-resource-policy", "same-origin"),
    ];
    for (name, value) in required {
        assert_eq!(answer.header(name), Some(value), "{what}: {name}");
    }
    let policy = answer.header("content-security-policy").unwrap_or_default();
    assert!(policy.starts_with("default-src 'none';"), "{what}: {policy}");
    for closed in ["base-uri", "form-action", "frame-ancestors"].into_iter().chain((!page).then_some("object-src")) {
        assert!(policy.contains(&format!("{closed} 'none'")), "{what}: {policy}");
    }
    assert!(page || !policy.contains("self"), "{what}: {policy}");
    let is_html = page || answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html"));
    assert_eq!(answer.header("cross-origin-opener-policy"), is_html.then_some("same-origin"), "{what}");
    assert!(answer.header("permissions-policy").unwrap_or_default().contains("camera=()"), "{what}");
    for teller in ["server", "x-powered-by", "via"] {
        assert_eq!(answer.header(teller), None, "{what}");
    }
    check_rate(method, path, answer, &what);
}

/// Every answer with a rate limit names it; a refusal asks to wait at least until it resets.
#[track_caller]
fn check_rate(method: &str, path: &str, answer: &Answer, what: &str) {
    let told = (answer.header("ratelimit"), answer.header("ratelimit-policy"));
    match told {
        (Some(limit), Some(policy)) => {
            assert!(limit.starts_with('"') && limit.contains(";r=") && limit.contains(";t="), "{what}: {limit}");
            assert!(policy.contains(";q=") && policy.contains(";w="), "{what}: {policy}");
            if answer.status == 429 {
                let (_, exhausted) = limit.split_once(";r=0;t=").unwrap();
                let reset: u64 = exhausted.split(',').next().unwrap().parse().unwrap();
                let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
                assert!(wait >= reset, "{what}: {wait} {limit}");
            }
        }
        _ => {
            let unlimited = ["/livez", "/readyz"].contains(&path) || method == "OPTIONS";
            // A request that is refused before it is read does not count against the limit either.
            let unread = answer.status == 503 && answer.json()["code"] == "overloaded";
            // A server may be configured without limits.
            assert!(unlimited || unread || answer.unlimited, "{what}: {told:?}");
        }
    }
}

fn check_body(method: &str, template: &str, response: &Value, sparse: bool, answer: &Answer) {
    let contents = response["content"].as_object().into_iter().flatten();
    // A page is only for who asks for it, and JSON comes first in the document.
    let kind = answer.header("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default();
    let file =
        contents.clone().find(|(known, content)| *known == kind && content["schema"]["contentMediaType"] == kind);
    if file.is_some() {
        return;
    }
    let page =
        contents.clone().find(|(kind, _)| answer.header("content-type") == Some(&format!("{kind}; charset=utf-8")));
    if page.is_some() {
        return;
    }
    let Some((content_type, content)) = contents.into_iter().next() else {
        assert!(answer.body.is_empty(), "{method} {template} {}: a body that is not documented", answer.status);
        return;
    };
    assert_eq!(answer.header("content-type"), Some(content_type.as_str()), "{method} {template}");
    let body = answer.json();
    // The second alternative, where there is one, is what `fields` asks for.
    let schema = match content["schema"]["anyOf"].as_array() {
        Some(alternatives) => &alternatives[usize::from(sparse)],
        None => &content["schema"],
    };
    let validator = schemas::validator(schema);
    let errors: Vec<String> =
        validator.iter_errors(&body).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{method} {template} {} breaks its schema: {errors:?}\n{body}", answer.status);
}

/// A path of the document.
struct Path {
    template: &'static str,
    parts: Vec<&'static str>,
    item: &'static Value,
}

/// A path without parameters comes before one with parameters.
fn paths() -> Vec<Path> {
    let all = document()["paths"].as_object().unwrap().iter();
    let mut paths: Vec<Path> =
        all.map(|(template, item)| Path { template, parts: template.split('/').collect(), item }).collect();
    paths.sort_by_key(|path| path.template.matches('{').count());
    paths
}

/// The operation that serves `method` and `path`.
fn operation(method: &str, path: &str) -> Option<(&'static str, &'static Value)> {
    let given: Vec<&str> = path.split('/').collect();
    let path = PATHS.iter().find(|path| path.fits(&given))?;
    let operation = &path.item[method.to_lowercase()];
    (!operation.is_null()).then_some((path.template, operation))
}

impl Path {
    fn fits(&self, given: &[&str]) -> bool {
        let mut pairs = self.parts.iter().zip(given);
        self.parts.len() == given.len()
            && pairs.all(|(part, given)| part == given || (part.starts_with('{') && !given.is_empty()))
    }
}

/// A part of the document, following its `$ref` if it has one.
pub fn resolve(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(reference) => resolve(document().pointer(reference.trim_start_matches('#')).unwrap()),
        None => value,
    }
}
