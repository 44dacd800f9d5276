//! What every answer has: a request id, security headers, and problem documents in the caller's language.

use std::{
    borrow::Cow,
    cell::Cell,
    panic::AssertUnwindSafe,
    rc::Rc,
    time::{Duration, Instant},
};

use actix_web::{
    Error as ActixError, HttpMessage, HttpResponse,
    body::{BodySize, BoxBody, EitherBody, MessageBody},
    dev::{ResponseHead, ServiceRequest, ServiceResponse},
    error::InternalError,
    http::{
        ConnectionType, StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
    web::Data,
};
use futures_util::FutureExt;
use uuid::Uuid;

use super::Edge;
use crate::{
    access::recent,
    db::closing_leases,
    edge::{headers, rate, unread::Unread},
    error::{Error, ProblemType, Result},
    http::{Deadline, RequestId, encoded, version_tag},
    lifecycle::Lifecycle,
    telemetry::request::{Answered, Watch, within},
    values::Language,
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Seconds to wait after a request that took too long.
const AFTER_DEADLINE: u64 = 5;

/// Gives the request its id and the answer its headers, and counts and logs the request. Turns every failure into a
/// problem document, also a panic and an answer that is not ready in time.
///
/// # Errors
/// When the handler fails, panics or is late. The error carries the complete answer: a normal response needs the
/// request, which is lost by then.
pub async fn complete<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, ActixError> {
    let mut asked = Asked::of(&request);
    let unread = Unread::hold(&mut request);
    request.extensions_mut().insert(RequestId(asked.id.clone()));
    request.extensions_mut().insert(asked.slate.clone());
    request.extensions_mut().insert(asked.callers_language.clone());
    if let Some(deadline) = asked.deadline() {
        request.extensions_mut().insert(Deadline(Instant::now() + deadline));
    }
    if let Some(answer) = asked.preflight(&request) {
        let mut response = request.into_response(answer).map_into_right_body();
        asked.finish(response.response_mut().head_mut(), None, BodySize::None);
        return Ok(response);
    }
    let traced = asked.watch.as_ref().and_then(Watch::context);
    // No clone of the request may exist during this call, because routing needs the only reference.
    let answered = within(traced, guarded(asked.deadline(), next.call(request))).await;
    let refused = answered
        .as_ref()
        .map_or(true, |response| response.status().is_client_error() || response.status().is_server_error());
    if let (true, Some(unread)) = (refused, &unread) {
        unread.read_off().await;
    }
    match answered {
        Ok(response) => {
            let failure = problem_of(response.response().error(), response.status());
            let mut response = told(response, &asked, failure.as_ref());
            let size = response.response().body().size();
            asked.finish(response.response_mut().head_mut(), failure.as_ref(), size);
            Ok(match unread {
                Some(unread) => response.map_body(|_, body| EitherBody::right(unread.until_sent(body))),
                None => response,
            })
        }
        Err(failure) => {
            let mut answer = problem(&asked, &failure);
            let size = answer.body().size();
            asked.finish(answer.head_mut(), Some(&failure), size);
            if let Some(unread) = unread {
                answer = answer.map_body(|_, body| unread.until_sent(body));
            }
            Err(InternalError::from_response(failure, answer).into())
        }
    }
}

/// The language of whoever calls, noted with the request when they are identified.
#[derive(Clone, Default)]
pub struct CallersLanguage(Rc<Cell<Option<Language>>>);

impl CallersLanguage {
    /// Notes the language.
    pub fn is(&self, language: Language) {
        self.0.set(Some(language));
    }
}

/// What the answer needs to know about its request.
struct Asked {
    id: String,
    path: String,
    /// The language that the request asks for.
    language: Option<Language>,
    /// The language of whoever calls, once that is known.
    callers_language: CallersLanguage,
    origin: Option<HeaderValue>,
    edge: Option<Data<Edge>>,
    lifecycle: Option<Data<Lifecycle>>,
    slate: rate::Slate,
    watch: Option<Watch>,
}

impl Asked {
    fn of(request: &ServiceRequest) -> Self {
        let watch = Watch::begin(request);
        let edge = request.app_data::<Data<Edge>>().cloned();
        Self {
            id: incoming_id(request.headers()).unwrap_or_else(|| Uuid::now_v7().to_string()),
            path: request.path().to_owned(),
            language: preferred(request.headers()),
            callers_language: CallersLanguage::default(),
            origin: edge.as_ref().and_then(|edge| edge.cors.allowed(request.head())),
            edge,
            lifecycle: request.app_data::<Data<Lifecycle>>().cloned(),
            slate: rate::Slate::default(),
            watch,
        }
    }

    /// The language that is asked for, the caller's own, or English.
    fn language(&self) -> Language {
        self.language.or(self.callers_language.0.get()).unwrap_or(Language::En)
    }

    fn preflight(&self, request: &ServiceRequest) -> Option<HttpResponse> {
        self.edge.as_ref().and_then(|edge| edge.cors.preflight(request.head()))
    }

    fn deadline(&self) -> Option<Duration> {
        self.edge.as_ref().map(|edge| edge.deadline)
    }

    /// Adds what every answer carries, and ends the watch over the request.
    fn finish(&mut self, head: &mut ResponseHead, failure: Option<&Error>, size: BodySize) {
        if self.lifecycle.as_ref().is_some_and(|lifecycle| lifecycle.is_draining()) {
            head.set_connection_type(ConnectionType::Close);
        }
        let status = head.status;
        let headers = head.headers_mut();
        if let Ok(id) = HeaderValue::from_str(&self.id) {
            headers.insert(REQUEST_ID, id);
        }
        name_coding(headers);
        if !headers.contains_key("ratelimit") {
            rate::tell(headers, self.slate.read());
        }
        if let Some(edge) = &self.edge {
            edge.cors.mark(headers, self.origin.clone());
        }
        headers::add(headers);
        if let Some(watch) = self.watch.take() {
            let bytes = match size {
                BodySize::None => Some(0),
                BodySize::Sized(bytes) => Some(bytes),
                BodySize::Stream => None,
            };
            watch.end(&Answered { request_id: &self.id, status, failure, bytes });
        }
    }
}

/// The result of `work`, or a failure when it panics or is not done in time.
async fn guarded<T>(deadline: Option<Duration>, work: impl Future<Output = Result<T, ActixError>>) -> Result<T> {
    let work = AssertUnwindSafe(closing_leases(work)).catch_unwind();
    let done = match deadline {
        Some(deadline) => tokio::time::timeout(deadline, work).await,
        None => Ok(work.await),
    };
    match done {
        Ok(Ok(answered)) => answered.map_err(|error| {
            problem_of(Some(&error), error.as_response_error().status_code()).unwrap_or_else(|| Error::internal(&error))
        }),
        // The panic has already reported where it happened, on standard error.
        Ok(Err(_panic)) => Err(Error::internal("the handler panicked")),
        Err(_late) => Err(Error::new(ProblemType::DeadlineExceeded).retry_after(AFTER_DEADLINE)),
    }
}

/// The answer, or the problem document in its place when it failed.
fn told<B: MessageBody>(
    response: ServiceResponse<B>,
    asked: &Asked,
    failure: Option<&Error>,
) -> ServiceResponse<EitherBody<B>> {
    match failure {
        None => response.map_into_left_body(),
        Some(failure) => {
            let (request, _) = response.into_parts();
            ServiceResponse::new(request, problem(asked, failure)).map_into_right_body()
        }
    }
}

/// Names the content coding of an encoded answer in its tag: its bytes are not those of the plain answer.
fn name_coding(headers: &mut HeaderMap) {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let (Some(tag), Some(coding)) = (text(header::ETAG), text(header::CONTENT_ENCODING)) else { return };
    if let Some(Ok(tag)) = encoded(tag, coding).map(|tag| HeaderValue::from_str(&tag)) {
        headers.insert(header::ETAG, tag);
    }
}

/// The caller's own id for the request, if it is 1 to 128 characters that are harmless in a log.
fn incoming_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let sound =
        (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte));
    sound.then(|| id.to_owned())
}

/// The problem behind a failed answer: ours, or the one that fits the framework's status.
fn problem_of(error: Option<&ActixError>, status: StatusCode) -> Option<Error> {
    if let Some(ours) = error.and_then(|error| error.as_error::<Error>()) {
        return Some(ours.copy());
    }
    let problem = match status {
        StatusCode::NOT_FOUND => ProblemType::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => ProblemType::MethodNotAllowed,
        StatusCode::REQUEST_TIMEOUT => ProblemType::RequestTimeout,
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

fn problem(asked: &Asked, error: &Error) -> HttpResponse<BoxBody> {
    let status = error.problem().status();
    let language = asked.language();
    let document = error.document(language, &asked.path, &asked.id);
    let mut response = HttpResponse::build(status);
    response.insert_header((header::CONTENT_LANGUAGE, language.tag())).insert_header((header::VARY, "Accept-Language"));
    if let Some(methods) = error.allowed_methods() {
        response.insert_header((header::ALLOW, methods));
    }
    if let Some(seconds) = error.retry_after_seconds() {
        response.insert_header((header::RETRY_AFTER, seconds));
    }
    if let Some(version) = error.current_version() {
        response.insert_header((header::ETAG, version_tag(version)));
    }
    if status == StatusCode::UNAUTHORIZED {
        response.insert_header((header::WWW_AUTHENTICATE, challenge(error).as_ref()));
    }
    if status == StatusCode::REQUEST_TIMEOUT {
        // Otherwise the server would wait for the rest of the body.
        response.force_close();
    }
    let body = serde_json::to_vec(&document).unwrap_or_default();
    let mut response = response.content_type("application/problem+json").body(body);
    if let Some(hit) = error.limit() {
        rate::tell(response.headers_mut(), asked.slate.read().into_iter().chain([hit]));
    }
    response
}

/// RFC 6750, section 3: the error is named only when a token was sent.
fn challenge(error: &Error) -> Cow<'static, str> {
    match error.problem() {
        // RFC 6749, section 5.2: the answer names the scheme by which a client may authenticate itself.
        ProblemType::InvalidClient => r#"Basic realm="liaison", charset="UTF-8""#.into(),
        ProblemType::InsufficientUserAuthentication => recent::challenge().into(),
        _ if error.has("error") => r#"Bearer realm="liaison", error="invalid_token""#.into(),
        _ => r#"Bearer realm="liaison""#.into(),
    }
}

/// The language that the request asks for: English, unless it prefers Russian. `None` when it asks for none.
fn preferred(headers: &HeaderMap) -> Option<Language> {
    let accept = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
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
    Some(if weight("ru") > weight("en") { Language::Ru } else { Language::En })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::{incoming_id, preferred};
    use crate::values::Language;

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
            assert_eq!(preferred(request.headers()), Some(expected), "{accept}");
        }
    }

    #[test]
    fn only_harmless_request_ids_are_kept() {
        for (id, kept) in [("abc-1", true), ("a b", false), ("", false), ("a\"b", false)] {
            let request = TestRequest::default().insert_header(("X-Request-Id", id)).to_http_request();
            assert_eq!(incoming_id(request.headers()).is_some(), kept, "{id}");
        }
    }
}
