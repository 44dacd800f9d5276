//! All that is held on a person, in one answer.

use actix_web::http::Method;
use liaison::personal_data::{Place, places};
use serde_json::{Value, json};

use super::{contact, contract, id, interaction, order, path, person};
use crate::harness::{TestApp, TestUser};

fn part<'d>(data: &'d Value, table: &str) -> &'d Vec<Value> {
    let parts = data["parts"].as_array().unwrap();
    parts.iter().find(|part| part["table"] == table).unwrap()["rows"].as_array().unwrap()
}

async fn data(user: &TestUser, resource: &Value) -> Value {
    user.get(&format!("{}/personal-data", path(resource))).await.ok()
}

/// That each personal column of a place stands in the data, and that the person has something in it.
fn assert_whole(data: &Value, places: &[Place], besides: &[(&str, &str)]) {
    for place in places {
        let rows = part(data, place.table);
        for field in place.fields().into_iter().filter(|field| !besides.contains(&(place.table, field))) {
            let told =
                rows.iter().filter_map(|row| row.get(field)).any(|value| !value.is_null() && *value != json!([]));
            assert!(told, "{}.{field}: {rows:?}", place.table);
        }
    }
}

#[actix_web::test]
async fn all_that_is_held_on_a_client_is_told() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let zoe = person(&sue).await;
    let mia = contact(&sue, &zoe).await;
    let call = interaction(&sue, &zoe, json!({"contact_id": mia["id"]})).await;
    let contract = contract(&sue, &zoe, "Zoe Canary").await;
    let order = order(&sue, &zoe).await;
    let ann = app.manager("ann").await;
    let asked = json!({"tax_id": "500100732259", "reason": "Canary called us"});
    let asked = ann.post("/v1/access-requests", asked).await.created();
    let asked = sue.get(path(&asked)).await.ok();
    let _ = sue.transition("decline", &asked, json!({"answer": "The canary stays"})).await.ok();
    let moved = json!({"owner_id": ann.id, "reason": "Canary moved", "note": "Canary bites"});
    let zoe = super::with_path(sue.transition("transfer", &sue.get(path(&zoe)).await.ok(), moved).await.ok(), &zoe);

    let told = data(&sue, &zoe).await;
    assert_eq!((&told["resource"], &told["id"], &told["name"]), (&json!("clients"), &zoe["id"], &json!("Zoe Canary")));
    assert_eq!((&told["taken_at"], &told["taken_by"]), (&json!("2026-11-24T10:00:00Z"), &json!(sue.id)));
    // An organisation has a code of the reason for its registration, and the other rows have nothing to be told of yet.
    let nothing = [
        ("clients", "kpp"),
        ("contracts", "return_reason"),
        ("contract_events", "reason"),
        ("orders", "return_reason"),
        ("orders", "question"),
        ("orders", "cancellation"),
        ("contracts", "former_terms"),
        ("client_duplicates", "allowed_because"),
    ];
    for place in places::OF_CLIENT.iter().filter(|place| place.shown.is_empty()) {
        assert_whole(&told, std::slice::from_ref(place), &nothing);
    }
    assert_eq!(part(&told, "clients")[0]["credit_limit"], "1000.50");
    assert_eq!(
        part(&told, "contacts"),
        &[json!({"id": mia["id"], "name": "Mia Canary", "job_title": "Head of canaries"})]
    );
    assert_eq!(part(&told, "interactions")[0]["id"], call["id"]);
    assert_eq!(
        (&part(&told, "contracts")[0]["amount"], &part(&told, "contracts")[0]["id"]),
        (&json!("70000.00"), &contract["id"])
    );
    assert_eq!(
        (&part(&told, "orders")[0]["number"], part(&told, "order_lines")[0]["name"].as_str()),
        (&order["number"], Some("Cage"))
    );
    let entries = part(&told, "audit_events");
    let made = entries.iter().find(|entry| entry["resource"] == "clients" && entry["action"] == "created").unwrap();
    assert_eq!(made["changes"]["name"]["to"], "Zoe Canary");
    assert!(entries.iter().any(|entry| entry["resource"] == "access_requests"), "{entries:?}");
    assert!(part(&told, "clients")[0].get("search").is_none());
}

#[actix_web::test]
async fn all_that_is_held_on_a_contact_is_told() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let client = sue.post("/v1/clients", json!({"kind": "organization", "name": "Zoo"})).await.created();
    let mia = contact(&sue, &client).await;
    let other = sue.post("/v1/contacts", json!({"client_id": client["id"], "name": "Other"})).await.created();
    let with_mia = interaction(&sue, &client, json!({"contact_id": mia["id"]})).await;
    let of_other = interaction(&sue, &client, json!({"contact_id": other["id"]})).await;
    // It was with her at first.
    let moved = interaction(&sue, &client, json!({"contact_id": mia["id"]})).await;
    let _ = sue.patch(path(&moved), &moved, json!({"contact_id": other["id"]})).await.ok();
    let contract = contract(&sue, &client, "mia CANARY").await;

    let told = data(&sue, &mia).await;
    assert_whole(&told, &places::OF_CONTACT, &[("contracts", "former_terms")]);
    assert_eq!(part(&told, "contacts").len(), 1);
    let told_of: Vec<&Value> = part(&told, "interactions").iter().map(|row| &row["id"]).collect();
    assert_eq!(told_of, [&with_mia["id"], &moved["id"]]);
    assert_eq!(part(&told, "contracts")[0]["id"], contract["id"]);
    assert!(part(&told, "contracts")[0].get("amount").is_none());
    let text = told.to_string();
    assert!(!text.contains(id(&of_other)) && !text.contains(r#""Other""#), "{text}");
    let entries = part(&told, "audit_events");
    assert!(entries.iter().any(|entry| entry["resource_id"] == with_mia["id"]), "{entries:?}");

    // The same as a page, which has nothing of another file in it.
    let page =
        sue.request(Method::GET, &format!("{}/personal-data", path(&mia))).insert_header(("Accept", "text/html"));
    let page = sue.send(page).await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let page = String::from_utf8(page.body.to_vec()).unwrap();
    for told in [
        "Mia Canary",
        "mia.home@canary.example",
        "@mia_canary",
        "Canary food",
        "The канарейка eats well",
        "canary news",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
    assert!(!page.contains("src=") && !page.contains("href=") && !page.contains("<script"), "{page}");
}

#[actix_web::test]
async fn a_page_shows_text_as_text() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let client =
        sue.post("/v1/clients", json!({"kind": "person", "name": "<script>alert(1)</script> & Co"})).await.created();
    let request = sue.request(Method::GET, &format!("{}/personal-data", path(&client)));
    let page = sue.send(request.insert_header(("Accept", "text/html"))).await;
    let page = String::from_utf8(page.body.to_vec()).unwrap();
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; Co") && !page.contains("<script"), "{page}");
    let neither = sue.request(Method::GET, &format!("{}/personal-data", path(&client)));
    sue.send(neither.insert_header(("Accept", "image/png"))).await.problem(406, "not_acceptable");
    let elsewhere = sue.request(Method::GET, path(&client)).insert_header(("Accept", "text/html"));
    sue.send(elsewhere).await.problem(406, "not_acceptable");
}

#[actix_web::test]
async fn each_time_is_recorded_and_needs_the_right() {
    let app = TestApp::start().await;
    let (sue, ann) = (app.supervisor().await, app.manager("ann").await);
    let zoe = person_of(&ann).await;
    let _ = data(&sue, &zoe).await;
    let recorded = app.audit(&zoe["id"]).await;
    assert_eq!(recorded.last().unwrap(), &("personal_data_read".to_owned(), json!({})));
    assert_eq!(app.events(&zoe["id"]).await, ["clients.created"], "nothing has changed");
    assert_eq!(sue.get(path(&zoe)).await.ok()["version"], 1);

    let address = format!("{}/personal-data", path(&zoe));
    let refused = ann.get(&address).await.problem(403, "forbidden");
    assert_eq!(refused["permission"], "clients:read_personal_data");
    sue.get(&format!("{address}?fields=name")).await.field_error("fields", "unknown_field");
    sue.get("/v1/clients/01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f/personal-data").await.problem(404, "not_found");
    let _ = super::program(&app).await.get(&address).await.ok();

    // Who has the right for their own clients only does not see confidential fields with it.
    let grant = "UPDATE role_policies SET grants = grants || '{\"clients:read_personal_data\": \"own\"}'
        WHERE role = 'manager' RETURNING role AS value";
    assert_eq!(app.text(grant).await, ["manager"]);
    app.sql("UPDATE clients SET confidential_note = 'Owes', credit_limit = 5").await;
    app.parts().callers.forget();
    let told = ann.get(&address).await.ok();
    let client = &part(&told, "clients")[0];
    assert_eq!((client.get("confidential_note"), client.get("credit_limit")), (None, None), "{client}");
    let mia = app.manager("mia").await;
    mia.get(&address).await.problem(404, "not_found");
}

async fn person_of(user: &TestUser) -> Value {
    user.post("/v1/clients", json!({"kind": "person", "name": "Zoe"})).await.created()
}

/// As many queries for a thousand interactions as for none.
#[actix_web::test]
async fn ten_thousand_interactions_are_told_in_time() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let client = sue.post("/v1/clients", json!({"kind": "organization", "name": "Zoo"})).await.created();
    let mia = contact(&sue, &client).await;
    let many = format!(
        "INSERT INTO interactions (id, version, created_at, updated_at, client_id, owner_id, team_id, is_key, contact_id,
            user_id, channel, direction, purpose, status, occurred_at, subject)
         SELECT gen_random_uuid(), 1, now(), now(), id, owner_id, team_id, is_key, '{}', owner_id, 'phone', 'outbound',
            'support', 'done', now(), 'Call ' || number FROM clients, generate_series(1, 10000) number WHERE id = '{}'",
        id(&mia),
        id(&client)
    );
    app.sql(&many).await;
    let began = std::time::Instant::now();
    let told = data(&sue, &mia).await;
    let took = began.elapsed();
    assert_eq!(part(&told, "interactions").len(), 10_000);
    assert!(took.as_secs() < 60, "{took:?}");
}
