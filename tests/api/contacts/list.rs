//! Lists of contacts.

use serde_json::{Value, json};

use super::{body, client, contact, grant, names, path};
use crate::harness::TestApp;

#[actix_web::test]
async fn contacts_are_filtered_sorted_and_paged() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let bob = app.manager("bob").await;
    let sue = app.supervisor().await;
    let (one, two) = (client(&ann, "One").await, client(&bob, "Two").await);
    for (user, of, name, more) in [
        (&ann, &one, "Maria", json!({"job_title": "Head of purchasing", "decision_role": "decision_maker"})),
        (&ann, &one, "Anton", json!({"email": "anton@one.example", "is_primary": true})),
        (&bob, &two, "Zoe", json!({"phone": "+74951234567", "decision_role": "gatekeeper"})),
    ] {
        let mut new = body(of, name);
        for (member, value) in more.as_object().unwrap() {
            new[member] = value.clone();
        }
        user.post("/v1/contacts", new).await.created();
        app.advance(chrono::Duration::minutes(1));
    }
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    let (of_one, of_both) =
        (format!("?client_id={}", id(&one)), format!("?client_id={}&client_id={}", id(&one), id(&two)));
    let of_bob = format!("?owner_id={}", bob.id);
    for (query, expected) in [
        ("", vec!["Zoe", "Anton", "Maria"]),
        ("?sort=name", vec!["Anton", "Maria", "Zoe"]),
        ("?sort=-name", vec!["Zoe", "Maria", "Anton"]),
        ("?sort=updated_at", vec!["Maria", "Anton", "Zoe"]),
        (&of_one, vec!["Anton", "Maria"]),
        (&of_both, vec!["Zoe", "Anton", "Maria"]),
        (&of_bob, vec!["Zoe"]),
        ("?decision_role=gatekeeper", vec!["Zoe"]),
        ("?decision_role=gatekeeper&decision_role=decision_maker", vec!["Zoe", "Maria"]),
        ("?is_primary=true", vec!["Anton"]),
        ("?is_primary=false", vec!["Zoe", "Maria"]),
        ("?q=PURCHASING%20mar", vec!["Maria"]),
        ("?q=anton@one", vec!["Anton"]),
        ("?q=9512345", vec!["Zoe"]),
        ("?updated_at_from=2026-11-24T10:01:00Z&updated_at_to=2026-11-24T10:02:00Z", vec!["Anton"]),
    ] {
        assert_eq!(names(&sue, query).await, expected, "{query}");
        let separator = if query.is_empty() { "?" } else { "&" };
        let (mut paged, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = sue.get(&format!("/v1/contacts{query}{separator}limit=1&total=true{cursor}")).await.ok();
            assert_eq!(page["total"], expected.len(), "{query}");
            paged.push(page["data"][0]["name"].as_str().unwrap().to_owned());
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(paged, expected, "{query}");
    }
    assert_eq!(names(&ann, &of_both).await, ["Anton", "Maria"]);
    assert_eq!(names(&ann, &of_bob).await, Vec::<String>::new());
    for (query, parameter) in [
        ("?decision_role=boss", "decision_role"),
        ("?client_id=7", "client_id"),
        ("?sort=email", "sort"),
        ("?include=owner", "include"),
        ("?email=x", "email"),
    ] {
        assert_eq!(ann.get(&format!("/v1/contacts{query}")).await.field_errors()[0].0, parameter, "{query}");
    }
    sue.get("/v1/contacts?fields=name,wage").await.field_error("fields", "unknown_field");
}

#[actix_web::test]
async fn a_contact_can_include_its_client() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let romashka = client(&ann, "Romashka").await;
    let olga = contact(&ann, &romashka, "Olga").await;
    assert!(olga.get("client").is_none());
    let expected = json!({"id": romashka["id"], "name": "Romashka", "status": "lead", "is_key": false});
    assert_eq!(ann.get(&format!("{}?include=client", path(&olga))).await.ok()["client"], expected);
    let page = ann.get("/v1/contacts?include=client").await.ok();
    assert_eq!(page["data"][0]["client"], expected);
    assert!(ann.get("/v1/contacts").await.ok()["data"][0].get("client").is_none());

    grant(&app, "clients:read", "none").await;
    for address in [format!("{}?include=client", path(&olga)), "/v1/contacts?include=client".to_owned()] {
        assert_eq!(ann.get(&address).await.problem(403, "forbidden")["permission"], "clients:read");
    }
    // The rights to contacts decide who reaches the contact itself.
    ann.patch(path(&olga), &olga, json!({"name": "Olga B."})).await.ok();
}
