//! The steps of an interaction's life, and what can be changed in each state.

use chrono::Duration;
use serde_json::{Value, json};

use super::{client_of, contact_at, log, plan};
use crate::harness::{TestApp, TestUser};

#[actix_web::test]
async fn a_planned_one_is_completed_with_the_next_one() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client_of(&ann).await;
    let ivan = contact_at(&app, &client).await;
    let more = json!({"scheduled_at": "2026-11-24T11:00:00Z", "contact_id": ivan, "duration_seconds": 1800, "summary": "Спросить"});
    let planned = log(&ann, &client, more).await;

    let body = json!({"outcome": "positive", "next": {"scheduled_at": "2026-12-01T10:00:00Z", "channel": "visit"}});
    let done = ann.transition("complete", &planned, body).await.ok();
    assert_eq!(done["status"], "done");
    assert_eq!(done["version"], 2);
    assert_eq!(done["occurred_at"], "2026-11-24T10:00:00Z");
    assert_eq!(done["scheduled_at"], "2026-11-24T11:00:00Z");
    assert_eq!(done["outcome"], "positive");
    assert_eq!((&done["duration_seconds"], &done["summary"]), (&json!(1800), &json!("Спросить")));
    assert_eq!(done["actions"], json!(["update"]));
    let next = &done["next"];
    assert_eq!((&next["follows_id"], &next["channel"]), (&done["id"], &json!("visit")));
    assert_eq!((&next["contact_id"], &next["summary"]), (&ivan, &Value::Null));

    let recorded = app.audit(&done["id"]).await;
    assert_eq!(recorded[1].0, "completed");
    assert_eq!(recorded[1].1["status"], json!({"from": "planned", "to": "done"}));
    assert_eq!(app.events(&done["id"]).await, ["interactions.created", "interactions.completed"]);
}

#[actix_web::test]
async fn what_came_of_it_is_told_when_it_is_completed() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client_of(&ann).await;
    let planned = plan(&ann, &client, "2026-11-24T09:00:00Z").await;
    for (body, pointer, code) in [
        (json!({"occurred_at": "2026-11-24T10:06:00Z"}), "/occurred_at", "in_the_future"),
        (json!({"duration_seconds": 604_801}), "/duration_seconds", "too_large"),
        (json!({"next": {"channel": "phone"}}), "/next/scheduled_at", "required"),
        (json!({"status": "done"}), "/status", "unknown_field"),
    ] {
        ann.transition("complete", &planned, body).await.field_error(pointer, code);
    }
    let body = json!({"occurred_at": "2026-11-24T09:10:00Z", "duration_seconds": 0, "summary": "Занято"});
    let done = ann.transition("complete", &planned, body).await.ok();
    assert_eq!(done["at"], "2026-11-24T09:10:00Z");
    assert_eq!(done["duration_seconds"], 0);
    assert_eq!(done["summary"], "Занято");
    assert!(done.get("next").is_none());
}

#[actix_web::test]
async fn a_planned_one_is_rescheduled_and_cancelled_with_the_reason_kept() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client_of(&ann).await;
    let planned = plan(&ann, &client, "2026-12-01T10:00:00Z").await;
    let same = json!({"scheduled_at": "2026-12-01T10:00:00Z", "reason": "?"});
    assert_eq!(ann.transition("reschedule", &planned, same).await.ok(), planned);
    let later = json!({"scheduled_at": "2026-12-03T10:00:00Z", "reason": "Отпуск"});
    let moved = ann.transition("reschedule", &planned, later).await.ok();
    assert_eq!(
        (&moved["status"], &moved["at"], &moved["version"]),
        (&json!("planned"), &json!("2026-12-03T10:00:00Z"), &json!(2))
    );
    let cancelled = ann.transition("cancel", &moved, json!({"reason": "Передумали"})).await.ok();
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(cancelled["actions"], json!(["update"]));

    let recorded = app.audit(&planned["id"]).await;
    let told: Vec<_> = recorded.iter().map(|(action, changes)| (action.as_str(), &changes["reason"]["to"])).collect();
    assert_eq!(
        told,
        [("created", &Value::Null), ("rescheduled", &json!("Отпуск")), ("cancelled", &json!("Передумали"))]
    );
    ann.transition("reschedule", &plan(&ann, &client, "2026-12-01T10:00:00Z").await, json!({}))
        .await
        .field_error("/scheduled_at", "required");
}

#[actix_web::test]
async fn only_one_whose_time_has_passed_is_missed() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client_of(&ann).await;
    let planned = plan(&ann, &client, "2026-11-24T10:05:00Z").await;
    let problem = ann.transition("miss", &planned, json!({})).await.problem(409, "invalid_state");
    assert_eq!(problem["state"], "planned");
    assert_eq!(problem["allowed"], json!(["complete", "reschedule", "cancel"]));
    app.advance(Duration::minutes(5));
    ann.transition("miss", &planned, json!({})).await.problem(409, "invalid_state");
    app.advance(Duration::seconds(1));
    let now = ann.get(planned["path"].as_str().unwrap()).await.ok();
    assert_eq!(now["actions"], json!(["update", "complete", "reschedule", "cancel", "miss"]));
    let missed = ann.transition("miss", &planned, json!({"reason": "Не взяли трубку"})).await.ok();
    assert_eq!(missed["status"], "missed");
}

async fn in_each_state(user: &TestUser, client: &Value) -> [Value; 4] {
    let planned = plan(user, client, "2026-11-24T09:00:00Z").await;
    let cancelled = user.transition("cancel", &plan(user, client, "2026-11-24T09:00:00Z").await, json!({})).await.ok();
    let missed = user.transition("miss", &plan(user, client, "2026-11-24T09:00:00Z").await, json!({})).await.ok();
    [planned, log(user, client, json!({})).await, cancelled, missed]
}

#[actix_web::test]
async fn what_is_over_takes_no_step() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client_of(&ann).await;
    let [_, over @ ..] = in_each_state(&ann, &client).await;
    for interaction in over {
        for verb in ["complete", "reschedule", "cancel", "miss"] {
            let body = if verb == "reschedule" { json!({"scheduled_at": "2026-12-01T10:00:00Z"}) } else { json!({}) };
            let problem = ann.transition(verb, &interaction, body).await.problem(409, "invalid_state");
            assert_eq!(problem["state"], interaction["status"]);
            assert_eq!(problem["allowed"], json!([]));
        }
        assert_eq!(ann.get(interaction["path"].as_str().unwrap()).await.ok(), interaction);
    }
}

#[actix_web::test]
async fn what_can_be_changed_depends_on_the_state() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client_of(&ann).await;
    let [planned, done, cancelled, missed] = in_each_state(&ann, &client).await;
    for interaction in [&planned, &done, &cancelled, &missed] {
        let path = interaction["path"].as_str().unwrap();
        let is = |status: &str| interaction["status"] == status;
        for (patch, open) in [
            (json!({"user_id": ann.id}), is("planned")),
            (json!({"outcome": "positive"}), is("done")),
            (json!({"occurred_at": "2026-11-24T08:00:00Z"}), is("done")),
        ] {
            let pointer = format!("/{}", patch.as_object().unwrap().keys().next().unwrap());
            let answer = ann.patch(path, &json!({"version": ann.get(path).await.ok()["version"]}), patch).await;
            if open {
                let _ = answer.ok();
            } else {
                answer.field_error(&pointer, "wrong_state");
            }
        }
        let now = ann.get(path).await.ok();
        let patch = json!({"subject": "Скидка", "summary": null, "purpose": "complaint", "channel": "email",
            "direction": "inbound", "duration_seconds": 60});
        let changed = ann.patch(path, &now, patch).await.ok();
        assert_eq!((&changed["subject"], &changed["purpose"]), (&json!("Скидка"), &json!("complaint")));
        assert_eq!((&changed["channel"], &changed["direction"]), (&json!("email"), &json!("inbound")));
        assert_eq!(changed["duration_seconds"], 60);
        assert_eq!(changed["status"], interaction["status"]);
        for (patch, pointer, code) in [
            (json!({"subject": null}), "/subject", "not_nullable"),
            (json!({"status": "done"}), "/status", "unknown_field"),
            (json!({"scheduled_at": "2026-12-01T10:00:00Z"}), "/scheduled_at", "unknown_field"),
            (json!({"duration_seconds": -1}), "/duration_seconds", "too_small"),
        ] {
            ann.patch(path, &changed, patch).await.field_error(pointer, code);
        }
    }
    let all = json!({"user_id": ann.id, "occurred_at": "2026-11-24T08:00:00Z", "outcome": "neutral"});
    let any = json!({"version": ann.get(cancelled["path"].as_str().unwrap()).await.ok()["version"]});
    let errors = ann.patch(cancelled["path"].as_str().unwrap(), &any, all).await.field_errors();
    assert_eq!(errors.len(), 3);
}

#[actix_web::test]
async fn a_change_needs_the_version_that_was_seen() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client_of(&ann).await;
    let planned = plan(&ann, &client, "2026-11-24T09:00:00Z").await;
    let path = planned["path"].as_str().unwrap().to_owned();
    let changed = ann.patch(&path, &planned, json!({"subject": "Скидка"})).await.ok();
    assert_eq!(changed["version"], 2);
    let unchanged = ann.patch(&path, &changed, json!({"subject": "Скидка"})).await.ok();
    assert_eq!(unchanged["version"], 2);
    let stale = ann.patch(&path, &planned, json!({"subject": "Цены"})).await.problem(412, "precondition_failed");
    assert_eq!(stale["current_version"], 2);
    for verb in ["complete", "cancel", "miss"] {
        ann.transition(verb, &planned, json!({})).await.problem(412, "precondition_failed");
        ann.post(&format!("{path}/{verb}"), json!({})).await.problem(428, "precondition_required");
    }
    let request = ann.request(actix_web::http::Method::GET, &path).insert_header(("If-None-Match", "*"));
    assert_eq!(ann.send(request).await.status, 304);
}
