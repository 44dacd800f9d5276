//! Lists of orders and their sums.

use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};

use super::{client, department, draft, handed_over, ids, key_client, later, product, product_with, step};
use crate::harness::{TestApp, TestUser};

fn sum(page: &Value, field: &str, currency: &str) -> String {
    let rows = page["data"].as_array().unwrap().iter().filter(|order| order["currency"] == currency);
    let sum: Decimal = rows.map(|order| order[field].as_str().unwrap().parse::<Decimal>().unwrap()).sum();
    let mut sum = sum.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    sum.rescale(2);
    sum.to_string()
}

/// All statuses, after an empty one.
const EVERY: [&str; 11] = [
    "",
    "draft",
    "submitted",
    "approved",
    "rejected",
    "handed_over",
    "accepted",
    "in_progress",
    "fulfilled",
    "closed",
    "cancelled",
];

/// Compares the summary with the list with the same filters, and returns the number of orders.
async fn summed(user: &TestUser, filters: &str) -> i64 {
    let list = user.get(&format!("/v1/orders?limit=200&total=true&{filters}")).await.ok();
    // Without a status, the summary leaves drafts out.
    let all = if filters.contains("status=") { String::new() } else { EVERY.join("&status=") };
    let summary = user.get(&format!("/v1/orders/summary?{filters}{all}")).await.ok();
    assert_eq!(summary["count"], list["total"], "{filters}");
    assert_eq!(summary["count"], json!(ids(&list).len()), "{filters}");
    let currencies = summary["currencies"].as_array().unwrap();
    assert_eq!(currencies.iter().map(|row| row["count"].as_i64().unwrap()).sum::<i64>(), summary["count"]);
    for row in currencies {
        for field in ["net_total", "tax_total", "total"] {
            let currency = row["currency"].as_str().unwrap();
            assert_eq!(row[field], json!(sum(&list, field, currency)), "{filters} {field} {currency}");
        }
    }
    summary["count"].as_i64().unwrap()
}

#[actix_web::test]
async fn the_summary_is_the_sum_of_the_list_for_every_filter_and_reach() {
    let app = TestApp::start().await;
    let (ann, kim, sue) = (app.manager("ann").await, app.key_account_manager("kim").await, app.supervisor().await);
    let kay = app.key_account_manager_of(&kim, "kay").await;
    let (paper, dollars) = (product(&app, "33.33").await, product_with(&app, "0.05", "USD", true, "NULL").await);
    let (mine, plain, key) = (client(&ann).await, client(&kim).await, key_client(&kim).await);
    let department = department(&app, true).await;
    let rate = json!({"currency": "USD", "rate": "90", "starts_on": "2026-01-01"});
    sue.post("/v1/exchange-rates", rate).await.created();
    draft(&ann, &mine, &paper, "0.001").await;
    let waiting = step(&ann, "submit", &draft(&ann, &mine, &paper, "3001").await).await;
    handed_over(&ann, &draft(&ann, &mine, &dollars, "0.7").await, &department).await;
    draft(&kim, &plain, &paper, "1.5").await;
    let kim = later(&app, &kim, 1).await;
    let (ann, kay, sue) = (later(&app, &ann, 0).await, later(&app, &kay, 0).await, later(&app, &sue, 0).await);
    draft(&kim, &key, &dollars, "0.301").await;
    let urgent = draft(&sue, &key, &paper, "2").await;
    let body = json!({"priority": "urgent", "comment": "Сделать Быстро"});
    sue.patch(urgent["path"].as_str().unwrap(), &urgent, body).await.ok();

    for (user, count) in [(&ann, 3), (&kim, 3), (&kay, 2), (&sue, 6)] {
        assert_eq!(summed(user, "").await, count);
    }
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    for (filters, count) in [
        (format!("client_id={}", text(&mine["id"])), 3),
        (format!("client_id={}&client_id={}", text(&mine["id"]), text(&key["id"])), 5),
        (format!("owner_id={}", kim.id), 3),
        (format!("author_id={}", sue.id), 1),
        (format!("department_id={department}"), 1),
        (format!("contract_id={department}"), 0),
        ("status=draft&status=handed_over".to_owned(), 5),
        ("priority=urgent".to_owned(), 1),
        ("currency=USD".to_owned(), 2),
        ("ordered_on_from=2026-11-25".to_owned(), 2),
        ("ordered_on_to=2026-11-25".to_owned(), 4),
        ("updated_at_from=2026-11-25T10:00:00Z".to_owned(), 2),
        ("updated_at_to=2026-11-25T10:00:00Z".to_owned(), 4),
        ("q=%D0%B1%D1%8B%D1%81%D1%82%D1%80%D0%BE".to_owned(), 1),
        ("q=o-2026-000002".to_owned(), 1),
        ("q=%25".to_owned(), 0),
    ] {
        assert_eq!(summed(&sue, &filters).await, count, "{filters}");
    }
    assert_eq!(summed(&ann, &format!("owner_id={}", kim.id)).await, 0);
    assert_eq!(waiting["status"], "submitted");
}

#[actix_web::test]
async fn a_summary_takes_filters_only() {
    let app = TestApp::start().await;
    let ann = app.manager("ann").await;
    for (query, name) in
        [("sort=ordered_on", "sort"), ("include=lines", "include"), ("limit=1", "limit"), ("colour=red", "colour")]
    {
        ann.get(&format!("/v1/orders/summary?{query}")).await.field_error(name, "unknown_field");
    }
    ann.get("/v1/orders/summary?status=lost").await.field_error("status", "invalid_choice");
    ann.get("/v1/orders?colour=red").await.field_error("colour", "unknown_field");
    ann.get("/v1/orders?sort=number").await.field_error("sort", "invalid_choice");
    ann.get("/v1/orders?ordered_on_from=2026-02-30").await.field_error("ordered_on_from", "invalid_date");
    ann.get("/v1/orders?client_id=7").await.field_error("client_id", "invalid_id");
    assert_eq!(ann.get("/v1/orders/summary").await.ok()["currencies"], json!([]));
}

#[actix_web::test]
async fn a_list_is_sorted_paged_and_filled_as_asked() {
    let app = TestApp::start().await;
    let mut ann = app.manager("ann").await;
    let client = client(&ann).await;
    let paper = product(&app, "100").await;
    let mut orders = Vec::new();
    for _ in 0..3 {
        orders.push(draft(&ann, &client, &paper, "1").await);
        ann = later(&app, &ann, 1).await;
    }
    let touched = ann.patch(orders[0]["path"].as_str().unwrap(), &orders[0], json!({"comment": "x"})).await.ok();
    let id = |index: usize| orders[index]["id"].as_str().unwrap();
    for (sort, expected) in [
        ("", [0, 2, 1]),
        ("sort=updated_at", [1, 2, 0]),
        ("sort=ordered_on", [0, 1, 2]),
        ("sort=-ordered_on", [2, 1, 0]),
        ("q=o-2026&sort=ordered_on", [0, 1, 2]),
    ] {
        let expected = expected.map(id);
        assert_eq!(ids(&ann.get(&format!("/v1/orders?{sort}")).await.ok()), expected, "{sort}");
        let first = ann.get(&format!("/v1/orders?limit=2&{sort}")).await.ok();
        let cursor = first["next_cursor"].as_str().unwrap();
        let second = ann.get(&format!("/v1/orders?limit=2&cursor={cursor}&{sort}")).await.ok();
        assert_eq!([ids(&first), ids(&second)].concat(), expected, "{sort}");
    }
    let plain = ann.get("/v1/orders").await.ok();
    assert!(plain["data"][0].get("lines").is_none() && plain["data"][0].get("client").is_none());
    let order = handed_over(&ann, &touched, &department(&app, true).await).await;
    let full = ann.get("/v1/orders?include=client,owner,department,lines&limit=1").await.ok();
    assert_eq!(full["data"][0]["id"], order["id"]);
    assert_eq!(full["data"][0]["lines"], order["lines"]);
    assert_eq!(
        full["data"][0]["client"],
        json!({"id": client["id"], "name": "Romashka", "status": "lead", "is_key": false})
    );
    assert_eq!(full["data"][0]["owner"]["name"], "ann");
    assert_eq!(full["data"][0]["department"]["id"], order["department_id"]);
    let one = ann.get(&format!("/v1/orders/{}?include=client", id(0))).await.ok();
    assert_eq!((&one["client"], &one["lines"]), (&full["data"][0]["client"], &order["lines"]));
    ann.get("/v1/orders?fields=id,colour").await.field_error("fields", "unknown_field");
}
