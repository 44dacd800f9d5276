//! Exports: whose rows, which columns, and what stands in the file.

use chrono::Duration;
use serde_json::{Value, json};

use crate::{
    calls::{World, unique},
    harness::{Answer, TestApp, TestUser},
};

const PATH: &str = "/v1/exports";

async fn world() -> World {
    World::over(TestApp::start().await).await
}

async fn client(user: &TestUser, more: Value) -> Value {
    let mut body = json!({"kind": "organization", "name": unique("Client")});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    user.post("/v1/clients", body).await.created()
}

/// The file of an export that was asked for and made.
async fn file(world: &World, user: &TestUser, body: Value) -> Answer {
    let export = user.post(PATH, body).await.created();
    world.app.work().await;
    user.get(&format!("{}/file", export["path"].as_str().unwrap())).await
}

/// The records of CSV, without the mark at its beginning.
fn records(file: &Answer, separator: u8) -> Vec<Vec<String>> {
    let text = file.body.strip_prefix(b"\xEF\xBB\xBF").expect("a byte order mark");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).delimiter(separator).from_reader(text);
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[actix_web::test]
async fn a_file_has_the_rows_of_the_list_with_the_same_filter() {
    let world = world().await;
    let moscow =
        client(&world.ann, json!({"name": "Ромашка", "phone": "8 495 123-45-67", "address": {"city": "Москва"}})).await;
    client(&world.ann, json!({"address": {"city": "Тверь"}})).await;
    client(&world.bob, json!({"address": {"city": "Москва"}})).await;
    let body = json!({"resource": "clients", "format": "csv", "separator": "semicolon",
        "columns": ["name", "phone", "address.city", "id"], "filter": {"city": ["Москва", "Псков"], "owner_id": "me"}});
    let export = world.ann.post(PATH, body.clone()).await.created();
    assert_eq!((&export["has_file"], &export["row_count"]), (&json!(false), &Value::Null));
    let path = export["path"].as_str().unwrap();
    world.ann.get(&format!("{path}/file")).await.problem(409, "conflict");
    world.app.work().await;
    let made = world.ann.get(path).await.ok();
    assert_eq!((&made["has_file"], &made["row_count"]), (&json!(true), &json!(1)));
    assert_eq!(made["job"]["state"], "succeeded");
    let file = world.ann.get(&format!("{path}/file")).await;
    assert_eq!(file.header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(file.header("content-disposition"), Some("attachment; filename=\"clients-2026-11-24.csv\""));
    assert_eq!(made["byte_count"], file.body.len());
    let id = moscow["id"].as_str().unwrap();
    assert_eq!(
        records(&file, b';'),
        [["name", "phone", "address.city", "id"], ["Ромашка", "+74951234567", "Москва", id]]
    );
}

#[actix_web::test]
async fn many_rows_come_once_each() {
    let world = world().await;
    let sql = format!(
        "INSERT INTO products (id, version, created_at, updated_at, sku, name, kind, unit, base_price, currency, tax_rate, is_active) \
         SELECT gen_random_uuid(), 1, now(), now(), 'S' || n, 'Product ' || n, 'good', 'piece', n, 'RUB', 20, true \
         FROM generate_series(1, {}) AS n",
        1234
    );
    world.app.sql(&sql).await;
    let file =
        file(&world, &world.ann, json!({"resource": "products", "format": "csv", "columns": ["sku", "base_price"]}))
            .await;
    let mut skus: Vec<String> = records(&file, b',').into_iter().skip(1).map(|mut record| record.remove(0)).collect();
    skus.sort_unstable();
    skus.dedup();
    assert_eq!(skus.len(), 1234);
}

#[actix_web::test]
async fn an_export_reaches_as_far_as_the_policy_says() {
    let world = world().await;
    client(&world.ann, json!({})).await;
    let key = client(&world.kai, json!({})).await;
    world.sam.transition("designate-key", &key, json!({})).await.ok();
    client(&world.kim, json!({})).await;
    client(&world.mia, json!({})).await;
    let count = async |user: &TestUser| {
        let file = file(&world, user, json!({"resource": "clients", "format": "csv", "columns": ["id"]})).await;
        records(&file, b',').len() - 1
    };
    // Kim sees the key client of her colleague, but exports only her own.
    assert_eq!(world.kim.get("/v1/clients?total=true").await.ok()["total"], 2);
    assert_eq!((count(&world.ann).await, count(&world.kim).await, count(&world.sue).await), (1, 1, 4));
    let policy = world.sam.get("/v1/roles/manager/policy").await.ok();
    let mut body = policy.clone();
    for unwritten in ["id", "role", "version", "created_at", "updated_at", "actions", "path"] {
        body.as_object_mut().unwrap().remove(unwritten);
    }
    body["permissions"]["exports:create"] = json!("none");
    let _ = world.sam.put("/v1/roles/manager/policy", &policy, body).await.ok();
    let body = json!({"resource": "clients", "format": "csv"});
    assert_eq!(world.ann.post(PATH, body).await.problem(403, "forbidden")["permission"], "exports:create");
}

#[actix_web::test]
async fn a_helper_does_not_export_beyond_their_own() {
    let world = world().await;
    let client = client(&world.ann, json!({})).await;
    let path = format!("{}/account-team", client["path"].as_str().unwrap());
    let _ = world.ann.put(&path, &client, json!({"user_ids": [world.mia.id]})).await;
    let file = file(&world, &world.mia, json!({"resource": "clients", "format": "csv", "columns": ["id"]})).await;
    // The account team counts as one's own in `exports:create`, as in `clients:read`.
    assert_eq!(
        records(&file, b',').len() - 1,
        world.mia.get("/v1/clients").await.ok()["data"].as_array().unwrap().len()
    );
}

#[actix_web::test]
async fn confidential_columns_are_only_for_who_may_see_them() {
    let world = world().await;
    client(&world.sue, json!({"credit_limit": "500.00"})).await;
    client(&world.kim, json!({"credit_limit": "100.00"})).await;
    let ask = |columns: Value| json!({"resource": "clients", "format": "csv", "columns": columns});
    let refused = world.ann.post(PATH, ask(json!(["name", "credit_limit"]))).await.problem(403, "forbidden");
    assert_eq!(refused["permission"], "clients:read_confidential");
    let all = world.ann.post(PATH, ask(json!([]))).await.created();
    assert!(!all["columns"].as_array().unwrap().contains(&json!("credit_limit")));
    world.app.work().await;
    let own = file(&world, &world.kim, ask(json!(["credit_limit"]))).await;
    assert_eq!(records(&own, b','), [["credit_limit"], ["100.00"]]);
    let all = file(&world, &world.sue, ask(json!(["credit_limit"]))).await;
    assert_eq!(records(&all, b',').len(), 3);
}

#[actix_web::test]
async fn nothing_in_a_file_is_a_formula() {
    let world = world().await;
    let name = "=HYPERLINK(\"http://evil.example\";\"Click\")";
    client(&world.ann, json!({"name": name, "phone": "+74951234567", "legal_name": "-2+3"})).await;
    let columns = json!(["name", "phone", "legal_name"]);
    let csv = file(&world, &world.ann, json!({"resource": "clients", "format": "csv", "columns": columns})).await;
    assert_eq!(records(&csv, b',')[1], [&format!("'{name}"), "+74951234567", "'-2+3"]);
    let lines = file(&world, &world.ann, json!({"resource": "clients", "format": "jsonl", "columns": columns})).await;
    assert_eq!(lines.header("content-type"), Some("application/jsonl"));
    let row: Value = serde_json::from_slice(&lines.body).unwrap();
    assert_eq!(row, json!({"name": name, "phone": "+74951234567", "legal_name": "-2+3"}));
    let book = file(&world, &world.ann, json!({"resource": "clients", "format": "xlsx", "columns": columns})).await;
    assert!(book.body.starts_with(b"PK"), "a workbook is an archive");
}

#[actix_web::test]
async fn what_cannot_be_exported_is_refused() {
    let world = world().await;
    let post = async |body: Value| world.ann.post(PATH, body).await;
    let ask = |more: Value| {
        let mut body = json!({"resource": "clients", "format": "csv"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    post(ask(json!({"columns": ["name", "nmae"]}))).await.field_error("/columns/1", "invalid_choice");
    post(ask(json!({"columns": ["name", "name"]}))).await.field_error("/columns/1", "repeated");
    post(ask(json!({"filter": {"colour": "red"}}))).await.field_error("/filter/colour", "unknown_field");
    post(ask(json!({"filter": {"limit": 5}}))).await.field_error("/filter/limit", "unknown_field");
    post(ask(json!({"filter": {"status": {"eq": "lead"}}}))).await.field_error("/filter/status", "invalid_type");
    post(ask(json!({"filter": {"status": "leading"}}))).await.field_error("/filter/status", "invalid_choice");
    post(ask(json!({"format": "xlsx", "separator": "comma"}))).await.field_error("/separator", "not_with_format");
    post(json!({"resource": "users", "format": "csv"})).await.field_error("/resource", "invalid_choice");
    assert_eq!((world.app.count("exports").await, world.app.count("jobs").await), (0, 0));
}

#[actix_web::test]
async fn the_audit_log_tells_who_exported_what_and_how_much() {
    let world = world().await;
    client(&world.ann, json!({})).await;
    let body = json!({"resource": "clients", "format": "jsonl", "columns": ["id"], "filter": {"status": "lead"}});
    let export = world.ann.post(PATH, body).await.created();
    world.app.work().await;
    let audit = world.app.audit(&export["id"]).await;
    let actions: Vec<&str> = audit.iter().map(|(action, _)| action.as_str()).collect();
    assert_eq!(actions, ["created", "finished"]);
    assert_eq!(
        (&audit[0].1["filter"]["to"], &audit[0].1["owner_id"]["to"]),
        (&json!({"status": "lead"}), &json!(world.ann.id))
    );
    assert_eq!(audit[1].1["row_count"]["to"], 1);
    let sql = format!(
        "SELECT actor_id::text AS value FROM audit_events WHERE resource_id = '{}'",
        export["id"].as_str().unwrap()
    );
    assert_eq!(world.app.text(&sql).await, [world.ann.id.to_string(), world.ann.id.to_string()]);
}

#[actix_web::test]
async fn a_file_is_for_its_owner_and_for_a_time() {
    let world = world().await;
    let export = world.ann.post(PATH, json!({"resource": "products", "format": "csv"})).await.created();
    world.app.work().await;
    let path = format!("{}/file", export["path"].as_str().unwrap());
    for stranger in [&world.bob, &world.kim, &world.mia] {
        stranger.get(&path).await.problem(404, "not_found");
    }
    assert_eq!(world.sue.get(&path).await.status, 200);
    let files = world.app.parts().files.clone();
    let id = export["id"].as_str().unwrap().parse().unwrap();
    world.app.sweep().await;
    assert!(files.get_all("exports", id).await.unwrap().is_some());
    // The place of the files has a clock of its own.
    files.remove_older("exports", world.app.parts().clock.now().after(Duration::days(3650))).await.unwrap();
    assert!(files.get_all("exports", id).await.unwrap().is_none());
    world.ann.get(&path).await.problem(409, "conflict");
}
