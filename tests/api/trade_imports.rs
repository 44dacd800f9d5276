//! Imports of products and of past orders, and the sample company brought in from its own files.

use std::{collections::HashMap, fmt::Write};

use actix_web::http::Method;
use serde_json::{Value, json};

use crate::{
    calls::World,
    harness::{TestApp, TestUser},
};

const PATH: &str = "/v1/imports";
const CUSTOMERS: &str = include_str!("../../src/demo/northwind/customers.csv");
const PRODUCTS: &str = include_str!("../../src/demo/northwind/products.csv");
const ORDERS: &str = include_str!("../../src/demo/northwind/orders.csv");
const DETAILS: &str = include_str!("../../src/demo/northwind/order_details.csv");

async fn world() -> World {
    World::over(TestApp::start().await).await
}

async fn send(user: &TestUser, resource: &str, text: &str) -> Value {
    let request = user.request(Method::POST, &format!("{PATH}?resource={resource}"));
    let request = request.insert_header(("Content-Type", "text/csv")).set_payload(text.to_owned());
    let import = user.send(request).await.created();
    assert_eq!((&import["resource"], &import["file_name"]), (&json!(resource), &json!(resource)));
    import
}

/// The import after a step, which its job has done.
async fn done(user: &TestUser, import: &Value, step: &str) -> Value {
    let _ = user.transition(step, import, json!({})).await.ok();
    user.app().work().await;
    let import = user.get(import["path"].as_str().unwrap()).await.ok();
    assert_eq!(import["job"]["state"], "succeeded", "{import}");
    import
}

/// The import of `text` after its check, with these terms.
async fn checked(user: &TestUser, resource: &str, text: &str, terms: Value) -> Value {
    let import = send(user, resource, text).await;
    let import = user.patch(import["path"].as_str().unwrap(), &import, terms).await.ok();
    done(user, &import, "check").await
}

async fn applied(user: &TestUser, resource: &str, text: &str, terms: Value) -> Value {
    let checked = checked(user, resource, text, terms).await;
    done(user, &checked, "apply").await
}

async fn rows(user: &TestUser, import: &Value) -> Vec<Value> {
    let page = user.get(&format!("{}/rows?limit=100", import["path"].as_str().unwrap())).await.ok();
    page["data"].as_array().unwrap().clone()
}

/// The fate of each row, with the heads and the codes of its notes.
fn told(rows: &[Value]) -> Vec<(String, Vec<String>)> {
    let note = |note: &Value| format!("{} {}", note["head"].as_str().unwrap_or("-"), note["code"].as_str().unwrap());
    let row = |row: &Value| {
        let notes = row["notes"].as_array().unwrap().iter().map(note).collect();
        (row["fate"].as_str().unwrap_or("none").to_owned(), notes)
    };
    rows.iter().map(row).collect()
}

fn count(import: &Value, fate: &str) -> i64 {
    import["counts"][fate].as_i64().unwrap()
}

fn joined() -> String {
    let mut details: HashMap<String, Vec<csv::StringRecord>> = HashMap::new();
    for line in csv::Reader::from_reader(DETAILS.as_bytes()).records().map(Result::unwrap) {
        details.entry(line[0].to_owned()).or_default().push(line);
    }
    let mut text =
        "order_id,customer_id,order_date,required_date,shipped_date,product_id,unit_price,quantity,discount\n"
            .to_owned();
    for order in csv::Reader::from_reader(ORDERS.as_bytes()).records().map(Result::unwrap) {
        for line in &details[&order[0]] {
            let day = |at: usize| if &order[at] == "NULL" { "" } else { &order[at] };
            let head = format!("{},{},{},{},{}", &order[0], &order[1], day(3), day(4), day(5));
            writeln!(text, "{head},{},{},{},{}", &line[1], &line[2], &line[3], &line[4]).unwrap();
        }
    }
    text
}

fn customers_mapping() -> Value {
    json!([
        "external_id",
        "name",
        "contact.name",
        "contact.job_title",
        "address.street",
        "address.city",
        "address.region",
        "address.postal_code",
        "address.country",
        "phone",
        null
    ])
}

#[actix_web::test]
async fn the_sample_company_comes_in_with_its_turnover() {
    let world = world().await;
    let (sue, source) = (&world.sue, json!("northwind"));
    let terms = json!({"external_source": source, "mapping": customers_mapping(), "wrong_values": "leave_out"});
    let clients = applied(sue, "clients", CUSTOMERS, terms.clone()).await;
    assert_eq!(count(&clients, "applied"), 91, "{:?}", told(&rows(sue, &clients).await));

    let by_id = json!({"external_source": source});
    let import = send(sue, "products", PRODUCTS).await;
    let guessed = json!(["external_id", "name", null, null, "unit", "base_price", null, null, null, "is_discontinued"]);
    assert_eq!(import["mapping"], guessed);
    let products = applied(sue, "products", PRODUCTS, by_id.clone()).await;
    assert_eq!(count(&products, "applied"), 77, "{:?}", told(&rows(sue, &products).await));
    let page = sue.get("/v1/products?external_source=northwind&external_id=11").await.ok();
    assert_eq!((&page["data"][0]["sku"], &page["data"][0]["base_price"]), (&json!("11"), &json!("21.00")));

    let text = joined();
    let import = send(sue, "orders", &text).await;
    let mut mapping = import["mapping"].clone();
    assert_eq!(mapping[0], "external_id");
    assert_eq!((&mapping[1], &mapping[5]), (&json!("client.external_id"), &json!("line.external_id")));
    mapping[8] = json!("line.discount_fraction");
    let terms = json!({"external_source": source, "mapping": mapping});
    let orders = applied(sue, "orders", &text, terms.clone()).await;
    assert_eq!(count(&orders, "applied"), 2155, "{:?}", told(&rows(sue, &orders).await));
    let summary = sue.get("/v1/orders/summary").await.ok();
    assert_eq!((&summary["count"], &summary["currencies"][0]["net_total"]), (&json!(830), &json!("1265793.04")));
    let known = sue.get("/v1/orders?external_source=northwind&external_id=10248&include=lines").await.ok();
    assert_eq!(known["data"][0]["lines"].as_array().unwrap().len(), 3);
    assert_eq!(known["data"][0]["ordered_on"], "1996-07-04");

    for (resource, text, terms) in [
        (
            "clients",
            CUSTOMERS,
            json!({"external_source": source, "mapping": customers_mapping(),
        "wrong_values": "leave_out"}),
        ),
        ("products", PRODUCTS, by_id),
        ("orders", &*text, terms),
    ] {
        let before = world.app.count(resource).await;
        let again = applied(sue, resource, text, terms).await;
        assert_eq!((count(&again, "create"), count(&again, "applied")), (0, 0), "{resource}");
        assert_eq!(count(&again, "duplicate"), again["row_count"], "{resource}");
        assert_eq!(world.app.count(resource).await, before, "{resource}");
    }
    assert_eq!(sue.get("/v1/orders/summary").await.ok(), summary);
}

#[actix_web::test]
async fn products_are_found_by_their_sku_and_by_their_id() {
    let world = world().await;
    let sue = &world.sue;
    let known = json!({"sku": "A-1", "name": "Paper", "kind": "good", "unit": "box", "base_price": "10.00", "currency": "RUB",
        "tax_rate": "20", "external_ids": [{"source": "erp", "id": "1"}]});
    let known = sue.post("/v1/products", known).await.created();
    let list = "Артикул;Наименование;Категория;Ед. изм.;Цена;НДС, %;Код\n\
        A-1;Paper;Office;box;10,00;20;\n\
        B-9;Paper too;;box;10;20;1\n\
        A-2;Ink;Office;шт;1 200,50;20;2\n\
        A-2;Ink again;Office;шт;1;20;\n\
        A-3;Pen;;шт;dear;20;\n\
        ;Nothing;;шт;1;20;\n";
    let mapping = json!(["sku", "name", "category", "unit", "base_price", "tax_rate", "external_id"]);
    let terms = json!({"external_source": "erp", "mapping": mapping, "duplicates": "fill"});
    let import = checked(sue, "products", list, terms).await;
    let rows_now = rows(sue, &import).await;
    let expected: [(&str, &[&str]); 6] = [
        ("update", &[]),
        ("unchanged", &[]),
        ("create", &[]),
        ("duplicate", &[]),
        ("error", &["Цена invalid_decimal", "Цена required"]),
        ("error", &["- required"]),
    ];
    let expected = expected
        .map(|(fate, notes)| (fate.to_owned(), notes.iter().map(|note| (*note).to_owned()).collect::<Vec<String>>()));
    assert_eq!(told(&rows_now), expected);
    assert_eq!((&rows_now[0]["target_id"], &rows_now[3]["duplicate_of_line"]), (&known["id"], &json!(4)));
    assert_eq!(world.app.count("products").await, 1, "a dry run changes nothing");

    let import = done(sue, &import, "apply").await;
    assert_eq!((count(&import, "applied"), world.app.count("products").await), (2, 2));
    let filled = sue.get(known["path"].as_str().unwrap()).await.ok();
    assert_eq!((&filled["category"], &filled["name"]), (&json!("Office"), &json!("Paper")));
    let page = sue.get("/v1/products?sku=A-2").await.ok();
    let made = page["data"][0].clone();
    assert_eq!(
        (&made["base_price"], &made["currency"], &made["kind"]),
        (&json!("1200.50"), &json!("RUB"), &json!("good"))
    );
    assert_eq!(world.app.events(&made["id"]).await, ["products.created"]);

    let undone = done(sue, &import, "undo").await;
    assert_eq!(count(&undone, "undone"), 2);
    assert_eq!(sue.get(&format!("/v1/products/{}", made["id"].as_str().unwrap())).await.ok()["is_active"], false);
    assert_eq!(sue.get(known["path"].as_str().unwrap()).await.ok()["category"], Value::Null);
}

#[actix_web::test]
async fn who_may_not_make_products_or_past_orders_imports_none() {
    let world = world().await;
    for resource in ["products", "orders"] {
        let import = send(&world.ann, resource, "external_id,name\n1,Paper\n").await;
        let _ = world.ann.transition("check", &import, json!({})).await.ok();
        world.app.work().await;
        let import = world.ann.get(import["path"].as_str().unwrap()).await.ok();
        assert_eq!((&import["job"]["state"], &import["state"]), (&json!("failed"), &json!("uploaded")), "{resource}");
    }
    let import = send(&world.sue, "products", "sku,name,base_price\nA,Paper,1\n").await;
    let path = import["path"].as_str().unwrap();
    let wrong = json!({"mapping": ["sku", "legal_name", "base_price"]});
    world.sue.patch(path, &import, wrong).await.field_error("/mapping/1", "invalid_choice");
}

/// A client, a product, and the head of a list of orders.
async fn trade(sue: &TestUser) -> (Value, Value) {
    let client = json!({"kind": "organization", "name": "Ромашка", "tax_id": "7707083893"});
    let product = json!({"sku": "A-1", "name": "Paper", "kind": "good", "unit": "box", "base_price": "10.00", "currency": "RUB",
        "tax_rate": "20"});
    (sue.post("/v1/clients", client).await.created(), sue.post("/v1/products", product).await.created())
}

const HEAD: &str = "Номер заказа;Клиент;Дата;Артикул;Количество;Цена;Скидка\n";

#[actix_web::test]
async fn an_order_is_imported_whole_or_not_at_all() {
    let world = world().await;
    let sue = &world.sue;
    let (client, _) = trade(sue).await;
    // The rows of an order need not stand together.
    let list = format!(
        "{HEAD}1;Ромашка;01.02.2026;A-1;2;15,00;10\n\
        2;Ромашка;01.02.2026;A-1;1;1;\n\
        1;Ромашка;01.02.2026;A-1;1;5;\n\
        2;Ромашка;01.02.2026;B-1;1;1;\n\
        3;Незабудка;01.02.2026;A-1;1;1;\n\
        4;Ромашка;01.02.2030;A-1;1;1;\n\
        5;Ромашка;01.02.2026;A-1;none;1;\n\
        6;Ромашка;01.02.2026;A-1;1;1;\n\
        6;Ромашка;02.02.2026;A-1;1;1;\n\
        ;Ромашка;01.02.2026;A-1;1;1;\n"
    );
    let import = checked(sue, "orders", &list, json!({})).await;
    let heads = json!([
        "external_id",
        "client.name",
        "ordered_on",
        "line.sku",
        "line.quantity",
        "line.unit_price",
        "line.discount_percent"
    ]);
    assert_eq!(import["mapping"], heads);
    let expected: [(&str, &[&str]); 10] = [
        ("create", &[]),
        ("error", &["- of_order"]),
        ("create", &[]),
        ("error", &["Артикул unknown_reference"]),
        ("error", &["Клиент unknown_reference"]),
        ("error", &["Дата too_large"]),
        ("error", &["Количество invalid_decimal"]),
        ("error", &["- of_order"]),
        ("error", &["Дата differs"]),
        ("error", &["Номер заказа required"]),
    ];
    let expected = expected
        .map(|(fate, notes)| (fate.to_owned(), notes.iter().map(|note| (*note).to_owned()).collect::<Vec<String>>()));
    assert_eq!(told(&rows(sue, &import).await), expected);
    assert_eq!(world.app.count("orders").await, 0, "a dry run changes nothing");

    let import = done(sue, &import, "apply").await;
    assert_eq!((count(&import, "applied"), world.app.count("orders").await), (2, 1));
    let page = sue.get("/v1/orders?include=lines").await.ok();
    let order = page["data"][0].clone();
    assert_eq!(
        (&order["number"], &order["status"], &order["client_id"]),
        (&json!("1"), &json!("closed"), &client["id"])
    );
    assert_eq!((&order["net_total"], &order["ordered_on"]), (&json!("32.00"), &json!("2026-02-01")));
    assert_eq!(order["lines"].as_array().unwrap().len(), 2);
    assert_eq!(sue.get(client["path"].as_str().unwrap()).await.ok()["status"], "active");
    let made = rows(sue, &import).await;
    assert_eq!((&made[0]["target_id"], &made[2]["target_id"]), (&order["id"], &order["id"]));
}

#[actix_web::test]
async fn a_past_order_that_is_taken_back_is_cancelled_and_can_come_again() {
    let world = world().await;
    let sue = &world.sue;
    let (client, _) = trade(sue).await;
    let list = "Номер заказа;ИНН;Дата;Артикул;Количество;Цена\n\
        7;7707083893;01.02.2026;A-1;2;15\n7;7707083893;01.02.2026;A-1;1;15\n8;7707083893;02.02.2026;A-1;1;15\n";
    let terms = json!({"external_source": "erp"});
    let import = applied(sue, "orders", list, terms.clone()).await;
    let orders = sue.get("/v1/orders?sort=ordered_on").await.ok()["data"].clone();
    assert_eq!(orders.as_array().unwrap().len(), 2);
    assert_eq!(orders[0]["external_ids"], json!([{"source": "erp", "id": "7"}]));
    let duplicate = applied(sue, "orders", list, terms.clone()).await;
    let again = rows(sue, &duplicate).await;
    assert_eq!((&again[0]["fate"], &again[0]["target_id"]), (&json!("duplicate"), &orders[0]["id"]));

    let undone = done(sue, &import, "undo").await;
    assert_eq!(count(&undone, "undone"), 3);
    let order = sue.get(&format!("/v1/orders/{}", orders[0]["id"].as_str().unwrap())).await.ok();
    assert_eq!((&order["status"], &order["external_ids"]), (&json!("cancelled"), &json!([])));
    assert_eq!(sue.get("/v1/orders/summary").await.ok()["count"], 0);
    let anew = applied(sue, "orders", list, terms).await;
    assert_eq!(count(&anew, "applied"), 3);
    assert_eq!(sue.get("/v1/orders/summary").await.ok()["count"], 2);
    assert_eq!(world.app.count("orders").await, 4);

    let page = sue.get("/v1/orders?external_source=erp&external_id=8").await.ok();
    world
        .app
        .sql(&format!(
            "UPDATE orders SET version = version + 1 WHERE id = '{}'",
            page["data"][0]["id"].as_str().unwrap()
        ))
        .await;
    let undone = done(sue, &anew, "undo").await;
    assert_eq!(count(&undone, "undone"), 2);
    assert_eq!(rows(sue, &undone).await[2]["undo"], "changed_since");
    assert_eq!(sue.get(client["path"].as_str().unwrap()).await.ok()["status"], "active");
}

#[actix_web::test]
async fn an_import_of_orders_that_was_stopped_goes_on() {
    let world = world().await;
    let sue = &world.sue;
    let _ = trade(sue).await;
    let mut list = HEAD.to_owned();
    for number in 0..120 {
        writeln!(list, "{number};Ромашка;01.02.2026;A-1;1;10;").unwrap();
        writeln!(list, "{number};Ромашка;01.02.2026;A-1;2;10;").unwrap();
    }
    let checked = checked(sue, "orders", &list, json!({})).await;
    assert_eq!(count(&checked, "create"), 240);
    let _ = sue.transition("apply", &checked, json!({})).await.ok();
    // The server that has the job is stopped after its first part, as by kill -9: nothing tells the job.
    world.app.sql("CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.done > 100 THEN PERFORM pg_sleep(30); END IF; RETURN NEW; END $$").await;
    world.app.sql("CREATE TRIGGER stop BEFORE UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION stop()").await;
    let killed = tokio::time::timeout(std::time::Duration::from_secs(8), world.app.work()).await;
    assert!(killed.is_err(), "the server is gone in the middle");
    world.app.sql("DROP TRIGGER stop ON jobs").await;
    assert!((1..120).contains(&world.app.count("orders").await));
    world.app.advance(chrono::Duration::seconds(61));
    assert_eq!(world.app.second_server().await.work().await, 1);
    let import = sue.get(checked["path"].as_str().unwrap()).await.ok();
    assert_eq!((&import["state"], &import["counts"]["applied"]), (&json!("applied"), &json!(240)));
    assert_eq!(world.app.count("orders").await, 120, "no order happens twice");
}
