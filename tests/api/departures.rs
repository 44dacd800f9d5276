//! The business rules O8 and O9: nothing is begun with a client that is lost or archived, and no client departs while orders
//! or contracts are under way with it.

use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};

use crate::{
    calls::{Target, World, new_order, step_body},
    harness::{Answer, TestApp, TestUser},
};

async fn world() -> World {
    World::over(TestApp::start().await).await
}

fn path(row: &Value) -> &str {
    row["path"].as_str().unwrap()
}

fn actions(row: &Value) -> Vec<&str> {
    row["actions"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect()
}

async fn order(world: &World, client: &Value) -> Value {
    let body = new_order(world, client).await;
    world.sam.post("/v1/orders", body).await.created()
}

fn contract_of(client: &Value) -> Value {
    json!({"client_id": client["id"], "title": "Supply", "amount": "1000.00", "currency": "RUB", "starts_on": "2026-12-01"})
}

async fn contract(world: &World, client: &Value) -> Value {
    world.sam.post("/v1/contracts", contract_of(client)).await.created()
}

async fn department(world: &World) -> Value {
    let body = json!({"kind": "department", "name": crate::calls::unique("Department")});
    world.sam.post("/v1/departments", body).await.created()
}

/// `row` in another status, as who may read it sees it.
async fn put(world: &World, row: &Value, status: &str) -> Value {
    let table = path(row).split('/').nth(2).unwrap();
    if matches!(status, "handed_over" | "accepted" | "in_progress") {
        let department = department(world).await["id"].clone();
        let sql = format!("UPDATE orders SET department_id = {department}, due_at = now() WHERE id = {}", row["id"]);
        world.app.sql(&sql.replace('"', "'")).await;
    }
    world.put_into(table, row, status).await;
    world.sue.get(path(row)).await.ok()
}

/// `client`, as it departs by this step.
async fn depart(who: &TestUser, client: &Value, step: &str) -> Answer {
    who.transition(step, client, step_body(step)).await
}

/// The client's status, and what can be done with it, in a refusal.
const GONE: [(&str, &str, &[&str]); 2] =
    [("mark-lost", "lost", &["activate", "archive"]), ("archive", "archived", &["restore"])];

#[track_caller]
fn refused_for(answer: Answer, client: &Value, state: &str, allowed: &[&str]) {
    let problem = answer.problem(409, "invalid_state");
    assert_eq!((&problem["state"], &problem["allowed"]), (&json!(state), &json!(allowed)), "{problem}");
    assert_eq!(problem["client_id"], client["id"], "{problem}");
}

/// O8
#[actix_web::test]
async fn nothing_is_begun_with_a_client_that_is_gone() {
    let world = world().await;
    for (step, state, allowed) in GONE {
        let client = world.client(Target::Ordinary).await;
        let gone = depart(&world.ann, &client, step).await.ok();
        let body = new_order(&world, &client).await;
        refused_for(world.ann.post("/v1/orders", body.clone()).await, &client, state, allowed);
        refused_for(world.ann.post("/v1/contracts", contract_of(&client)).await, &client, state, allowed);
        let mut past = body;
        past["ordered_on"] = json!("2026-07-04");
        past["status"] = json!("approved");
        world.sue.post("/v1/orders/record", past.clone()).await.problem(409, "invalid_state");
        // What a lost client bought before can still be recorded. An archived one gets nothing new.
        past["status"] = json!("closed");
        let recorded = world.sue.post("/v1/orders/record", past).await;
        assert_eq!(recorded.status, if state == "lost" { 201 } else { 409 });
        assert_eq!(world.ann.get(path(&client)).await.ok()["status"], gone["status"]);
    }
}

/// O8
#[actix_web::test]
async fn nothing_that_waits_goes_on_with_a_client_that_is_gone() {
    let world = world().await;
    let hand_over = json!({"department_id": department(&world).await["id"], "due_at": "2026-12-01T15:00:00Z"});
    for (step, state, allowed) in GONE {
        let client = world.client(Target::Ordinary).await;
        let (draft, submitted, approved) =
            (order(&world, &client).await, order(&world, &client).await, order(&world, &client).await);
        let plan = contract(&world, &client).await;
        let (in_review, ready) = (contract(&world, &client).await, contract(&world, &client).await);
        depart(&world.ann, &client, step).await.ok();
        // As it may be from the time before this rule.
        let submitted = put(&world, &submitted, "submitted").await;
        let approved = put(&world, &approved, "approved").await;
        let in_review = put(&world, &in_review, "in_review").await;
        let ready = put(&world, &ready, "approved").await;
        let nothing = json!({});
        for (row, step, body, left) in [
            (&draft, "submit", &nothing, vec!["update", "cancel"]),
            (&draft, "hand-over", &hand_over, vec!["update", "cancel"]),
            (&submitted, "approve", &nothing, vec!["withdraw", "reject", "cancel"]),
            (&approved, "hand-over", &hand_over, vec!["update", "cancel"]),
            (&plan, "submit", &nothing, vec!["update", "delete"]),
            (&in_review, "approve", &nothing, vec!["return", "withdraw"]),
            (&ready, "sign", &json!({"signed_on": "2026-11-24"}), vec!["withdraw"]),
        ] {
            refused_for(world.sue.transition(step, row, body.clone()).await, &client, state, allowed);
            let seen = world.sue.get(path(row)).await.ok();
            assert_eq!(actions(&seen), left, "{step} of {seen}");
            let table = path(row).split('/').nth(2).unwrap();
            let id = row["id"].as_str().unwrap();
            let listed = world.sue.get(&format!("/v1/{table}?id={id}")).await.ok();
            assert_eq!(actions(&listed["data"][0]), left, "{step} in a list");
        }
    }
}

/// O8: what is handed over is finished, and a lost client can be won back.
#[actix_web::test]
async fn work_in_hand_is_finished_and_a_lost_client_is_won_back() {
    let world = world().await;
    let client = world.client(Target::Ordinary).await;
    let (queued, unwanted) = (order(&world, &client).await, order(&world, &client).await);
    let draft = order(&world, &client).await;
    let lost = depart(&world.ann, &client, "mark-lost").await.ok();
    let queued = put(&world, &queued, "handed_over").await;
    let unwanted = put(&world, &unwanted, "in_progress").await;
    let accepted = world.sue.transition("accept", &queued, json!({})).await.ok();
    let lines = json!({"lines": [{"line_id": accepted["lines"][0]["id"], "quantity": "12"}]});
    let fulfilled = world.sue.transition("fulfil", &accepted, lines).await.ok();
    assert_eq!(fulfilled["status"], "fulfilled");
    assert_eq!(world.ann.get(path(&client)).await.ok()["status"], "lost", "it bought before it was lost");
    let _ = world.sue.transition("close", &fulfilled, json!({})).await.ok();
    let asked = world.ann.transition("request-cancellation", &unwanted, json!({"reason": "Lost"})).await.ok();
    let _ = world.sue.transition("confirm-cancellation", &asked, json!({})).await.ok();

    let call = json!({"client_id": client["id"], "channel": "phone", "purpose": "negotiation", "subject": "Come back"});
    let _ = world.ann.post("/v1/interactions", call).await.created();
    let _ = world.ann.post("/v1/contacts", json!({"client_id": client["id"], "name": "Olga"})).await.created();
    let tagged = world.ann.patch(path(&client), &lost, json!({"tags": ["win back"]})).await.ok();
    let won = world.ann.transition("activate", &tagged, json!({})).await.ok();
    assert_eq!(won["status"], "active");
    assert_eq!(world.ann.transition("submit", &draft, json!({})).await.ok()["status"], "approved");
}

/// Whether the client offers the step to its owner, where it is read and in a list.
async fn offers(world: &World, client: &Value, step: &str) -> [bool; 2] {
    let seen = world.ann.get(path(client)).await.ok();
    let listed = world.ann.get(&format!("/v1/clients?id={}", client["id"].as_str().unwrap())).await.ok();
    [&seen, &listed["data"][0]].map(|client| actions(client).contains(&step))
}

/// O9
#[actix_web::test]
async fn a_client_with_work_under_way_does_not_depart() {
    let world = world().await;
    for step in ["archive", "mark-lost"] {
        for (status, departs) in [
            ("draft", true),
            ("submitted", false),
            ("approved", false),
            ("rejected", true),
            ("handed_over", false),
            ("accepted", false),
            ("in_progress", false),
            ("fulfilled", true),
            ("closed", true),
            ("cancelled", true),
        ] {
            let client = world.client(Target::Ordinary).await;
            let order = put(&world, &order(&world, &client).await, status).await;
            assert_eq!(offers(&world, &client, step).await, [departs; 2], "{step} with {status}");
            let answer = depart(&world.ann, &client, step).await;
            if departs {
                let _ = answer.ok();
                continue;
            }
            let problem = answer.problem(409, "conflict");
            assert_eq!(problem["orders"], json!([{"id": order["id"], "number": order["number"]}]), "{status}");
            assert_eq!((&problem["order_count"], &problem["contract_count"]), (&json!(1), &json!(0)), "{status}");
            assert!(problem["detail"].as_str().unwrap().contains(order["number"].as_str().unwrap()));
            assert_eq!(world.ann.get(path(&client)).await.ok()["version"], client["version"]);
        }
        for (status, departs) in [
            ("draft", true),
            ("in_review", false),
            ("approved", false),
            ("signed", false),
            ("active", false),
            ("completed", true),
            ("expired", true),
            ("terminated", true),
        ] {
            let client = world.client(Target::Ordinary).await;
            let contract = put(&world, &contract(&world, &client).await, status).await;
            assert_eq!(offers(&world, &client, step).await, [departs; 2], "{step} with {status}");
            let answer = depart(&world.ann, &client, step).await;
            if departs {
                let _ = answer.ok();
                continue;
            }
            let problem = answer.problem(409, "conflict");
            assert_eq!(problem["contracts"], json!([{"id": contract["id"], "number": contract["title"]}]), "{status}");
            assert_eq!((&problem["order_count"], &problem["contract_count"]), (&json!(0), &json!(1)), "{status}");
        }
    }
}

/// O9
#[actix_web::test]
async fn at_most_ten_are_named_and_only_those_within_reach() {
    let world = world().await;
    let client = world.client(Target::Ordinary).await;
    let first = put(&world, &order(&world, &client).await, "submitted").await;
    let columns = "SELECT string_agg(quote_ident(attname), ', ') AS value FROM pg_attribute WHERE attrelid = 'orders'::regclass \
                   AND attnum > 0 AND attgenerated = '' AND NOT attisdropped AND attname NOT IN ('id', 'number')";
    let columns = world.app.text(columns).await.remove(0);
    let copies = format!(
        "INSERT INTO orders (id, number, {columns}) SELECT gen_random_uuid(), gen_random_uuid()::text, {columns} FROM orders, \
         generate_series(1, 11) WHERE orders.id = '{}'",
        first["id"].as_str().unwrap()
    );
    world.app.sql(&copies).await;
    let problem = depart(&world.ann, &client, "archive").await.problem(409, "conflict");
    assert_eq!((problem["orders"].as_array().unwrap().len(), &problem["order_count"]), (10, &json!(12)));
    assert!(!problem["detail"].as_str().unwrap().contains("others"), "{problem}");

    // Without the right to read orders, nothing is told of them but that there are some.
    world
        .app
        .sql("UPDATE role_policies SET grants = grants || '{\"orders:read\": \"none\"}' WHERE role = 'manager'")
        .await;
    world.app.parts().callers.forget();
    let problem = depart(&world.ann, &client, "archive").await.problem(409, "conflict");
    assert_eq!((&problem["orders"], &problem["order_count"]), (&json!([]), &json!(0)));
    assert!(problem["detail"].as_str().unwrap().contains("others"), "{problem}");
    let bound = world
        .app
        .service_account(liaison::access::Role::Supervisor, &["clients:read", "clients:archive", "orders:read"])
        .await;
    let departments = json!([department(&world).await["id"]]);
    world
        .app
        .sql(&format!("UPDATE service_accounts SET department_ids = '{departments}' WHERE id = '{}'", bound.id))
        .await;
    let problem = depart(&bound, &client, "archive").await.problem(409, "conflict");
    assert_eq!((&problem["orders"], &problem["order_count"]), (&json!([]), &json!(0)));
}

/// Waits until `count` statements wait for a lock.
async fn until_waiting(app: &TestApp, count: usize) {
    let waiting = "SELECT count(*)::text AS value FROM pg_stat_activity WHERE datname = current_database() \
                   AND wait_event_type = 'Lock'";
    for _ in 0..200 {
        if app.text(waiting).await == [count.to_string()] {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{count} statements should wait");
}

/// O9: what is being submitted cannot be overtaken by the archive.
#[actix_web::test]
async fn a_client_is_not_archived_while_something_is_submitted() {
    let world = world().await;
    for step in ["archive", "mark-lost"] {
        for (table, events) in [("orders", "order_events"), ("contracts", "contract_events")] {
            let client = world.client(Target::Ordinary).await;
            let draft = match table {
                "orders" => order(&world, &client).await,
                _ => contract(&world, &client).await,
            };
            let mut other = world.app.db().await;
            // The submission stops just before its end.
            other.batch_execute(&format!("BEGIN; LOCK TABLE {events} IN SHARE MODE")).await.unwrap();
            let submit = world.sue.transition("submit", &draft, json!({}));
            let departs = async {
                until_waiting(&world.app, 1).await;
                depart(&world.ann, &client, step).await
            };
            let release = async {
                until_waiting(&world.app, 2).await;
                other.batch_execute("COMMIT").await.unwrap();
            };
            let (submitted, departed, ()) = futures_util::future::join3(submit, departs, release).await;
            assert_eq!(submitted.ok()["status"], "approved", "{table}");
            let _ = departed.problem(409, "conflict");
        }
    }
}

/// O8: what comes while the client is being archived finds it archived.
#[actix_web::test]
async fn nothing_is_submitted_while_the_client_is_archived() {
    let world = world().await;
    let client = world.client(Target::Ordinary).await;
    let (order, plan) = (order(&world, &client).await, contract(&world, &client).await);
    let mut other = world.app.db().await;
    let id = client["id"].as_str().unwrap();
    let archive = format!("BEGIN; UPDATE clients SET status = 'archived', archived_from = 'lead' WHERE id = '{id}'");
    other.batch_execute(&archive).await.unwrap();
    let submits = futures_util::future::join(
        world.sue.transition("submit", &order, json!({})),
        world.sue.transition("submit", &plan, json!({})),
    );
    let release = async {
        until_waiting(&world.app, 2).await;
        other.batch_execute("COMMIT").await.unwrap();
    };
    let ((first, second), ()) = futures_util::future::join(submits, release).await;
    for answer in [first, second] {
        refused_for(answer, &client, "archived", &["restore"]);
    }
}

/// Many at once, with transfers between them: whoever comes first wins, and none is in another's way for ever.
#[actix_web::test]
async fn submissions_transfers_and_archives_of_one_client_end() {
    let world = world().await;
    let client = world.client(Target::Ordinary).await;
    let mut orders = Vec::new();
    for _ in 0..6 {
        orders.push(order(&world, &client).await);
    }
    let submits = orders.iter().map(|order| Box::pin(world.sue.transition("submit", order, json!({}))));
    let give = json!({"owner_id": world.bob.id, "reason": "Vacation"});
    let others = futures_util::future::join(
        world.sue.transition("transfer", &client, give),
        depart(&world.sam, &client, "archive"),
    );
    let (submitted, (transferred, archived)) =
        futures_util::future::join(futures_util::future::join_all(submits), others).await;
    let state = world.sue.get(path(&client)).await.ok();
    let live = submitted.iter().filter(|answer| answer.status == 200).count();
    assert!(submitted.iter().all(|answer| matches!(answer.status, 200 | 409 | 412)), "{submitted:?}");
    assert!(matches!(transferred.status, 200 | 409 | 412) && matches!(archived.status, 200 | 409 | 412));
    for answer in submitted.iter().chain([&transferred, &archived]) {
        assert!(answer.status != 409 || answer.json()["code"] != "busy", "{:?}", answer.body);
    }
    assert!(state["status"] != "archived" || live == 0, "{live} orders are under way with an archived client");
}
