//! The organisation's own fields as columns of imports.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::{define, path, world};
use crate::{calls::World, harness::TestUser};

async fn define_of(world: &World, resource: &str, name: &str, kind: &str, more: Value) {
    let mut body = json!({"resource": resource});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let _ = define(world, name, kind, body).await;
}

async fn send(user: &TestUser, resource: &str, text: &str) -> Value {
    let request = user.request(Method::POST, &format!("/v1/imports?resource={resource}"));
    user.send(request.insert_header(("Content-Type", "text/csv")).set_payload(text.to_owned())).await.created()
}

/// The import after a step, which its job has done.
async fn done(user: &TestUser, import: &Value, step: &str) -> Value {
    let _ = user.transition(step, import, json!({})).await.ok();
    user.app().work().await;
    let import = user.get(path(import)).await.ok();
    assert_eq!(import["job"]["state"], "succeeded", "{import}");
    import
}

/// The fate of each row, with the heads and the codes of its notes.
async fn fates(user: &TestUser, import: &Value) -> Vec<String> {
    let page = user.get(&format!("{}/rows", path(import))).await.ok();
    let row = |row: &Value| {
        let note =
            |note: &Value| format!(" {}={}", note["head"].as_str().unwrap_or("-"), note["code"].as_str().unwrap());
        let notes: String = row["notes"].as_array().unwrap().iter().map(note).collect();
        format!("{}{notes}", row["fate"].as_str().unwrap())
    };
    page["data"].as_array().unwrap().iter().map(row).collect()
}

async fn named(user: &TestUser, name: &str) -> Value {
    let page = user.get(&format!("/v1/clients?q={name}")).await.ok();
    user.get(&format!("/v1/clients/{}", page["data"][0]["id"].as_str().unwrap())).await.ok()
}

#[actix_web::test]
async fn columns_fill_the_organisations_own_fields() {
    let world = world().await;
    let wards = json!({"choices": [{"value": "icu", "label_en": "Intensive care", "label_ru": "Реанимация"},
        {"value": "er", "label_en": "Emergency", "label_ru": "Приёмный покой"}]});
    define(&world, "beds", "number", json!({"label_ru": "Число коек"})).await;
    define(&world, "budget", "money", json!({})).await;
    define(&world, "since", "date", json!({})).await;
    define(&world, "is_open", "boolean", json!({})).await;
    define(&world, "ward", "choice", wards.clone()).await;
    define(&world, "wards", "choices", wards).await;
    define(&world, "doctor", "user", json!({})).await;
    define(&world, "secret", "text", json!({"is_confidential": true})).await;
    define_of(&world, "contacts", "floor", "text", json!({})).await;
    let file = "name;Число коек;budget;since;is_open;Ward;wards;custom_fields.doctor;contact.name;contact.custom_fields.floor\n\
        Alder;1 200,5;1 500,50 EUR;12.03.2026;да;Реанимация;er, Intensive care;ann@example.com;Ann Lee;2\n\
        Birch;много;12 abc;31.02.2026;maybe;Ward 6;er;nobody@example.com;;\n\
        Cedar;;1500;;;;;;;\n";
    let file = file.replace("ann@example.com", &world.ann.email);
    let import = send(&world.sue, "clients", &file).await;
    let mapping = json!([
        "name",
        "custom_fields.beds",
        "custom_fields.budget",
        "custom_fields.since",
        "custom_fields.is_open",
        "custom_fields.ward",
        "custom_fields.wards",
        "custom_fields.doctor",
        "contact.name",
        "contact.custom_fields.floor"
    ]);
    assert_eq!(import["mapping"], mapping);
    let checked = done(&world.sue, &import, "check").await;
    let wrong = "error Число коек=invalid_decimal Ward=invalid_choice budget=invalid_currency \
        custom_fields.doctor=unknown_reference is_open=invalid_choice since=invalid_date";
    let mut told = fates(&world.sue, &checked).await;
    let mut notes: Vec<&str> = told[1].split(' ').collect();
    notes.sort_unstable();
    let mut expected: Vec<&str> = wrong.split(' ').filter(|part| !part.is_empty()).collect();
    expected.sort_unstable();
    assert_eq!(notes, expected);
    told.remove(1);
    assert_eq!(told, ["create", "create"]);
    done(&world.sue, &checked, "apply").await;
    let alder = named(&world.sue, "Alder").await;
    let values = json!({"beds": "1200.5", "budget": {"amount": "1500.50", "currency": "EUR"}, "since": "2026-03-12",
        "is_open": true, "ward": "icu", "wards": ["er", "icu"], "doctor": world.ann.id});
    assert_eq!(alder["custom_fields"], values);
    let contacts = world.sue.get(&format!("/v1/contacts?client_id={}", alder["id"].as_str().unwrap())).await.ok();
    assert_eq!(contacts["data"][0]["custom_fields"], json!({"floor": "2"}));
    let currency = world.sue.get("/v1/organization").await.ok()["currency"].clone();
    let cedar = named(&world.sue, "Cedar").await;
    assert_eq!(cedar["custom_fields"], json!({"budget": {"amount": "1500", "currency": currency}}));
}

#[actix_web::test]
async fn a_dry_run_tells_what_is_required_taken_and_not_the_callers() {
    let world = world().await;
    define(&world, "license", "text", json!({"is_unique": true})).await;
    define(&world, "grade", "text", json!({"required_for_kinds": ["organization"]})).await;
    define(&world, "secret", "text", json!({"is_confidential": true})).await;
    let body = json!({"kind": "organization", "name": "Dogwood", "custom_fields": {"license": "L-1", "grade": "a"}});
    let dogwood = world.ann.post("/v1/clients", body).await.created();
    let file = "name;license;grade;secret\n\
        Elder;L-1;a;\nFir;L-2;;\nGum;L-3;a;shy\nHazel;L-3;a;\n";
    let import = send(&world.ann, "clients", file).await;
    let checked = done(&world.ann, &import, "check").await;
    let expected = ["error -=taken", "error -=required", "create secret=left_out", "error -=taken"];
    assert_eq!(fates(&world.ann, &checked).await, expected);
    let rows = world.ann.get(&format!("{}/rows", path(&checked))).await.ok();
    let detail = rows["data"][1]["notes"][0]["detail"].as_str().unwrap();
    assert!(detail.starts_with("custom_fields.grade: "), "{detail}");
    done(&world.ann, &checked, "apply").await;
    let gum = named(&world.sue, "Gum").await;
    assert_eq!(
        (&gum["custom_fields"], &gum["confidential_custom_fields"]),
        (&json!({"grade": "a", "license": "L-3"}), &Value::Null)
    );
    let unknown = json!({"mapping": ["name", "custom_fields.nothing", null, null]});
    let import = send(&world.ann, "clients", file).await;
    world.ann.patch(path(&import), &import, unknown).await.field_error("/mapping/1", "invalid_choice");
    assert_eq!(world.ann.get(path(&dogwood)).await.ok()["custom_fields"]["license"], "L-1");
}

#[actix_web::test]
async fn missing_values_are_filled_and_emptied_again() {
    let world = world().await;
    define(&world, "beds", "number", json!({})).await;
    define(&world, "wards", "number", json!({})).await;
    let body =
        json!({"kind": "organization", "name": "Ironwood", "tax_id": "7707083893", "custom_fields": {"beds": "5"}});
    let client = world.ann.post("/v1/clients", body).await.created();
    let import = send(&world.ann, "clients", "name;tax_id;beds;wards\nIronwood;7707083893;7;3\n").await;
    let import = world.ann.patch(path(&import), &import, json!({"duplicates": "fill"})).await.ok();
    let import = done(&world.ann, &import, "check").await;
    assert_eq!(fates(&world.ann, &import).await, ["update"]);
    let import = done(&world.ann, &import, "apply").await;
    let values = async || world.ann.get(path(&client)).await.ok()["custom_fields"].clone();
    assert_eq!(values().await, json!({"beds": "5", "wards": "3"}));
    done(&world.ann, &import, "undo").await;
    assert_eq!(values().await, json!({"beds": "5"}));
}

#[actix_web::test]
async fn products_and_past_orders_have_them_too() {
    let world = world().await;
    define_of(&world, "products", "colour", "text", json!({"is_required": true})).await;
    define_of(&world, "orders", "route", "text", json!({})).await;
    let products = send(&world.sue, "products", "sku,name,price,colour\nP-1,Red pen,10,red\nP-2,Pen,10,\n").await;
    let products = done(&world.sue, &products, "check").await;
    assert_eq!(fates(&world.sue, &products).await, ["create", "error -=required"]);
    done(&world.sue, &products, "apply").await;
    let page = world.sue.get("/v1/products?q=Red+pen").await.ok();
    assert_eq!(page["data"][0]["custom_fields"], json!({"colour": "red"}));
    let body = json!({"kind": "organization", "name": "Juniper"});
    let client = world.sue.post("/v1/clients", body).await.created();
    let file =
        "order id,client,date,sku,quantity,route\nA-1,Juniper,2026-01-10,P-1,2,north\nA-1,Juniper,2026-01-10,P-1,3,\n";
    let orders = send(&world.sue, "orders", file).await;
    let orders = done(&world.sue, &orders, "check").await;
    assert_eq!(fates(&world.sue, &orders).await, ["create", "create"]);
    done(&world.sue, &orders, "apply").await;
    let page = world.sue.get(&format!("/v1/orders?client_id={}", client["id"].as_str().unwrap())).await.ok();
    assert_eq!(page["data"][0]["custom_fields"], json!({"route": "north"}));
}
