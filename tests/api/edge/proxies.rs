//! Whose information about a caller's address is trusted. ASVS 4.1.3, 15.3.4

use actix_web::http::Method;
use liaison::{edge::Edge, http::Proxies};

use super::with_quotas;
use crate::harness::TestApp;

/// The status of the second of two requests, under a limit of one request a minute for each address. It is 429 if the
/// server sees the same address in both.
async fn second(app: &TestApp, forwarded: [&str; 2]) -> u16 {
    let mut last = 0;
    for forwarded in forwarded {
        let request = app.anonymous().request(Method::GET, "/openapi.json");
        last = app.send(request.insert_header(("X-Forwarded-For", forwarded))).await.status;
    }
    last
}

#[actix_web::test]
async fn a_stranger_who_claims_addresses_keeps_their_own() {
    let app = TestApp::behind(with_quotas(1000, 1)).await;
    assert_eq!(second(&app, ["198.51.100.1", "203.0.113.1"]).await, 429);
}

#[actix_web::test]
async fn a_trusted_proxy_tells_callers_apart() {
    // Callers of the tests come from 192.0.2.1.
    let behind = async |networks: &str| {
        let proxies = Proxies::parse(networks).unwrap();
        TestApp::behind(Edge { proxies, ..with_quotas(1000, 1) }).await
    };
    assert_eq!(second(&behind("192.0.2.0/24").await, ["198.51.100.1", "203.0.113.1"]).await, 200);
    assert_eq!(second(&behind("192.0.2.0/24").await, ["198.51.100.1", "198.51.100.2"]).await, 429);
    // What the caller wrote before the proxy's own entry does not count.
    let app = behind("192.0.2.0/24").await;
    assert_eq!(second(&app, ["203.0.113.1, 198.51.100.1", "203.0.114.1, 198.51.100.1"]).await, 429);
    assert_eq!(second(&behind("10.0.0.0/8").await, ["198.51.100.1", "203.0.113.1"]).await, 429);
}
