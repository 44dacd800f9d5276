//! Who reaches which order.

use actix_web::http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{client, draft, handed_over, ids, key_client, product, step};
use crate::harness::{TestApp, TestUser};

const READS: [&str; 2] = ["", "/history"];
const CHANGES: [(&str, &str); 6] = [
    ("submit", "{}"),
    ("reopen", "{}"),
    ("close", "{}"),
    ("cancel", r#"{"reason": "x"}"#),
    ("hand-over", r#"{"department_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "due_at": "2026-12-01T15:00:00Z"}"#),
    ("", r#"{"comment": "x"}"#),
];

/// Every answer that `user` gets about the order at `path`: status and code.
async fn answers(user: &TestUser, path: &str) -> Vec<(u16, Value)> {
    let mut answers = Vec::new();
    for read in READS {
        let answer = user.get(&format!("{path}{read}")).await;
        answers.push((answer.status, answer.json()["code"].clone()));
    }
    for (verb, body) in CHANGES {
        let (method, path) = match verb {
            "" => (Method::PATCH, path.to_owned()),
            verb => (Method::POST, format!("{path}/{verb}")),
        };
        let request = user.request(method, &path).insert_header(("If-Match", "*"));
        let answer = user.send(request.set_json(serde_json::from_str::<Value>(body).unwrap())).await;
        answers.push((answer.status, answer.json()["code"].clone()));
    }
    answers
}

#[actix_web::test]
async fn a_foreign_order_is_as_absent_as_one_that_never_was() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let paper = product(&app, "100").await;
    let order = draft(&ann, &client(&ann).await, &paper, "1").await;
    let absent = format!("/v1/orders/{}", Uuid::now_v7());
    let strangers = [
        app.manager("bob").await,
        app.colleague_of(&ann, "cy").await,
        app.key_account_manager("kim").await,
        app.key_account_manager_of(&ann, "kay").await,
    ];
    for stranger in &strangers {
        let foreign = answers(stranger, order["path"].as_str().unwrap()).await;
        assert_eq!(foreign, vec![(404, json!("not_found")); 8]);
        assert_eq!(foreign, answers(stranger, &absent).await);
        assert_eq!(stranger.get("/v1/orders?total=true").await.ok()["total"], 0);
        assert_eq!(stranger.get("/v1/orders/summary").await.ok()["count"], 0);
        let body = json!({"client_id": order["client_id"], "lines": [{"product_id": paper, "quantity": "1"}]});
        stranger.post("/v1/orders", body).await.field_error("/client_id", "unknown_reference");
    }
    assert_eq!(app.count("orders").await, 1);
    assert_eq!(app.audit(&order["id"]).await.len(), 1);
}

#[actix_web::test]
async fn a_key_account_manager_reaches_the_key_clients_of_the_own_team() {
    let app = TestApp::start().await;
    let kim = app.key_account_manager("kim").await;
    let paper = product(&app, "100").await;
    let ordinary = draft(&kim, &client(&kim).await, &paper, "1").await;
    let key = draft(&kim, &key_client(&kim).await, &paper, "1").await;

    let kay = app.key_account_manager_of(&kim, "kay").await;
    assert_eq!(ids(&kay.get("/v1/orders").await.ok()), [key["id"].as_str().unwrap()]);
    kay.get(ordinary["path"].as_str().unwrap()).await.problem(404, "not_found");
    assert_eq!(step(&kay, "submit", &key).await["status"], "approved");
    let own = draft(&kay, &json!({"id": key["client_id"]}), &paper, "1").await;
    assert_eq!((&own["owner_id"], &own["author_id"]), (&json!(kim.id), &json!(kay.id)));

    let other = app.key_account_manager("lee").await;
    assert_eq!(ids(&other.get("/v1/orders").await.ok()), Vec::<&str>::new());
    other.get(key["path"].as_str().unwrap()).await.problem(404, "not_found");

    let sue = app.supervisor().await;
    assert_eq!(sue.get("/v1/orders?total=true").await.ok()["total"], 3);
    assert_eq!(step(&sue, "submit", &ordinary).await["approved_by"], json!(sue.id));
}

#[actix_web::test]
async fn orders_follow_their_client_to_another_owner() {
    let app = TestApp::start().await;
    let (ann, bob, sue) = (app.manager("ann").await, app.manager("bob").await, app.supervisor().await);
    let client = client(&ann).await;
    let order = draft(&ann, &client, &product(&app, "100").await, "1").await;
    sue.transition("transfer", &client, json!({"owner_id": bob.id, "reason": "leave"})).await.ok();
    ann.get(order["path"].as_str().unwrap()).await.problem(404, "not_found");
    let moved = bob.get(order["path"].as_str().unwrap()).await.ok();
    assert_eq!((&moved["owner_id"], &moved["author_id"]), (&json!(bob.id), &json!(ann.id)));
    assert_eq!(moved["team_id"], json!(bob.team_id));
}

#[actix_web::test]
async fn who_may_see_an_order_may_not_do_everything_to_it() {
    let app = TestApp::start().await;
    let (ann, kim) = (app.manager("ann").await, app.key_account_manager("kim").await);
    let paper = product(&app, "100").await;
    let department = super::department(&app, true).await;
    for (user, lacks_approval) in [(&ann, true), (&kim, false)] {
        let order = handed_over(user, &draft(user, &client(user).await, &paper, "1").await, &department).await;
        assert_eq!(order["actions"], json!(["update", "cancel"]));
        for verb in ["accept", "start"] {
            let problem = user.transition(verb, &order, json!({})).await.problem(403, "forbidden");
            assert_eq!(problem["permission"], "orders:execute");
        }
        user.transition("return", &order, json!({"reason": "x"})).await.problem(403, "forbidden");
        user.transition("fulfil", &order, json!({"lines": []})).await.problem(403, "forbidden");
        let approval = user.transition("approve", &order, json!({})).await;
        if lacks_approval {
            assert_eq!(approval.problem(403, "forbidden")["permission"], "orders:approve");
            user.transition("reject", &order, json!({"reason": "x"})).await.problem(403, "forbidden");
        } else {
            approval.problem(409, "invalid_state");
        }
        let past = json!({"client_id": order["client_id"], "ordered_on": "2020-01-01", "lines": []});
        assert_eq!(user.post("/v1/orders/record", past).await.problem(403, "forbidden")["permission"], "orders:record");
    }
    app.anonymous().get("/v1/orders").await.problem(401, "unauthorized");
}
