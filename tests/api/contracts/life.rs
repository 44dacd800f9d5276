//! The life of a contract: every action from every state, as every kind of caller.

use actix_web::http::Method;
use chrono::Duration;
use serde_json::{Value, json};

use super::{client_of, draft, draft_with, force, get, history, key_client_of, later, signed, tick};
use crate::harness::{Answer, TestApp, TestUser};

/// For every status: the status itself, then the statuses to which update, submit, approve, return, withdraw, sign,
/// complete and terminate lead for a caller with all rights. The contract begins today, so that it is active once it is
/// signed, and its amount is within the limit of the user who submits it.
const TABLE: &str = "
    draft       draft  approved  -         -      -      -       -          -
    in_review   -      -         approved  draft  draft  -       -          -
    approved    -      -         -         -      draft  active  -          -
    signed      -      -         -         -      -      -       -          terminated
    active      -      -         -         -      -      -       completed  terminated
    completed   -      -         -         -      -      -       -          -
    expired     -      -         -         -      -      -       -          -
    terminated  -      -         -         -      -      -       -          -";

const ACTIONS: [&str; 8] = ["update", "submit", "approve", "return", "withdraw", "sign", "complete", "terminate"];

async fn attempt(user: &TestUser, action: &str, contract: &Value) -> Answer {
    let path = contract["path"].as_str().unwrap();
    match action {
        "update" => {
            let request = user.request(Method::PATCH, path).insert_header(("If-Match", "*"));
            user.send(request.set_json(json!({"payment_terms": "at once"}))).await
        }
        "sign" => force(user, action, contract, json!({"signed_on": "2026-11-24"})).await,
        _ => force(user, action, contract, json!({"reason": "so"})).await,
    }
}

/// Puts the contract into `status` without a request.
async fn put(app: &TestApp, contract: &Value, status: &str) {
    let id = contract["id"].as_str().unwrap();
    app.text(&format!("UPDATE contracts SET status = '{status}' WHERE id = '{id}' RETURNING status AS value")).await;
}

fn table() -> Vec<(&'static str, Vec<(&'static str, &'static str)>)> {
    let words: Vec<&str> = TABLE.split_whitespace().collect();
    let rows = words.chunks(ACTIONS.len() + 1);
    rows.map(|row| (row[0], ACTIONS.into_iter().zip(row[1..].iter().copied()).collect())).collect()
}

#[actix_web::test]
async fn every_action_from_every_state_leads_where_the_table_says() {
    let app = TestApp::start().await;
    let (ann, sue, tom) = (app.manager("ann").await, app.supervisor().await, app.supervisor().await);
    let contract = draft(&ann, &client_of(&ann).await).await;
    for (status, row) in table() {
        for (action, target) in &row {
            put(&app, &contract, status).await;
            let before = get(&sue, &contract).await;
            // Who edits it does not approve it.
            let who = if *action == "update" { &tom } else { &sue };
            let answer = attempt(who, action, &contract).await;
            if *target == "-" {
                let problem = answer.problem(409, "invalid_state");
                assert_eq!(problem["state"], status);
                let possible = row.iter().filter(|(name, target)| *target != "-" && *name != "update");
                let mut possible: Vec<&str> = possible.map(|(name, _)| *name).collect();
                let mut allowed: Vec<&str> =
                    problem["allowed"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
                possible.sort_unstable();
                allowed.sort_unstable();
                assert_eq!(allowed, possible, "{status} {action}");
                assert_eq!(get(&sue, &contract).await, before, "{status} {action}");
            } else {
                assert_eq!(answer.ok()["status"], *target, "{status} {action}");
            }
        }
    }
}

/// For each caller, status and amount: actions that are offered in `actions` succeed, and all others are refused.
#[actix_web::test]
async fn what_is_offered_is_what_is_allowed() {
    let app = TestApp::start().await;
    let lee = app.key_account_manager("lee").await;
    let kim = app.key_account_manager_of(&lee, "kim").await;
    let sue = app.supervisor().await;
    let mark = app.colleague_of(&lee, "mark").await;
    let key = key_client_of(&app, &lee).await;
    let ordinary = client_of(&mark).await;
    let mut offered = 0;
    for contract in [
        draft(&lee, &key).await,
        draft_with(&lee, &key, json!({"amount": "1000001"})).await,
        draft(&sue, &key).await,
        draft(&mark, &ordinary).await,
    ] {
        for (status, _) in table() {
            for user in [&lee, &kim, &sue, &mark] {
                if user.get(contract["path"].as_str().unwrap()).await.status == 404 {
                    continue;
                }
                for action in ACTIONS {
                    put(&app, &contract, status).await;
                    let actions = get(user, &contract).await["actions"].clone();
                    let may = actions.as_array().unwrap().contains(&json!(action));
                    let answer = attempt(user, action, &contract).await;
                    let expected: &[u16] = if may { &[200] } else { &[403, 409] };
                    assert!(expected.contains(&answer.status), "{status} {action} {actions} {:?}", answer.body);
                    offered += usize::from(may);
                }
            }
        }
    }
    assert!(offered > 60, "{offered}");
}

#[actix_web::test]
async fn a_contract_goes_from_draft_to_its_end() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let contract = draft(&ann, &client_of(&ann).await).await;
    let contract = ann.transition("submit", &contract, json!({})).await.ok();
    let contract = sue.transition("approve", &contract, json!({"reason": "a good client"})).await.ok();
    let contract = ann.transition("sign", &contract, json!({"signed_on": "2026-11-24"})).await.ok();
    assert_eq!((&contract["status"], &contract["signed_on"]), (&json!("active"), &json!("2026-11-24")));
    assert_eq!(contract["version"], 5, "signed, then activated");
    let contract = ann.transition("complete", &contract, json!({"reason": "all delivered"})).await.ok();
    assert_eq!(contract["actions"], json!([]));

    let steps: Vec<String> =
        history(&ann, &contract).await.iter().map(|step| step[0].as_str().unwrap().to_owned()).collect();
    assert_eq!(steps, ["created", "submitted", "approved", "signed", "activated", "completed"]);
    let events: Vec<String> = steps.iter().map(|step| format!("contracts.{step}")).collect();
    assert_eq!(app.events(&contract["id"]).await, events);
    let recorded: Vec<String> = app.audit(&contract["id"]).await.into_iter().map(|(action, _)| action).collect();
    assert_eq!(recorded, steps);
}

#[actix_web::test]
async fn a_signature_is_not_of_the_future_and_waits_for_the_first_day() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let contract = draft_with(&sue, &client_of(&sue).await, json!({"starts_on": "2026-11-25"})).await;
    let contract = sue.transition("submit", &contract, json!({})).await.ok();
    sue.transition("sign", &contract, json!({"signed_on": "2026-11-25"})).await.field_error("/signed_on", "in_future");
    sue.transition("sign", &contract, json!({})).await.field_error("/signed_on", "required");
    let contract = sue.transition("sign", &contract, json!({"signed_on": "2026-11-24"})).await.ok();
    assert_eq!((&contract["status"], &contract["version"]), (&json!("signed"), &json!(3)));
    assert_eq!(contract["actions"], json!(["amend", "terminate"]));
    sue.transition("terminate", &contract, json!({})).await.field_error("/reason", "required");
    let ended = sue.transition("terminate", &contract, json!({"reason": "the client is gone"})).await.ok();
    assert_eq!(ended["status"], "terminated");
    assert_eq!(app.audit(&contract["id"]).await[3].1["reason"], json!({"to": "the client is gone"}));
}

#[actix_web::test]
async fn a_step_needs_the_version_that_was_seen() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let contract = draft(&ann, &client_of(&ann).await).await;
    let path = format!("{}/submit", contract["path"].as_str().unwrap());
    ann.post(&path, json!({})).await.problem(428, "precondition_required");
    let stale = json!({"path": contract["path"], "version": 7});
    assert_eq!(
        ann.transition("submit", &stale, json!({})).await.problem(412, "precondition_failed")["current_version"],
        1
    );
    ann.transition("submit", &contract, json!({"note": "x"})).await.field_error("/note", "unknown_field");
    assert_eq!(get(&ann, &contract).await["version"], 1);
    // A step without parameters needs no body.
    let bare = ann.request(Method::POST, &path).insert_header(("If-Match", "\"1\""));
    let bare = bare.insert_header(("Idempotency-Key", "submit-1"));
    assert_eq!(ann.send(bare).await.ok()["status"], "in_review");
    let again = ann.request(Method::POST, &path).insert_header(("If-Match", "\"1\""));
    let again = ann.send(again.insert_header(("Idempotency-Key", "submit-1"))).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.ok()["version"], 2);
}

#[actix_web::test]
async fn the_history_is_paged_newest_first_with_names() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let mut contract = draft(&ann, &client_of(&ann).await).await;
    for _ in 0..3 {
        contract = ann.transition("submit", &contract, json!({})).await.ok();
        contract = sue.transition("return", &contract, json!({"reason": "no"})).await.ok();
    }
    let path = format!("{}/history", contract["path"].as_str().unwrap());
    let mut seen = Vec::new();
    let mut next = format!("{path}?limit=3&include=actor&total=true");
    loop {
        let page = ann.get(&next).await.ok();
        assert_eq!(page["total"], 7);
        seen.extend(page["data"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(cursor) => next = format!("{path}?limit=3&include=actor&total=true&cursor={cursor}"),
            None => break,
        }
    }
    let actions: Vec<&str> = seen.iter().map(|event| event["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["returned", "submitted", "returned", "submitted", "returned", "submitted", "created"]);
    assert_eq!((&seen[0]["actor"]["name"], &seen[1]["actor"]["name"]), (&json!("sue"), &json!("ann")));
    assert_eq!(seen[0]["actor_id"], json!(sue.id));
    let sparse = ann.get(&format!("{path}?fields=action")).await.ok();
    assert_eq!(sparse["data"][6], json!({"action": "created"}));
    ann.get(&format!("{path}?status=draft")).await.problem(400, "invalid_parameter");
    let stranger = app.manager("zed").await;
    stranger.get(&path).await.problem(404, "not_found");
}

#[actix_web::test]
async fn an_expired_contract_stays_so() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let contract = signed(&sue, &client_of(&sue).await, json!({"ends_on": "2026-11-24"})).await;
    assert_eq!(contract["status"], "active");
    let sue = later(&app, Duration::days(1), &sue).await;
    assert_eq!(tick(&app).await, 1);
    let expired = get(&sue, &contract).await;
    assert_eq!(expired["status"], "expired");
    for verb in ["complete", "terminate"] {
        sue.transition(verb, &expired, json!({"reason": "late"})).await.problem(409, "invalid_state");
    }
}
