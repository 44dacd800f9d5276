//! Filters, orders and pages of interactions.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{client_of, contact_at, contract_with, log, order_of, plan};
use crate::harness::{TestApp, TestUser};

async fn subjects(user: &TestUser, query: &str) -> Vec<String> {
    let page = user.get(&format!("/v1/interactions?{query}")).await.ok();
    let subject = |row: &Value| row["subject"].as_str().unwrap().to_owned();
    page["data"].as_array().unwrap().iter().map(subject).collect()
}

#[actix_web::test]
async fn each_filter_keeps_what_it_names() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let ann = app.manager("ann").await;
    let (one, two) = (client_of(&sue).await, client_of(&ann).await);
    let (ivan, contract, order) =
        (contact_at(&app, &one).await, contract_with(&app, &one).await, order_of(&app, &one).await);
    let one_of_each = json!({"subject": "Скидка на розы", "channel": "visit", "direction": "inbound", "purpose": "survey",
        "outcome": "negative", "contact_id": ivan, "contract_id": contract, "order_id": order,
        "occurred_at": "2026-11-01T10:00:00Z", "user_id": ann.id});
    log(&sue, &one, one_of_each).await;
    log(&sue, &two, json!({"subject": "Other", "summary": "Всё 100% ясно", "scheduled_at": "2026-12-01T10:00:00Z"}))
        .await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (first, second) = (vec!["Скидка на розы"], vec!["Other"]);
    for (query, expected) in [
        (format!("client_id={}", text(&one["id"])), &first),
        (format!("contact_id={}", text(&ivan)), &first),
        (format!("contract_id={}", text(&contract)), &first),
        (format!("order_id={}", text(&order)), &first),
        (format!("user_id={}", ann.id), &first),
        (format!("user_id={}", sue.id), &second),
        (format!("owner_id={}", sue.id), &first),
        (format!("owner_id={}", ann.id), &second),
        ("channel=visit&channel=letter".into(), &first),
        ("direction=inbound".into(), &first),
        ("direction=outbound".into(), &second),
        ("purpose=survey".into(), &first),
        ("status=planned".into(), &second),
        ("status=done".into(), &first),
        ("outcome=negative".into(), &first),
        ("at_from=2026-12-01T10:00:00Z".into(), &second),
        ("at_to=2026-12-01T10:00:00Z".into(), &first),
        ("at_from=2026-11-01T10:00:00Z&at_to=2026-11-01T10:00:01Z".into(), &first),
        ("q=%D0%A0%D0%9E%D0%97 %D1%81%D0%BA%D0%B8%D0%B4".into(), &first),
        ("q=100%25".into(), &second),
        ("q=_".into(), &vec![]),
        ("updated_at_from=2026-11-24T10:00:00Z&sort=at".into(), &[first.clone(), second.clone()].concat()),
        ("updated_at_to=2026-11-24T10:00:00Z".into(), &vec![]),
        ("sort=at".into(), &[first.clone(), second.clone()].concat()),
        (String::new(), &[second.clone(), first.clone()].concat()),
    ] {
        let query = query.replace(' ', "%20");
        assert_eq!(subjects(&sue, &query).await, *expected, "{query}");
    }
    let both = sue.get("/v1/interactions?total=true&limit=1").await.ok();
    assert_eq!((&both["total"], both["data"].as_array().unwrap().len()), (&json!(2), 1));
    assert_eq!(sue.get("/v1/interactions?total=true&due=today").await.ok()["total"], 0);
}

#[actix_web::test]
async fn wrong_parameters_are_named() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    for (query, name, code) in [
        ("due=soon", "due", "invalid_choice"),
        ("timezone=Mars/Olympus", "timezone", "invalid_timezone"),
        ("status=open", "status", "invalid_choice"),
        ("client_id=7", "client_id", "invalid_id"),
        ("at_from=yesterday", "at_from", "invalid_instant"),
        ("sort=subject", "sort", "invalid_choice"),
        ("subject=x", "subject", "unknown_field"),
    ] {
        ann.get(&format!("/v1/interactions?{query}")).await.field_error(name, code);
    }
}

#[actix_web::test]
async fn tasks_are_overdue_today_or_upcoming_by_the_callers_clock() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client_of(&ann).await;
    for (subject, at) in [
        ("long ago", "2026-11-20T10:00:00Z"),
        ("late yesterday", "2026-11-23T22:00:00Z"),
        ("this morning", "2026-11-24T09:59:59Z"),
        ("now", "2026-11-24T10:00:00Z"),
        ("late today", "2026-11-24T22:00:00Z"),
        ("tomorrow", "2026-11-25T10:00:00Z"),
    ] {
        log(&ann, &client, json!({"subject": subject, "scheduled_at": at})).await;
    }
    log(&ann, &client, json!({"subject": "done", "occurred_at": "2026-11-24T09:00:00Z"})).await;
    let called_off = plan(&ann, &client, "2026-11-24T09:00:00Z").await;
    let _ = ann.transition("cancel", &called_off, json!({})).await.ok();

    for (query, expected) in [
        ("due=overdue", vec!["long ago", "late yesterday", "this morning"]),
        ("due=overdue&timezone=Europe/Moscow", vec!["long ago", "late yesterday", "this morning"]),
        ("due=today", vec!["this morning", "now", "late today"]),
        ("due=today&timezone=Europe/Moscow", vec!["late yesterday", "this morning", "now"]),
        ("due=upcoming", vec!["tomorrow"]),
        ("due=upcoming&timezone=Europe/Moscow", vec!["late today", "tomorrow"]),
        ("due=overdue&status=done", vec![]),
    ] {
        assert_eq!(subjects(&ann, &format!("{query}&sort=at")).await, expected, "{query}");
    }
}

/// All ids of a list, page by page.
async fn walk(user: &TestUser, query: &str) -> Vec<String> {
    let mut ids = Vec::new();
    let mut path = format!("/v1/interactions?{query}");
    loop {
        let answer = user.get(&path).await;
        let next = answer.next_page();
        let page = answer.ok();
        ids.extend(page["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        assert_eq!(page["next_cursor"].is_null(), next.is_none());
        let Some(next) = next else { return ids };
        path = next;
    }
}

#[actix_web::test]
async fn pages_of_equal_moments_lose_nothing_and_repeat_nothing() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client_of(&ann).await;
    let mut made = Vec::new();
    for number in 0..23 {
        // Only three different times, of done and planned interactions, so that every page ends between equal times.
        let at = ["2026-11-20T10:00:00Z", "2026-11-21T10:00:00Z", "2026-11-22T10:00:00Z"][number % 3];
        let moment = if number % 2 == 0 { "occurred_at" } else { "scheduled_at" };
        made.push(log(&ann, &client, json!({moment: at, "subject": "Цены"})).await);
    }
    made.sort_by_key(|row| (row["at"].to_string(), row["id"].to_string()));
    let ascending: Vec<String> = made.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    let descending: Vec<String> = ascending.iter().rev().cloned().collect();
    for limit in [1, 2, 5, 22, 23, 24, 200] {
        assert_eq!(walk(&ann, &format!("limit={limit}")).await, descending, "{limit}");
        assert_eq!(walk(&ann, &format!("sort=at&limit={limit}")).await, ascending, "{limit}");
    }
    for query in ["sort=updated_at&limit=4", "sort=-updated_at&limit=4", "q=%D0%A6%D0%B5%D0%BD%D1%8B&limit=4"] {
        let ids = walk(&ann, query).await;
        assert_eq!(ids.len(), made.len(), "{query}");
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), made.len(), "{query}");
    }
    let page = ann.get("/v1/interactions?limit=1").await.ok();
    let cursor = page["next_cursor"].as_str().unwrap();
    ann.get(&format!("/v1/interactions?limit=1&sort=at&cursor={cursor}")).await.problem(400, "invalid_cursor");
    ann.get(&format!("/v1/interactions?limit=1&status=done&cursor={cursor}")).await.problem(400, "invalid_cursor");
}
