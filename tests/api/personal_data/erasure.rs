//! An erasure leaves nothing of the person, and figures stay.

use actix_web::http::Method;
use liaison::audit;
use serde_json::{Value, json};

use super::{canaries_in, contact, contract, id, interaction, order, path, person, with_path};
use crate::harness::{TestApp, TestUser};

const REASON: &str = "Letter 17 of 20 November";

async fn erase(user: &TestUser, resource: &Value) -> Value {
    let now = user.get(path(resource)).await.ok();
    user.transition("erase", &now, json!({"reason": REASON})).await.created()
}

/// Whether the audit log is as it was written, and how many of its entries were erased.
async fn verified(app: &TestApp) -> (bool, i64) {
    let (mut db, parts) = (app.db().await, app.parts());
    audit::seal_all(&mut db, &parts.secrets, parts.clock.now()).await.unwrap();
    let found = audit::verify(&db, &parts.secrets, &[]).await.unwrap();
    (found.intact, found.erased)
}

fn erased_of<'d>(deed: &'d Value, table: &str) -> Option<&'d Value> {
    deed["places"].as_array().unwrap().iter().find(|place| place["table"] == table)
}

#[actix_web::test]
async fn nothing_is_left_of_a_client() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let zoe = person(&sue).await;
    let mia = contact(&sue, &zoe).await;
    let done = interaction(&sue, &zoe, json!({"contact_id": mia["id"], "outcome": "positive"})).await;
    let planned = interaction(&sue, &zoe, json!({"scheduled_at": "2026-12-01T10:00:00Z"})).await;
    let contract = contract(&sue, &zoe, "Zoe Canary").await;
    let order = order(&sue, &zoe).await;
    let ann = app.manager("ann").await;
    let asked = json!({"tax_id": "500100732259", "reason": "Canary called us"});
    let asked = ann.post("/v1/access-requests", asked).await.created();
    let _ =
        sue.transition("decline", &sue.get(path(&asked)).await.ok(), json!({"answer": "The canary stays"})).await.ok();
    let moved = json!({"owner_id": ann.id, "reason": "Canary moved", "note": "Canary bites"});
    let _ = sue.transition("transfer", &sue.get(path(&zoe)).await.ok(), moved).await.ok();
    // Somebody entered them twice, with a reason, and tried to sign in with their address.
    let again =
        json!({"kind": "organization", "name": "Zoe Canary", "allow_duplicate": {"reason": "The canary's shop"}});
    let double = sue.post("/v1/clients", again).await.created();
    app.anonymous().post("/v1/auth/forgot-password", json!({"email": "zoe@canary.example"})).await.json();
    let form = [("grant_type", "password"), ("username", "zoe@canary.example"), ("password", "guess")];
    let guess = app.anonymous().request(Method::POST, "/v1/auth/token").set_form(form);
    app.anonymous().send(guess).await.problem(400, "invalid_grant");
    assert!(canaries_in(&app).await.len() > 20);

    let double = sue.get(path(&double)).await.ok();
    sue.transition("erase", &double, json!({"reason": REASON})).await.created();
    let deed = erase(&sue, &zoe).await;
    assert_eq!(canaries_in(&app).await, Vec::<String>::new());

    let (intact, erased) = verified(&app).await;
    assert!(intact && erased > 10, "{erased}");
    assert!(deed["audit_entries"].as_i64().unwrap() > 10, "{deed}");
    assert_eq!(
        (&deed["resource"], &deed["subject_id"], &deed["reason"]),
        (&json!("clients"), &zoe["id"], &json!(REASON))
    );
    assert_eq!((&deed["erased_by"], &deed["created_at"]), (&json!(sue.id), &json!("2026-11-24T10:00:00Z")));
    assert_eq!(erased_of(&deed, "interactions").unwrap()["rows"], 2);
    assert_eq!(erased_of(&deed, "interactions").unwrap()["fields"], json!(["subject", "summary", "custom_fields"]));
    assert_eq!(erased_of(&deed, "contacts").unwrap()["rows"], 1);

    // The books are kept.
    let kept = sue.get(path(&contract)).await.ok();
    assert_eq!((&kept["title"], &kept["signatories"]), (&json!("[erased]"), &json!([])));
    for member in ["number", "amount", "currency", "starts_on", "status", "client_id"] {
        assert_eq!(kept[member], contract[member], "{member}");
    }
    let kept = sue.get(path(&order)).await.ok();
    assert_eq!(
        (&kept["comment"], &kept["total"], &kept["lines"][0]["name"]),
        (&Value::Null, &order["total"], &json!("Cage"))
    );
    assert_eq!(sue.get(&format!("{}?include=client", path(&order))).await.ok()["client"]["name"], "[erased]");
    let kept = sue.get(path(&done)).await.ok();
    assert_eq!(
        (&kept["subject"], &kept["summary"], &kept["outcome"]),
        (&json!("[erased]"), &Value::Null, &json!("positive"))
    );
    assert_eq!(sue.get(path(&planned)).await.ok()["status"], "cancelled");
}

#[actix_web::test]
async fn nothing_is_left_of_a_contact_and_the_client_stays() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let zoo = sue
        .post("/v1/clients", json!({"kind": "organization", "name": "Zoo", "phone": "+74951234567"}))
        .await
        .created();
    let mia = contact(&sue, &zoo).await;
    let other = sue.post("/v1/contacts", json!({"client_id": zoo["id"], "name": "Other"})).await.created();
    let with_mia = interaction(&sue, &zoo, json!({"contact_id": mia["id"]})).await;
    let moved = interaction(&sue, &zoo, json!({"contact_id": mia["id"]})).await;
    let _ = sue.patch(path(&moved), &moved, json!({"contact_id": other["id"]})).await.ok();
    let next = json!({"contact_id": mia["id"], "scheduled_at": "2026-12-01T10:00:00Z"});
    let planned = interaction(&sue, &zoo, next).await;
    let mine = json!({"contact_id": other["id"], "subject": "Prices", "summary": "All well"});
    let of_other = interaction(&sue, &zoo, mine).await;
    let body = json!({"client_id": zoo["id"], "title": "Supply", "amount": "70000.00", "currency": "RUB",
        "starts_on": "2026-12-01", "signatories": [{"name": "mia CANARY", "position": "Head of canaries", "side": "client"},
            {"name": "Ivan Sidorov", "position": "Director", "side": "ours"}]});
    let contract = sue.post("/v1/contracts", body).await.created();
    let _ = sue.transition("retire", &sue.get(path(&mia)).await.ok(), json!({"reason": "Canary flew"})).await.ok();
    assert!(canaries_in(&app).await.len() > 5);

    let deed = erase(&sue, &mia).await;
    assert_eq!(canaries_in(&app).await, Vec::<String>::new());
    assert!(verified(&app).await.0);
    assert_eq!((&deed["resource"], &deed["client_id"]), (&json!("contacts"), &zoo["id"]));
    assert_eq!(erased_of(&deed, "interactions").unwrap()["rows"], 3);

    // What tells of others stays.
    let kept = sue.get(path(&zoo)).await.ok();
    assert_eq!(
        (&kept["name"], &kept["phone"], &kept["next_interaction_at"]),
        (&json!("Zoo"), &zoo["phone"], &Value::Null)
    );
    assert_eq!(sue.get(path(&of_other)).await.ok()["summary"], "All well");
    assert_eq!(sue.get(path(&other)).await.ok()["name"], "Other");
    let signed = sue.get(path(&contract)).await.ok();
    assert_eq!(signed["signatories"][0], json!({"name": "[erased]", "position": null, "side": "client"}));
    assert_eq!((&signed["signatories"][1]["name"], &signed["title"]), (&json!("Ivan Sidorov"), &json!("Supply")));
    assert_eq!(sue.get(path(&planned)).await.ok()["status"], "cancelled");
    let text = sue.get(&format!("/v1/interactions?client_id={}&q=erased", id(&zoo))).await.ok();
    assert_eq!(text["data"].as_array().unwrap().len(), 3);

    // Each row that changed has a new version and an event, and its entry names the fields without their values.
    let now = sue.get(path(&with_mia)).await.ok();
    assert_eq!(now["version"], 2);
    assert_eq!(app.events(&with_mia["id"]).await, ["interactions.created", "interactions.erased"]);
    let entries = sue.get(&format!("/v1/audit?resource_id={}", id(&with_mia))).await.ok();
    let erased = json!({"from": null, "to": null, "erased": true});
    assert_eq!(entries["data"][0]["changes"], json!({"subject": erased, "summary": erased, "custom_fields": erased}));
    assert_eq!(entries["data"][1]["changes"]["subject"], erased);
    let entries = sue.get(&format!("/v1/audit?resource_id={}&action=erased", id(&mia))).await.ok();
    assert_eq!(entries["data"][0]["changes"]["reason"], json!({"from": null, "to": REASON}));
}

#[actix_web::test]
async fn an_answer_that_was_kept_is_not_given_again() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let zoo = sue.post("/v1/clients", json!({"kind": "organization", "name": "Zoo"})).await.created();
    let send = async |key: &str, name: &str| {
        let request = sue.request(Method::POST, "/v1/contacts").insert_header(("Idempotency-Key", key));
        sue.send(request.set_json(json!({"client_id": zoo["id"], "name": name}))).await
    };
    let mia = send("mia", "Mia").await.created();
    let other = send("other", "Other").await.created();
    let deed = erase(&sue, &mia).await;
    assert_eq!(deed["kept_answers"], 1);
    let withheld = send("mia", "Mia").await.problem(409, "answer_withheld");
    assert_eq!(withheld["location"], format!("/v1/contacts/{}", id(&mia)));
    assert_eq!(send("other", "Other").await.created()["id"], other["id"]);
    assert_eq!(app.count("contacts").await, 2);
}

#[actix_web::test]
async fn what_is_under_way_keeps_a_client_from_being_erased() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let zoe = person(&sue).await;
    let contract = contract(&sue, &zoe, "Zoe").await;
    app.sql("UPDATE contracts SET status = 'active'").await;
    let now = sue.get(path(&zoe)).await.ok();
    assert!(!now["actions"].as_array().unwrap().contains(&json!("erase")), "{now}");
    let refused = sue.transition("erase", &now, json!({"reason": REASON})).await.problem(409, "conflict");
    assert_eq!(refused["contracts"][0]["id"], contract["id"]);
    assert!(canaries_in(&app).await.len() > 3);
    app.sql("UPDATE contracts SET status = 'completed'").await;
    let _ = erase(&sue, &zoe).await;
}

#[actix_web::test]
async fn who_may_erase_must_have_proved_who_they_are() {
    let app = TestApp::start().await;
    let (sue, ann, kim) = (app.supervisor().await, app.manager("ann").await, app.key_account_manager("kim").await);
    let zoo = ann.post("/v1/clients", json!({"kind": "organization", "name": "Zoo"})).await.created();
    let mia = ann.post("/v1/contacts", json!({"client_id": zoo["id"], "name": "Mia"})).await.created();
    let reason = || json!({"reason": REASON});
    for (resource, right) in [(&zoo, "clients:erase"), (&mia, "contacts:erase")] {
        let refused = ann.transition("erase", resource, reason()).await.problem(403, "forbidden");
        assert_eq!(refused["permission"], right);
        super::program(&app).await.transition("erase", resource, reason()).await.problem(403, "forbidden");
        kim.transition("erase", resource, reason()).await.problem(403, "forbidden");
        sue.transition("erase", resource, json!({})).await.field_error("/reason", "required");
        sue.transition("erase", resource, json!({"reason": ""})).await.field_error("/reason", "too_short");
        let stale = with_path(json!({"version": 7}), resource);
        sue.transition("erase", &stale, reason()).await.problem(412, "precondition_failed");
    }
    ann.get("/v1/erasures").await.problem(403, "forbidden");
    assert_eq!(app.count("erasures").await, 0);
    app.sql("UPDATE sessions SET authenticated_at = '2026-11-24T09:44:00Z'").await;
    sue.transition("erase", &mia, reason()).await.problem(401, "insufficient_user_authentication");
}
