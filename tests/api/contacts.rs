//! Contacts: reached as their client is, one of them primary, and what they agreed to.

use actix_web::http::Method;
use futures_util::join;
use liaison::{
    access::{caller::UserId, scope::Scope},
    contacts::{self, ContactId, NewContact},
    rest::{change::by_system, id::Id},
};
use serde_json::{Value, json};

use crate::harness::{TestApp, TestUser};

async fn client(user: &TestUser, name: &str) -> Value {
    user.post("/v1/clients", json!({"kind": "organization", "name": name})).await.created()
}

/// A key client of `owner`, whose role may own one.
async fn key_client(owner: &TestUser, name: &str) -> Value {
    let made = client(owner, name).await;
    let path = made["path"].clone();
    let mut key = owner.transition("designate-key", &made, json!({})).await.ok();
    key["path"] = path;
    key
}

fn body(client: &Value, name: &str) -> Value {
    json!({"client_id": client["id"], "name": name})
}

async fn contact(user: &TestUser, client: &Value, name: &str) -> Value {
    user.post("/v1/contacts", body(client, name)).await.created()
}

async fn primary(user: &TestUser, client: &Value, name: &str) -> Value {
    let mut body = body(client, name);
    body["is_primary"] = json!(true);
    user.post("/v1/contacts", body).await.created()
}

fn path(resource: &Value) -> &str {
    resource["path"].as_str().unwrap()
}

fn names_of(page: &Value) -> Vec<&str> {
    page["data"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect()
}

async fn names(user: &TestUser, query: &str) -> Vec<String> {
    let page = user.get(&format!("/v1/contacts{query}")).await.ok();
    names_of(&page).into_iter().map(str::to_owned).collect()
}

/// Sets a right of all managers.
async fn grant(app: &TestApp, permission: &str, reach: &str) {
    let sql = format!(
        "UPDATE role_policies SET grants = grants || '{{\"{permission}\": \"{reach}\"}}' WHERE role = 'manager' RETURNING role AS value"
    );
    assert_eq!(app.text(&sql).await, ["manager"]);
    app.state().callers.forget();
}

/// Notes a call with a contact, as interactions do.
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
        ("actions", json!(["update", "delete"])),
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
                assert_eq!(read["actions"], json!(["update", "delete"]));
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
        let page = user.get("/v1/contacts?sort=name&total=true&q=ol%20ga").await.ok();
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
async fn one_contact_of_a_client_is_primary() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let romashka = client(&ann, "Romashka").await;
    let other = primary(&ann, &client(&ann, "Other").await, "Other").await;
    // The first contact is not primary by itself.
    let first = contact(&ann, &romashka, "First").await;
    assert_eq!(first["is_primary"], false);
    let second = primary(&ann, &romashka, "Second").await;
    assert_eq!(second["is_primary"], true);

    app.advance(chrono::Duration::minutes(1));
    let third = primary(&ann, &romashka, "Third").await;
    let demoted = ann.get(path(&second)).await.ok();
    assert_eq!(demoted["is_primary"], false);
    assert_eq!(demoted["version"], 2);
    assert_eq!(demoted["updated_at"], "2026-11-24T10:01:00Z");
    let gave_way = json!({"is_primary": {"from": true, "to": false}});
    assert_eq!(app.audit(&second["id"]).await[1], ("updated".to_owned(), gave_way.clone()));
    assert_eq!(app.events(&second["id"]).await, ["contacts.created", "contacts.updated"]);
    ann.patch(path(&second), &second, json!({"name": "x"})).await.problem(412, "precondition_failed");

    let risen = ann.patch(path(&first), &first, json!({"is_primary": true, "name": "Risen"})).await.ok();
    assert_eq!(risen["is_primary"], true);
    assert_eq!(ann.get(path(&third)).await.ok()["is_primary"], false);
    assert_eq!(app.audit(&third["id"]).await[1].1, gave_way);
    assert_eq!(
        names(&ann, &format!("?is_primary=true&client_id={}", romashka["id"].as_str().unwrap())).await,
        ["Risen"]
    );

    // A primary contact that stays so changes nobody; one that steps down leaves nobody.
    assert_eq!(ann.patch(path(&first), &risen, json!({"is_primary": true})).await.ok()["version"], 2);
    assert_eq!(ann.patch(path(&first), &risen, json!({"is_primary": false})).await.ok()["version"], 3);
    assert_eq!(app.count("contacts WHERE is_primary").await, 1);
    assert_eq!(ann.get(path(&other)).await.ok(), other);
}

#[actix_web::test]
async fn a_refused_change_leaves_the_primary_contact() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let romashka = client(&ann, "Romashka").await;
    let first = primary(&ann, &romashka, "First").await;
    let second = contact(&ann, &romashka, "Second").await;
    let rise = json!({"is_primary": true});
    ann.patch(path(&second), &json!({"version": 7}), rise.clone()).await.problem(412, "precondition_failed");
    let broken = json!({"is_primary": true, "consents": [{"channel": "any", "purpose": "p", "given_at": "2030-01-01T00:00:00Z"}]});
    ann.patch(path(&second), &second, broken).await.field_error("/consents/0/given_at", "in_future");
    assert_eq!(ann.get(path(&first)).await.ok(), first);
}

#[actix_web::test]
async fn two_that_become_primary_at_once_do_not_both() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let romashka = client(&ann, "Romashka").await;
    primary(&ann, &romashka, "Former").await;
    let mut new = body(&romashka, "New");
    new["is_primary"] = json!(true);
    for _ in 0..5 {
        let (left, right) = join!(ann.post("/v1/contacts", new.clone()), ann.post("/v1/contacts", new.clone()));
        let mut statuses = [left.status, right.status];
        statuses.sort_unstable();
        assert!(matches!(statuses, [201, 201 | 409]), "{statuses:?}");
        for answer in [left, right].into_iter().filter(|answer| answer.status == 409) {
            assert_eq!(answer.header("retry-after"), Some("1"));
            answer.problem(409, "busy");
        }
        assert_eq!(app.count("contacts WHERE is_primary").await, 1);
    }
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
    assert_eq!(ann.get(path(&olga)).await.ok()["actions"], json!(["update", "delete"]));
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
    assert_eq!(read["actions"], json!(["update"]));
    let changed = ann.patch(path(&olga), &read, json!({"name": "Olga B."})).await.ok();
    assert_eq!(changed["actions"], json!(["update"]));
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
    let held = ann.request(Method::GET, path(&olga)).insert_header(("If-None-Match", "\"1\""));
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
    let read = ann.get(&format!("{}?include=client", path(&olga))).await.ok();
    assert!(read.get("client").is_none(), "{read}");
    let page = ann.get("/v1/contacts?include=client").await.ok();
    assert!(page["data"][0].get("client").is_none(), "{page}");
    // The contact itself is reached by its own rights.
    ann.patch(path(&olga), &olga, json!({"name": "Olga B."})).await.ok();
}

#[actix_web::test]
async fn a_client_can_include_its_primary_contact() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let bob = app.colleague_of(&ann, "bob").await;
    let (one, two, none) = (client(&ann, "One").await, client(&ann, "Two").await, client(&ann, "None").await);
    contact(&ann, &one, "Minor").await;
    contact(&ann, &none, "Only").await;
    let mut new = body(&one, "Major");
    for (member, value) in
        [("is_primary", json!(true)), ("email", json!("m@one.example")), ("job_title", json!("Buyer"))]
    {
        new[member] = value;
    }
    let major = ann.post("/v1/contacts", new).await.created();
    let second = primary(&ann, &two, "Second").await;
    let expected =
        json!({"id": major["id"], "name": "Major", "job_title": "Buyer", "email": "m@one.example", "phone": null});

    let read = ann.get(&format!("{}?include=owner,primary_contact", path(&one))).await.ok();
    assert_eq!(read["primary_contact"], expected);
    assert_eq!(read["owner"]["id"], json!(ann.id));
    assert!(ann.get(path(&one)).await.ok().get("primary_contact").is_none());
    let page = ann.get("/v1/clients?include=primary_contact&sort=name").await.ok();
    assert_eq!(names_of(&page), ["None", "One", "Two"]);
    assert!(page["data"][0].get("primary_contact").is_none());
    assert_eq!(page["data"][1]["primary_contact"], expected);
    assert_eq!(page["data"][2]["primary_contact"]["id"], second["id"]);

    // Seen by their clients' right, not by the contacts'.
    grant(&app, "clients:read", "team").await;
    let read = bob.get(&format!("{}?include=primary_contact", path(&one))).await.ok();
    assert!(read.get("primary_contact").is_none(), "{read}");
    let page = bob.get("/v1/clients?include=primary_contact").await.ok();
    assert!(page["data"].as_array().unwrap().iter().all(|item| item.get("primary_contact").is_none()), "{page}");
    grant(&app, "contacts:read", "none").await;
    let read = ann.get(&format!("{}?include=primary_contact", path(&one))).await.ok();
    assert!(read.get("primary_contact").is_none(), "{read}");
}

#[actix_web::test]
async fn the_system_makes_contacts() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let romashka = client(&ann, "Romashka").await;
    let mut db = app.db().await;
    let now = app.state().clock.now();
    let made = by_system(&mut db, &app.state().secrets, now, async |tx| {
        let new: NewContact = serde_json::from_value(body(&romashka, "Olga")).unwrap();
        contacts::insert(tx, &Scope::system(), new).await
    })
    .await
    .unwrap();
    let read = ann.get(&format!("/v1/contacts/{}", made.id)).await.ok();
    assert_eq!(read["owner_id"], json!(ann.id));
    assert_eq!(app.count("audit_events WHERE resource = 'contacts' AND actor_id IS NULL").await, 1);
}
