//! Contacts who left their client.

use serde_json::{Value, json};

use super::{body, client, contact, grant, key_client, names, path, primary};
use crate::harness::{TestApp, TestUser};

async fn retire(user: &TestUser, contact: &Value) -> Value {
    with_path(user.transition("retire", contact, json!({})).await.ok(), contact)
}

fn with_path(mut changed: Value, before: &Value) -> Value {
    changed["path"] = before["path"].clone();
    changed
}

#[actix_web::test]
async fn who_left_stays_in_the_history_and_can_come_back() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let romashka = client(&ann, "Romashka").await;
    let olga = primary(&ann, &romashka, "Olga").await;
    assert_eq!(olga["actions"], json!(["update", "delete", "retire"]));
    assert_eq!(olga["retired_at"], Value::Null);
    let left = json!({"retired_at": "2026-11-20T09:00:00Z", "reason": "Works elsewhere"});
    let retired = with_path(ann.transition("retire", &olga, left).await.ok(), &olga);
    assert_eq!(retired["retired_at"], "2026-11-20T09:00:00Z");
    assert_eq!((&retired["is_primary"], &retired["version"]), (&json!(false), &json!(2)));
    assert_eq!(retired["actions"], json!(["update", "delete", "restore"]));
    assert_eq!(ann.get(path(&olga)).await.ok()["retired_at"], retired["retired_at"]);
    let again = ann.transition("retire", &retired, json!({})).await.problem(409, "invalid_state");
    assert_eq!((&again["state"], &again["allowed"]), (&json!("retired"), &json!(["restore"])));

    // What is known of them can still be put right, but they are not turned to first.
    let primary = json!({"is_primary": true});
    ann.patch(path(&olga), &retired, primary.clone()).await.field_error("/is_primary", "retired_contact");
    let corrected = with_path(ann.patch(path(&olga), &retired, json!({"name": "Olga B."})).await.ok(), &olga);
    let back = with_path(ann.transition("restore", &corrected, json!({"reason": "By mistake"})).await.ok(), &olga);
    assert_eq!((&back["retired_at"], &back["is_primary"]), (&Value::Null, &json!(false)));
    let again = ann.transition("restore", &back, json!({})).await.problem(409, "invalid_state");
    assert_eq!((&again["state"], &again["allowed"]), (&json!("active"), &json!(["retire"])));
    let _ = ann.patch(path(&olga), &back, primary).await.ok();

    let recorded = app.audit(&olga["id"]).await;
    assert_eq!(recorded[1].0, "retired");
    assert_eq!(recorded[1].1["reason"], json!({"to": "Works elsewhere"}));
    assert_eq!(recorded[1].1["retired_at"], json!({"from": null, "to": "2026-11-20T09:00:00Z"}));
    assert_eq!((recorded[3].0.as_str(), &recorded[3].1["reason"]), ("restored", &json!({"to": "By mistake"})));
    assert_eq!(app.events(&olga["id"]).await[1], "contacts.retired");
}

#[actix_web::test]
async fn nobody_leaves_in_the_future_or_without_the_right() {
    let app = TestApp::start().await;
    let (ann, kim) = (app.manager("ann").await, app.key_account_manager("kim").await);
    let bob = app.colleague_of(&ann, "bob").await;
    let romashka = client(&ann, "Romashka").await;
    let olga = contact(&ann, &romashka, "Olga").await;
    let later = json!({"retired_at": "2026-11-24T10:06:00Z"});
    ann.transition("retire", &olga, later).await.field_error("/retired_at", "in_future");
    for (name, body, code) in [
        ("/retired_at", json!({"retired_at": "soon"}), "invalid_instant"),
        ("/when", json!({"when": 1}), "unknown_field"),
    ] {
        ann.transition("retire", &olga, body).await.field_error(name, code);
    }
    bob.transition("retire", &olga, json!({})).await.problem(404, "not_found");
    ann.transition("retire", &json!({"path": olga["path"], "version": 2}), json!({}))
        .await
        .problem(412, "precondition_failed");
    let of_key = contact(&kim, &key_client(&kim, "Big").await, "Pavel").await;
    let _ = retire(&kim, &of_key).await;
    grant(&app, "contacts:update", "none").await;
    assert_eq!(ann.get(path(&olga)).await.ok()["actions"], json!(["delete"]));
    let refused = ann.transition("retire", &olga, json!({})).await.problem(403, "forbidden");
    assert_eq!(refused["permission"], "contacts:update");
    grant(&app, "contacts:update", "own").await;
    let _ = ann.transition("archive", &romashka, json!({})).await.ok();
    assert_eq!(ann.transition("retire", &olga, json!({})).await.problem(409, "invalid_state")["state"], "archived");
    assert_eq!(ann.get(path(&olga)).await.ok()["actions"], json!([]));
}

#[actix_web::test]
async fn who_left_is_listed_only_when_asked_for() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let romashka = client(&ann, "Romashka").await;
    let olga = contact(&ann, &romashka, "Olga").await;
    let _ = contact(&ann, &romashka, "Zoe").await;
    let _ = retire(&ann, &olga).await;
    let of_olga = format!("?id={}", olga["id"].as_str().unwrap());
    for (query, expected) in [
        ("?sort=name", vec!["Zoe"]),
        ("?sort=name&is_retired=false", vec!["Zoe"]),
        ("?is_retired=true", vec!["Olga"]),
        ("?q=olga", vec![]),
        ("?q=olga&is_retired=true", vec!["Olga"]),
        (of_olga.as_str(), vec!["Olga"]),
        (&format!("{of_olga}&is_retired=false"), vec![]),
    ] {
        assert_eq!(names(&ann, query).await, expected, "{query}");
    }
    assert_eq!(ann.get("/v1/contacts?total=true").await.ok()["total"], 1);
    ann.get("/v1/contacts?is_retired=maybe").await.field_error("is_retired", "invalid_value");
}

/// A person who went from one client to another leads to the second one.
#[actix_web::test]
async fn a_client_is_not_found_by_who_left_it() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let romashka = client(&ann, "Romashka").await;
    let mut new = body(&romashka, "Olga Petrova");
    new["email"] = json!("olga@romashka.example");
    let olga = ann.post("/v1/contacts", new).await.created();
    let found = async |words: &str| {
        let clients = ann.get(&format!("/v1/clients?q={words}")).await.ok()["data"].as_array().unwrap().len();
        let everything = ann.get(&format!("/v1/search?q={words}")).await.ok();
        (clients, everything["clients"].as_array().unwrap().len(), everything["contacts"].as_array().unwrap().len())
    };
    assert_eq!(found("petrova").await, (1, 1, 1));
    let retired = retire(&ann, &olga).await;
    assert_eq!(found("petrova").await, (0, 0, 0));
    // A change of who left does not bring them back.
    let patch = json!({"email": "olga@elsewhere.example"});
    let changed = with_path(ann.patch(path(&olga), &retired, patch).await.ok(), &olga);
    assert_eq!(found("elsewhere").await, (0, 0, 0));
    let _ = ann.transition("restore", &changed, json!({})).await.ok();
    assert_eq!(found("elsewhere").await, (1, 1, 1));
}

#[actix_web::test]
async fn nothing_is_planned_with_who_left() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let romashka = client(&ann, "Romashka").await;
    let (olga, zoe) = (contact(&ann, &romashka, "Olga").await, contact(&ann, &romashka, "Zoe").await);
    let call = |contact: &Value, more: Value| {
        let mut call = json!({"client_id": romashka["id"], "contact_id": contact["id"], "channel": "phone",
            "purpose": "support", "subject": "Prices"});
        call.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        call
    };
    let at = json!({"scheduled_at": "2026-12-01T10:00:00Z"});
    let planned = ann.post("/v1/interactions", call(&olga, at.clone())).await.created();
    let with_zoe = ann.post("/v1/interactions", call(&zoe, at.clone())).await.created();
    let _ = retire(&ann, &olga).await;

    let refused = ann.post("/v1/interactions", call(&olga, at.clone())).await.problem(409, "invalid_state");
    assert_eq!((&refused["state"], &refused["contact_id"]), (&json!("retired"), &olga["id"]));
    let next = json!({"next": at});
    ann.post("/v1/interactions", call(&olga, next.clone())).await.problem(409, "invalid_state");
    let to_olga = json!({"contact_id": olga["id"]});
    ann.patch(path(&with_zoe), &with_zoe, to_olga).await.problem(409, "invalid_state");
    ann.transition("reschedule", &planned, json!({"scheduled_at": "2026-12-02T10:00:00Z"}))
        .await
        .problem(409, "invalid_state");
    ann.transition("complete", &planned, next).await.problem(409, "invalid_state");

    // What took place is logged, what they ask for is planned, and what was planned before is told more about.
    ann.post("/v1/interactions", call(&olga, json!({}))).await.created();
    let inbound = json!({"scheduled_at": "2026-12-01T10:00:00Z", "direction": "inbound"});
    ann.post("/v1/interactions", call(&olga, inbound)).await.created();
    let told = with_path(ann.patch(path(&planned), &planned, json!({"summary": "She left."})).await.ok(), &planned);
    let _ = ann.patch(path(&planned), &told, json!({"contact_id": zoe["id"]})).await.ok();
}
