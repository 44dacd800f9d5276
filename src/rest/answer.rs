//! What every answer has: a request id, security headers, and problem documents in the caller's language.

use actix_web::{
    Error as ActixError, HttpMessage, HttpRequest, HttpResponse,
    body::{BoxBody, EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
};
use uuid::Uuid;

use crate::error::{Error, Language, ProblemType};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The request's id, kept with it.
#[derive(Clone, Debug)]
struct RequestId(String);

/// The id of `request`: the caller's own when it is a sound one, else a new one.
pub fn request_id(request: &HttpRequest) -> String {
    request.extensions().get::<RequestId>().map_or_else(String::new, |id| id.0.clone())
}

/// Gives the request its id, and the answer its headers; turns every failure into a problem document.
///
/// # Errors
/// Those of the framework itself, which no handler of ours causes.
pub async fn complete<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, ActixError> {
    let id = incoming_id(request.headers()).unwrap_or_else(|| Uuid::now_v7().to_string());
    request.extensions_mut().insert(RequestId(id.clone()));
    let mut response = if request.path().starts_with("/v1/") && !accepts_json(request.headers()) {
        let refused = problem(request.request(), &Error::new(ProblemType::NotAcceptable), &id);
        request.into_response(refused).map_into_right_body()
    } else {
        // No clone of the request may live across this call: routing needs it alone.
        told(next.call(request).await?, &id)
    };
    harden(response.headers_mut(), &id);
    Ok(response)
}

/// The answer, or the problem document in its place when it failed.
fn told<B: MessageBody>(response: ServiceResponse<B>, id: &str) -> ServiceResponse<EitherBody<B>> {
    match problem_of(response.response().error(), response.status()) {
        None => response.map_into_left_body(),
        Some(error) => {
            let (request, _) = response.into_parts();
            let document = problem(&request, &error, id);
            ServiceResponse::new(request, document).map_into_right_body()
        }
    }
}

/// A caller's id is kept when it is 1 to 128 characters that are harmless in a log.
fn incoming_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let sound =
        (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte));
    sound.then(|| id.to_owned())
}

/// Whether JSON is among what the caller takes.
fn accepts_json(headers: &HeaderMap) -> bool {
    let Some(accept) = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()) else {
        return true;
    };
    accept.split(',').any(|range| {
        let kind = range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let refused = range.split(';').skip(1).any(|weight| {
            matches!(weight.trim().to_ascii_lowercase().as_str(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
        });
        !refused && matches!(kind.as_str(), "*/*" | "application/*" | "application/json" | "application/problem+json")
    })
}

/// The problem behind a failed answer: ours, or the one that fits the framework's status.
fn problem_of(error: Option<&ActixError>, status: StatusCode) -> Option<Error> {
    if let Some(ours) = error.and_then(|error| error.as_error::<Error>()) {
        return Some(ours.copy());
    }
    let problem = match status {
        StatusCode::NOT_FOUND => ProblemType::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => ProblemType::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => ProblemType::BodyTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ProblemType::UnsupportedMediaType,
        StatusCode::BAD_REQUEST => ProblemType::MalformedBody,
        status if status.is_server_error() => {
            return Some(Error::internal(error.map_or_else(String::new, ToString::to_string)));
        }
        _ => return None,
    };
    Some(Error::new(problem))
}

fn problem(request: &HttpRequest, error: &Error, id: &str) -> HttpResponse<BoxBody> {
    let status = error.problem().status();
    if let Some(cause) = error.cause() {
        tracing::error!(request_id = id, status = status.as_u16(), cause, "request failed");
    }
    let language = language(request.headers());
    let document = error.document(language, request.path(), id);
    let mut response = HttpResponse::build(status);
    response.insert_header((header::CONTENT_LANGUAGE, language.tag())).insert_header((header::VARY, "Accept-Language"));
    if let Some(methods) = error.allowed_methods() {
        response.insert_header((header::ALLOW, methods));
    }
    if let Some(seconds) = error.retry_after_seconds() {
        response.insert_header((header::RETRY_AFTER, seconds));
    }
    if status == StatusCode::UNAUTHORIZED {
        response.insert_header((header::WWW_AUTHENTICATE, challenge(error)));
    }
    let body = serde_json::to_vec(&document).unwrap_or_default();
    response.content_type("application/problem+json").body(body)
}

/// RFC 6750, section 3: the error is named only when a token was sent.
fn challenge(error: &Error) -> &'static str {
    // RFC 6749, section 5.2: a client is told the scheme by which it may authenticate itself.
    if error.problem() == ProblemType::InvalidClient {
        return r#"Basic realm="liaison", charset="UTF-8""#;
    }
    if error.has("error") { r#"Bearer realm="liaison", error="invalid_token""# } else { r#"Bearer realm="liaison""# }
}

/// English unless Russian is preferred to it.
fn language(headers: &HeaderMap) -> Language {
    let Some(accept) = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()) else {
        return Language::En;
    };
    let weight = |language: &str| {
        accept
            .split(',')
            .filter_map(|range| {
                let mut parts = range.trim().split(';');
                let tag = parts.next()?.trim().to_ascii_lowercase();
                let quality = parts
                    .find_map(|part| part.trim().strip_prefix("q=").map(|q| q.parse::<f32>().unwrap_or(0.0)))
                    .unwrap_or(1.0);
                (tag == language || tag.starts_with(&format!("{language}-"))).then_some(quality)
            })
            .fold(0.0_f32, f32::max)
    };
    if weight("ru") > weight("en") { Language::Ru } else { Language::En }
}

/// OWASP REST Security Cheat Sheet: what every answer of an API carries. A page sets its own policy before.
fn harden(headers: &mut HeaderMap, id: &str) {
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
    let defaults = [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    for (name, value) in defaults {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::{accepts_json, incoming_id, language};
    use crate::error::Language;

    #[test]
    fn the_preferred_language_is_chosen() {
        for (accept, expected) in [
            ("ru", Language::Ru),
            ("ru-RU,ru;q=0.9,en;q=0.8", Language::Ru),
            ("en,ru;q=0.9", Language::En),
            ("de", Language::En),
            ("ru;q=x", Language::En),
        ] {
            let request = TestRequest::default().insert_header(("Accept-Language", accept)).to_http_request();
            assert_eq!(language(request.headers()), expected, "{accept}");
        }
    }

    #[test]
    fn only_harmless_request_ids_are_kept() {
        for (id, kept) in [("abc-1", true), ("a b", false), ("", false), ("a\"b", false)] {
            let request = TestRequest::default().insert_header(("X-Request-Id", id)).to_http_request();
            assert_eq!(incoming_id(request.headers()).is_some(), kept, "{id}");
        }
    }

    #[test]
    fn an_accept_without_json_is_refused() {
        for (accept, kept) in
            [("*/*", true), ("application/json", true), ("audio/mpeg", false), ("application/json;q=0", false)]
        {
            let request = TestRequest::default().insert_header(("Accept", accept)).to_http_request();
            assert_eq!(accepts_json(request.headers()), kept, "{accept}");
        }
    }
}
