//! The organisation: its requisites, and what its time zone and language, and those of its users, decide.

use actix_web::http::Method;
use chrono::Duration;
use serde_json::{Value, json};

use crate::harness::{Answer, TestApp, TestUser};

const PATH: &str = "/v1/organization";

async fn change(sue: &TestUser, body: Value) -> Answer {
    let organization = sue.get(PATH).await.ok();
    sue.patch(PATH, &organization, body).await
}

/// Changes settings of the user's own.
async fn choose(user: &TestUser, body: Value) -> Value {
    let me = user.get("/v1/me").await.ok();
    user.patch("/v1/me", &me, body).await.ok()
}

/// An order that `user` drafts now.
async fn order(user: &TestUser) -> Value {
    let sue = user.app().supervisor().await;
    let sku = uuid::Uuid::now_v7();
    let product = json!({"sku": sku, "name": "Paper", "kind": "good", "unit": "box", "base_price": "10", "currency": "RUB",
        "tax_rate": "20"});
    let product = sue.post("/v1/products", product).await.created();
    let client = user
        .post(
            "/v1/clients",
            json!({"kind": "organization", "name": "Romashka", "allow_duplicate": {"reason": "Another one"}}),
        )
        .await
        .created();
    let lines = json!([{"product_id": product["id"], "quantity": "1"}]);
    user.post("/v1/orders", json!({"client_id": client["id"], "lines": lines})).await.created()
}

#[actix_web::test]
async fn a_supervisor_sets_the_organisation_up_and_everyone_reads_it() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let requisites = json!({"name": "Ромашка", "legal_name": "ООО «Ромашка»", "tax_id": " 7707 083893", "kpp": "7736 01001",
        "registration_number": "1 027 700 132 195", "bank_account": {"bank": "Сбербанк", "bic": "044525225",
        "account": "4070 2810 6380 5001 3199", "correspondent_account": "30101810400000000225"},
        "signatory": {"name": "Анна Петрова", "position": "Генеральный директор", "basis": "Устав"},
        "timezone": "Europe/Moscow", "language": "ru", "fiscal_year_begins": 4});
    let changed = change(&sue, requisites).await.ok();
    let read = ann.get(PATH).await.ok();
    assert_eq!((&read["tax_id"], &read["kpp"]), (&json!("7707083893"), &json!("773601001")), "written without spaces");
    assert_eq!(read["registration_number"], "1027700132195");
    assert_eq!(read["bank_account"]["account"], "40702810638050013199");
    assert_eq!((&changed["actions"], &read["actions"]), (&json!(["update"]), &json!([])));
    ann.patch(PATH, &read, json!({"name": "Ann's"})).await.problem(403, "forbidden");
    let stale = json!({"path": PATH, "version": 1});
    sue.patch(PATH, &stale, json!({"name": "Late"})).await.problem(412, "precondition_failed");
    assert_eq!(app.count("audit_events WHERE resource = 'organization' AND action = 'updated'").await, 1);
}

#[actix_web::test]
async fn requisites_that_cannot_be_are_refused_all_at_once() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let wrong = json!({"tax_id": "7707083894", "kpp": "77", "registration_number": "1027700132196", "currency": "RUX",
        "timezone": "Mars/Olympus", "phone_region": "ru", "language": "de", "fiscal_year_begins": 13, "name": null,
        "bank_account": {"bic": "1", "account": "DE89370400440532013001"}});
    let errors: Vec<(String, String)> = change(&sue, wrong).await.field_errors();
    let expected = [
        ("/bank_account/account", "invalid_account_number"),
        ("/bank_account/bic", "invalid_bic"),
        ("/currency", "invalid_currency"),
        ("/fiscal_year_begins", "too_large"),
        ("/kpp", "invalid_kpp"),
        ("/language", "invalid_choice"),
        ("/name", "not_nullable"),
        ("/phone_region", "invalid_country"),
        ("/registration_number", "invalid_registration_number"),
        ("/tax_id", "invalid_tax_id"),
        ("/timezone", "invalid_timezone"),
    ];
    let mut errors = errors;
    errors.sort();
    assert_eq!(errors, expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
    let of_another_bank = json!({"bank_account": {"bic": "044525225", "account": "40702810738050013199"}});
    change(&sue, of_another_bank).await.field_error("/bank_account/account", "not_of_bank");
    assert_eq!(sue.get(PATH).await.ok()["version"], 1, "nothing was changed");
}

/// At ten o'clock in Greenwich it is the next day in Kiritimati, and still the same one in Honolulu.
#[actix_web::test]
async fn a_day_is_that_of_the_user_or_else_of_the_organisation() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    assert_eq!(order(&ann).await["ordered_on"], "2026-11-24");
    change(&sue, json!({"timezone": "Pacific/Kiritimati"})).await.ok();
    assert_eq!(order(&ann).await["ordered_on"], "2026-11-25");
    let me = choose(&ann, json!({"timezone": "Pacific/Honolulu"})).await;
    assert_eq!(me["timezone"], "Pacific/Honolulu");
    assert_eq!(order(&ann).await["ordered_on"], "2026-11-24");
    choose(&ann, json!({"timezone": null})).await;
    assert_eq!(order(&ann).await["ordered_on"], "2026-11-25");
}

#[actix_web::test]
async fn what_is_due_today_is_so_in_the_users_zone() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = ann.post("/v1/clients", json!({"kind": "organization", "name": "Romashka"})).await.created();
    let call = json!({"client_id": client["id"], "channel": "phone", "direction": "outbound", "purpose": "follow_up",
        "subject": "Call", "scheduled_at": "2026-11-25T05:00:00Z"});
    ann.post("/v1/interactions", call).await.created();
    let due = async |zone: &str| {
        let page = ann.get(&format!("/v1/interactions?due=today{zone}")).await.ok();
        page["data"].as_array().unwrap().len()
    };
    assert_eq!(due("").await, 0);
    choose(&ann, json!({"timezone": "Pacific/Honolulu"})).await;
    assert_eq!(due("").await, 1, "it is still the 24th there");
    assert_eq!(due("&timezone=UTC").await, 0, "the parameter decides where it is given");
}

#[actix_web::test]
async fn the_days_of_contracts_are_those_of_the_organisation() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    choose(&sue, json!({"timezone": "Pacific/Honolulu"})).await;
    let client = sue.post("/v1/clients", json!({"kind": "organization", "name": "Romashka"})).await.created();
    let terms = json!({"client_id": client["id"], "title": "Paper", "amount": "100.00", "currency": "RUB",
        "starts_on": "2026-11-25", "ends_on": "2027-11-24", "signatories": [{"name": "Anna Petrova", "side": "ours"},
        {"name": "Ivan Sidorov", "side": "client"}]});
    let contract = sue.post("/v1/contracts", terms).await.created();
    let approved = sue.transition("submit", &contract, json!({})).await.ok();
    let on_the_next_day = json!({"signed_on": "2026-11-25"});
    sue.transition("sign", &approved, on_the_next_day.clone()).await.field_error("/signed_on", "in_future");
    change(&sue, json!({"timezone": "Pacific/Kiritimati"})).await.ok();
    let signed = sue.transition("sign", &approved, on_the_next_day).await.ok();
    assert_eq!(signed["status"], "active", "its first day has begun there");
}

#[actix_web::test]
async fn failures_are_told_in_the_language_of_the_request_of_the_user_or_of_the_organisation() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let language = async |accepted: Option<&str>| {
        let mut request = ann.request(Method::GET, "/v1/clients/x");
        if let Some(accepted) = accepted {
            request = request.insert_header(("Accept-Language", accepted));
        }
        ann.send(request).await.header("content-language").unwrap().to_owned()
    };
    assert_eq!(language(None).await, "en");
    change(&sue, json!({"language": "ru"})).await.ok();
    assert_eq!(language(None).await, "ru");
    choose(&ann, json!({"language": "en"})).await;
    assert_eq!(language(None).await, "en");
    assert_eq!(language(Some("ru")).await, "ru");
}

#[actix_web::test]
async fn users_change_nothing_but_their_settings() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let me = ann.get("/v1/me").await.ok();
    for field in ["role", "email", "team_id", "name"] {
        ann.patch("/v1/me", &me, json!({field: "supervisor"})).await.field_error(&format!("/{field}"), "unknown_field");
    }
    ann.patch("/v1/me", &me, json!({"timezone": "Nowhere"})).await.field_error("/timezone", "invalid_timezone");
    choose(&ann, json!({"timezone": "Asia/Omsk"})).await;
    ann.patch("/v1/me", &me, json!({"timezone": null})).await.problem(412, "precondition_failed");
    app.advance(Duration::seconds(1));
}
