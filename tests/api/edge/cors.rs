//! Pages of other origins. ASVS 3.4.2, trust 1.11

use actix_web::http::Method;
use liaison::edge::{Edge, cors::Cors};
use serde_json::json;

use crate::harness::{Answer, TestApp};

const LISTED: &str = "https://crm.example";

async fn app() -> TestApp {
    let cors = Cors::parse("https://crm.example,http://localhost:3000").unwrap();
    TestApp::behind(Edge { cors, ..Edge::default() }).await
}

fn cors_headers(answer: &Answer) -> Vec<&str> {
    let names = answer.headers.iter().map(|(name, _)| name.as_str());
    names.filter(|name| name.starts_with("access-control-")).collect()
}

fn varies_by_origin(answer: &Answer) -> bool {
    answer.headers.iter().any(|(name, value)| name == "vary" && value.split(',').any(|part| part.trim() == "Origin"))
}

async fn preflight(app: &TestApp, path: &str, origin: &str) -> Answer {
    let request = app.anonymous().request(Method::OPTIONS, path).insert_header(("Origin", origin));
    let request = request.insert_header(("Access-Control-Request-Method", "PATCH"));
    app.send(request.insert_header(("Access-Control-Request-Headers", "authorization,if-match"))).await
}

#[actix_web::test]
async fn a_listed_origin_may_read_answers_and_failures() {
    let app = app().await;
    let sue = app.supervisor().await;
    for origin in [LISTED, "http://localhost:3000"] {
        for (path, status) in [("/v1/me", 200), ("/v1/clients/x", 404), ("/nowhere", 404), ("/v1/me?x=1", 400)] {
            let answer = sue.send(sue.request(Method::GET, path).insert_header(("Origin", origin))).await;
            assert_eq!(answer.status, status, "{path}");
            assert_eq!(answer.header("access-control-allow-origin"), Some(origin), "{path}");
            let exposed = answer.header("access-control-expose-headers").unwrap();
            for name in [
                "ETag",
                "Location",
                "Link",
                "Retry-After",
                "RateLimit",
                "RateLimit-Policy",
                "Idempotency-Replayed",
                "X-Request-Id",
            ] {
                assert!(exposed.split(", ").any(|exposed| exposed == name), "{name}");
            }
            assert!(varies_by_origin(&answer), "{path}");
            assert_eq!(answer.header("access-control-allow-credentials"), None);
        }
    }
}

#[actix_web::test]
async fn any_other_origin_is_not_reflected() {
    let app = app().await;
    let sue = app.supervisor().await;
    for origin in [
        "https://evil.example",
        "null",
        "*",
        "",
        "https://crm.example.evil.example",
        "https://crm.example:8443",
        "http://crm.example",
        "https://CRM.example",
        "https://crm.example/",
        "https://crm.example, https://evil.example",
    ] {
        let answer = sue.send(sue.request(Method::GET, "/v1/me").insert_header(("Origin", origin))).await;
        assert_eq!((answer.status, cors_headers(&answer)), (200, vec![]), "{origin}");
        assert!(varies_by_origin(&answer), "a cache must not give a stranger what a listed origin got");
        let answer = preflight(&app, "/v1/me", origin).await;
        assert_eq!((answer.status, cors_headers(&answer)), (204, vec![]), "{origin}");
    }
    let twice = sue.request(Method::GET, "/v1/me").append_header(("Origin", LISTED)).append_header(("Origin", "null"));
    assert_eq!(cors_headers(&sue.send(twice).await), Vec::<&str>::new());
}

#[actix_web::test]
async fn a_preflight_of_a_listed_origin_is_answered_anywhere() {
    let app = app().await;
    for path in ["/v1/clients", "/v1/clients/x", "/v1/auth/token", "/nowhere"] {
        let answer = preflight(&app, path, LISTED).await;
        assert_eq!(answer.status, 204, "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), Some(LISTED));
        assert_eq!(answer.header("access-control-allow-methods"), Some("GET, HEAD, POST, PUT, PATCH, DELETE"));
        let allowed = answer.header("access-control-allow-headers").unwrap().to_lowercase();
        for name in [
            "authorization",
            "content-type",
            "if-match",
            "if-none-match",
            "idempotency-key",
            "x-request-id",
            "traceparent",
            "tracestate",
            "baggage",
        ] {
            assert!(allowed.split(", ").any(|allowed| allowed == name), "{name}");
        }
        assert_eq!(answer.header("access-control-max-age"), Some("600"));
        assert!(varies_by_origin(&answer));
    }
    // An OPTIONS request that is not a preflight asks for the methods.
    let request = app.anonymous().request(Method::OPTIONS, "/v1/clients").insert_header(("Origin", LISTED));
    assert_eq!(app.send(request).await.header("allow"), Some("GET, POST, HEAD, OPTIONS"));
}

/// Browsers send `Origin` also with a POST from the server's own pages.
#[actix_web::test]
async fn an_origin_that_is_not_listed_is_served_nevertheless() {
    let app = app().await;
    let sue = app.supervisor().await;
    let request = sue.request(Method::POST, "/v1/teams").insert_header(("Origin", "http://127.0.0.1:8080"));
    let _ = sue.send(request.set_json(json!({"name": "North"}))).await.created();
}

#[actix_web::test]
async fn without_a_list_nothing_is_said_of_origins() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let answer = sue.send(sue.request(Method::GET, "/v1/me").insert_header(("Origin", LISTED))).await;
    assert_eq!(cors_headers(&answer), Vec::<&str>::new());
    assert!(!varies_by_origin(&answer));
    assert_eq!(cors_headers(&preflight(&app, "/v1/me", LISTED).await), Vec::<&str>::new());
}
