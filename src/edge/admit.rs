//! Refuses requests before they are processed any further: when the caller asks too often, when the request is too
//! long, and when the caller does not accept what is answered.

use actix_web::{
    Error as ActixError, HttpRequest,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header::{self, HeaderMap},
    middleware::Next,
    web::Data,
};

use super::{rate, single, size};
use crate::{
    error::{Error, ProblemType, Result},
    http::{Operations, part},
};

/// Refuses such a request. The rate limit comes first, so that every answer reports it.
///
/// # Errors
/// Only errors of the framework itself, which our handlers do not cause.
pub async fn admit<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, ActixError> {
    match admitted(&request) {
        Ok(()) => next.call(request).await.map(ServiceResponse::map_into_left_body),
        Err(refused) => Ok(request.error_response(refused).map_into_right_body()),
    }
}

fn admitted(request: &ServiceRequest) -> Result<()> {
    rate::take(request.request())?;
    size::check(request.head())?;
    single::check(request.headers())?;
    check_acceptable(request.request())
}

/// Refuses a caller of the API who does not accept JSON, or the page where there is one.
///
/// # Errors
/// 406.
fn check_acceptable(request: &HttpRequest) -> Result<()> {
    if !request.path().starts_with("/v1/") || accepts(request.headers(), &JSON) {
        return Ok(());
    }
    let operations: Data<Operations> = part(request)?;
    let has_page = operations.find(request.method(), request.path()).has_page;
    if has_page && accepts(request.headers(), &["text/html"]) {
        return Ok(());
    }
    Err(Error::new(ProblemType::NotAcceptable))
}

/// The ranges that JSON is in.
const JSON: [&str; 4] = ["*/*", "application/*", "application/json", "application/problem+json"];

/// Whether the caller accepts one of these media ranges, or says nothing.
fn accepts(headers: &HeaderMap, ranges: &[&str]) -> bool {
    let Some(accept) = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()) else {
        return true;
    };
    accept.split(',').any(|range| {
        let kind = range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let refused = range.split(';').skip(1).any(|weight| {
            matches!(weight.trim().to_ascii_lowercase().as_str(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
        });
        !refused && ranges.contains(&kind.as_str())
    })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::{JSON, accepts};

    #[test]
    fn an_accept_without_json_is_refused() {
        for (accept, kept) in
            [("*/*", true), ("application/json", true), ("audio/mpeg", false), ("application/json;q=0", false)]
        {
            let request = TestRequest::default().insert_header(("Accept", accept)).to_http_request();
            assert_eq!(accepts(request.headers(), &JSON), kept, "{accept}");
        }
    }
}
