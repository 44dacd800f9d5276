//! Exchange rates: who keeps them, and what holds on which day.

use serde_json::json;

use crate::harness::TestApp;

#[actix_web::test]
async fn a_currency_has_one_rate_from_a_day_on() {
    let app = TestApp::start().await;
    let (ann, sue) = (app.manager("ann").await, app.supervisor().await);
    let rate = |currency: &str, day: &str| json!({"currency": currency, "rate": "92.5", "starts_on": day});
    ann.post("/v1/exchange-rates", rate("USD", "2026-11-01")).await.problem(403, "forbidden");
    let first = sue.post("/v1/exchange-rates", rate("USD", "2026-11-01")).await.created();
    assert_eq!((&first["rate"], &first["to_currency"]), (&json!("92.50"), &json!("RUB")));
    let problem = sue.post("/v1/exchange-rates", rate("USD", "2026-11-01")).await.problem(409, "already_exists");
    assert_eq!(problem["holder_id"], first["id"]);
    sue.post("/v1/exchange-rates", rate("RUB", "2026-11-01")).await.field_error("/currency", "own_currency");
    for (wrong, code) in
        [("0", "too_small"), ("-1", "too_small"), ("0.000000001", "too_small"), ("1.123456789", "too_many_decimals")]
    {
        let body = json!({"currency": "EUR", "rate": wrong, "starts_on": "2026-11-01"});
        sue.post("/v1/exchange-rates", body).await.field_error("/rate", code);
    }
    let path = first["path"].as_str().unwrap();
    let changed = sue.patch(path, &first, json!({"rate": "93.12345678"})).await.ok();
    assert_eq!(changed["rate"], "93.12345678");
    sue.patch(path, &changed, json!({"currency": "RUB"})).await.field_error("/currency", "own_currency");
    sue.post("/v1/exchange-rates", rate("EUR", "2026-11-02")).await.created();
    let list = ann.get("/v1/exchange-rates?currency=USD&starts_on_to=2026-11-02").await.ok();
    assert_eq!((list["data"].as_array().unwrap().len(), &list["data"][0]["id"]), (1, &first["id"]));
    let list = ann.get("/v1/exchange-rates").await.ok();
    assert_eq!(list["data"][0]["currency"], "EUR", "the last first");
}
