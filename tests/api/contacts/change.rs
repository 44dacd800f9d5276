//! Creating, changing and deleting contacts.

use actix_web::http::Method;
use liaison::access::UserId;
use serde_json::{Value, json};

use super::{body, client, contact, path};
use crate::harness::TestApp;

/// Records a call with a contact, as interactions do.
async fn call(app: &TestApp, contact: &Value, user: UserId) {
    let (client, contact) = (&contact["client_id"].as_str().unwrap(), &contact["id"].as_str().unwrap());
    let sql = format!(
        "INSERT INTO interactions (id, version, created_at, updated_at, client_id, owner_id, team_id, is_key, contact_id,
            user_id, channel, direction, purpose, status, occurred_at, subject)
         SELECT gen_random_uuid(), 1, now(), now(), id, owner_id, team_id, is_key, '{contact}', '{user}', 'phone', 'outbound',
            'consultation', 'done', now(), 'Call' FROM clients WHERE id = '{client}' RETURNING id::text AS value"
    );
    assert_eq!(app.text(&sql).await.len(), 1);
}

#[actix_web::test]
async fn a_manager_makes_reads_changes_and_deletes_a_contact() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let romashka = client(&ann, "Romashka").await;
    let full = json!({"client_id": romashka["id"], "name": " Maria Anders ", "job_title": "Buyer", "decision_role": "decision_maker",
        "email": "Maria@Romashka.example", "phone": "+74951234567", "messengers": [{"kind": "telegram", "handle": "@maria"}],
        "consents": [{"channel": "email", "purpose": "marketing", "given_at": "2026-11-20T12:30:00+03:00", "source": "form"}]});
    let made = ann.post("/v1/contacts", full).await.created();
    for (name, value) in [
        ("client_id", romashka["id"].clone()),
        ("owner_id", json!(ann.id)),
        ("team_id", json!(ann.team_id)),
        ("is_key", json!(false)),
        ("name", json!("Maria Anders")),
        ("job_title", json!("Buyer")),
        ("decision_role", json!("decision_maker")),
        ("email", json!("maria@romashka.example")),
        ("phone", json!("+74951234567")),
        ("messengers", json!([{"kind": "telegram", "handle": "@maria"}])),
        ("is_primary", json!(false)),
        (
            "consents",
            json!([{"channel": "email", "purpose": "marketing", "given_at": "2026-11-20T09:30:00Z", "withdrawn_at": null,
            "source": "form"}]),
        ),
        ("version", json!(1)),
        ("actions", json!(["update", "delete", "retire"])),
    ] {
        assert_eq!(made[name], value, "{name}");
    }
    assert_eq!(ann.get(path(&made)).await.ok(), made);

    app.advance(chrono::Duration::minutes(1));
    let patch = json!({"name": "Maria Berg", "phone": null, "messengers": [], "decision_role": "user"});
    let changed = ann.patch(path(&made), &made, patch).await.ok();
    assert_eq!(changed["version"], 2);
    assert_eq!(changed["updated_at"], "2026-11-24T10:01:00Z");
    assert_eq!(changed["phone"], Value::Null);
    assert_eq!(changed["consents"], made["consents"]);
    assert_eq!(ann.get(path(&made)).await.ok(), changed);

    ann.delete(path(&made), &changed).await.no_content();
    ann.get(path(&made)).await.problem(404, "not_found");
    ann.delete(path(&made), &changed).await.problem(404, "not_found");
    assert_eq!(app.count("contacts").await, 0);

    let recorded = app.audit(&made["id"]).await;
    let actions: Vec<&str> = recorded.iter().map(|(action, _)| action.as_str()).collect();
    assert_eq!(actions, ["created", "updated", "deleted"]);
    assert_eq!(
        recorded[1].1,
        json!({"name": {"from": "Maria Anders", "to": "Maria Berg"}, "phone": {"from": "+74951234567", "to": null},
            "messengers": {"from": made["messengers"], "to": []}, "decision_role": {"from": "decision_maker", "to": "user"}})
    );
    assert_eq!(recorded[2].1["name"], json!({"from": "Maria Berg", "to": null}));
    assert_eq!(app.events(&made["id"]).await, ["contacts.created", "contacts.updated", "contacts.deleted"]);
    let sql = format!("SELECT client_id::text AS value FROM audit_events WHERE resource_id = {}", made["id"])
        .replace('"', "'");
    assert_eq!(app.text(&sql).await, vec![romashka["id"].as_str().unwrap(); 3]);
}

#[actix_web::test]
async fn nothing_changes_at_an_archived_client() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let romashka = client(&ann, "Romashka").await;
    let olga = contact(&ann, &romashka, "Olga").await;
    let mut archived = ann.transition("archive", &romashka, json!({})).await.ok();
    archived["path"] = romashka["path"].clone();

    for answer in [
        ann.post("/v1/contacts", body(&romashka, "Zoe")).await,
        ann.patch(path(&olga), &olga, json!({"name": "x"})).await,
        ann.delete(path(&olga), &olga).await,
    ] {
        let refused = answer.problem(409, "invalid_state");
        assert_eq!(refused["state"], "archived");
    }
    ann.patch(path(&olga), &json!({"version": 5}), json!({"name": "x"})).await.problem(412, "precondition_failed");
    let read = ann.get(path(&olga)).await.ok();
    assert_eq!(read["actions"], json!([]));
    assert_eq!(read["version"], 1);
    assert_eq!(ann.get("/v1/contacts").await.ok()["data"][0]["actions"], json!([]));

    ann.transition("restore", &archived, json!({})).await.ok();
    assert_eq!(ann.get(path(&olga)).await.ok()["actions"], json!(["update", "delete", "retire"]));
    ann.patch(path(&olga), &olga, json!({"name": "x"})).await.ok();
}

#[actix_web::test]
async fn a_contact_that_interactions_refer_to_stays() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let romashka = client(&ann, "Romashka").await;
    let olga = contact(&ann, &romashka, "Olga").await;
    let free = contact(&ann, &romashka, "Free").await;
    call(&app, &olga, ann.id).await;

    ann.delete(path(&olga), &olga).await.problem(409, "conflict");
    let read = ann.get(path(&olga)).await.ok();
    assert_eq!(read["actions"], json!(["update", "retire"]));
    let changed = ann.patch(path(&olga), &read, json!({"name": "Olga B."})).await.ok();
    assert_eq!(changed["actions"], json!(["update", "retire"]));
    assert_eq!(app.events(&olga["id"]).await, ["contacts.created", "contacts.updated"]);
    ann.delete(path(&free), &free).await.no_content();
}

#[actix_web::test]
async fn every_wrong_value_is_told() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let romashka = client(&ann, "Romashka").await;
    let told = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
        pairs.iter().map(|(pointer, code)| ((*pointer).to_owned(), (*code).to_owned())).collect()
    };

    let errors = ann.post("/v1/contacts", json!({})).await.field_errors();
    assert_eq!(errors, told(&[("/client_id", "required"), ("/name", "required")]));
    let wrong = json!({"client_id": "7", "name": "", "decision_role": "boss", "email": "maria", "phone": "8", "owner_id": ann.id,
        "messengers": [{"kind": "icq", "handle": "1"}], "consents": [{"channel": "pigeon", "purpose": "", "given_at": "today"}]});
    let errors = ann.post("/v1/contacts", wrong).await.field_errors();
    assert_eq!(
        errors,
        told(&[
            ("/client_id", "invalid_id"),
            ("/consents/0/channel", "invalid_choice"),
            ("/consents/0/given_at", "invalid_instant"),
            ("/consents/0/purpose", "too_short"),
            ("/decision_role", "invalid_choice"),
            ("/email", "invalid_email"),
            ("/messengers/0/kind", "invalid_choice"),
            ("/name", "too_short"),
            ("/owner_id", "unknown_field"),
            ("/phone", "invalid_phone"),
        ])
    );

    let consent = |given: &str, withdrawn: Option<&str>| json!({"channel": "any", "purpose": "p", "given_at": given, "withdrawn_at": withdrawn});
    let messenger = json!({"kind": "vk", "handle": "maria"});
    let rules = json!({
        "messengers": vec![messenger; 11],
        "consents": [
            consent("2026-11-24T10:06:00Z", None),
            consent("2026-11-24T10:04:00Z", None),
            consent("2026-11-20T10:00:00Z", Some("2026-11-20T09:59:59Z")),
            consent("2026-11-20T10:00:00Z", Some("2026-11-24T11:00:00Z")),
            consent("2026-11-20T10:00:00Z", Some("2026-11-20T10:00:00Z")),
        ]
    });
    let expected = told(&[
        ("/consents/0/given_at", "in_future"),
        ("/consents/2/withdrawn_at", "before_given"),
        ("/consents/3/withdrawn_at", "in_future"),
        ("/messengers", "too_long"),
    ]);
    let mut new = body(&romashka, "Maria");
    new["messengers"] = rules["messengers"].clone();
    new["consents"] = rules["consents"].clone();
    assert_eq!(ann.post("/v1/contacts", new).await.field_errors(), expected);
    assert_eq!(app.count("contacts").await, 0);

    let maria = contact(&ann, &romashka, "Maria").await;
    assert_eq!(ann.patch(path(&maria), &maria, rules).await.field_errors(), expected);
    let many = vec![consent("2026-11-20T10:00:00Z", None); 51];
    ann.patch(path(&maria), &maria, json!({"consents": many})).await.field_error("/consents", "too_long");
    ann.patch(path(&maria), &maria, json!({"consents": null})).await.field_error("/consents", "not_nullable");
    let elsewhere = json!({"client_id": romashka["id"]});
    ann.patch(path(&maria), &maria, elsewhere).await.field_error("/client_id", "unknown_field");
    assert_eq!(ann.get(path(&maria)).await.ok(), maria);
}

#[actix_web::test]
async fn a_change_needs_the_version_seen() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let olga = contact(&ann, &client(&ann, "Romashka").await, "Olga").await;
    let bare = ann.request(Method::PATCH, path(&olga)).set_json(json!({"name": "x"}));
    ann.send(bare).await.problem(428, "precondition_required");
    ann.send(ann.request(Method::DELETE, path(&olga))).await.problem(428, "precondition_required");
    let stale = json!({"version": 2});
    let refused = ann.delete(path(&olga), &stale).await.problem(412, "precondition_failed");
    assert_eq!(refused["current_version"], 1);
    ann.patch(path(&olga), &stale, json!({"name": "x"})).await.problem(412, "precondition_failed");
    let unchanged = ann.patch(path(&olga), &olga, json!({"name": "Olga"})).await.ok();
    assert_eq!(unchanged["version"], 1);
    assert_eq!(app.events(&olga["id"]).await, ["contacts.created"]);
    let held = ann.request(Method::GET, path(&olga)).insert_header(("If-None-Match", "*"));
    assert_eq!(ann.send(held).await.status, 304);
    for id in ["x", "01936f0e"] {
        ann.get(&format!("/v1/contacts/{id}")).await.problem(404, "not_found");
    }
}

#[actix_web::test]
async fn a_repeated_request_makes_one_contact() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let romashka = client(&ann, "Romashka").await;
    let send = async |name: &str| {
        let request = ann.request(Method::POST, "/v1/contacts").insert_header(("Idempotency-Key", "k"));
        ann.send(request.set_json(body(&romashka, name))).await
    };
    let (first, second) = (send("Olga").await, send("Olga").await);
    assert_eq!(second.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.created(), second.created());
    send("Zoe").await.problem(422, "idempotency_mismatch");
    assert_eq!(app.count("contacts").await, 1);
}
