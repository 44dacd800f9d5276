//! The primary contact of a client.

use futures_util::join;
use serde_json::json;

use super::{body, client, contact, grant, names, names_of, path, primary};
use crate::harness::TestApp;

#[actix_web::test]
async fn one_contact_of_a_client_is_primary() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let romashka = client(&ann, "Romashka").await;
    let other = primary(&ann, &client(&ann, "Other").await, "Other").await;
    // The first contact does not become primary automatically.
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

    // Setting the primary contact again changes no other contact; unsetting it leaves the client without one.
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

    // The client is visible by the right to clients, but the contact is not.
    grant(&app, "clients:read", "team").await;
    for address in [format!("{}?include=primary_contact", path(&one)), "/v1/clients?include=primary_contact".to_owned()]
    {
        assert_eq!(bob.get(&address).await.problem(403, "forbidden")["permission"], "contacts:read");
    }
    grant(&app, "contacts:read", "none").await;
    ann.get(&format!("{}?include=primary_contact", path(&one))).await.problem(403, "forbidden");
}
