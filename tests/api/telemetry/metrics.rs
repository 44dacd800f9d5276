//! The metrics, as Prometheus reads them.

use std::{collections::BTreeSet, str::FromStr, time::Duration};

use actix_web::{http::Method, rt};
use diesel_async::SimpleAsyncConnection;
use liaison::{
    db::{Db, PoolSettings},
    edge::Edge,
    telemetry::{listener, sampler},
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::{
    edge::with_quotas,
    harness::{PASSWORD, TestApp, TestUser},
};

/// The metrics of `app` now, without comments.
pub fn read(app: &TestApp) -> Vec<String> {
    let text = String::from_utf8(app.parts().telemetry.metrics.render().unwrap()).unwrap();
    text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

/// The value of the series whose name and labels are `series`.
fn value<T: FromStr>(app: &TestApp, series: &str) -> Option<T> {
    read(app).iter().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

/// The value of a series of whole numbers.
fn count(app: &TestApp, series: &str) -> Option<i64> {
    value(app, series)
}

fn requests(app: &TestApp, operation: &str, status: &str) -> Option<i64> {
    count(app, &format!("http_server_requests_total{{operation=\"{operation}\",status=\"{status}\"}}"))
}

#[actix_web::test]
async fn requests_are_counted_by_operation_and_class_of_status() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    assert_eq!(requests(&app, "list_teams", "2xx"), None, "an operation appears once it is asked for");
    sue.get("/v1/teams").await.ok();
    sue.get("/v1/teams").await.ok();
    sue.get("/v1/teams?colour=red").await.problem(400, "invalid_parameter");
    app.anonymous().get("/v1/teams").await.problem(401, "unauthorized");
    assert_eq!(requests(&app, "list_teams", "2xx"), Some(2));
    assert_eq!(requests(&app, "list_teams", "4xx"), Some(2));
    assert_eq!(requests(&app, "list_teams", "5xx"), Some(0), "a rate rises from zero");
    let labels = "operation=\"list_teams\",http_request_method=\"GET\",http_route=\"/v1/teams\"";
    // The format does not define the order of labels.
    let observed: Option<i64> = read(&app).iter().find_map(|line| {
        let (labelled, value) = line.strip_prefix("http_server_request_duration_seconds_count{")?.split_once("} ")?;
        let told: BTreeSet<&str> = labelled.split(',').collect();
        (told == labels.split(',').collect()).then(|| value.parse().unwrap())
    });
    assert_eq!(observed, Some(4));
    assert_eq!(count(&app, "http_server_active_requests"), Some(0));
}

/// Requests for addresses that do not exist cannot make the metrics grow.
#[actix_web::test]
async fn addresses_and_methods_that_nobody_serves_are_one_operation() {
    let app = TestApp::start().await;
    let before = app.anonymous().get("/v1/nothing").await;
    assert_eq!(before.status, 404);
    let known = read(&app).len();
    for path in ["/v1/other", "/v1/clients/a/b/c", "/etc/passwd", "/v1/%22%0a"] {
        assert_eq!(app.anonymous().get(path).await.status, 404, "{path}");
    }
    for method in [Method::TRACE, Method::from_bytes(b"BREW").unwrap()] {
        assert_eq!(app.anonymous().send(app.anonymous().request(method, "/v1/clients")).await.status, 405);
    }
    assert_eq!(requests(&app, "unknown", "4xx"), Some(7));
    assert_eq!(read(&app).len(), known);
}

#[actix_web::test]
async fn what_is_refused_for_now_is_counted_by_its_reason() {
    let app = TestApp::behind(with_quotas(2, 600)).await;
    let sue = app.supervisor().await;
    for _ in 0..4 {
        assert!(matches!(sue.get("/v1/me").await.status, 200 | 429));
    }
    assert_eq!(count(&app, "liaison_refused_requests_total{code=\"too_many_requests\"}"), Some(2));
    assert_eq!(count(&app, "liaison_refused_requests_total{code=\"unavailable\"}"), Some(0));
}

#[actix_web::test]
async fn a_request_that_its_sender_leaves_is_counted_as_aborted() {
    let app = TestApp::behind(Edge::default()).await;
    let sue = app.supervisor().await;
    sue.get("/v1/teams").await.ok();
    let mut blocker = app.db().await;
    blocker.batch_execute("BEGIN; LOCK TABLE teams IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let left = timeout(Duration::from_millis(300), sue.get("/v1/teams")).await;
    assert!(left.is_err());
    assert_eq!(requests(&app, "list_teams", "aborted"), Some(1));
    assert_eq!(count(&app, "http_server_active_requests"), Some(0));
}

/// Signs in as `user`, and returns the status of the answer.
pub async fn ask_for_token(app: &TestApp, user: &TestUser, password: &str) -> u16 {
    let me = user.get("/v1/me").await.ok();
    let form = [("grant_type", "password"), ("username", me["email"].as_str().unwrap()), ("password", password)];
    app.send(app.anonymous().request(Method::POST, "/v1/auth/token").set_form(form)).await.status
}

#[actix_web::test]
async fn sign_ins_are_counted_by_what_came_of_them() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let signed_in = |result: &str| {
        count(&app, &format!("liaison_sign_ins_total{{grant_type=\"password\",result=\"{result}\"}}")).unwrap_or(0)
    };
    let granted = signed_in("granted");
    assert_eq!(ask_for_token(&app, &sue, PASSWORD).await, 200);
    assert_eq!(signed_in("granted"), granted + 1);
    assert_eq!(ask_for_token(&app, &sue, "not the password at all").await, 400);
    assert_eq!(signed_in("refused"), 1);
}

#[actix_web::test]
async fn queues_in_the_database_are_looked_up() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    sue.post("/v1/teams", json!({"name": "North"})).await.created();
    let (db, state) = (Db::new(&app.login(), PoolSettings::default()), app.parts());
    sampler::sample(&db, &state.readiness, &state.clock, &state.telemetry.metrics).await.unwrap();
    app.advance(chrono::Duration::seconds(90));
    sampler::sample(&db, &state.readiness, &state.clock, &state.telemetry.metrics).await.unwrap();
    assert!(count(&app, "liaison_queue_length{queue=\"audit_seal\"}").unwrap() > 0);
    let age: f64 = value(&app, "liaison_queue_oldest_age_seconds{queue=\"audit_seal\"}").unwrap();
    assert!((90.0..200.0).contains(&age), "{age}");
    let events = app.count("outbox_events").await;
    assert_eq!(count(&app, "liaison_queue_length{queue=\"outbox\"}"), Some(events));
    let age: f64 = value(&app, "liaison_queue_oldest_age_seconds{queue=\"outbox\"}").unwrap();
    assert!(age >= 90.0, "{age}");
    assert_eq!(count(&app, "liaison_queue_length{queue=\"mail\"}"), Some(0));
    assert_eq!(count(&app, "liaison_queue_oldest_age_seconds{queue=\"mail\"}"), Some(0));

    liaison::audit::seal_all(&mut app.db().await, &state.secrets, state.clock.now()).await.unwrap();
    sampler::sample(&db, &state.readiness, &state.clock, &state.telemetry.metrics).await.unwrap();
    assert_eq!(count(&app, "liaison_queue_length{queue=\"audit_seal\"}"), Some(0));
    assert_eq!(count(&app, "liaison_not_ready{reason=\"database_unreachable\"}"), Some(0));
}

#[actix_web::test]
async fn connections_of_the_pool_are_told() {
    let app = TestApp::start().await;
    let meter = app.parts().telemetry.metrics.pool("test");
    let settings = PoolSettings { max_size: 1, wait: Duration::from_millis(1500), ..PoolSettings::default() };
    let db = Db::new(&app.login(), settings).measured(meter, app.parts().telemetry.metrics.pool("other"));
    let told = |name: &str, state: &str| {
        let state = if state.is_empty() { String::new() } else { format!(",db_client_connection_state=\"{state}\"") };
        count(&app, &format!("{name}{{db_client_connection_pool_name=\"test\"{state}}}")).unwrap()
    };
    assert_eq!(told("db_client_connection_max", ""), 1);
    let held = db.connect().await.unwrap();
    assert_eq!(told("db_client_connection_count", "used"), 1);
    assert!(db.connect().await.is_err());
    assert_eq!(told("db_client_connection_timeouts_total", ""), 1);
    assert_eq!(told("db_client_connection_wait_time_seconds_count", ""), 1);
    drop(held);
    assert_eq!(told("db_client_connection_count", "idle"), 1);
    assert_eq!(told("db_client_connection_count", "used"), 0);
}

#[actix_web::test]
async fn jobs_tell_when_they_last_went_well_and_end_with_their_step() {
    let app = TestApp::start().await;
    let jobs = app.jobs();
    sleep(Duration::from_secs(1)).await;
    timeout(Duration::from_secs(5), jobs.finish()).await.unwrap();
    for job in ["upkeep", "signing_keys", "audit_seal", "metrics_sample"] {
        let done = count(&app, &format!("liaison_job_runs_total{{name=\"{job}\",result=\"done\"}}"));
        assert!(done.unwrap() >= 1, "{job}");
        assert_eq!(count(&app, &format!("liaison_job_runs_total{{name=\"{job}\",result=\"failed\"}}")), Some(0));
        let last = count(&app, &format!("liaison_job_last_success_timestamp_seconds{{name=\"{job}\"}}")).unwrap();
        assert_eq!(last, app.parts().clock.now().utc().timestamp(), "{job}");
    }
    let before = count(&app, "liaison_job_runs_total{name=\"audit_seal\",result=\"done\"}");
    sleep(Duration::from_millis(1500)).await;
    assert_eq!(count(&app, "liaison_job_runs_total{name=\"audit_seal\",result=\"done\"}"), before, "it has ended");
}

#[actix_web::test]
async fn metrics_have_a_port_of_their_own_with_nothing_else_on_it() {
    let app = TestApp::start().await;
    let (server, address) = listener::start("127.0.0.1:0".parse().unwrap(), app.parts().telemetry.clone()).unwrap();
    let handle = server.handle();
    rt::spawn(server);
    let ask = async |request: &str| {
        let mut connection = TcpStream::connect(address).await.unwrap();
        connection
            .write_all(format!("{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes())
            .await
            .unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let read = ask("GET /metrics").await;
    assert!(read.starts_with("HTTP/1.1 200 ") && read.contains("text/plain; version=0.0.4"), "{read}");
    for name in ["liaison_build_info{version=", "process_resident_memory_bytes ", "process_open_fds "] {
        assert!(read.contains(name), "{name}: {read}");
    }
    for request in ["GET /", "GET /v1/clients", "GET /livez", "POST /metrics"] {
        assert!(ask(request).await.starts_with("HTTP/1.1 404 "), "{request}");
    }
    drop(handle.stop(false));
    app.anonymous().get("/metrics").await.problem(404, "not_found");
}
