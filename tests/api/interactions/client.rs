//! What interactions change at their client, and what happens to them when the client is transferred or archived.

use actix_web::http::Method;
use liaison::{
    access::Scope,
    change::by_system,
    clients::ClientId,
    db::Jsonb,
    http::Parts,
    interactions::{self, Channel, Direction, InteractionStart, InteractionTerms, Purpose},
    values::{Id, Line},
};
use serde_json::{Value, json};

use super::{call, client_of, log, plan};
use crate::harness::{TestApp, TestUser};

async fn read(user: &TestUser, resource: &Value) -> Value {
    user.get(resource["path"].as_str().unwrap()).await.ok()
}

/// Asserts the times of the client's last and next interaction. They do not change its version.
#[track_caller]
fn told(client: &Value, last: Option<&str>, next: Option<&str>) {
    let known = (client["last_interaction_at"].as_str(), client["next_interaction_at"].as_str());
    assert_eq!((known, client["version"].as_i64()), ((last, next), Some(1)));
}

#[actix_web::test]
async fn the_client_tells_its_last_and_next_interaction() {
    const LAST: &str = "2026-11-24T10:00:00Z";
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client_of(&ann).await;
    told(&client, None, None);
    log(&ann, &client, json!({"occurred_at": "2026-11-20T10:00:00Z"})).await;
    told(&read(&ann, &client).await, Some("2026-11-20T10:00:00Z"), None);
    // An earlier interaction changes nothing.
    log(&ann, &client, json!({"occurred_at": "2026-11-19T10:00:00Z"})).await;
    told(&read(&ann, &client).await, Some("2026-11-20T10:00:00Z"), None);
    // Both times change at once.
    let done = log(&ann, &client, json!({"next": {"scheduled_at": "2026-12-05T10:00:00Z"}})).await;
    told(&read(&ann, &client).await, Some(LAST), Some("2026-12-05T10:00:00Z"));

    let planned = plan(&ann, &client, "2026-12-01T10:00:00Z").await;
    told(&read(&ann, &client).await, Some(LAST), Some("2026-12-01T10:00:00Z"));
    let moved = ann.transition("reschedule", &planned, json!({"scheduled_at": "2026-12-09T10:00:00Z"})).await.ok();
    told(&read(&ann, &client).await, Some(LAST), Some("2026-12-05T10:00:00Z"));
    let next = ann.get(&format!("/v1/interactions/{}", done["next"]["id"].as_str().unwrap())).await.ok();
    let _ = ann.transition("cancel", &next, json!({})).await.ok();
    told(&read(&ann, &client).await, Some(LAST), Some("2026-12-09T10:00:00Z"));
    let _ = ann.transition("complete", &moved, json!({"occurred_at": "2026-11-24T10:01:00Z"})).await.ok();
    told(&read(&ann, &client).await, Some("2026-11-24T10:01:00Z"), None);

    let path = done["path"].as_str().unwrap();
    let changed = ann.patch(path, &done, json!({"subject": "Скидка"})).await.ok();
    told(&read(&ann, &client).await, Some("2026-11-24T10:01:00Z"), None);
    let _ = ann.patch(path, &changed, json!({"occurred_at": "2026-11-24T10:02:00Z"})).await.ok();
    told(&read(&ann, &client).await, Some("2026-11-24T10:02:00Z"), None);
    let overdue = plan(&ann, &client, "2026-11-24T09:00:00Z").await;
    told(&read(&ann, &client).await, Some("2026-11-24T10:02:00Z"), Some("2026-11-24T09:00:00Z"));
    let _ = ann.transition("miss", &overdue, json!({})).await.ok();
    told(&read(&ann, &client).await, Some("2026-11-24T10:02:00Z"), None);

    assert_eq!(app.audit(&client["id"]).await.len(), 1);
}

#[actix_web::test]
async fn interactions_at_the_same_moment_leave_the_client_true() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client_of(&ann).await;
    let minutes = [5, 3, 9, 1, 7, 2, 8, 4];
    let logs = minutes.map(|minute| {
        let (ann, client) = (ann.clone(), client.clone());
        async move {
            let at = format!("2026-11-24T09:0{minute}:00Z");
            let more = json!({"occurred_at": at, "next": {"scheduled_at": format!("2026-12-01T10:0{minute}:00Z")}});
            log(&ann, &client, more).await
        }
    });
    futures_util::future::join_all(logs).await;
    let client = read(&ann, &client).await;
    assert_eq!(client["last_interaction_at"], "2026-11-24T09:09:00Z");
    assert_eq!(client["next_interaction_at"], "2026-12-01T10:01:00Z");
}

#[actix_web::test]
async fn a_transfer_and_work_with_the_client_do_not_stand_in_each_others_way() {
    let app = TestApp::start().await;
    let (sue, ann, bob) = (app.supervisor().await, app.manager("ann").await, app.manager("bob").await);
    for _ in 0..5 {
        let client = client_of(&ann).await;
        let planned = plan(&ann, &client, "2026-12-01T10:00:00Z").await;
        let path = client["path"].as_str().unwrap();
        let any = |path: String, body: Value| {
            let request = sue.request(Method::POST, &path).insert_header(("If-Match", "*"));
            sue.send(request.set_json(body))
        };
        let body = json!({"owner_id": bob.id, "reason": "Отпуск"});
        let next = json!({"next": {"scheduled_at": "2026-12-03T10:00:00Z"}});
        let complete = format!("{}/complete", planned["path"].as_str().unwrap());
        let (logged, transferred, completed) = futures_util::future::join3(
            sue.post("/v1/interactions", call(&client, json!({}))),
            any(format!("{path}/transfer"), body),
            any(complete, next),
        )
        .await;
        assert_eq!((logged.status, transferred.status, completed.status), (201, 200, 200));
        let owners = format!(
            "SELECT DISTINCT owner_id::text AS value FROM interactions WHERE client_id = '{}'",
            path.rsplit('/').next().unwrap()
        );
        assert_eq!(app.text(&owners).await, [bob.id.to_string()]);
    }
}

#[actix_web::test]
async fn what_the_old_owner_had_planned_goes_to_the_new_owner() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let (ann, bob) = (app.manager("ann").await, app.manager("bob").await);
    let client = client_of(&ann).await;
    let planned = plan(&ann, &client, "2026-12-01T10:00:00Z").await;
    let done = log(&ann, &client, json!({})).await;
    let of_sue = plan(&sue, &client, "2026-12-02T10:00:00Z").await;
    let elsewhere = plan(&ann, &client_of(&ann).await, "2026-12-01T10:00:00Z").await;

    let client = read(&sue, &client).await;
    let body = json!({"owner_id": bob.id, "reason": "Анна в отпуске"});
    let _ = sue.transition("transfer", &client, body).await.ok();
    for (before, user, version) in [(&planned, &bob, 3), (&done, &ann, 2), (&of_sue, &sue, 2)] {
        let after = read(&bob, before).await;
        assert_eq!((&after["user_id"], &after["version"]), (&json!(user.id), &json!(version)));
        assert_eq!((&after["owner_id"], &after["team_id"]), (&json!(bob.id), &json!(bob.team_id)));
        ann.get(before["path"].as_str().unwrap()).await.problem(404, "not_found");
    }
    assert_eq!(read(&ann, &elsewhere).await["user_id"], json!(ann.id));

    let recorded = app.audit(&planned["id"]).await;
    let user_id = json!({"user_id": {"from": ann.id, "to": bob.id}});
    assert_eq!(recorded[1], ("handed_over".to_owned(), user_id));
    assert_eq!(app.events(&planned["id"]).await, ["interactions.created", "interactions.handed_over"]);
    let transferred = app.audit(&client["id"]).await.pop().unwrap();
    assert_eq!(transferred.1["reason"], json!({"to": "Анна в отпуске"}));
    let _ = bob.transition("complete", &read(&bob, &planned).await, json!({})).await.ok();
}

#[actix_web::test]
async fn a_client_that_is_put_away_gets_nothing_new() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client_of(&ann).await;
    let planned = plan(&ann, &client, "2026-12-01T10:00:00Z").await;
    let archived = ann.transition("archive", &read(&ann, &client).await, json!({})).await.ok();
    ann.post("/v1/interactions", call(&client, json!({}))).await.problem(409, "invalid_state");
    let next = json!({"next": {"scheduled_at": "2026-12-02T10:00:00Z"}});
    ann.transition("complete", &planned, next).await.problem(409, "invalid_state");
    // A planned interaction can still be cancelled.
    let _ = ann.transition("cancel", &planned, json!({})).await.ok();
    assert_eq!(read(&ann, &archived).await["next_interaction_at"], Value::Null);
    assert_eq!(app.count("interactions").await, 1);
}

#[actix_web::test]
async fn the_system_logs_what_took_place_long_ago() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client_of(&ann).await;
    let client_id: ClientId = client["id"].as_str().unwrap().parse::<uuid::Uuid>().unwrap().into();
    let new = |user_id| {
        let occurred_at = Some("1997-05-06T00:00:00Z".parse().unwrap());
        let start = InteractionStart { client_id, user_id, scheduled_at: None, occurred_at, next: None };
        let terms = InteractionTerms {
            contact_id: None,
            channel: Channel::Letter,
            direction: Direction::Outbound,
            purpose: Purpose::Other,
            duration_seconds: None,
            subject: Line::parse("Заказ").unwrap(),
            summary: None,
            outcome: None,
            contract_id: None,
            order_id: None,
            external_ids: Jsonb::default(),
            custom_fields: Jsonb::default(),
        };
        Parts(start, terms)
    };
    let mut db = app.db().await;
    let now = app.parts().clock.now();
    let (logged, _) = by_system(&mut db, &app.parts().secrets, now, async |tx| {
        interactions::insert(tx, &Scope::system(), new(Some(ann.id))).await
    })
    .await
    .unwrap();
    let path = format!("/v1/interactions/{}", logged.id);
    assert_eq!(ann.get(&path).await.ok()["occurred_at"], "1997-05-06T00:00:00Z");
    assert_eq!(read(&ann, &client).await["last_interaction_at"], "1997-05-06T00:00:00Z");
    for nobody in [None, Some(Id::generate())] {
        let refused = by_system(&mut db, &app.parts().secrets, now, async |tx| {
            interactions::insert(tx, &Scope::system(), new(nobody)).await
        })
        .await;
        assert!(refused.is_err());
    }
    assert_eq!(app.count("interactions").await, 1);
}
