//! Lists of contracts: filters, order, search, paging, includes.

use chrono::Duration;
use serde_json::{Value, json};

use super::{client_of, draft, draft_with, later, signed};
use crate::harness::{TestApp, TestUser};

/// The titles of the contracts that `query` finds.
async fn titles(user: &TestUser, query: &str) -> Vec<String> {
    let page = user.get(&format!("/v1/contracts?{query}")).await.ok();
    page["data"].as_array().unwrap().iter().map(|contract| contract["title"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn each_filter_narrows_the_list() {
    let app = TestApp::start().await;
    let (ann, bob, sue) = (app.manager("ann").await, app.manager("bob").await, app.supervisor().await);
    let (ours, theirs) = (client_of(&ann).await, client_of(&bob).await);
    draft_with(&ann, &ours, json!({"title": "a", "starts_on": "2027-01-01", "ends_on": "2027-06-30"})).await;
    app.advance(Duration::minutes(1));
    draft_with(&sue, &ours, json!({"title": "b", "currency": "USD", "ends_on": null})).await;
    app.advance(Duration::minutes(1));
    signed(&sue, &theirs, json!({"title": "c", "ends_on": "2026-12-01"})).await;
    let (client, owner, author) = (ours["id"].as_str().unwrap(), bob.id.uuid(), ann.id.uuid());
    for (query, expected) in [
        (String::new(), vec!["c", "b", "a"]),
        (format!("client_id={client}"), vec!["b", "a"]),
        (format!("owner_id={owner}"), vec!["c"]),
        (format!("author_id={author}"), vec!["a"]),
        (format!("author_id={author}&author_id={}", sue.id.uuid()), vec!["c", "b", "a"]),
        ("status=draft".to_owned(), vec!["b", "a"]),
        ("status=draft&status=active".to_owned(), vec!["c", "b", "a"]),
        ("currency=USD".to_owned(), vec!["b"]),
        ("starts_on_from=2027-01-01".to_owned(), vec!["a"]),
        ("starts_on_to=2027-01-01".to_owned(), vec!["c", "b"]),
        ("ends_on_from=2027-06-30".to_owned(), vec!["a"]),
        ("ends_on_to=2027-06-30".to_owned(), vec!["c"]),
        ("updated_at_from=2026-11-24T10:01:00Z".to_owned(), vec!["c", "b"]),
        ("updated_at_to=2026-11-24T10:01:00Z".to_owned(), vec!["a"]),
        ("sort=updated_at".to_owned(), vec!["a", "b", "c"]),
        ("sort=number".to_owned(), vec!["a", "b", "c"]),
        ("sort=-number".to_owned(), vec!["c", "b", "a"]),
        ("q=c-2026-000001".to_owned(), vec!["c"]),
        ("q=000001+nothing".to_owned(), vec![]),
    ] {
        assert_eq!(titles(&sue, &query).await, expected, "{query}");
    }
    for wrong in [
        "status=new",
        "currency=rub",
        "notice_due=1",
        "sort=title",
        "colour=red",
        "starts_on_from=soon",
        "include=orders",
    ] {
        sue.get(&format!("/v1/contracts?{wrong}")).await.problem(400, "invalid_parameter");
    }
}

#[actix_web::test]
async fn contracts_near_their_notice_date_are_found() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let client = client_of(&sue).await;
    signed(&sue, &client, json!({"title": "today", "ends_on": "2026-12-24", "notice_days": 30})).await;
    signed(&sue, &client, json!({"title": "tomorrow", "ends_on": "2026-12-25", "notice_days": 30})).await;
    signed(&sue, &client, json!({"title": "endless", "ends_on": null, "notice_days": 30})).await;
    draft_with(&sue, &client, json!({"title": "draft", "ends_on": "2026-11-24"})).await;
    assert_eq!(titles(&sue, "notice_due=true&total=true").await, ["today"]);
    assert_eq!(titles(&sue, "notice_due=false&sort=number").await, ["draft", "tomorrow", "endless"]);
    let sue = later(&app, Duration::days(1), &sue).await;
    assert_eq!(titles(&sue, "notice_due=true&sort=number").await, ["today", "tomorrow"]);
}

#[actix_web::test]
async fn pages_follow_each_other_without_gap_or_repetition() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    let client = client_of(&ann).await;
    for title in ["tea", "coffee", "tea and coffee", "coffee and tea", "tea tea"] {
        // All have the same time, so the id decides their order.
        draft_with(&ann, &client, json!({"title": title})).await;
    }
    for query in ["", "sort=updated_at&", "sort=-number&", "q=tea&"] {
        let expected = if query == "q=tea&" { 4 } else { 5 };
        let mut seen: Vec<Value> = Vec::new();
        let mut cursor = String::new();
        loop {
            let answer = ann.get(&format!("/v1/contracts?{query}limit=2&total=true{cursor}")).await;
            let linked = answer.next_page().is_some();
            let page = answer.ok();
            assert_eq!(page["total"], expected);
            seen.extend(page["data"].as_array().unwrap().iter().map(|contract| contract["id"].clone()));
            assert_eq!(linked, !page["next_cursor"].is_null());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let mut distinct = seen.clone();
        distinct.sort_by_key(ToString::to_string);
        distinct.dedup();
        assert_eq!((seen.len(), distinct.len()), (expected, expected), "{query}");
    }
    let page = ann.get("/v1/contracts?limit=2").await.ok();
    let cursor = page["next_cursor"].as_str().unwrap();
    ann.get(&format!("/v1/contracts?status=draft&cursor={cursor}")).await.problem(400, "invalid_cursor");
}

#[actix_web::test]
async fn names_are_included_when_asked_for() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let client = client_of(&ann).await;
    let contract = draft(&sue, &client).await;
    let page = ann.get("/v1/contracts?include=client,owner,author").await.ok();
    let item = &page["data"][0];
    assert_eq!(item["client"], json!({"id": client["id"], "name": "Ромашка", "status": "lead", "is_key": false}));
    assert_eq!((&item["owner"]["name"], &item["author"]["name"]), (&json!("ann"), &json!("sue")));
    assert!(item.get("ordered_total").is_none(), "a query for each would be too many");
    let path = contract["path"].as_str().unwrap();
    let one = ann.get(&format!("{path}?include=author&fields=id,author,ordered_total")).await.ok();
    assert_eq!(one["author"]["id"], json!(sue.id));
    assert_eq!(one["ordered_total"], "0.00");
    assert!(one.get("owner").is_none() && one.get("client").is_none() && one.get("title").is_none());
    ann.get(&format!("{path}?fields=colour")).await.problem(400, "invalid_parameter");
    let held = ann.request(actix_web::http::Method::GET, path).insert_header(("If-None-Match", "*"));
    assert_eq!(ann.send(held).await.status, 304);
}
