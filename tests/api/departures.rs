//! The business rule O8: nothing is begun with a client that is lost or archived.

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
            (&submitted, "approve", &nothing, vec!["reject", "cancel"]),
            (&approved, "hand-over", &hand_over, vec!["cancel"]),
            (&plan, "submit", &nothing, vec!["update"]),
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
    let _ = world.sue.transition("cancel", &unwanted, json!({"reason": "Lost"})).await.ok();

    let call = json!({"client_id": client["id"], "channel": "phone", "purpose": "negotiation", "subject": "Come back"});
    let _ = world.ann.post("/v1/interactions", call).await.created();
    let _ = world.ann.post("/v1/contacts", json!({"client_id": client["id"], "name": "Olga"})).await.created();
    let tagged = world.ann.patch(path(&client), &lost, json!({"tags": ["win back"]})).await.ok();
    let won = world.ann.transition("activate", &tagged, json!({})).await.ok();
    assert_eq!(won["status"], "active");
    assert_eq!(world.ann.transition("submit", &draft, json!({})).await.ok()["status"], "approved");
}
