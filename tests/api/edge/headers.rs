//! The headers of answers that do not come from an operation. The harness checks the headers of every answer of every
//! test.

use actix_web::{
    App, HttpResponse,
    http::{Method, StatusCode, header::HeaderMap},
    middleware::from_fn,
    test, web,
};
use liaison::edge::{Edge, answer};
use serde_json::Value;

use crate::harness::TestApp;

const ALWAYS: [&str; 9] = [
    "cache-control",
    "content-security-policy",
    "cross-origin-resource-policy",
    "permissions-policy",
    "referrer-policy",
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
    "x-request-id",
];

fn check(headers: &HeaderMap) {
    for name in ALWAYS {
        assert!(headers.contains_key(name), "{name}");
    }
}

/// ASVS 16.5.4, trust 1.11
#[actix_web::test]
async fn a_handler_that_panics_answers_a_problem_that_tells_nothing() {
    let app = TestApp::start().await;
    let panics = web::get().to(async || -> HttpResponse { panic!("the inside") });
    let broken = App::new().app_data(app.shared()).route("/v1/broken", panics).wrap(from_fn(answer::complete));
    let service = test::init_service(broken).await;
    let request = test::TestRequest::with_uri("/v1/broken").insert_header(("Accept-Language", "ru"));
    let answer = test::try_call_service(&service, request.to_request()).await.unwrap_err().error_response();
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    check(answer.headers());
    let id = answer.headers().get("x-request-id").unwrap().to_str().unwrap().to_owned();
    let body = actix_web::body::to_bytes(answer.into_body()).await.unwrap();
    let problem: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((&problem["code"], &problem["instance"]), (&"internal".into(), &"/v1/broken".into()));
    assert_eq!((&problem["title"], &problem["request_id"]), (&"Внутренняя ошибка".into(), &id.into()));
    assert!(!problem.to_string().contains("the inside"));
    // The worker continues to serve.
    let again = test::try_call_service(&service, test::TestRequest::with_uri("/v1/other").to_request()).await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_FOUND);
    check(again.headers());
}

/// ASVS 13.4.4, 4.1.4
#[actix_web::test]
async fn trace_is_refused_everywhere() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    for path in ["/", "/docs/", "/docs", "/v1/clients", "/v1/me", "/livez", "/.well-known/jwks.json", "/nowhere"] {
        for method in [Method::TRACE, Method::CONNECT, Method::from_bytes(b"TRACK").unwrap()] {
            let request = sue.request(method.clone(), path).insert_header(("X-Canary", "echo-of-the-request"));
            let answer = sue.send(request).await;
            assert!(matches!(answer.status, 404 | 405), "{method} {path}: {}", answer.status);
            assert!(!String::from_utf8_lossy(&answer.body).contains("echo-of-the-request"), "{method} {path}");
        }
    }
}

/// ASVS 13.4.5
#[actix_web::test]
async fn swagger_ui_and_the_document_can_be_switched_off() {
    let (on, off) = (TestApp::start().await, TestApp::behind(Edge { docs: false, ..Edge::default() }).await);
    for (path, status) in [("/", 307), ("/docs", 307), ("/docs/", 200), ("/openapi.json", 200)] {
        assert_eq!(on.anonymous().get(path).await.status, status, "{path}");
        off.anonymous().get(path).await.problem(404, "not_found");
    }
    assert_eq!(off.anonymous().get("/.well-known/jwks.json").await.status, 200);
    off.anonymous().get("/v1/me").await.problem(401, "unauthorized");
}

/// Requests that are not HTTP get a bare answer from the server's parser: no browser can send them, and the answer
/// contains nothing. ASVS 13.4.6
#[actix_web::test]
async fn what_is_not_http_gets_a_bare_answer_that_names_nothing() {
    let app = TestApp::start().await;
    let server = app.served();
    let huge = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(200_000));
    let many = format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "X: y\r\n".repeat(97));
    for (sent, status) in [
        ("nonsense\r\n\r\n", 400),
        ("GET / HTTP/9.9\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHo st: x\r\n\r\n", 400),
        // Two lengths, or a length and chunks: the beginnings of request smuggling. ASVS 4.2.1
        ("POST /v1/auth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", 400),
        ("POST /v1/auth/token HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\nx", 400),
        (&huge, 431),
        (&many, 431),
    ] {
        let answer = server.exchange(sent.as_bytes()).await;
        let shown: String = sent.chars().take(60).collect();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{shown}: {answer}"));
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{shown}: {head}");
        assert_eq!(body, "", "{shown}");
        let names: Vec<&str> = head.lines().skip(1).filter_map(|line| line.split(':').next()).collect();
        assert!(names.iter().all(|name| ["content-length", "connection", "date"].contains(name)), "{head}");
    }
}
