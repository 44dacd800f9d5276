//! Traces, as a collector receives them.

use actix_web::http::Method;
use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind, status::StatusCode};
use serde_json::json;

use super::collector::{Collector, attribute};
use crate::harness::TestApp;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

/// A traced app, and its spans after `requests`.
async fn traced(requests: impl AsyncFnOnce(&TestApp)) -> (Collector, Vec<Span>, Vec<Vec<u8>>) {
    let collector = Collector::start();
    let app = TestApp::start().await.traced(&collector.url).await;
    requests(&app).await;
    let state = app.shared();
    tokio::task::spawn_blocking(move || state.telemetry.traces.as_ref().unwrap().flush()).await.unwrap();
    let sent = collector.received();
    for request in &sent {
        assert!(request.head.starts_with("POST /v1/traces HTTP/1.1"), "{}", request.head);
        assert!(request.head.to_lowercase().contains("content-type: application/x-protobuf"), "{}", request.head);
        let resource = request.export().resource_spans.remove(0).resource.unwrap();
        assert_eq!(attribute(&resource.attributes, "service.name").as_deref(), Some("liaison"));
    }
    let spans = sent.iter().flat_map(super::collector::Sent::spans).collect();
    (collector, spans, sent.into_iter().map(|sent| sent.body).collect())
}

#[actix_web::test]
async fn a_request_is_a_span_under_its_callers() {
    let (_collector, spans, _) = traced(async |app| {
        let sue = app.supervisor().await;
        let header = format!("00-{TRACE}-{CALLER}-01");
        let request = sue.request(Method::GET, "/v1/teams").insert_header(("traceparent", header));
        sue.send(request).await.ok();
    })
    .await;
    let of_trace: Vec<&Span> = spans.iter().filter(|span| hex(&span.trace_id) == TRACE).collect();
    let server: Vec<&&Span> = of_trace.iter().filter(|span| span.kind == SpanKind::Server as i32).collect();
    let [server] = server.as_slice() else { panic!("{server:?}") };
    assert_eq!((server.name.as_str(), hex(&server.parent_span_id).as_str()), ("GET /v1/teams", CALLER));
    for (name, value) in [
        ("http.request.method", "GET"),
        ("http.route", "/v1/teams"),
        ("url.scheme", "http"),
        ("network.protocol.version", "1.1"),
        ("http.response.status_code", "200"),
    ] {
        assert_eq!(attribute(&server.attributes, name).as_deref(), Some(value), "{name}");
    }
    assert!(attribute(&server.attributes, "liaison.request_id").is_some());
    assert!(attribute(&server.attributes, "user.id").is_some());
    assert_eq!(server.status.clone().unwrap_or_default().code, StatusCode::Unset as i32);
    assert!(server.end_time_unix_nano > server.start_time_unix_nano);

    let statements: Vec<&&Span> = of_trace.iter().filter(|span| span.kind == SpanKind::Client as i32).collect();
    assert!(!statements.is_empty(), "{spans:?}");
    for statement in statements {
        assert_eq!(statement.parent_span_id, server.span_id);
        assert_eq!(attribute(&statement.attributes, "db.system.name").as_deref(), Some("postgresql"));
    }
    let select = of_trace.iter().find(|span| span.name == "SELECT").unwrap();
    assert!(attribute(&select.attributes, "db.query.text").unwrap().starts_with("SELECT "));
}

/// ASVS 16.2.5
#[actix_web::test]
async fn spans_have_nothing_of_what_was_asked_or_answered() {
    let (_collector, spans, bodies) = traced(async |app| {
        let sue = app.supervisor().await;
        sue.post("/v1/teams", json!({"name": "hush-name"})).await.created();
        assert!(sue.get("/v1/clients?q=hush-query").await.status < 500);
        sue.get("/v1/hush-path").await.problem(404, "not_found");
        let request = sue.request(Method::GET, "/v1/me").insert_header(("Cookie", "hush-cookie"));
        sue.send(request.insert_header(("baggage", "hush=hush-baggage"))).await.ok();
        assert_eq!(app.anonymous().get("/v1/me?access_token=hush-token").await.status, 401);
        let bearer = app.anonymous().request(Method::GET, "/v1/me");
        app.send(bearer.insert_header(("Authorization", "Bearer hush-token"))).await.problem(401, "unauthorized");
    })
    .await;
    assert!(spans.iter().any(|span| span.name == "POST /v1/teams"));
    assert!(spans.iter().any(|span| span.name == "INSERT"));
    assert!(spans.iter().any(|span| span.name == "_OTHER"), "an unknown address has no name of its own");
    for body in bodies {
        let text = String::from_utf8_lossy(&body).into_owned();
        assert!(!text.contains("hush") && !text.contains("Bearer"), "{text}");
    }
}

#[actix_web::test]
async fn a_failure_is_an_error_and_a_refusal_is_none() {
    let (_collector, spans, _) = traced(async |app| {
        app.anonymous().get("/v1/teams").await.problem(401, "unauthorized");
        app.parts().lifecycle.drain();
        app.anonymous().get("/readyz").await.problem(503, "not_ready");
    })
    .await;
    let status = |name: &str| {
        let span = spans.iter().find(|span| span.name == name).unwrap();
        (span.status.clone().unwrap_or_default().code, attribute(&span.attributes, "error.type"))
    };
    assert_eq!(status("GET /v1/teams"), (StatusCode::Unset as i32, None));
    assert_eq!(status("GET /readyz"), (StatusCode::Error as i32, Some("not_ready".to_owned())));
}

#[actix_web::test]
async fn a_caller_who_does_not_record_is_not_recorded() {
    let (_collector, spans, _) = traced(async |app| {
        let header = format!("00-{TRACE}-{CALLER}-00");
        let request = app.anonymous().request(Method::GET, "/livez").insert_header(("traceparent", header));
        app.send(request).await.ok();
        let nonsense = app.anonymous().request(Method::GET, "/livez").insert_header(("traceparent", "00-nonsense"));
        app.send(nonsense).await.ok();
    })
    .await;
    let [span] = spans.as_slice() else { panic!("{spans:?}") };
    assert!(hex(&span.trace_id) != TRACE && span.parent_span_id.is_empty(), "a trace of its own");
}
