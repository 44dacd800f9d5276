//! Who reaches which contracts.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{client_of, draft, force, get, key_client_of, terms};
use crate::harness::{TestApp, TestUser};

async fn sees(user: &TestUser, contract: &Value) -> bool {
    let path = contract["path"].as_str().unwrap();
    let answer = user.get(path).await;
    let seen = answer.status == 200;
    let listed = user.get("/v1/contracts").await.ok();
    let listed = listed["data"].as_array().unwrap().iter().any(|item| item["id"] == contract["id"]);
    assert_eq!(listed, seen, "the list and the resource disagree");
    assert_eq!(user.get(&format!("{path}/history")).await.status, answer.status);
    seen
}

#[actix_web::test]
async fn a_contract_is_reached_as_its_client_is() {
    let app = TestApp::start().await;
    let kim = app.key_account_manager("kim").await;
    let lee = app.key_account_manager_of(&kim, "lee").await;
    let (ann, bob) = (app.colleague_of(&kim, "ann").await, app.colleague_of(&kim, "bob").await);
    let (zed, zoe) = (app.manager("zed").await, app.key_account_manager("zoe").await);
    let sue = app.supervisor().await;
    let ordinary = draft(&ann, &client_of(&ann).await).await;
    let key = draft(&kim, &key_client_of(&app, &kim).await).await;
    for (user, sees_ordinary, sees_key) in [
        (&ann, true, false),
        (&bob, false, false),
        (&kim, false, true),
        (&lee, false, true),
        (&zed, false, false),
        (&zoe, false, false),
        (&sue, true, true),
    ] {
        assert_eq!(sees(user, &ordinary).await, sees_ordinary);
        assert_eq!(sees(user, &key).await, sees_key);
    }
    app.anonymous().get("/v1/contracts").await.problem(401, "unauthorized");
}

#[actix_web::test]
async fn foreign_and_absent_are_the_same() {
    let app = TestApp::start().await;
    let (ann, zed) = (app.manager("ann").await, app.manager("zed").await);
    let client = client_of(&ann).await;
    let foreign = draft(&ann, &client).await;
    let absent = json!({"path": format!("/v1/contracts/{}", Uuid::now_v7())});
    let told = |mut problem: Value| {
        for own in ["instance", "request_id"] {
            problem.as_object_mut().unwrap().remove(own);
        }
        problem
    };
    for (verb, body) in [
        ("submit", json!({})),
        ("withdraw", json!({})),
        ("complete", json!({})),
        ("sign", json!({"signed_on": "2026-11-24"})),
    ] {
        let foreign = force(&zed, verb, &foreign, body.clone()).await.problem(404, "not_found");
        let absent = force(&zed, verb, &absent, body).await.problem(404, "not_found");
        assert_eq!(told(foreign), told(absent), "{verb}");
    }
    for verb in ["approve", "return", "terminate"] {
        let body = json!({"reason": "so"});
        let problem = force(&zed, verb, &foreign, body.clone()).await.problem(403, "forbidden");
        assert_eq!(told(problem), told(force(&zed, verb, &absent, body).await.problem(403, "forbidden")), "{verb}");
    }
    let path = foreign["path"].as_str().unwrap();
    zed.patch(path, &foreign, json!({"title": "mine"})).await.problem(404, "not_found");
    zed.get("/v1/contracts/7").await.problem(404, "not_found");
    zed.post("/v1/contracts", terms(&client)).await.field_error("/client_id", "unknown_reference");
    assert_eq!(get(&ann, &foreign).await["version"], 1);
}

#[actix_web::test]
async fn what_is_seen_but_not_permitted_is_403() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let bob = app.colleague_of(&ann, "bob").await;
    let client = client_of(&ann).await;
    let contract = draft(&ann, &client).await;
    let grants = r#"{"clients:read": "team", "contracts:read": "team"}"#;
    app.text(&format!(
        "UPDATE role_policies SET grants = grants || '{grants}' WHERE role = 'manager' RETURNING role AS value"
    ))
    .await;
    app.parts().callers.forget();
    assert_eq!(get(&bob, &contract).await["actions"], json!([]));
    let problem = bob.post("/v1/contracts", terms(&client)).await.problem(403, "forbidden");
    assert_eq!(problem["permission"], "contracts:create");
    for (verb, permission) in
        [("submit", "contracts:update"), ("withdraw", "contracts:update"), ("complete", "contracts:update")]
    {
        // The right is checked before the version and the state.
        let stale = json!({"path": contract["path"], "version": 9});
        let problem = bob.transition(verb, &stale, json!({})).await.problem(403, "forbidden");
        assert_eq!(problem["permission"], permission);
    }
    let problem = bob.transition("sign", &contract, json!({"signed_on": "2026-11-24"})).await.problem(403, "forbidden");
    assert_eq!(problem["permission"], "contracts:sign");
    let path = contract["path"].as_str().unwrap();
    bob.patch(path, &contract, json!({"title": "mine"})).await.problem(403, "forbidden");
}

#[actix_web::test]
async fn contracts_change_hands_with_their_client() {
    let app = TestApp::start().await;
    let (ann, zed, sue) = (app.manager("ann").await, app.manager("zed").await, app.supervisor().await);
    let client = client_of(&ann).await;
    let contract = draft(&ann, &client).await;
    sue.transition("transfer", &client, json!({"owner_id": zed.id, "reason": "leave"})).await.ok();
    assert!(!sees(&ann, &contract).await);
    assert!(sees(&zed, &contract).await);
    let moved = get(&zed, &contract).await;
    assert_eq!((&moved["owner_id"], &moved["author_id"]), (&json!(zed.id), &json!(ann.id)));
    assert_eq!(zed.transition("submit", &moved, json!({})).await.ok()["status"], "in_review");
}
