//! Who was erased is gone: 410 at its address, and in no list.

use serde_json::{Value, json};

use super::{contact, id, interaction, path};
use crate::harness::{TestApp, TestUser};

async fn erase(user: &TestUser, resource: &Value) -> Value {
    let now = user.get(path(resource)).await.ok();
    user.transition("erase", &now, json!({"reason": "They asked for it"})).await.created()
}

async fn client(user: &TestUser, name: &str) -> Value {
    user.post("/v1/clients", json!({"kind": "person", "name": name})).await.created()
}

#[actix_web::test]
async fn an_erased_client_is_gone_with_its_persons() {
    let app = TestApp::start().await;
    let (sue, ann, bob) = (app.supervisor().await, app.manager("ann").await, app.manager("bob").await);
    let zoe = client(&ann, "Zoe").await;
    let mia = contact(&ann, &zoe).await;
    let _ = erase(&sue, &zoe).await;
    for user in [&sue, &ann] {
        for address in [
            path(&zoe).to_owned(),
            path(&mia).to_owned(),
            format!("{}/timeline", path(&zoe)),
            format!("{}/owners", path(&zoe)),
        ] {
            let gone = user.get(&address).await.problem(410, "erased");
            assert_eq!(gone["erased_at"], "2026-11-24T10:00:00Z");
        }
        user.patch(path(&zoe), &zoe, json!({"name": "Zoe"})).await.problem(410, "erased");
        user.patch(path(&mia), &mia, json!({"name": "Mia"})).await.problem(410, "erased");
        user.transition("restore", &zoe, json!({})).await.problem(410, "erased");
        user.delete(path(&mia), &mia).await.problem(410, "erased");
    }
    for resource in [&zoe, &mia] {
        sue.transition("erase", resource, json!({"reason": "Again"})).await.problem(410, "erased");
        sue.get(&format!("{}/personal-data", path(resource))).await.problem(410, "erased");
        // Whoever could not see them learns nothing.
        bob.get(path(resource)).await.problem(404, "not_found");
    }
    let listed = format!("/v1/clients?id={}&status=archived", id(&zoe));
    for list in ["/v1/clients", "/v1/clients?status=archived", &listed, "/v1/contacts", "/v1/contacts?is_retired=true"]
    {
        assert_eq!(sue.get(list).await.ok()["data"], json!([]), "{list}");
    }
    assert_eq!(sue.get(&format!("/v1/contacts?id={}", id(&mia))).await.ok()["data"], json!([]));
    let found = sue.get("/v1/search?q=erased").await.ok();
    assert_eq!((&found["clients"], &found["contacts"]), (&json!([]), &json!([])));
    let body = json!({"client_id": zoe["id"], "name": "New"});
    ann.post("/v1/contacts", body).await.problem(409, "invalid_state");
}

#[actix_web::test]
async fn an_erased_contact_takes_nothing_new() {
    let app = TestApp::start().await;
    let (sue, ann) = (app.supervisor().await, app.manager("ann").await);
    let zoe = client(&ann, "Zoe").await;
    let mia = contact(&ann, &zoe).await;
    let call = interaction(&ann, &zoe, json!({})).await;
    let _ = erase(&sue, &mia).await;
    ann.get(path(&mia)).await.problem(410, "erased");
    let body = json!({"client_id": zoe["id"], "contact_id": mia["id"], "channel": "phone", "purpose": "support", "subject": "x"});
    for more in [json!({}), json!({"scheduled_at": "2026-12-01T10:00:00Z"}), json!({"direction": "inbound"})] {
        let mut body = body.clone();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ann.post("/v1/interactions", body).await.field_error("/contact_id", "unknown_reference");
    }
    let to_mia = json!({"contact_id": mia["id"]});
    ann.patch(path(&call), &call, to_mia).await.field_error("/contact_id", "unknown_reference");
    assert_eq!(ann.get(&format!("{}?include=primary_contact", path(&zoe))).await.ok().get("primary_contact"), None);
    let primary = json!({"client_id": zoe["id"], "name": "New", "is_primary": true});
    ann.post("/v1/contacts", primary).await.created();
}

#[actix_web::test]
async fn deeds_are_listed() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let (zoe, ada) = (client(&sue, "Zoe").await, client(&sue, "Ada").await);
    let mia = contact(&sue, &zoe).await;
    let of_mia = erase(&sue, &mia).await;
    app.advance(chrono::Duration::minutes(1));
    let of_zoe = erase(&sue, &zoe).await;
    app.advance(chrono::Duration::minutes(1));
    let of_ada = erase(&sue, &ada).await;
    let listed = async |query: &str| {
        let page = sue.get(&format!("/v1/erasures{query}")).await.ok();
        page["data"].as_array().unwrap().iter().map(|deed| deed["id"].clone()).collect::<Vec<_>>()
    };
    let (of_client, of_subject) = (format!("?client_id={}", id(&zoe)), format!("?subject_id={}", id(&mia)));
    for (query, expected) in [
        ("", vec![&of_ada, &of_zoe, &of_mia]),
        (&of_client, vec![&of_zoe, &of_mia]),
        (&of_subject, vec![&of_mia]),
        ("?created_at_from=2026-11-24T10:01:00Z", vec![&of_ada, &of_zoe]),
        ("?created_at_to=2026-11-24T10:01:00Z", vec![&of_mia]),
    ] {
        let expected: Vec<Value> = expected.into_iter().map(|deed| deed["id"].clone()).collect();
        assert_eq!(listed(query).await, expected, "{query}");
    }
    let read = sue.get(path(&of_zoe)).await.ok();
    assert_eq!(read, of_zoe);
    assert_eq!(sue.get("/v1/erasures?limit=1&total=true").await.ok()["total"], 3);
    sue.get("/v1/erasures/01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f").await.problem(404, "not_found");
    sue.get("/v1/erasures?subject_id=x").await.field_error("subject_id", "invalid_id");
}
