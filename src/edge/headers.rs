//! The security headers of every answer: the OWASP REST Security Cheat Sheet, and ASVS 5.0, 3.4 and 3.5.8.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// The headers of an answer of the API. It is data, and is never shown as a page or in one, so nothing is allowed.
/// Pages have policies of their own.
///
/// `Strict-Transport-Security` is always sent: TLS commonly ends at a proxy in front, and browsers ignore the header over
/// plain HTTP.
static DEFAULTS: [(HeaderName, HeaderValue); 8] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; base-uri 'none'; object-src 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
    ),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static(
            "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), payment=(), usb=()",
        ),
    ),
    (header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=63072000; includeSubDomains")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// Adds the headers that the answer does not have yet: a page has its own policy, and a public key may be cached.
pub fn add(headers: &mut HeaderMap) {
    for (name, value) in &DEFAULTS {
        if !headers.contains_key(name) {
            headers.insert(name.clone(), value.clone());
        }
    }
}
