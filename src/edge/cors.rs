//! CORS (the Fetch standard) by an exact list of origins.
//!
//! The `actix-cors` crate does not fit. It treats every `OPTIONS` as a preflight. It answers a request from an unlisted
//! origin with a text of its own instead of leaving the refusal to the browser, although a browser also sends `Origin`
//! with a `POST` from our own pages. And it adds no headers to failed answers.

use actix_web::{
    HttpResponse,
    dev::RequestHead,
    http::{
        Method,
        header::{self, HeaderMap, HeaderValue},
    },
};

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
const REQUEST_HEADERS: &str = "Accept, Accept-Language, Authorization, Content-Type, Idempotency-Key, If-Match, \
     If-None-Match, X-Request-Id, traceparent, tracestate, baggage";
const ANSWER_HEADERS: &str = "ETag, Location, Link, Retry-After, RateLimit, RateLimit-Policy, Idempotency-Replayed, \
     X-Request-Id, WWW-Authenticate, Content-Language, Allow";
/// Seconds for which a browser may remember a preflight.
const MAX_AGE: u32 = 600;

/// The origins whose pages may read our answers. Credentials are not allowed: tokens travel in a header, never in a cookie.
#[derive(Clone, Debug, Default)]
pub struct Cors {
    origins: Vec<String>,
}

impl Cors {
    /// Origins as browsers send them, separated by commas.
    ///
    /// # Errors
    /// When an origin is not exactly `scheme://host` or `scheme://host:port`.
    pub fn parse(list: &str) -> Result<Self, String> {
        let origins = list.split(',').map(str::trim).filter(|origin| !origin.is_empty());
        origins.map(origin).collect::<Result<_, _>>().map(|origins| Self { origins })
    }

    /// The origin of a request, when it is listed.
    pub fn allowed(&self, request: &RequestHead) -> Option<HeaderValue> {
        let mut sent = request.headers.get_all(header::ORIGIN);
        let (Some(origin), None) = (sent.next(), sent.next()) else { return None };
        self.origins.iter().any(|listed| listed.as_bytes() == origin.as_bytes()).then(|| origin.clone())
    }

    /// The answer to a preflight from a listed origin.
    pub fn preflight(&self, request: &RequestHead) -> Option<HttpResponse> {
        let asks = request.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if request.method != Method::OPTIONS || !asks || self.allowed(request).is_none() {
            return None;
        }
        let mut answer = HttpResponse::NoContent();
        answer
            .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, METHODS))
            .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS))
            .insert_header((header::ACCESS_CONTROL_MAX_AGE, MAX_AGE));
        Some(answer.finish())
    }

    /// Allows the listed `origin` to read the answer, and tells caches that the answer differs by origin.
    pub fn mark(&self, headers: &mut HeaderMap, origin: Option<HeaderValue>) {
        if self.origins.is_empty() {
            return;
        }
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        if let Some(origin) = origin {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(ANSWER_HEADERS));
        }
    }
}

fn origin(text: &str) -> Result<String, String> {
    let wrong = || format!("{text} is not an origin such as https://crm.example or http://localhost:3000");
    let url = url::Url::parse(text).map_err(|_unreadable| wrong())?;
    let sent = url.origin().ascii_serialization();
    if !matches!(url.scheme(), "http" | "https") || text.contains('*') {
        return Err(wrong());
    }
    if sent == text { Ok(sent) } else { Err(format!("{}; a browser would send {sent}", wrong())) }
}

#[cfg(test)]
mod tests {
    use super::Cors;

    #[test]
    fn origins_are_written_as_browsers_send_them() {
        let list = "https://crm.example, http://localhost:3000,https://xn--e1afmkfd.example,http://[::1]:8080";
        assert_eq!(Cors::parse(list).unwrap().origins.len(), 4);
        assert!(Cors::parse("").unwrap().origins.is_empty());
        for wrong in [
            "*",
            "https://*.example",
            "null",
            "crm.example",
            "https://crm.example/",
            "https://crm.example/path",
            "https://CRM.example",
            "https://crm.example:443",
            "https://user@crm.example",
            "file:///",
            "https://",
            "https://a.example https://b.example",
        ] {
            assert!(Cors::parse(wrong).is_err(), "{wrong}");
        }
    }
}
