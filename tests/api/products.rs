//! The catalogue: everyone reads it, supervisors maintain it, and the lowest price stays confidential.

use actix_web::http::Method;
use diesel::QueryDsl;
use diesel_async::RunQueryDsl;
use liaison::{
    access::Scope,
    change::by_system,
    db::schema::products::dsl,
    products::{self, ProductId, ProductTerms},
    values::Id,
};
use serde_json::{Value, json};

use crate::harness::{TestApp, TestUser};

/// The fields that every product has.
const REQUIRED: &str =
    "id,version,created_at,updated_at,sku,name,kind,unit,base_price,currency,tax_rate,is_active,actions";

fn product(sku: &str, name: &str) -> Value {
    json!({"sku": sku, "name": name, "kind": "good", "unit": "piece", "base_price": "10", "currency": "RUB", "tax_rate": "20"})
}

fn with(mut body: Value, members: &Value) -> Value {
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

async fn names(user: &TestUser, query: &str) -> Vec<String> {
    let page = user.get(&format!("/v1/products{query}")).await.ok();
    page["data"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

/// Gives all managers a right that they do not have by default.
async fn grant(app: &TestApp, permission: &str) {
    let sql = format!(
        "UPDATE role_policies SET grants = grants || '{{\"{permission}\": \"all\"}}' WHERE role = 'manager' RETURNING role AS value"
    );
    assert_eq!(app.text(&sql).await, ["manager"]);
    app.parts().callers.forget();
}

#[actix_web::test]
async fn a_supervisor_keeps_the_catalogue() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let body = with(
        product(" TEA-1 ", "Chai"),
        &json!({"category": "Beverages", "supplier": "Exotic Liquids", "min_price": "8.5", "strengths": "Cheap", "weaknesses": "Plain"}),
    );
    let made = sue.post("/v1/products", body).await.created();
    let expected = json!({"sku": "TEA-1", "name": "Chai", "kind": "good", "category": "Beverages", "supplier": "Exotic Liquids",
        "unit": "piece", "base_price": "10.00", "currency": "RUB", "tax_rate": "20.00", "min_price": "8.50", "strengths": "Cheap",
        "weaknesses": "Plain", "is_active": true, "version": 1, "actions": ["update"]});
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&made[name], value, "{name}");
    }
    let path = made["path"].as_str().unwrap();
    assert_eq!(sue.get(path).await.ok(), made);

    let patch = json!({"base_price": "12.30", "weaknesses": null, "is_active": false, "kind": "service"});
    let changed = sue.patch(path, &made, patch).await.ok();
    assert_eq!(changed["version"], 2);
    assert_eq!(changed["base_price"], "12.30");
    assert_eq!(changed["weaknesses"], Value::Null);
    assert_eq!(changed["strengths"], "Cheap");
    assert_eq!(sue.get(path).await.ok(), changed);

    let recorded = app.audit(&made["id"]).await;
    assert_eq!(recorded[0].0, "created");
    assert_eq!(recorded[1].0, "updated");
    assert_eq!(
        recorded[1].1,
        json!({"base_price": {"from": "10.00", "to": "12.30"}, "is_active": {"from": true, "to": false},
            "kind": {"from": "good", "to": "service"}, "weaknesses": {"from": "Plain", "to": null}})
    );
    assert_eq!(app.events(&made["id"]).await, ["products.created", "products.updated"]);
}

#[actix_web::test]
async fn managers_read_but_do_not_change() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let made = sue.post("/v1/products", product("TEA-1", "Chai")).await.created();
    let path = made["path"].as_str().unwrap();
    for user in [app.manager("ann").await, app.key_account_manager("kim").await] {
        assert_eq!(user.get(path).await.ok()["actions"], json!([]));
        assert_eq!(names(&user, "").await, ["Chai"]);
        let refused = user.post("/v1/products", product("TEA-2", "Tea")).await.problem(403, "forbidden");
        assert_eq!(refused["permission"], "products:create");
        let refused = user.patch(path, &made, json!({"name": "Tea"})).await.problem(403, "forbidden");
        assert_eq!(refused["permission"], "products:update");
    }
    app.anonymous().get(path).await.problem(401, "unauthorized");
    app.anonymous().get("/v1/products").await.problem(401, "unauthorized");
    assert_eq!(app.count("products").await, 1);
    assert_eq!(sue.get(path).await.ok(), made);
}

#[actix_web::test]
async fn the_lowest_price_is_told_only_to_those_who_may_see_it() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let made = sue.post("/v1/products", with(product("TEA-1", "Chai"), &json!({"min_price": "8.50"}))).await.created();
    let path = made["path"].as_str().unwrap();
    assert_eq!(sue.get("/v1/products").await.ok()["data"][0]["min_price"], "8.50");
    for user in [app.manager("ann").await, app.key_account_manager("kim").await] {
        let read = user.get(path).await.ok();
        assert!(read.get("min_price").is_none(), "{read}");
        assert_eq!(read["base_price"], "10.00");
        let listed = user.get("/v1/products").await.ok();
        assert!(listed["data"][0].get("min_price").is_none(), "{listed}");
        let some = user.get(&format!("{path}?fields={REQUIRED},min_price")).await.json();
        let members: Vec<&str> = some.as_object().unwrap().keys().map(String::as_str).collect();
        let mut expected: Vec<&str> = REQUIRED.split(',').collect();
        expected.sort_unstable();
        assert_eq!(members, expected);
        user.get("/v1/products?min_price=8.50").await.field_error("min_price", "unknown_field");
        user.get("/v1/products?sort=min_price").await.field_error("sort", "invalid_choice");
    }
}

#[actix_web::test]
async fn the_lowest_price_is_written_only_by_those_who_may_see_it() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let ann = app.manager("ann").await;
    grant(&app, "products:create").await;
    grant(&app, "products:update").await;
    let made = sue.post("/v1/products", with(product("TEA-1", "Chai"), &json!({"min_price": "8.50"}))).await.created();
    let path = made["path"].as_str().unwrap();

    for min_price in [json!("1"), Value::Null] {
        let refused =
            ann.patch(path, &made, json!({"name": "Tea", "min_price": min_price})).await.problem(403, "forbidden");
        assert_eq!(refused["permission"], "products:read_confidential");
    }
    let body = with(product("TEA-2", "Tea"), &json!({"min_price": "1"}));
    let refused = ann.post("/v1/products", body).await.problem(403, "forbidden");
    assert_eq!(refused["permission"], "products:read_confidential");
    assert_eq!(sue.get(path).await.ok(), made);
    assert_eq!(app.count("products").await, 1);

    let changed = ann.patch(path, &made, json!({"name": "Tea"})).await.ok();
    assert!(changed.get("min_price").is_none(), "{changed}");
    assert_eq!(changed["actions"], json!(["update"]));
    assert_eq!(sue.get(path).await.ok()["min_price"], "8.50");
    let second = ann.post("/v1/products", product("TEA-2", "Green tea")).await.created();
    assert!(second.get("min_price").is_none(), "{second}");

    grant(&app, "products:read_confidential").await;
    assert_eq!(ann.patch(path, &changed, json!({"min_price": "7"})).await.ok()["min_price"], "7.00");
}

#[actix_web::test]
async fn a_stock_keeping_unit_is_taken_once() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    sue.post("/v1/products", product("TEA-1", "Chai")).await.created();
    sue.post("/v1/products", product("TEA-1", "Tea")).await.problem(409, "already_exists");
    let second = sue.post("/v1/products", product("TEA-2", "Tea")).await.created();
    let path = second["path"].as_str().unwrap();
    sue.patch(path, &second, json!({"sku": "TEA-1"})).await.problem(409, "already_exists");
    assert_eq!(sue.get(path).await.ok(), second);
    assert_eq!(app.count("audit_events WHERE resource = 'products'").await, 2);
}

#[actix_web::test]
async fn every_wrong_value_is_told() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let body = json!({"sku": " ", "name": "x\u{0}", "kind": "gadget", "unit": "u".repeat(51), "base_price": "-0.01",
        "currency": "ABC", "tax_rate": "100.01", "min_price": "1.001", "strengths": "s".repeat(10_001)});
    let errors = sue.post("/v1/products", body).await.field_errors();
    let expected = [
        ("/base_price", "too_small"),
        ("/currency", "invalid_currency"),
        ("/kind", "invalid_choice"),
        ("/min_price", "too_many_decimals"),
        ("/name", "control_character"),
        ("/sku", "too_short"),
        ("/strengths", "too_long"),
        ("/tax_rate", "too_large"),
        ("/unit", "too_long"),
    ];
    assert_eq!(errors, expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
    let missing = sue.post("/v1/products", json!({})).await.field_errors();
    let required = ["/base_price", "/currency", "/kind", "/name", "/sku", "/tax_rate", "/unit"];
    assert_eq!(missing, required.map(|pointer| (pointer.to_owned(), "required".to_owned())));
    let body = with(product("TEA-1", "Chai"), &json!({"version": 7, "base_price": 10}));
    assert_eq!(
        sue.post("/v1/products", body).await.field_errors(),
        [("/base_price", "invalid_type"), ("/version", "unknown_field")]
            .map(|(pointer, code)| (pointer.to_owned(), code.to_owned()))
    );
    assert_eq!(app.count("products").await, 0);
}

#[actix_web::test]
async fn a_change_needs_the_version_seen_and_a_product_that_is_there() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let made = sue.post("/v1/products", product("TEA-1", "Chai")).await.created();
    let path = made["path"].as_str().unwrap();

    sue.send(sue.request(Method::PATCH, path).set_json(json!({"name": "x"})))
        .await
        .problem(428, "precondition_required");
    let stale = sue.patch(path, &json!({"version": 2}), json!({"name": "x"})).await.problem(412, "precondition_failed");
    assert_eq!(stale["current_version"], 1);
    sue.patch(path, &made, json!({"name": null})).await.field_error("/name", "not_nullable");
    sue.patch(path, &made, json!({"created_at": "2026-01-01T00:00:00Z"}))
        .await
        .field_error("/created_at", "unknown_field");
    assert_eq!(sue.patch(path, &made, json!({"name": "Chai"})).await.ok()["version"], 1);
    assert_eq!(app.events(&made["id"]).await, ["products.created"]);

    for id in [ProductId::generate().to_string(), "7".to_owned()] {
        let path = format!("/v1/products/{id}");
        sue.get(&path).await.problem(404, "not_found");
        sue.patch(&path, &made, json!({"name": "x"})).await.problem(404, "not_found");
    }
    sue.delete(path, &made).await.problem(405, "method_not_allowed");
}

#[actix_web::test]
async fn a_repeated_request_makes_one_product() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let send = async |body: Value| {
        let request = sue.request(Method::POST, "/v1/products").insert_header(("Idempotency-Key", "k"));
        sue.send(request.set_json(body)).await
    };
    let first = send(product("TEA-1", "Chai")).await;
    let second = send(product("TEA-1", "Chai")).await;
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.created(), second.created());
    send(product("TEA-2", "Tea")).await.problem(422, "idempotency_mismatch");
    assert_eq!(app.count("products").await, 1);
}

#[actix_web::test]
async fn products_are_filtered_sorted_and_paged() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let ann = app.manager("ann").await;
    let rows = [
        ("A-1", "Chai", json!({"category": "Beverages"})),
        ("A-2", "Ale", json!({"category": "Beverages", "is_active": false})),
        ("B-1", "Syrup", json!({"category": "Condiments", "supplier": "Exotic Liquids"})),
        ("S-1", "Delivery", json!({"kind": "service"})),
    ];
    for (sku, name, more) in &rows {
        sue.post("/v1/products", with(product(sku, name), more)).await.created();
        app.advance(chrono::Duration::minutes(1));
    }
    for (query, expected) in [
        ("", vec!["Ale", "Chai", "Delivery", "Syrup"]),
        ("?sort=-name", vec!["Syrup", "Delivery", "Chai", "Ale"]),
        ("?sort=updated_at", vec!["Chai", "Ale", "Syrup", "Delivery"]),
        ("?sort=-updated_at", vec!["Delivery", "Syrup", "Ale", "Chai"]),
        ("?kind=service", vec!["Delivery"]),
        ("?kind=service&kind=good", vec!["Ale", "Chai", "Delivery", "Syrup"]),
        ("?category=Beverages", vec!["Ale", "Chai"]),
        ("?category=Beverages&category=Condiments", vec!["Ale", "Chai", "Syrup"]),
        ("?is_active=false", vec!["Ale"]),
        ("?is_active=true", vec!["Chai", "Delivery", "Syrup"]),
        ("?sku=A-1&sku=S-1", vec!["Chai", "Delivery"]),
        ("?q=liquids%20SYR", vec!["Syrup"]),
        ("?q=b-1", vec!["Syrup"]),
        ("?q=chai", vec!["Chai"]),
        ("?q=nothing", vec![]),
        ("?updated_at_from=2026-11-24T10:01:00Z&updated_at_to=2026-11-24T10:03:00Z", vec!["Ale", "Syrup"]),
    ] {
        assert_eq!(names(&ann, query).await, expected, "{query}");
    }
    for (query, parameter) in [
        ("?kind=gadget", "kind"),
        ("?is_active=yes", "is_active"),
        ("?sort=sku", "sort"),
        ("?updated_at_from=now", "updated_at_from"),
        ("?colour=red", "colour"),
        ("?category=", "category"),
    ] {
        assert_eq!(ann.get(&format!("/v1/products{query}")).await.field_errors()[0].0, parameter, "{query}");
    }

    for order in ["sort=name", "sort=-name", "sort=updated_at", "sort=-updated_at", "q=a"] {
        let whole = names(&ann, &format!("?{order}")).await;
        let (mut paged, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = ann.get(&format!("/v1/products?{order}&limit=1&total=true{cursor}")).await.ok();
            assert_eq!(page["total"], whole.len());
            paged.push(page["data"][0]["name"].as_str().unwrap().to_owned());
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert!(paged.len() > 1, "{order}");
        assert_eq!(paged, whole, "{order}");
    }
    let page = ann.get("/v1/products?limit=1").await.ok();
    let cursor = page["next_cursor"].as_str().unwrap();
    ann.get(&format!("/v1/products?kind=good&cursor={cursor}")).await.problem(400, "invalid_cursor");
    sue.get(&format!("/v1/products?cursor={cursor}")).await.problem(400, "invalid_cursor");
    ann.get("/v1/products?fields=name,cost").await.field_error("fields", "unknown_field");
}

#[actix_web::test]
async fn the_system_makes_products_and_finds_many_at_once() {
    let app = TestApp::start().await;
    let mut db = app.db().await;
    let now = app.parts().clock.now();
    let made = by_system(&mut db, &app.parts().secrets, now, async |tx| {
        let mut made = Vec::new();
        for sku in ["A", "B", "C"] {
            let body = with(product(sku, "Thing"), &json!({"min_price": "5"}));
            let new: ProductTerms = serde_json::from_value(body).unwrap();
            made.push(products::insert(tx, &Scope::system(), new).await?);
        }
        Ok(made)
    })
    .await
    .unwrap();
    let stored: Vec<ProductId> = dsl::products.select(dsl::id).order(dsl::sku).load(&mut db).await.unwrap();
    assert_eq!(stored, made.iter().map(|product| product.id).collect::<Vec<_>>());

    let found = products::find_all(&db, vec![made[0].id, made[2].id, Id::generate()], Vec::new()).await.unwrap();
    assert_eq!(found.len(), 2);
    assert!(found.contains(&made[0]) && found.contains(&made[2]));
    assert_eq!(app.count("audit_events WHERE resource = 'products' AND actor_id IS NULL").await, 3);
}
