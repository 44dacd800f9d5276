//! `HEAD` and `OPTIONS` (RFC 9110, sections 9.3.2 and 9.3.7).

use actix_web::http::Method;

use crate::{
    calls::{Target, World, call, operations},
    harness::TestApp,
};

/// Headers that differ from one request to the next.
const OF_REQUEST: [&str; 2] = ["x-request-id", "ratelimit"];

#[actix_web::test]
async fn head_answers_as_get_does_without_the_body() {
    let world = World::over(TestApp::start().await).await;
    let server = world.app.served();
    for operation in operations().into_iter().filter(|operation| operation.method == "get") {
        let call = call(&world, operation.id, Target::Ordinary).await;
        let path = call.path(&operation);
        let headers = async |method: Method| {
            let answer = world.sue.send(world.sue.request(method, &path)).await;
            let kept = answer.headers.iter().filter(|(name, _)| !OF_REQUEST.contains(&name.as_str()));
            (answer.status, kept.cloned().collect::<Vec<_>>())
        };
        assert_eq!(headers(Method::HEAD).await, headers(Method::GET).await, "{}", operation.id);
    }
    let request = "HEAD /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = server.exchange(request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\n"), "{answer}");
}

#[actix_web::test]
async fn options_tells_the_methods_to_everyone() {
    let app = TestApp::start().await;
    for (path, allow) in [
        ("/livez", "GET, HEAD, OPTIONS"),
        ("/v1/clients", "GET, POST, HEAD, OPTIONS"),
        ("/v1/clients/01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "GET, PATCH, HEAD, OPTIONS"),
        ("/v1/auth/token", "POST, OPTIONS"),
    ] {
        let answer = app.send(app.anonymous().request(Method::OPTIONS, path)).await;
        assert_eq!((answer.status, answer.header("allow")), (204, Some(allow)), "{path}");
    }
    app.send(app.anonymous().request(Method::OPTIONS, "/v1/nothing")).await.problem(404, "not_found");
}
