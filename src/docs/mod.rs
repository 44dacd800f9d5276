//! Swagger UI at `/docs`, served from the binary: pages to read the API document and to try it.

use std::{collections::BTreeMap, sync::LazyLock};

use actix_web::{
    Error as ActixError,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    guard,
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
    middleware::{Next, from_fn},
    web::{self, Path, ServiceConfig},
};

use crate::{
    error::{Error, Result},
    http::Unchanging,
};

/// The content security policy of the pages: they may load and call only this server, and have no inline script and no
/// frame around them.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const PICTURE: &str = "image/svg+xml; charset=utf-8";

/// What the browser loads: our page, and Swagger UI's own files.
static FILES: LazyLock<BTreeMap<&str, Unchanging>> = LazyLock::new(|| {
    let page = Unchanging::new(HTML, include_str!("page/index.html"));
    let own = [
        ("", page.clone()),
        ("index.html", page),
        ("page.css", Unchanging::new(STYLE, include_str!("page/page.css"))),
        ("page.js", Unchanging::new(SCRIPT, include_str!("page/page.js"))),
        ("icon.svg", Unchanging::new(PICTURE, include_str!("page/icon.svg"))),
    ];
    let vendored = [("swagger-ui.css", STYLE), ("swagger-ui-bundle.js", SCRIPT)];
    own.into_iter()
        .chain(vendored.into_iter().filter_map(|(name, kind)| Some((name, vendored_file(name, kind)?))))
        .collect()
});

fn vendored_file(name: &str, kind: &'static str) -> Option<Unchanging> {
    let file = utoipa_swagger_ui::serve(name, std::sync::Arc::default()).ok()??;
    Some(Unchanging::new(kind, file.bytes.into_owned()))
}

/// The pages under `/docs`, and the redirects to them.
pub fn routes(config: &mut ServiceConfig) {
    let way = |from: &str| web::resource(from).guard(guard::Get()).to(async || web::Redirect::to("/docs/"));
    let files = web::resource("/{name}").guard(guard::Get()).to(file);
    let page = web::resource("/").guard(guard::Get()).to(async || named(""));
    config.service(way("/")).service(way("/docs"));
    config.service(web::scope("/docs").wrap(from_fn(as_pages)).service(page).service(files));
}

async fn file(name: Path<String>) -> Result<Unchanging> {
    named(&name)
}

fn named(name: &str) -> Result<Unchanging> {
    FILES.get(name).cloned().ok_or_else(Error::not_found)
}

/// Gives the answer the headers of a page; the security policy of the API's answers would keep the page blank. A browser
/// takes over the headers of a 304, too.
async fn as_pages<B: MessageBody>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, ActixError> {
    let mut response = next.call(request).await?;
    if response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
        headers.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
    }
    Ok(response)
}
