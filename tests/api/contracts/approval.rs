//! Separation of duties and limits.

use serde_json::{Value, json};

use super::{client_of, draft, draft_with, get, history, key_client_of};
use crate::harness::{TestApp, TestUser};

async fn submitted(user: &TestUser, client: &Value, amount: &str) -> Value {
    let contract = draft_with(user, client, json!({"amount": amount})).await;
    user.transition("submit", &contract, json!({})).await.ok()
}

#[actix_web::test]
async fn the_limit_of_who_submits_decides_about_review() {
    let app = TestApp::start().await;
    let (ann, kim, sue) = (app.manager("ann").await, app.key_account_manager("kim").await, app.supervisor().await);
    let (ours, theirs) = (client_of(&ann).await, client_of(&kim).await);
    for (user, client, amount, status) in [
        (&ann, &ours, "0.01", "in_review"),
        (&kim, &theirs, "1000000", "approved"),
        (&kim, &theirs, "1000000.01", "in_review"),
        (&sue, &ours, "5000000", "approved"),
    ] {
        let contract = submitted(user, client, amount).await;
        assert_eq!(contract["status"], status, "{amount}");
        assert_eq!(contract["approved_by"], Value::Null);
        assert_eq!(contract["approved_at"].is_null(), status == "in_review");
    }
    // The limit of the user who submits counts, not that of the author.
    let contract = draft(&ann, &ours).await;
    let passed = sue.transition("submit", &contract, json!({"reason": "agreed"})).await.ok();
    assert_eq!(passed["status"], "approved");
    assert_eq!(
        history(&ann, &contract).await[1],
        [json!("submitted"), json!("draft"), json!("approved"), json!("agreed")]
    );
}

#[actix_web::test]
async fn a_changed_limit_is_in_force_at_once() {
    let app = TestApp::start().await;
    let kim = app.key_account_manager("kim").await;
    let client = client_of(&kim).await;
    app.text("UPDATE role_policies SET max_contract_amount = 0 RETURNING role AS value").await;
    app.parts().callers.forget();
    assert_eq!(submitted(&kim, &client, "0.01").await["status"], "in_review");
    app.text("UPDATE role_policies SET max_contract_amount = NULL RETURNING role AS value").await;
    app.parts().callers.forget();
    assert_eq!(submitted(&kim, &client, "9000000").await["status"], "approved");
}

#[actix_web::test]
async fn the_author_never_approves() {
    let app = TestApp::start().await;
    let (kim, sue) = (app.key_account_manager("kim").await, app.supervisor().await);
    let client = client_of(&kim).await;
    let contract = submitted(&kim, &client, "2000000").await;
    assert_eq!(contract["actions"], json!(["return", "withdraw"]));
    let problem = kim.transition("approve", &contract, json!({})).await.problem(403, "forbidden");
    assert_eq!(problem["detail"], "Nobody approves what they wrote, edited or submitted.");
    assert_eq!(get(&kim, &contract).await["status"], "in_review");

    // The author may not approve even as a supervisor without a limit.
    app.text(&format!("UPDATE users SET role = 'supervisor' WHERE id = '{}' RETURNING role AS value", kim.id.uuid()))
        .await;
    app.parts().callers.forget();
    kim.transition("approve", &contract, json!({})).await.problem(403, "forbidden");

    assert_eq!(get(&sue, &contract).await["actions"], json!(["approve", "return", "withdraw"]));
    let approved = sue.transition("approve", &contract, json!({})).await.ok();
    assert_eq!(approved["status"], "approved");
    assert_eq!(approved["approved_by"], json!(sue.id));
    assert_eq!(approved["approved_at"], "2026-11-24T10:00:00Z");
    let recorded = app.audit(&contract["id"]).await;
    assert_eq!(recorded[2].0, "approved");
    assert_eq!(recorded[2].1["status"], json!({"from": "in_review", "to": "approved"}));
}

#[actix_web::test]
async fn who_submits_a_contract_does_not_approve_it() {
    let app = TestApp::start().await;
    let (ann, kim, sue) = (app.manager("ann").await, app.key_account_manager("kim").await, app.supervisor().await);
    let client = client_of(&ann).await;
    let contract = draft_with(&ann, &client, json!({"amount": "2000000"})).await;
    sue.transition("transfer", &client, json!({"owner_id": kim.id, "reason": "grows"})).await.ok();
    let contract = kim.transition("submit", &get(&kim, &contract).await, json!({})).await.ok();
    assert_eq!((&contract["status"], &contract["author_id"]), (&json!("in_review"), &json!(ann.id)));
    // This stays so even when the amount is within the user's own limit.
    app.text("UPDATE role_policies SET max_contract_amount = NULL RETURNING role AS value").await;
    app.parts().callers.forget();
    assert_eq!(get(&kim, &contract).await["actions"], json!(["return", "withdraw"]));
    let problem = kim.transition("approve", &contract, json!({})).await.problem(403, "forbidden");
    assert_eq!(problem["detail"], "Nobody approves what they wrote, edited or submitted.");
    assert_eq!(get(&sue, &contract).await["actions"], json!(["approve", "return", "withdraw"]));
    assert_eq!(sue.transition("approve", &contract, json!({})).await.ok()["status"], "approved");
}

#[actix_web::test]
async fn it_is_the_last_submission_of_a_contract_that_counts() {
    let app = TestApp::start().await;
    let (ann, sue, tom) = (app.manager("ann").await, app.supervisor().await, app.supervisor().await);
    // Supervisors have a limit here, so that their contracts wait for approval.
    app.sql("UPDATE role_policies SET max_contract_amount = 1000 WHERE role = 'supervisor'").await;
    app.parts().callers.forget();
    let draft = draft_with(&ann, &client_of(&ann).await, json!({"amount": "2000"})).await;
    let first = sue.transition("submit", &draft, json!({})).await.ok();
    let again = tom.transition("return", &first, json!({"reason": "Too dear"})).await.ok();
    app.advance(chrono::Duration::minutes(1));
    let second = tom.transition("submit", &again, json!({})).await.ok();
    assert_eq!(second["status"], "in_review");
    app.sql("UPDATE role_policies SET max_contract_amount = NULL WHERE role = 'supervisor'").await;
    app.parts().callers.forget();
    tom.transition("approve", &second, json!({})).await.problem(403, "forbidden");
    assert_eq!(sue.transition("approve", &second, json!({})).await.ok()["status"], "approved");
}

#[actix_web::test]
async fn an_approver_needs_a_limit_that_covers_the_amount() {
    let app = TestApp::start().await;
    let (ann, kim, sue) = (app.manager("ann").await, app.key_account_manager("kim").await, app.supervisor().await);
    let client = client_of(&ann).await;
    let small = submitted(&ann, &client, "1000000").await;
    let large = submitted(&ann, &client, "1000000.01").await;
    sue.transition("transfer", &client, json!({"owner_id": kim.id, "reason": "grows"})).await.ok();
    let (small, large) = (get(&kim, &small).await, get(&kim, &large).await);

    assert_eq!(get(&kim, &large).await["actions"], json!(["return", "withdraw"]));
    let problem = kim.transition("approve", &large, json!({})).await.problem(403, "limit_exceeded");
    assert_eq!(problem["limit"], "max_contract_amount");
    assert_eq!(get(&kim, &small).await["actions"], json!(["approve", "return", "withdraw"]));
    assert_eq!(kim.transition("approve", &small, json!({})).await.ok()["approved_by"], json!(kim.id));
    sue.transition("approve", &large, json!({})).await.ok();
}

#[actix_web::test]
async fn who_lacks_the_right_to_approve_is_told_so() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client_of(&ann).await;
    let contract = submitted(&ann, &client, "10").await;
    assert_eq!(contract["actions"], json!(["withdraw"]));
    let problem = ann.transition("approve", &contract, json!({})).await.problem(403, "forbidden");
    assert_eq!(problem["permission"], "contracts:approve");
    let reason = json!({"reason": "no"});
    assert_eq!(
        ann.transition("return", &contract, reason).await.problem(403, "forbidden")["permission"],
        "contracts:approve"
    );
}

#[actix_web::test]
async fn a_key_account_manager_approves_for_key_clients_of_the_own_team_only() {
    let app = TestApp::start().await;
    let kim = app.key_account_manager("kim").await;
    let lee = app.key_account_manager_of(&kim, "lee").await;
    let zoe = app.key_account_manager("zoe").await;
    let key = key_client_of(&app, &lee).await;
    let contract = submitted(&lee, &key, "2000000").await;
    // The amount is over the limit of both. Kim sees the contract and has the right, so the error is about the limit.
    kim.transition("approve", &contract, json!({})).await.problem(403, "limit_exceeded");
    zoe.transition("approve", &contract, json!({})).await.problem(404, "not_found");
    let ordinary = client_of(&lee).await;
    let contract = submitted(&lee, &ordinary, "2000000").await;
    kim.transition("approve", &contract, json!({})).await.problem(404, "not_found");
}

#[actix_web::test]
async fn a_return_needs_a_reason_and_leads_to_a_draft() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let client = client_of(&ann).await;
    let contract = submitted(&ann, &client, "10").await;
    sue.transition("return", &contract, json!({})).await.field_error("/reason", "required");
    sue.transition("return", &contract, json!({"reason": " "})).await.field_error("/reason", "too_short");
    let returned = sue.transition("return", &contract, json!({"reason": "too cheap"})).await.ok();
    assert_eq!(returned["status"], "draft");
    let last = history(&ann, &contract).await.pop().unwrap();
    assert_eq!(last, [json!("returned"), json!("in_review"), json!("draft"), json!("too cheap")]);
    assert_eq!(app.audit(&contract["id"]).await[2].1["reason"], json!({"to": "too cheap"}));
    let path = contract["path"].as_str().unwrap();
    ann.patch(path, &returned, json!({"amount": "20"})).await.ok();
}

#[actix_web::test]
async fn a_withdrawn_approval_is_void() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let client = client_of(&ann).await;
    let contract = submitted(&ann, &client, "10").await;
    let approved = sue.transition("approve", &contract, json!({})).await.ok();
    let draft = ann.transition("withdraw", &approved, json!({"reason": "a new price"})).await.ok();
    assert_eq!(draft["status"], "draft");
    assert_eq!((&draft["approved_by"], &draft["approved_at"]), (&Value::Null, &Value::Null));
    let again = ann.transition("submit", &draft, json!({})).await.ok();
    assert_eq!(again["status"], "in_review", "what is changed is approved anew");
    assert_eq!(ann.transition("withdraw", &again, json!({})).await.ok()["status"], "draft");
}
