//! The log of requests: one line for each logged request.

use serde_json::Value;

use crate::harness::{Log, TestApp};

#[actix_web::test]
async fn a_request_that_went_well_is_logged_on_demand() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let (log, guard) = Log::begin();
    sue.get("/v1/teams").await.ok();
    assert_eq!(log.requests(), Vec::<Value>::new());
    drop(guard);

    let app = app.logging_all().await;
    let (log, _guard) = Log::begin();
    let answer = app.send(sue.request(actix_web::http::Method::GET, "/v1/teams?q=Secret")).await;
    let id = answer.header("x-request-id").unwrap().to_owned();
    let lines = log.requests();
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!(line["level"], "INFO");
    let fields = &line["fields"];
    assert_eq!(fields["request_id"], id.as_str());
    assert_eq!((&fields["method"], &fields["route"]), (&"GET".into(), &"/v1/teams".into()));
    assert_eq!((&fields["operation"], &fields["user_id"]), (&"list_teams".into(), &sue.id.uuid().to_string().into()));
    assert_eq!(fields["bytes"], answer.body.len());
    assert!(fields["duration_ms"].as_f64().unwrap() > 0.0);
    assert!(fields["trace_id"].is_null());
}

/// ASVS 16.2.5
#[actix_web::test]
async fn a_line_has_nothing_of_what_was_asked_or_answered() {
    let app = TestApp::start().await.logging_all().await;
    let (log, _guard) = Log::begin();
    app.anonymous().get("/v1/hush-path?q=hush-query").await.problem(404, "not_found");
    let request = app.anonymous().request(actix_web::http::Method::GET, "/v1/teams?q=hush-query");
    let request =
        request.insert_header(("Authorization", "Bearer hush-token")).insert_header(("Cookie", "hush-cookie"));
    app.send(request).await.problem(401, "unauthorized");
    let (text, lines) = (log.text(), log.requests());
    assert_eq!(lines.len(), 2, "{text}");
    assert!(!text.contains("hush"), "{text}");
    assert_eq!((&lines[0]["fields"]["route"], &lines[0]["fields"]["operation"]), (&"".into(), &"unknown".into()));
}

#[actix_web::test]
async fn a_refusal_is_told_and_a_failure_is_an_error() {
    let app = TestApp::start().await;
    let (log, guard) = Log::begin();
    app.anonymous().get("/v1/teams").await.problem(401, "unauthorized");
    let lines = log.requests();
    assert_eq!((&lines[0]["level"], &lines[0]["fields"]["code"]), (&"INFO".into(), &"unauthorized".into()));
    assert_eq!(lines[0]["fields"]["message"], "request refused");
    drop(guard);

    let app = TestApp::without_database().await;
    let (log, _guard) = Log::begin();
    let form = [("grant_type", "password"), ("username", "ann@example.com"), ("password", "hush hush hush hush")];
    let request = app.anonymous().request(actix_web::http::Method::POST, "/v1/auth/token").set_form(form);
    app.send(request).await.problem(503, "unavailable");
    let lines = log.requests();
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!((&line["level"], &line["fields"]["status"]), (&"ERROR".into(), &503.into()));
    assert_eq!(line["fields"]["message"], "request failed");
    assert!(!line["fields"]["cause"].as_str().unwrap().is_empty());
    assert!(!log.text().contains("hush"));
}
