//! Drafts: the values they accept, their numbers, their changes.

use std::collections::BTreeSet;

use actix_web::http::Method;
use chrono::Duration;
use diesel_async::SimpleAsyncConnection;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{client_of, draft, draft_with, get, history, later, terms, terms_with};
use crate::harness::{TestApp, TestUser};

#[actix_web::test]
async fn a_draft_has_its_author_and_its_number() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client_of(&ann).await;
    let signatories = json!([{"name": "Anna Petrova", "position": null, "side": "ours"}]);
    let more = json!({"payment_terms": "30 days", "auto_renew": true, "notice_days": 60, "signatories": signatories});
    let answer = ann.post("/v1/contracts", terms_with(&client, &more)).await;
    let location = answer.header("location").unwrap().to_owned();
    let contract = answer.created();
    assert_eq!(contract["path"], json!(location));
    assert_eq!(contract["number"], Value::Null, "only what counts has a number");
    assert_eq!(contract["status"], "draft");
    assert_eq!(contract["author_id"], json!(ann.id));
    assert_eq!(contract["owner_id"], json!(ann.id));
    assert_eq!(contract["amount"], "500000.00");
    assert_eq!(contract["initial_ends_on"], "2027-11-23");
    assert_eq!(contract["signatories"], signatories);
    assert_eq!(contract["actions"], json!(["update", "delete", "submit"]));

    let mut read = get(&ann, &contract).await;
    assert_eq!(read.as_object_mut().unwrap().remove("ordered_total"), Some(json!("0.00")));
    assert_eq!(read, contract);

    let recorded = app.audit(&contract["id"]).await;
    assert_eq!(recorded[0].0, "created");
    assert_eq!(recorded[0].1["amount"], json!({"from": null, "to": "500000.00"}));
    assert_eq!(app.events(&contract["id"]).await, ["contracts.created"]);
    assert_eq!(history(&ann, &contract).await, [[json!("created"), Value::Null, json!("draft"), Value::Null]]);
}

#[actix_web::test]
async fn what_a_draft_needs_and_what_it_refuses() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client_of(&ann).await;
    let signatory = json!({"name": "A", "side": "ours"});
    let refused = [
        (json!({"currency": null}), "/currency", "invalid_type"),
        (json!({"currency": "XXQ"}), "/currency", "invalid_currency"),
        (json!({"amount": "-1"}), "/amount", "too_small"),
        (json!({"amount": "10000000000000"}), "/amount", "too_large"),
        (json!({"amount": "1.001"}), "/amount", "too_many_decimals"),
        (json!({"amount": 5}), "/amount", "invalid_type"),
        (json!({"title": " "}), "/title", "too_short"),
        (json!({"title": "x".repeat(10_000)}), "/title", "too_long"),
        (json!({"title": "a\u{0}b"}), "/title", "control_character"),
        (json!({"starts_on": "2026-02-30"}), "/starts_on", "invalid_date"),
        (json!({"ends_on": "2026-11-23"}), "/ends_on", "ends_before_start"),
        (json!({"ends_on": null, "auto_renew": true}), "/ends_on", "required"),
        (json!({"notice_days": -1}), "/notice_days", "too_small"),
        (json!({"notice_days": 3651}), "/notice_days", "too_large"),
        (json!({"notice_days": 366}), "/notice_days", "notice_too_long"),
        (json!({"amount": "0"}), "/amount", "zero_amount"),
        (json!({"notice_days": 3_000_000_000_u32}), "/notice_days", "invalid_value"),
        (json!({"signatories": vec![&signatory; 21]}), "/signatories", "too_long"),
        (json!({"signatories": [{"name": "A", "side": "both"}]}), "/signatories/0/side", "invalid_choice"),
        (json!({"signatories": [{"name": "A"}]}), "/signatories/0/side", "required"),
        (json!({"client_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f"}), "/client_id", "unknown_reference"),
        (json!({"client_id": "7"}), "/client_id", "invalid_id"),
        (json!({"number": "C-2026-000009"}), "/number", "unknown_field"),
        (json!({"status": "active"}), "/status", "unknown_field"),
        (json!({"author_id": ann.id}), "/author_id", "unknown_field"),
    ];
    for (other, pointer, code) in refused {
        let answer = ann.post("/v1/contracts", terms_with(&client, &other)).await;
        assert_eq!(answer.field_errors(), [(pointer.to_owned(), code.to_owned())], "{other}");
    }
    let mut without = terms(&client);
    without.as_object_mut().unwrap().remove("currency");
    ann.post("/v1/contracts", without).await.field_error("/currency", "required");
    let errors =
        ann.post("/v1/contracts", terms_with(&client, &json!({"ends_on": "2026-01-01", "notice_days": -1}))).await;
    assert_eq!(errors.field_errors().len(), 2, "all at once");
    assert_eq!(app.count("contracts").await, 0);
    assert_eq!(app.count("contract_numbers").await, 0);

    let most = json!({"ends_on": "2026-11-24", "auto_renew": true, "notice_days": 1, "amount": "9999999999999",
        "signatories": vec![&signatory; 20]});
    draft_with(&ann, &client, most).await;
    draft_with(&ann, &client, json!({"ends_on": null, "notice_days": 3650, "amount": null})).await;
}

#[actix_web::test]
async fn an_archived_client_takes_no_contract() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client_of(&ann).await;
    ann.transition("archive", &client, json!({})).await.ok();
    ann.post("/v1/contracts", terms(&client)).await.problem(409, "invalid_state");
}

#[actix_web::test]
async fn a_repeated_creation_is_answered_again() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client_of(&ann).await;
    let request = |body: Value| {
        ann.request(Method::POST, "/v1/contracts").insert_header(("Idempotency-Key", "draft-1")).set_json(body)
    };
    let first = ann.send(request(terms(&client))).await;
    let again = ann.send(request(terms(&client))).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.created(), again.created());
    ann.send(request(terms_with(&client, &json!({"title": "Another"})))).await.problem(422, "idempotency_mismatch");
    assert_eq!(app.count("contracts").await, 1);
}

/// C11
#[actix_web::test]
async fn a_draft_that_was_never_approved_is_discarded_and_no_number_is_lost() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let client = client_of(&ann).await;
    let contract = draft(&ann, &client).await;
    let path = contract["path"].as_str().unwrap();
    let delete = async |user: &TestUser, seen: &str| {
        user.send(user.request(Method::DELETE, path).insert_header(("If-Match", seen))).await
    };
    delete(&app.manager("mia").await, "*").await.problem(404, "not_found");
    delete(&ann, "\"7\"").await.problem(412, "precondition_failed");
    assert_eq!(delete(&ann, "\"1\"").await.status, 204);
    ann.get(path).await.problem(404, "not_found");
    assert_eq!((app.count("contracts").await, app.count("contract_events").await), (0, 0));
    assert_eq!(app.audit(&contract["id"]).await.last().unwrap().0, "deleted");

    let contract = approved(&ann, &sue, &client).await;
    assert_eq!(contract["number"], "C-2026-000001");
    let withdrawn = ann.transition("withdraw", &contract, json!({})).await.ok();
    assert_eq!((&withdrawn["number"], &withdrawn["actions"]), (&json!("C-2026-000001"), &json!(["update", "submit"])));
    let path = withdrawn["path"].as_str().unwrap();
    let kept = ann.send(ann.request(Method::DELETE, path).insert_header(("If-Match", "*"))).await;
    kept.problem(409, "invalid_state");
    let again = ann.transition("submit", &withdrawn, json!({})).await.ok();
    assert_eq!(sue.transition("approve", &again, json!({})).await.ok()["number"], "C-2026-000001");
}

/// A contract of `author` that `approver` has approved.
async fn approved(author: &TestUser, approver: &TestUser, client: &Value) -> Value {
    let contract = author.transition("submit", &draft(author, client).await, json!({})).await.ok();
    approver.transition("approve", &contract, json!({})).await.ok()
}

#[actix_web::test]
async fn numbers_have_no_gaps_though_many_are_approved_at_once_and_some_fail() {
    let app = TestApp::start().await;
    let second = app.second_server().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let client = client_of(&ann).await;
    // The step fails after the number was assigned, as it would when a connection is lost.
    let failing = "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no luck'; END $$;
        CREATE TRIGGER fail AFTER UPDATE ON contracts FOR EACH ROW WHEN (NEW.title = 'bad luck' AND NEW.number IS NOT NULL)
            EXECUTE FUNCTION fail()";
    app.db().await.batch_execute(failing).await.unwrap();
    let mut waiting = Vec::new();
    for index in 0..60 {
        let title = if index % 3 == 0 { "bad luck" } else { "luck" };
        let contract = draft_with(&ann, &client, json!({"title": title})).await;
        waiting.push(ann.transition("submit", &contract, json!({})).await.ok());
    }
    let elsewhere = sue.at(&second);
    let approvals = waiting.iter().enumerate().map(|(index, contract)| {
        let user = if index % 2 == 0 { &sue } else { &elsewhere };
        async move { user.transition("approve", contract, json!({})).await }
    });
    let (good, bad): (Vec<_>, Vec<_>) = join_all(approvals).await.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((good.len(), bad.len()), (40, 20));
    for answer in bad {
        answer.problem(500, "internal");
    }
    let numbers: BTreeSet<String> =
        good.into_iter().map(|answer| answer.ok()["number"].as_str().unwrap().to_owned()).collect();
    assert_eq!(numbers, (1..=40).map(|number| format!("C-2026-{number:06}")).collect());
    assert_eq!(approved(&ann, &sue, &client).await["number"], "C-2026-000041");
}

#[actix_web::test]
async fn each_year_has_its_own_numbers() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let client = client_of(&sue).await;
    let number = async |sue: &TestUser| {
        let contract = draft(sue, &client).await;
        sue.transition("submit", &contract, json!({})).await.ok()["number"].clone()
    };
    assert_eq!(number(&sue).await, "C-2026-000001");
    // 2026-12-31T23:59:59Z, and a second later.
    let sue = later(&app, Duration::seconds(37 * 86400 + 13 * 3600 + 59 * 60 + 59), &sue).await;
    assert_eq!(number(&sue).await, "C-2026-000002");
    app.advance(Duration::seconds(1));
    assert_eq!(number(&sue).await, "C-2027-000001");
}

#[actix_web::test]
async fn a_past_contract_is_recorded_with_its_own_number() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let client = client_of(&ann).await;
    let past = |other: Value| terms_with(&client, &other);
    let signed = json!({"signed_on": "2024-12-20", "number": "17/2024", "status": "completed", "starts_on": "2025-01-01",
        "ends_on": "2025-12-31"});
    ann.post("/v1/contracts/record", past(signed.clone())).await.problem(403, "forbidden");
    let contract = sue.post("/v1/contracts/record", past(signed.clone())).await.created();
    assert_eq!((&contract["number"], &contract["status"]), (&json!("17/2024"), &json!("completed")));
    assert_eq!((&contract["signed_on"], &contract["approved_at"]), (&json!("2024-12-20"), &Value::Null));
    assert_eq!(history(&sue, &contract).await, [[json!("recorded"), Value::Null, json!("completed"), Value::Null]]);
    sue.post("/v1/contracts/record", past(signed)).await.problem(409, "already_exists");
    let other = sue.post("/v1/contracts/record", past(json!({"signed_on": "2025-03-01"}))).await.created();
    assert_eq!((&other["number"], &other["status"]), (&json!("C-2025-000001"), &json!("active")));
    for (wrong, pointer, code) in [
        (json!({"signed_on": "2026-11-25"}), "/signed_on", "too_large"),
        (json!({"signed_on": "2025-03-01", "number": "C-2025-000001"}), "/number", "reserved"),
        (
            json!({"signed_on": "2025-03-01", "author_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f"}),
            "/author_id",
            "unknown_reference",
        ),
    ] {
        sue.post("/v1/contracts/record", past(wrong)).await.field_error(pointer, code);
    }
}

#[actix_web::test]
async fn only_a_draft_is_changed_and_its_author_stays() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let client = client_of(&ann).await;
    let contract = draft(&ann, &client).await;
    let path = contract["path"].as_str().unwrap();

    let changed =
        sue.patch(path, &contract, json!({"title": "Tea", "ends_on": "2028-01-31", "auto_renew": true})).await.ok();
    assert_eq!(changed["version"], 2);
    assert_eq!(changed["author_id"], json!(ann.id));
    assert_eq!(changed["initial_ends_on"], "2028-01-31");
    let recorded = app.audit(&contract["id"]).await;
    assert_eq!(recorded[1].0, "updated");
    assert_eq!(recorded[1].1["title"], json!({"from": "Supply of coffee", "to": "Tea"}));
    assert_eq!(app.events(&contract["id"]).await, ["contracts.created", "contracts.updated"]);

    ann.patch(path, &changed, json!({"ends_on": null})).await.field_error("/ends_on", "required");
    ann.patch(path, &changed, json!({"starts_on": "2028-02-01"})).await.field_error("/ends_on", "ends_before_start");
    ann.patch(path, &changed, json!({"title": null})).await.field_error("/title", "not_nullable");
    ann.patch(path, &changed, json!({"client_id": client["id"]})).await.field_error("/client_id", "unknown_field");
    ann.patch(path, &contract, json!({"title": "Tee"})).await.problem(412, "precondition_failed");
    let nothing = ann.patch(path, &changed, json!({"title": "Tea"})).await.ok();
    assert_eq!(nothing["version"], 2, "nothing changed");
    let cleared = ann.patch(path, &changed, json!({"ends_on": null, "auto_renew": false})).await.ok();
    assert_eq!((&cleared["ends_on"], &cleared["initial_ends_on"]), (&Value::Null, &Value::Null));

    let submitted = ann.transition("submit", &cleared, json!({})).await.ok();
    let problem = ann.patch(path, &submitted, json!({"title": "Coffee"})).await.problem(409, "invalid_state");
    assert_eq!(problem["state"], "in_review");
    assert_eq!(problem["allowed"], json!(["approve", "return", "withdraw"]));
}
