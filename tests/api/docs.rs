//! Swagger UI's pages, as a browser loads them. `tests/swagger_ui` uses them in a browser.

use crate::harness::{Answer, TestApp};

const FILES: [&str; 7] = [
    "/docs/",
    "/docs/page.js",
    "/docs/page.css",
    "/docs/icon.svg",
    "/docs/swagger-ui.css",
    "/docs/swagger-ui-bundle.js",
    "/openapi.json",
];

async fn get(app: &TestApp, path: &str, tag: &str) -> Answer {
    let anonymous = app.anonymous();
    anonymous.send(anonymous.request(actix_web::http::Method::GET, path).insert_header(("If-None-Match", tag))).await
}

#[actix_web::test]
async fn a_browser_loads_each_file_once() {
    let app = TestApp::start().await;
    for path in FILES {
        let first = app.anonymous().get(path).await;
        let tag = first.header("etag").unwrap_or_else(|| panic!("{path} has no tag")).to_owned();
        assert!(first.status == 200 && !first.body.is_empty(), "{path}");
        let again = get(&app, path, &tag).await;
        assert!(again.status == 304 && again.body.is_empty(), "{path}: {}", again.status);
        assert_eq!(again.header("etag"), Some(tag.as_str()), "{path}");
        // A browser takes over the headers of a 304.
        assert_eq!(again.header("content-security-policy"), first.header("content-security-policy"), "{path}");
        assert_eq!(get(&app, path, "\"another\"").await.status, 200, "{path}");
    }
}

#[actix_web::test]
async fn the_page_has_a_title_and_an_icon_of_its_own() {
    let app = TestApp::start().await;
    let page = String::from_utf8(app.anonymous().get("/docs/").await.body.to_vec()).unwrap();
    assert!(page.contains("<title>Liaison API</title>") && page.contains(r#"href="icon.svg""#), "{page}");
    assert_eq!(
        app.anonymous().get("/docs/icon.svg").await.header("content-type"),
        Some("image/svg+xml; charset=utf-8")
    );
    app.anonymous().get("/docs/oauth2-redirect.html").await.problem(404, "not_found");
}
