//! Swagger UI at `/docs`, served from the binary: pages to read the API document and to try it.

use actix_web::{
    Error as ActixError,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    guard,
    http::header::{self, HeaderMap, HeaderName, HeaderValue},
    middleware::{Next, from_fn},
    web::{self, ServiceConfig},
};
use utoipa_swagger_ui::{Config, SwaggerUi};

/// The content security policy of the pages: they may load and call only this server, and have no inline script and no
/// frame around them.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The pages under `/docs`, and the redirects to them.
pub fn routes(config: &mut ServiceConfig) {
    let pages = SwaggerUi::new("/{_:.*}").config(swagger_config());
    let way = |from: &str| web::resource(from).guard(guard::Get()).to(async || web::Redirect::to("/docs/"));
    config.service(way("/")).service(way("/docs")).service(web::scope("/docs").wrap(from_fn(as_pages)).service(pages));
}

/// Swagger UI keeps the sign-in in the browser's local storage, so that a reload of the page does not end it.
fn swagger_config() -> Config<'static> {
    Config::new(["/openapi.json"]).try_it_out_enabled(true).persist_authorization(true).display_operation_id(true)
}

/// Gives the answer the headers of a page; the security policy of the API's answers would keep the page blank.
async fn as_pages<B: MessageBody>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, ActixError> {
    let mut response = next.call(request).await?;
    if response.status().is_success() {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
        headers.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
        say_charset(headers);
    }
    Ok(response)
}

/// Every text of these pages is UTF-8. A browser would guess if the header did not say so.
fn say_charset(headers: &mut HeaderMap) {
    let said = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let Some(kind) = said.filter(|kind| kind.starts_with("text/") && !kind.contains("charset")) else { return };
    if let Ok(kind) = HeaderValue::try_from(format!("{kind}; charset=utf-8")) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
}
