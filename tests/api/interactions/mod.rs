//! Interactions: logging and planning them, their steps, who reaches them, their lists, and what they change at the
//! client.

mod client;
mod lists;
mod reach;
mod steps;

use actix_web::http::Method;
use serde_json::{Value, json};

use crate::harness::{TestApp, TestUser};

/// `body` with the members of `more`.
fn with(mut body: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("not an object: {more}") };
    body.as_object_mut().unwrap().extend(more);
    body
}

/// The body of a call about prices.
fn call(client: &Value, more: Value) -> Value {
    let call = json!({"client_id": client["id"], "channel": "phone", "purpose": "negotiation", "subject": "Prices"});
    with(call, more)
}

async fn client_of(user: &TestUser) -> Value {
    user.post(
        "/v1/clients",
        json!({"kind": "organization", "name": "Ромашка", "allow_duplicate": {"reason": "Another one"}}),
    )
    .await
    .created()
}

async fn log(user: &TestUser, client: &Value, more: Value) -> Value {
    user.post("/v1/interactions", call(client, more)).await.created()
}

/// An interaction planned for `at`.
async fn plan(user: &TestUser, client: &Value, at: &str) -> Value {
    log(user, client, json!({"scheduled_at": at})).await
}

/// Inserts a row of `client` into `table`, with the columns that it needs besides those that decide its reach.
async fn child(app: &TestApp, table: &str, client: &Value, columns: &str, values: &str) -> Value {
    let sql = format!(
        "INSERT INTO {table} (id, version, created_at, updated_at, client_id, owner_id, team_id, is_key, {columns})
         SELECT gen_random_uuid(), 1, now(), now(), id, owner_id, team_id, is_key, {values}
         FROM clients WHERE id = '{}' RETURNING id::text AS value",
        client["id"].as_str().unwrap()
    );
    json!(app.text(&sql).await[0])
}

async fn contact_at(app: &TestApp, client: &Value) -> Value {
    child(app, "contacts", client, "name, messengers, is_primary, consents", "'Иван', '[]', false, '[]'").await
}

async fn contract_with(app: &TestApp, client: &Value) -> Value {
    let columns = "number, title, status, author_id, amount, currency, starts_on, auto_renew, notice_days, signatories";
    let values = "gen_random_uuid()::text, 'Поставка', 'draft', owner_id, 1, 'RUB', '2026-01-01', false, 30, '[]'";
    child(app, "contracts", client, columns, values).await
}

async fn order_of(app: &TestApp, client: &Value) -> Value {
    let columns = "number, author_id, status, priority, currency, ordered_on, net_total, tax_total, total";
    let values = "gen_random_uuid()::text, owner_id, 'draft', 'normal', 'RUB', '2026-01-01', 0, 0, 0";
    child(app, "orders", client, columns, values).await
}

#[actix_web::test]
async fn what_took_place_is_logged() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client_of(&ann).await;
    let logged = log(&ann, &client, json!({})).await;
    assert_eq!(logged["status"], "done");
    assert_eq!(logged["occurred_at"], "2026-11-24T10:00:00Z");
    assert_eq!(logged["at"], logged["occurred_at"]);
    assert_eq!(logged["scheduled_at"], Value::Null);
    assert_eq!(logged["direction"], "outbound");
    assert_eq!(logged["user_id"], json!(ann.id));
    assert_eq!(logged["owner_id"], json!(ann.id));
    assert_eq!(logged["actions"], json!(["update"]));
    assert_eq!(ann.get(logged["path"].as_str().unwrap()).await.ok(), logged);

    let more = json!({"occurred_at": "2020-02-29T08:00:00+03:00", "duration_seconds": 604_800, "direction": "inbound",
        "outcome": "negative", "summary": "Дорого"});
    let logged = log(&ann, &client, more).await;
    assert_eq!(logged["occurred_at"], "2020-02-29T05:00:00Z");
    assert_eq!(logged["duration_seconds"], 604_800);
    assert_eq!(logged["direction"], "inbound");
    assert_eq!(logged["outcome"], "negative");
    assert_eq!(logged["summary"], "Дорого");
    assert_eq!(app.events(&logged["id"]).await, ["interactions.created"]);
    let recorded = app.audit(&logged["id"]).await;
    assert_eq!(recorded.len(), 1);
    assert_eq!(recorded[0].0, "created");
    assert_eq!(recorded[0].1["outcome"], json!({"from": null, "to": "negative"}));
}

#[actix_web::test]
async fn what_is_to_take_place_is_planned() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client_of(&ann).await;
    let planned = plan(&ann, &client, "2026-12-01T10:00:00Z").await;
    assert_eq!(planned["status"], "planned");
    assert_eq!(planned["at"], "2026-12-01T10:00:00Z");
    assert_eq!(planned["occurred_at"], Value::Null);
    assert_eq!(planned["actions"], json!(["update", "complete", "reschedule", "cancel"]));
    let overdue = plan(&ann, &client, "2026-11-24T09:59:59Z").await;
    assert_eq!(overdue["actions"], json!(["update", "complete", "reschedule", "cancel", "miss"]));
}

#[actix_web::test]
async fn the_next_step_is_planned_along_with_what_took_place() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client_of(&ann).await;
    let ivan = contact_at(&app, &client).await;
    let next = json!({"scheduled_at": "2026-12-01T10:00:00Z"});
    let logged = log(&ann, &client, json!({"contact_id": ivan, "next": next})).await;
    let next = &logged["next"];
    assert_eq!(next["follows_id"], logged["id"]);
    assert_eq!(next["status"], "planned");
    assert_eq!(next["scheduled_at"], "2026-12-01T10:00:00Z");
    assert_eq!((&next["channel"], &next["purpose"]), (&json!("phone"), &json!("follow_up")));
    assert_eq!((&next["subject"], &next["contact_id"]), (&json!("Prices"), &ivan));
    assert_eq!(next["user_id"], json!(ann.id));
    assert_eq!(app.events(&next["id"]).await, ["interactions.created"]);
    let found = ann.get(&format!("/v1/interactions/{}", next["id"].as_str().unwrap())).await.ok();
    assert_eq!(found["actions"], next["actions"]);

    let maria = contact_at(&app, &client).await;
    let next = json!({"scheduled_at": "2026-12-02T10:00:00Z", "channel": "meeting", "purpose": "presentation",
        "subject": "Новинки", "contact_id": maria, "user_id": ann.id});
    let next = log(&ann, &client, json!({"contact_id": ivan, "next": next})).await["next"].clone();
    assert_eq!((&next["channel"], &next["purpose"]), (&json!("meeting"), &json!("presentation")));
    assert_eq!((&next["subject"], &next["contact_id"]), (&json!("Новинки"), &maria));
}

#[actix_web::test]
async fn wrong_values_are_refused_and_nothing_is_written() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client_of(&ann).await;
    for (more, pointer, code) in [
        (
            json!({"scheduled_at": "2026-12-01T10:00:00Z", "occurred_at": "2026-11-24T09:00:00Z"}),
            "/scheduled_at",
            "planned_and_done",
        ),
        (json!({"occurred_at": "2026-11-24T10:05:01Z"}), "/occurred_at", "in_the_future"),
        (json!({"occurred_at": "1899-12-31T00:00:00Z"}), "/occurred_at", "invalid_instant"),
        (json!({"duration_seconds": -1}), "/duration_seconds", "too_small"),
        (json!({"duration_seconds": 604_801}), "/duration_seconds", "too_large"),
        (json!({"duration_seconds": 1.5}), "/duration_seconds", "invalid_type"),
        (json!({"scheduled_at": "2026-12-01T10:00:00Z", "outcome": "neutral"}), "/outcome", "wrong_state"),
        (
            json!({"scheduled_at": "2026-12-01T10:00:00Z", "next": {"scheduled_at": "2026-12-02T10:00:00Z"}}),
            "/next",
            "wrong_state",
        ),
        (json!({"next": {}}), "/next/scheduled_at", "required"),
        (json!({"channel": "pigeon"}), "/channel", "invalid_choice"),
        (json!({"subject": "  "}), "/subject", "too_short"),
        (json!({"subject": "x".repeat(201)}), "/subject", "too_long"),
        (json!({"summary": "a\u{0}b"}), "/summary", "control_character"),
        (json!({"status": "done"}), "/status", "unknown_field"),
        (json!({"owner_id": ann.id}), "/owner_id", "unknown_field"),
    ] {
        ann.post("/v1/interactions", call(&client, more)).await.field_error(pointer, code);
    }
    let both = json!({"occurred_at": "2027-01-01T00:00:00Z", "duration_seconds": -1});
    let errors = ann.post("/v1/interactions", call(&client, both)).await.field_errors();
    assert_eq!(
        errors.iter().map(|(pointer, _)| pointer.as_str()).collect::<Vec<_>>(),
        ["/duration_seconds", "/occurred_at"]
    );
    assert_eq!(app.count("interactions").await, 0);
    log(&ann, &client, json!({"occurred_at": "2026-11-24T10:05:00Z"})).await;
}

#[actix_web::test]
async fn what_it_refers_to_is_of_the_same_client() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let (client, other) = (client_of(&ann).await, client_of(&ann).await);
    let of = async |client: &Value| {
        let contact = contact_at(&app, client).await;
        (contact, contract_with(&app, client).await, order_of(&app, client).await)
    };
    let (contact, contract, order) = of(&client).await;
    let logged = log(&ann, &client, json!({"contact_id": contact, "contract_id": contract, "order_id": order})).await;
    assert_eq!((&logged["contact_id"], &logged["contract_id"], &logged["order_id"]), (&contact, &contract, &order));

    let (contact, contract, order) = of(&other).await;
    let absent = json!(uuid::Uuid::now_v7());
    let path = logged["path"].as_str().unwrap();
    for (field, foreign) in [("contact_id", contact), ("contract_id", contract), ("order_id", order)] {
        let pointer = format!("/{field}");
        for wrong in [&foreign, &absent] {
            ann.post("/v1/interactions", call(&client, json!({field: wrong})))
                .await
                .field_error(&pointer, "unknown_reference");
            ann.patch(path, &logged, json!({field: wrong})).await.field_error(&pointer, "unknown_reference");
        }
    }
    let bare = json!({"contact_id": null, "contract_id": null, "order_id": null});
    assert_eq!(ann.patch(path, &logged, bare).await.ok()["contract_id"], Value::Null);
    let next = json!({"scheduled_at": "2026-12-01T10:00:00Z", "contact_id": absent});
    ann.post("/v1/interactions", call(&client, json!({"next": next})))
        .await
        .field_error("/next/contact_id", "unknown_reference");
    assert_eq!(app.count("interactions").await, 1);
    ann.post("/v1/interactions", call(&json!({"id": absent}), json!({})))
        .await
        .field_error("/client_id", "unknown_reference");
}

#[actix_web::test]
async fn a_repeated_request_plans_the_next_step_once() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client_of(&ann).await;
    let body = call(&client, json!({"next": {"scheduled_at": "2026-12-01T10:00:00Z"}}));
    let send = async |body: &Value| {
        let request = ann.request(Method::POST, "/v1/interactions").insert_header(("Idempotency-Key", "call-1"));
        ann.send(request.set_json(body)).await
    };
    let first = send(&body).await.created();
    let again = send(&body).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.created(), first);
    assert_eq!(app.count("interactions").await, 2);
    send(&call(&client, json!({}))).await.problem(422, "idempotency_mismatch");
}
