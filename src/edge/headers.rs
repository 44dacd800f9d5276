//! The security headers of every answer: the OWASP REST Security Cheat Sheet, and ASVS 5.0, 3.4 and 3.5.8.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Everything but the policies of a page: an answer of the API is data, and is never shown as a page or in one.
///
/// `Strict-Transport-Security` is always sent: TLS commonly ends at a proxy in front, and browsers ignore the header over
/// plain HTTP.
const DEFAULTS: [(HeaderName, &str); 8] = [
    (header::CACHE_CONTROL, "no-store"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; base-uri 'none'; object-src 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("permissions-policy"),
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), payment=(), usb=()",
    ),
    (header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Adds what the answer does not say itself: a page has its own policy, and a public key may be kept.
pub fn add(headers: &mut HeaderMap) {
    for (name, value) in DEFAULTS {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}
