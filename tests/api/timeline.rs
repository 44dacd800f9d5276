//! A client's timeline: everything that happened, in order of time, for users who may see it.

use chrono::Duration;
use serde_json::{Value, json};

use crate::harness::{TestApp, TestUser};

async fn client(user: &TestUser, name: &str) -> Value {
    user.post("/v1/clients", json!({"kind": "organization", "name": name})).await.created()
}

async fn timeline(user: &TestUser, client: &Value, query: &str) -> Vec<Value> {
    let path = format!("{}/timeline{query}", client["path"].as_str().unwrap());
    user.get(&path).await.ok()["data"].as_array().unwrap().clone()
}

fn happened(entries: &[Value]) -> Vec<(&str, &str)> {
    entries.iter().map(|entry| (entry["resource"].as_str().unwrap(), entry["action"].as_str().unwrap())).collect()
}

#[actix_web::test]
async fn everything_that_happened_is_told_newest_first_at_its_own_time() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let romashka = client(&ann, "Ромашка").await;
    let other = client(&ann, "Василёк").await;
    app.advance(Duration::minutes(1));
    let contact = json!({"client_id": romashka["id"], "name": "Olga", "is_primary": true});
    let _ = ann.post("/v1/contacts", contact).await.created();
    app.advance(Duration::minutes(1));
    let call = json!({"client_id": romashka["id"], "channel": "phone", "purpose": "consultation", "subject": "Last week",
        "occurred_at": "2026-11-17T10:00:00Z"});
    let _ = ann.post("/v1/interactions", call).await.created();
    let _ = ann
        .post(
            "/v1/interactions",
            json!({"client_id": other["id"], "channel": "phone", "purpose": "other", "subject": "Other"}),
        )
        .await
        .created();
    app.advance(Duration::minutes(1));
    let path = romashka["path"].as_str().unwrap();
    let current = ann.get(path).await.ok();
    let _ = ann.patch(path, &current, json!({"phone": "+74951234567"})).await.ok();

    let entries = timeline(&ann, &romashka, "?include=actor").await;
    assert_eq!(
        happened(&entries),
        [("clients", "updated"), ("contacts", "created"), ("clients", "created"), ("interactions", "done")]
    );
    assert_eq!(entries[0]["fields"], json!(["phone"]));
    assert_eq!(entries[0]["actor"]["name"], "ann");
    assert_eq!(entries[3]["title"], "Last week");
    assert_eq!(entries[3]["at"], "2026-11-17T10:00:00Z");

    let only = timeline(&ann, &romashka, "?resource=interactions&resource=contacts").await;
    assert_eq!(happened(&only), [("contacts", "created"), ("interactions", "done")]);
    let since = timeline(&ann, &romashka, "?at_from=2026-11-24T10:01:00Z&at_to=2026-11-24T10:03:00Z").await;
    assert_eq!(happened(&since), [("contacts", "created")]);
}

#[actix_web::test]
async fn pages_follow_each_other_without_loss_or_repetition() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let romashka = client(&ann, "Ромашка").await;
    // All have the same time, so only the id decides their order.
    for number in 0..7 {
        let call = json!({"client_id": romashka["id"], "channel": "email", "purpose": "other", "subject": format!("{number}")});
        let _ = ann.post("/v1/interactions", call).await.created();
    }
    let all = timeline(&ann, &romashka, "").await;
    let mut walked = Vec::new();
    let mut query = "?limit=3&total=true".to_owned();
    loop {
        let path = format!("{}/timeline{query}", romashka["path"].as_str().unwrap());
        let page = ann.get(&path).await.ok();
        assert_eq!(page["total"], all.len());
        walked.extend(page["data"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(cursor) => query = format!("?limit=3&total=true&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(walked, all);
}

#[actix_web::test]
async fn a_client_out_of_reach_has_no_timeline() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let bob = app.manager("bob").await;
    let romashka = client(&ann, "Ромашка").await;
    let path = format!("{}/timeline", romashka["path"].as_str().unwrap());
    let foreign = bob.get(&path).await.problem(404, "not_found");
    let absent = bob.get("/v1/clients/01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f/timeline").await.problem(404, "not_found");
    assert_eq!(foreign["detail"], absent["detail"]);
    assert_eq!(timeline(&app.supervisor().await, &romashka, "").await.len(), 1);
}

#[actix_web::test]
async fn confidential_fields_are_not_even_named_to_who_may_not_see_them() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let sue = app.supervisor().await;
    let romashka = client(&ann, "Ромашка").await;
    let path = romashka["path"].as_str().unwrap();
    let changes = json!({"credit_limit": "1000.00", "confidential_note": "late payer", "industry": "Retail"});
    let _ = sue.patch(path, &romashka, changes).await.ok();

    assert_eq!(timeline(&ann, &romashka, "").await[0]["fields"], json!(["industry"]));
    let mut named = timeline(&sue, &romashka, "").await[0]["fields"].as_array().unwrap().clone();
    named.sort_by_key(Value::to_string);
    assert_eq!(named, [json!("confidential_note"), json!("credit_limit"), json!("industry")]);

    // A change of nothing but such fields is no entry at all.
    let seen = sue.get(path).await.ok();
    let _ = sue.patch(path, &seen, json!({"credit_limit": "2000.00"})).await.ok();
    assert_eq!(happened(&timeline(&sue, &romashka, "").await).len(), 3);
    assert_eq!(happened(&timeline(&ann, &romashka, "").await), [("clients", "updated"), ("clients", "created")]);
}

#[actix_web::test]
async fn kinds_that_the_role_may_not_read_are_left_out() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let romashka = client(&ann, "Ромашка").await;
    let call = json!({"client_id": romashka["id"], "channel": "phone", "purpose": "other", "subject": "Call"});
    let _ = ann.post("/v1/interactions", call).await.created();
    let narrow = "UPDATE role_policies SET grants = grants || '{\"interactions:read\": \"none\"}' WHERE role = 'manager' \
                  RETURNING role AS value";
    assert_eq!(app.text(narrow).await, ["manager"]);
    app.parts().callers.forget();
    assert_eq!(happened(&timeline(&ann, &romashka, "").await), [("clients", "created")]);
}
