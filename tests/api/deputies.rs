//! Deputies: what they see and do with the clients of somebody who is absent, and when.

use chrono::Duration;
use liaison::access::Role;
use serde_json::{Value, json};

use crate::harness::{TestApp, TestUser};

const TODAY: &str = "2026-11-24";

fn path(resource: &Value) -> &str {
    resource["path"].as_str().unwrap()
}

fn id(resource: &Value) -> &str {
    resource["id"].as_str().unwrap()
}

fn days(deputy: &TestUser, from: &str, to: &str) -> Value {
    json!({"deputy_id": deputy.id, "starts_on": from, "ends_on": to})
}

/// `deputy` stands in for `absent` today.
async fn stand_in(absent: &TestUser, deputy: &TestUser) -> Value {
    absent.post("/v1/deputies", days(deputy, TODAY, "2026-11-26")).await.created()
}

async fn client(owner: &TestUser, name: &str) -> Value {
    owner.post("/v1/clients", json!({"kind": "organization", "name": name})).await.created()
}

async fn key_client(owner: &TestUser, name: &str) -> Value {
    let made = client(owner, name).await;
    let sue = owner.app().supervisor().await;
    let patch = json!({"confidential_note": "Owes", "credit_limit": "5.00"});
    let noted = sue.patch(path(&made), &made, patch).await.ok();
    let key = sue.transition("designate-key", &with_path(noted, &made), json!({})).await.ok();
    with_path(key, &made)
}

fn with_path(mut changed: Value, before: &Value) -> Value {
    changed["path"] = before["path"].clone();
    changed
}

/// Whether `user` reaches a client and what belongs to it, by its address, in lists, counts, the search and the timeline. All
/// of them answer alike.
async fn reaches(user: &TestUser, client: &Value, belonging: &[&Value]) -> bool {
    let own = user.get(path(client)).await.status == 200;
    for other in belonging {
        assert_eq!(user.get(path(other)).await.status == 200, own, "{}", path(other));
        let kind = path(other).split('/').nth(2).unwrap();
        let listed = user.get(&format!("/v1/{kind}?client_id={}&total=true", id(client))).await.ok();
        assert_eq!(listed["total"] != 0, own, "{kind}");
        assert_eq!(listed["data"].as_array().unwrap().is_empty(), !own, "{kind}");
    }
    for list in ["/v1/clients?total=true", "/v1/clients?total=true&sort=name", "/v1/clients?total=true&q=romashka"] {
        let listed = user.get(list).await.ok();
        let has = listed["data"].as_array().unwrap().iter().any(|row| row["id"] == client["id"]);
        assert_eq!((has, listed["total"] != 0), (own, own), "{list}");
    }
    let found = user.get("/v1/search?q=romashka").await.ok();
    assert_eq!(!found["clients"].as_array().unwrap().is_empty(), own);
    assert_eq!(user.get(&format!("{}/timeline", path(client))).await.status == 200, own);
    let summary = user.get(&format!("/v1/orders/summary?client_id={}", id(client))).await;
    assert_eq!(summary.status, 200);
    own
}

async fn order(owner: &TestUser, client: &Value) -> Value {
    let sue = owner.app().supervisor().await;
    let product = json!({"sku": "T-1", "name": "Tea", "kind": "good", "unit": "kg", "base_price": "10.00", "currency": "RUB",
        "tax_rate": "20.00"});
    let product = sue.post("/v1/products", product).await.created();
    let lines = json!([{"product_id": product["id"], "quantity": "1"}]);
    owner.post("/v1/orders", json!({"client_id": client["id"], "currency": "RUB", "lines": lines})).await.created()
}

async fn contract(owner: &TestUser, client: &Value) -> Value {
    let body = json!({"client_id": client["id"], "title": "Supply", "amount": "10.00", "currency": "RUB", "starts_on": "2026-12-01"});
    owner.post("/v1/contracts", body).await.created()
}

#[actix_web::test]
async fn a_deputy_sees_and_does_what_the_absent_one_may() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let bob = app.colleague_of(&ann, "bob").await;
    let romashka = client(&ann, "Romashka").await;
    let maria = ann.post("/v1/contacts", json!({"client_id": romashka["id"], "name": "Maria"})).await.created();
    let call = json!({"client_id": romashka["id"], "channel": "phone", "purpose": "support", "subject": "Prices",
        "scheduled_at": "2026-11-24T12:00:00Z"});
    let planned = ann.post("/v1/interactions", call).await.created();
    let (order, contract) = (order(&ann, &romashka).await, contract(&ann, &romashka).await);
    let belonging = [&maria, &planned, &order, &contract];
    assert!(!reaches(&bob, &romashka, &belonging).await);
    let deputy = stand_in(&ann, &bob).await;
    assert_eq!(
        (&deputy["user_id"], &deputy["status"], &deputy["actions"]),
        (&json!(ann.id), &json!("in_force"), &json!(["end"]))
    );
    assert!(reaches(&bob, &romashka, &belonging).await);
    assert!(reaches(&ann, &romashka, &belonging).await);
    let mia = app.colleague_of(&ann, "mia").await;
    assert!(!reaches(&mia, &romashka, &belonging).await);

    // What the owner may, also what a helper on the account team may not.
    let seen = bob.get(path(&romashka)).await.ok();
    assert_eq!(seen["actions"], ann.get(path(&romashka)).await.ok()["actions"]);
    let renamed = with_path(bob.patch(path(&romashka), &romashka, json!({"industry": "Tea"})).await.ok(), &romashka);
    let done = bob.transition("complete", &planned, json!({"outcome": "positive"})).await.ok();
    assert_eq!(done["user_id"], json!(ann.id));
    let _ = bob.patch(path(&maria), &maria, json!({"job_title": "Buyer"})).await.ok();
    let submitted = bob.transition("submit", &contract, json!({})).await.ok();
    assert_eq!(submitted["status"], "in_review");
    let _ = bob.transition("cancel", &order, json!({"reason": "Not wanted"})).await.ok();
    let for_ann = json!({"kind": "organization", "name": "Vasilyok", "owner_id": ann.id});
    bob.post("/v1/clients", for_ann.clone()).await.created();
    mia.post("/v1/clients", for_ann).await.problem(403, "forbidden");

    // What the deputy did is recorded as theirs.
    let by = |resource: &Value, action: &str| {
        format!(
            "SELECT actor_id::text AS value FROM audit_events WHERE resource_id = '{}' AND action = '{action}'",
            id(resource)
        )
    };
    for (resource, action) in
        [(&romashka, "updated"), (&planned, "completed"), (&contract, "submitted"), (&order, "cancelled")]
    {
        assert_eq!(app.text(&by(resource, action)).await, [bob.id.to_string()], "{action}");
    }
    let history = ann.get(&format!("{}/history", path(&contract))).await.ok();
    let submission = history["data"].as_array().unwrap().iter().find(|event| event["action"] == "submitted").unwrap();
    assert_eq!(submission["actor_id"], json!(bob.id));
    app.sql("UPDATE contracts SET status = 'terminated'").await;
    let _ = bob.transition("archive", &renamed, json!({})).await.ok();
}

/// Nobody approves what they submitted as a deputy, either.
#[actix_web::test]
async fn what_a_deputy_submits_somebody_else_approves() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let (kim, kai) = (app.key_account_manager_of(&ann, "kim").await, app.key_account_manager_of(&ann, "kai").await);
    let big = key_client(&kim, "Big").await;
    let contract = contract(&kim, &big).await;
    let dear = with_path(kim.patch(path(&contract), &contract, json!({"amount": "2000000.00"})).await.ok(), &contract);
    stand_in(&kim, &kai).await;
    let waiting = with_path(kai.transition("submit", &dear, json!({})).await.ok(), &dear);
    assert_eq!(waiting["status"], "in_review");
    for own in [&kim, &kai] {
        let refused = own.transition("approve", &waiting, json!({})).await.problem(403, "forbidden");
        assert_eq!(refused["rule"], "separation_of_duties");
    }
    let sue = app.supervisor().await;
    let _ = sue.transition("approve", &waiting, json!({})).await.ok();
}

/// A deputy never gains what their own role has not, nor what the absent one's has not.
#[actix_web::test]
async fn a_deputy_has_the_lesser_of_both_rights() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let bob = app.colleague_of(&ann, "bob").await;
    let (kim, kai) = (app.key_account_manager_of(&ann, "kim").await, app.key_account_manager_of(&ann, "kai").await);
    let (small, big) = (client(&ann, "Small").await, key_client(&kim, "Big").await);
    let plain = client(&kim, "Plain").await;

    // A manager for a key-account manager: no confidential fields, no designation, no transfer.
    stand_in(&kim, &bob).await;
    let seen = bob.get(path(&big)).await.ok();
    assert_eq!((seen.get("confidential_note"), seen.get("credit_limit")), (None, None));
    assert_eq!(kim.get(path(&big)).await.ok()["confidential_note"], "Owes");
    bob.patch(path(&big), &with_path(seen.clone(), &big), json!({"confidential_note": "x"}))
        .await
        .problem(403, "forbidden");
    let refused = bob.transition("designate-key", &plain, json!({})).await.problem(403, "forbidden");
    assert_eq!(refused["permission"], "clients:designate_key");
    let transfer = json!({"owner_id": kai.id, "reason": "Holiday"});
    let seen = with_path(seen, &big);
    bob.transition("transfer", &seen, transfer.clone()).await.problem(403, "forbidden");
    let dear = json!({"client_id": big["id"], "title": "Supply", "amount": "500000.00", "currency": "RUB", "starts_on": "2026-12-01"});
    let contract = bob.post("/v1/contracts", dear).await.created();
    assert_eq!(
        bob.transition("submit", &contract, json!({})).await.ok()["status"],
        "in_review",
        "beyond a manager's limit"
    );

    // A key-account manager for a manager, who may not transfer: neither may the deputy.
    stand_in(&ann, &kai).await;
    let seen = with_path(kai.get(path(&small)).await.ok(), &small);
    let refused = kai.transition("transfer", &seen, transfer.clone()).await.problem(403, "forbidden");
    assert_eq!(refused["permission"], "clients:transfer");
    let _ = kai.patch(path(&small), &seen, json!({"industry": "Tea"})).await.ok();

    // Between equals, what both may.
    stand_in(&kim, &kai).await;
    let seen = with_path(kai.get(path(&big)).await.ok(), &big);
    assert_eq!(seen["confidential_note"], "Owes");
    // Nobody takes a colleague's client for themselves.
    kai.transition("transfer", &seen, transfer).await.problem(403, "forbidden");
    let leo = app.key_account_manager_of(&ann, "leo").await;
    let _ = kai.transition("transfer", &seen, json!({"owner_id": leo.id, "reason": "Holiday"})).await.ok();
}

/// The organisation's day decides, on every server within a second.
#[actix_web::test]
async fn the_days_are_those_of_the_organisation() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let bob = app.colleague_of(&ann, "bob").await;
    let romashka = client(&ann, "Romashka").await;
    let tomorrow = ann.post("/v1/deputies", days(&bob, "2026-11-25", "2026-11-25")).await.created();
    assert_eq!(tomorrow["status"], "upcoming");
    let other = bob.at(&app.second_server().await);
    // It is ten o'clock on the 24th in London, midnight of the 25th on Kiritimati, and late on the 23rd in Samoa.
    for (zone, day, is_there) in [
        ("UTC", "upcoming", false),
        ("Pacific/Kiritimati", "in_force", true),
        ("Pacific/Pago_Pago", "upcoming", false),
        ("Pacific/Kiritimati", "in_force", true),
    ] {
        app.sql(&format!("UPDATE organization SET timezone = '{zone}'")).await;
        app.advance(Duration::seconds(1));
        for server in [&bob, &other] {
            assert_eq!(reaches(server, &romashka, &[]).await, is_there, "{zone}");
            assert_eq!(server.get(path(&tomorrow)).await.ok()["status"], day, "{zone}");
        }
    }
    // Its last day has passed.
    app.sql("UPDATE deputies SET starts_on = '2026-11-20', ends_on = '2026-11-24'").await;
    app.advance(Duration::seconds(1));
    assert!(!reaches(&bob, &romashka, &[]).await && !reaches(&other, &romashka, &[]).await);
    assert_eq!(bob.get(path(&tomorrow)).await.ok()["status"], "over");
}

#[actix_web::test]
async fn a_deputyship_is_ended_early_at_once() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let bob = app.colleague_of(&ann, "bob").await;
    let romashka = client(&ann, "Romashka").await;
    let other = bob.at(&app.second_server().await);
    let deputy = stand_in(&ann, &bob).await;
    assert!(reaches(&bob, &romashka, &[]).await);
    app.advance(Duration::seconds(1));
    assert!(reaches(&other, &romashka, &[]).await);
    let refused = bob.transition("end", &deputy, json!({})).await.problem(403, "forbidden");
    assert_eq!(refused["permission"], "deputies:update");
    assert_eq!(bob.get(path(&deputy)).await.ok()["actions"], json!([]));
    let mia = app.colleague_of(&ann, "mia").await;
    mia.transition("end", &deputy, json!({})).await.problem(404, "not_found");
    ann.transition("end", &json!({"path": deputy["path"], "version": 2}), json!({}))
        .await
        .problem(412, "precondition_failed");
    let ended = ann.transition("end", &deputy, json!({"reason": "Back early"})).await.ok();
    assert_eq!((&ended["status"], &ended["ended_at"]), (&json!("over"), &json!("2026-11-24T10:00:01Z")));
    assert!(!reaches(&bob, &romashka, &[]).await);
    app.advance(Duration::seconds(1));
    assert!(!reaches(&other, &romashka, &[]).await);
    let again = ann.transition("end", &with_path(ended, &deputy), json!({})).await.problem(409, "invalid_state");
    assert_eq!(again["state"], "over");
    assert_eq!(app.audit(&deputy["id"]).await[1].1["reason"], json!({"to": "Back early"}));
}

#[actix_web::test]
async fn a_deputy_of_a_deputy_gets_nothing_further() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let (bob, mia) = (app.colleague_of(&ann, "bob").await, app.colleague_of(&ann, "mia").await);
    let (of_ann, of_bob) = (client(&ann, "Romashka").await, client(&bob, "Vasilyok").await);
    stand_in(&ann, &bob).await;
    stand_in(&bob, &mia).await;
    let _ = mia.get(path(&of_bob)).await.ok();
    mia.get(path(&of_ann)).await.problem(404, "not_found");
    // Who stands in names no deputy for the absent one.
    let mut for_ann = days(&mia, TODAY, TODAY);
    for_ann["user_id"] = json!(ann.id);
    bob.post("/v1/deputies", for_ann).await.problem(403, "forbidden");
}

#[actix_web::test]
async fn nobody_stands_in_for_who_is_blocked() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let bob = app.colleague_of(&ann, "bob").await;
    let romashka = client(&ann, "Romashka").await;
    stand_in(&ann, &bob).await;
    let _ = bob.get(path(&romashka)).await.ok();
    app.sql(&format!("UPDATE users SET status = 'blocked' WHERE id = '{}'", ann.id)).await;
    app.advance(Duration::seconds(1));
    bob.get(path(&romashka)).await.problem(404, "not_found");
    app.sql(&format!("UPDATE users SET status = 'active' WHERE id = '{}'", ann.id)).await;
    app.advance(Duration::seconds(1));
    let _ = bob.get(path(&romashka)).await.ok();
    app.sql(&format!("UPDATE users SET status = 'blocked' WHERE id = '{}'", bob.id)).await;
    app.advance(Duration::seconds(1));
    bob.get(path(&romashka)).await.problem(401, "unauthorized");
}

/// A deputy can be given work with the clients.
#[actix_web::test]
async fn work_is_given_to_a_deputy() {
    let app = TestApp::start().await;
    let (sue, ann) = (app.supervisor().await, app.manager("ann").await);
    let bob = app.colleague_of(&ann, "bob").await;
    let romashka = client(&ann, "Romashka").await;
    let call = json!({"client_id": romashka["id"], "channel": "phone", "purpose": "support", "subject": "Prices",
        "scheduled_at": "2026-11-24T12:00:00Z", "user_id": bob.id});
    sue.post("/v1/interactions", call.clone()).await.field_error("/user_id", "cannot_see_client");
    stand_in(&ann, &bob).await;
    sue.post("/v1/interactions", call).await.created();
}

#[actix_web::test]
async fn deputies_are_named_by_who_may() {
    let app = TestApp::start().await;
    let (sue, ann) = (app.supervisor().await, app.manager("ann").await);
    let (bob, mia) = (app.colleague_of(&ann, "bob").await, app.manager("mia").await);
    let of = |absent: &TestUser, mut new: Value| {
        new["user_id"] = json!(absent.id);
        new
    };
    bob.post("/v1/deputies", of(&ann, days(&bob, TODAY, TODAY))).await.problem(403, "forbidden");
    ann.post("/v1/deputies", days(&mia, TODAY, TODAY)).await.problem(403, "forbidden");
    sue.post("/v1/deputies", of(&ann, days(&mia, TODAY, TODAY))).await.created();
    for (new, pointer, code) in [
        (days(&ann, TODAY, TODAY), "/deputy_id", "own_deputy"),
        (days(&bob, "2026-11-25", "2026-11-24"), "/ends_on", "ends_before_start"),
        (days(&bob, "2026-11-20", "2026-11-23"), "/ends_on", "in_the_past"),
        (days(&app.service_account(Role::Manager, &[]).await, TODAY, TODAY), "/deputy_id", "unknown_reference"),
        (days(&app.anonymous(), TODAY, TODAY), "/deputy_id", "unknown_reference"),
        (json!({"deputy_id": bob.id, "ends_on": TODAY}), "/starts_on", "required"),
        (json!({"deputy_id": bob.id, "starts_on": "soon", "ends_on": TODAY}), "/starts_on", "invalid_date"),
    ] {
        ann.post("/v1/deputies", new).await.field_error(pointer, code);
    }
    let program = app.service_account(Role::Supervisor, &crate::calls::every_scope()).await;
    program.post("/v1/deputies", of(&ann, days(&bob, TODAY, TODAY))).await.problem(403, "forbidden");
    let of_bob = ann.post("/v1/deputies", days(&bob, "2026-11-30", "2026-12-05")).await.created();

    let listed = async |user: &TestUser, query: &str| {
        user.get(&format!("/v1/deputies{query}")).await.ok()["data"].as_array().unwrap().len()
    };
    assert_eq!(
        (listed(&ann, "").await, listed(&bob, "").await, listed(&mia, "").await, listed(&sue, "").await),
        (2, 1, 1, 2)
    );
    assert_eq!((listed(&ann, "?on=2026-12-01").await, listed(&ann, "?on=2026-11-24").await), (1, 1));
    assert_eq!(listed(&ann, &format!("?deputy_id={}", mia.id)).await, 1);
    assert_eq!(listed(&sue, &format!("?user_id={}", bob.id)).await, 0);
    assert_eq!(bob.get(path(&of_bob)).await.ok()["status"], "upcoming");
    mia.get(path(&of_bob)).await.problem(404, "not_found");
    app.sql("UPDATE sessions SET authenticated_at = '2026-11-24T09:44:00Z'").await;
    ann.post("/v1/deputies", days(&bob, TODAY, TODAY)).await.problem(401, "insufficient_user_authentication");
}
