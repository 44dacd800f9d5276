//! Everyone who reaches a client reaches its contacts.

use liaison::{
    access::Scope,
    change::by_system,
    contacts::{self, ContactId},
    http::Parts,
    values::Id,
};
use serde_json::json;

use super::{body, client, contact, grant, key_client, names, path};
use crate::harness::TestApp;

#[actix_web::test]
async fn a_contact_is_reached_as_its_client_is() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let bob = app.colleague_of(&ann, "bob").await;
    let kim = app.key_account_manager_of(&ann, "kim").await;
    let kay = app.key_account_manager_of(&ann, "kay").await;
    let far = app.key_account_manager("far").await;
    let sue = app.supervisor().await;
    let ordinary = contact(&ann, &client(&ann, "Ordinary").await, "Olga").await;
    let key = contact(&kim, &key_client(&kim, "Key").await, "Karl").await;
    assert_eq!(key["is_key"], true);

    for (user, sees_ordinary, sees_key) in [
        (&ann, true, false),
        (&bob, false, false),
        (&kim, false, true),
        (&kay, false, true),
        (&far, false, false),
        (&sue, true, true),
    ] {
        let mut expected = Vec::new();
        for (row, sees) in [(&key, sees_key), (&ordinary, sees_ordinary)] {
            if sees {
                expected.push(row["name"].as_str().unwrap());
                let read = user.get(path(row)).await.ok();
                let actions = read["actions"].as_array().unwrap();
                assert_eq!(actions[..3], [json!("update"), json!("delete"), json!("retire")]);
                assert_eq!(actions.contains(&json!("erase")), user.id == sue.id);
                let changed = user.patch(path(row), &read, json!({"job_title": format!("of {}", user.id)})).await.ok();
                assert_eq!(changed["version"].as_i64(), read["version"].as_i64().map(|version| version + 1));
                user.post("/v1/contacts", json!({"client_id": row["client_id"], "name": "Zoe"})).await.created();
            } else {
                let absent = format!("/v1/contacts/{}", ContactId::generate());
                for path in [path(row), &absent] {
                    user.get(path).await.problem(404, "not_found");
                    user.patch(path, row, json!({"name": "x"})).await.problem(404, "not_found");
                    user.delete(path, row).await.problem(404, "not_found");
                }
                let added = user.post("/v1/contacts", json!({"client_id": row["client_id"], "name": "Zoe"})).await;
                added.field_error("/client_id", "unknown_reference");
            }
        }
        let page = user.get("/v1/contacts?sort=name&total=true&q=olg").await.ok();
        assert_eq!(page["total"], i64::from(sees_ordinary));
        let listed = names(user, "?sort=name").await;
        let listed: Vec<&String> = listed.iter().filter(|name| *name != "Zoe").collect();
        assert_eq!(listed, expected);
        let stranger = json!({"client_id": Id::<contacts::Contact>::generate(), "name": "Zoe"});
        user.post("/v1/contacts", stranger).await.field_error("/client_id", "unknown_reference");
    }
    app.anonymous().get(path(&key)).await.problem(401, "unauthorized");
    app.anonymous().get("/v1/contacts").await.problem(401, "unauthorized");
}

#[actix_web::test]
async fn what_is_seen_may_still_be_forbidden() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let bob = app.colleague_of(&ann, "bob").await;
    let romashka = client(&ann, "Romashka").await;
    let olga = contact(&ann, &romashka, "Olga").await;
    grant(&app, "contacts:read", "team").await;
    grant(&app, "clients:read", "team").await;

    assert_eq!(bob.get(path(&olga)).await.ok()["actions"], json!([]));
    let wrong = json!({"version": 9});
    let refused = bob.patch(path(&olga), &wrong, json!({"name": "x"})).await.problem(403, "forbidden");
    assert_eq!(refused["permission"], "contacts:update");
    assert_eq!(bob.delete(path(&olga), &wrong).await.problem(403, "forbidden")["permission"], "contacts:delete");
    let refused = bob.post("/v1/contacts", body(&romashka, "Zoe")).await.problem(403, "forbidden");
    assert_eq!(refused["permission"], "contacts:create");

    grant(&app, "contacts:update", "none").await;
    assert_eq!(ann.get(path(&olga)).await.ok()["actions"], json!(["delete"]));
    ann.patch(path(&olga), &olga, json!({"name": "x"})).await.problem(403, "forbidden");
    grant(&app, "contacts:read", "none").await;
    assert_eq!(ann.get("/v1/contacts").await.problem(403, "forbidden")["permission"], "contacts:read");
    assert_eq!(app.count("contacts WHERE version = 1").await, 1);
}

#[actix_web::test]
async fn a_transfer_takes_the_contacts_along() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let bob = app.manager("bob").await;
    let sue = app.supervisor().await;
    let romashka = client(&ann, "Romashka").await;
    let olga = contact(&ann, &romashka, "Olga").await;
    sue.transition("transfer", &romashka, json!({"owner_id": bob.id, "reason": "Leave"})).await.ok();
    ann.get(path(&olga)).await.problem(404, "not_found");
    let read = bob.get(path(&olga)).await.ok();
    assert_eq!(read["owner_id"], json!(bob.id));
    assert_eq!(read["team_id"], json!(bob.team_id));
    bob.patch(path(&olga), &read, json!({"name": "Olga B."})).await.ok();
}

#[actix_web::test]
async fn the_system_makes_contacts() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let romashka = client(&ann, "Romashka").await;
    let mut db = app.db().await;
    let now = app.parts().clock.now();
    let made = by_system(&mut db, &app.parts().secrets, now, async |tx| {
        let start = serde_json::from_value(json!({"client_id": romashka["id"]})).unwrap();
        let terms = serde_json::from_value(json!({"name": "Olga"})).unwrap();
        contacts::insert(tx, &Scope::system(), Parts(start, terms)).await
    })
    .await
    .unwrap();
    let read = ann.get(&format!("/v1/contacts/{}", made.id)).await.ok();
    assert_eq!(read["owner_id"], json!(ann.id));
    assert_eq!(app.count("audit_events WHERE resource = 'contacts' AND actor_id IS NULL").await, 1);
}
