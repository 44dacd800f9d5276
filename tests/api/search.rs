//! One search through everything: what it finds for whom.

use serde_json::{Value, json};

use crate::{
    calls::World,
    harness::{TestApp, TestUser},
};
use liaison::access::Role;

const KINDS: [&str; 6] = ["clients", "contacts", "products", "contracts", "orders", "interactions"];

async fn search(who: &TestUser, words: &str) -> Value {
    let query: String = url::form_urlencoded::Serializer::new(String::new()).append_pair("q", words).finish();
    who.get(&format!("/v1/search?{query}")).await.ok()
}

/// How many of each kind were found.
fn counts(found: &Value) -> Vec<Option<usize>> {
    KINDS.iter().map(|kind| found[*kind].as_array().map(Vec::len)).collect()
}

/// One of each kind with the word in it, of Ann's client.
async fn one_of_each(world: &World, word: &str) -> Value {
    let ann = &world.ann;
    let client = json!({"kind": "organization", "name": format!("Фабрика {word}")});
    let client = ann.post("/v1/clients", client).await.created();
    let id = &client["id"];
    ann.post("/v1/contacts", json!({"client_id": id, "name": format!("Мария {word}")})).await.created();
    let product = json!({"sku": format!("{word}-1"), "name": "Лампа", "kind": "good", "unit": "box", "base_price": "10",
        "currency": "RUB", "tax_rate": "20"});
    let product = world.sue.post("/v1/products", product).await.created();
    let contract = json!({"client_id": id, "title": format!("Поставка {word}"), "amount": "1000", "currency": "RUB", "starts_on": "2026-12-01",
        "ends_on": "2027-12-01"});
    ann.post("/v1/contracts", contract).await.created();
    let order = json!({"client_id": id, "comment": format!("Срочно {word}"), "lines": [{"product_id": product["id"], "quantity": "1"}]});
    ann.post("/v1/orders", order).await.created();
    let call = json!({"client_id": id, "channel": "phone", "purpose": "consultation", "subject": format!("О поставке {word}"),
        "occurred_at": "2026-11-20T09:00:00Z", "direction": "inbound"});
    ann.post("/v1/interactions", call).await.created();
    client
}

#[actix_web::test]
async fn everything_within_reach_is_found_at_once() {
    let world = World::over(TestApp::start().await).await;
    let client = one_of_each(&world, "гелиос").await;
    for words in ["гелиос", "ГЕЛИОСА", "gelios", "геляос", "utkbjc"] {
        assert_eq!(counts(&search(&world.ann, words).await), [Some(1); 6], "{words}");
    }
    let found = search(&world.ann, "гелиос").await;
    for kind in KINDS {
        let hit = &found[kind][0];
        let resource = world.ann.get(hit["path"].as_str().unwrap()).await.ok();
        assert_eq!(resource["id"], hit["id"], "{kind}");
        let client_id = if kind == "products" { &Value::Null } else { &client["id"] };
        assert_eq!(&hit["client_id"], client_id, "{kind}");
    }
    assert_eq!(found["contracts"][0]["title"], "Поставка гелиос", "a draft has no number");
    let products_only = [Some(0), Some(0), Some(1), Some(0), Some(0), Some(0)];
    assert_eq!(counts(&search(&world.mia, "гелиос").await), products_only, "the rest is out of reach");
    assert_eq!(counts(&search(&world.ann, "%").await), [Some(0); 6]);
}

#[actix_web::test]
async fn what_may_not_be_read_is_null() {
    let world = World::over(TestApp::start().await).await;
    one_of_each(&world, "гелиос").await;
    let program = world.app.service_account(Role::Supervisor, &["orders:read", "products:read"]).await;
    assert_eq!(counts(&search(&program, "гелиос").await), [None, None, Some(1), None, Some(1), None]);
}

#[actix_web::test]
async fn there_are_ten_of_a_kind_at_most() {
    let world = World::over(TestApp::start().await).await;
    for number in 0..12 {
        let body = json!({"kind": "organization", "name": format!("Гелиос {number}")});
        world.ann.post("/v1/clients", body).await.created();
    }
    assert_eq!(search(&world.ann, "гелиос").await["clients"].as_array().unwrap().len(), 10);
    assert_eq!(counts(&world.ann.get("/v1/search").await.ok()), [Some(0); 6]);
    for (query, code) in [("?q=%00", "control_character"), ("?q=a&limit=3", "unknown_field")] {
        let errors = world.ann.get(&format!("/v1/search{query}")).await.field_errors();
        assert_eq!(errors.len(), 1, "{query}: {errors:?}");
        assert_eq!(errors[0].1, code, "{query}");
    }
}

/// So many clients that not all of them are ranked, entered by the database itself.
const MANY: &str = "INSERT INTO clients (id, version, created_at, updated_at, kind, name, status, owner_id, team_id, is_key, tags, messengers)
    SELECT gen_random_uuid(), 1, now(), now(), 'organization', 'Kolos and Brothers ' || n, 'active', owner_id, team_id, false, '{}', '[]'
    FROM generate_series(1, 1500) n, (SELECT owner_id, team_id FROM clients LIMIT 1) client";

#[actix_web::test]
async fn who_is_called_just_so_comes_first_among_very_many() {
    let world = World::over(TestApp::start().await).await;
    let other = json!({"kind": "organization", "name": "Another"});
    world.ann.post("/v1/clients", other).await.created();
    world.app.sql(MANY).await;
    let namesake = json!({"kind": "organization", "name": "Колос"});
    let namesake = world.ann.post("/v1/clients", namesake).await.created();
    for who in [&world.ann, &world.sue] {
        let page = who.get("/v1/clients?q=kolos").await;
        let next = page.next_page().unwrap();
        let found = page.ok();
        assert_eq!(found["data"][0]["id"], namesake["id"]);
        let names = |page: &Value| -> Vec<String> {
            page["data"].as_array().unwrap().iter().map(|client| client["name"].as_str().unwrap().to_owned()).collect()
        };
        let behind = who.get(&next).await.ok();
        assert!(names(&behind).iter().all(|name| !names(&found).contains(name)));
        assert_eq!(search(who, "kolos").await["clients"][0]["id"], namesake["id"]);
    }
}
