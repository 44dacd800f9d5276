//! How long a request may be. ASVS 15.2.2

use actix_web::http::Method;

use crate::harness::TestApp;

#[actix_web::test]
async fn an_address_of_more_than_16_kib_is_refused() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let path = |bytes: usize| format!("/v1/clients?q={}", "x".repeat(bytes - "/v1/clients?q=".len()));
    sue.get(&path(16_384)).await.problem(400, "invalid_parameter");
    sue.get(&path(16_385)).await.problem(414, "uri_too_long");
}

#[actix_web::test]
async fn two_hundred_ids_fit_an_address_whatever_the_name_of_their_parameter() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    for (path, name) in [("/v1/orders", "department_id"), ("/v1/orders", "contract_id"), ("/v1/clients", "id")] {
        let ids: Vec<String> = (0..200).map(|_| format!("{name}={}", uuid::Uuid::now_v7())).collect();
        assert_eq!(sue.get(&format!("{path}?{}", ids.join("&"))).await.status, 200, "{name}");
    }
}

#[actix_web::test]
async fn headers_of_more_than_32_kib_or_64_in_number_are_refused() {
    let app = TestApp::start().await;
    let sue = app.supervisor().await;
    let with = async |name: &'static str, value: &str, times: usize| {
        let mut request = sue.request(Method::GET, "/v1/me");
        for _ in 0..times {
            request = request.append_header((name, value));
        }
        sue.send(request).await
    };
    assert_eq!(with("x", &"y".repeat(1000), 30).await.status, 200);
    with("x", &"y".repeat(1000), 33).await.problem(431, "headers_too_large");
    with("x", &"y".repeat(33_000), 1).await.problem(431, "headers_too_large");
    assert_eq!(with("x", "y", 60).await.status, 200);
    with("x", "y", 65).await.problem(431, "headers_too_large");
}
