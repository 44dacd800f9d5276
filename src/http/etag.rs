//! Versions on the wire: `ETag`, `If-Match`, `If-None-Match` (RFC 9110, RFC 6585).

use std::future::{Ready, ready};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse, Responder,
    body::BoxBody,
    dev::Payload,
    http::{StatusCode, header},
};
use aws_lc_rs::digest;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use utoipa::ToSchema;

use crate::{
    error::{Error, FieldError, ProblemType, Result},
    http::{Answers, Description, Fields, RequestHeader, Takes, View},
    values::{Entity, Invalid, Say},
};

/// How many bytes of the digest stand in a tag.
const DIGEST_BYTES: usize = 9;
/// The content codings that the server uses. A tag of an encoded answer names its coding at the end.
const CODINGS: [&str; 2] = ["-gzip", "-zstd"];

/// The strong entity tag of one representation: the version of the resource, and a digest of the bytes. What a caller
/// includes, leaves out or may do makes another representation of the same version.
pub fn etag(version: i64, body: &[u8]) -> String {
    format!("\"{version}-{}\"", short_digest(body))
}

/// The strong entity tag of what has no version.
pub fn content_tag(body: &[u8]) -> String {
    format!("\"{}\"", short_digest(body))
}

fn short_digest(body: &[u8]) -> String {
    let digest = digest::digest(&digest::SHA256, body);
    let digest: Vec<u8> = digest.as_ref().iter().copied().take(DIGEST_BYTES).collect();
    BASE64_URL_SAFE_NO_PAD.encode(&digest)
}

/// The tag of a version, whatever its representation. Enough for `If-Match`.
pub fn version_tag(version: i64) -> String {
    format!("\"{version}\"")
}

/// The tag of the same representation in a content coding.
pub fn encoded(tag: &str, coding: &str) -> Option<String> {
    tag.strip_suffix('"').map(|tag| format!("{tag}-{coding}\""))
}

/// The version that the caller has seen, from `If-Match`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IfMatch {
    /// `*`: whatever the version is.
    Any,
    /// One of these versions.
    Versions(Vec<i64>),
}

impl IfMatch {
    /// Compares `version` with the versions that the caller has seen.
    ///
    /// # Errors
    /// 412 with the current version and its tag.
    pub fn check(&self, version: i64) -> Result<()> {
        match self {
            Self::Any => Ok(()),
            Self::Versions(seen) if seen.contains(&version) => Ok(()),
            Self::Versions(_) => Err(Error::stale(version)),
        }
    }

    fn read(request: &HttpRequest) -> Result<Self> {
        let values: Vec<_> = request.headers().get_all(header::IF_MATCH).collect();
        if values.is_empty() {
            return Err(Error::new(ProblemType::PreconditionRequired));
        }
        let texts: Vec<&str> = values.iter().filter_map(|value| value.to_str().ok()).collect();
        if texts.len() < values.len() {
            return Err(malformed());
        }
        let text = texts.join(",");
        if text.trim().is_empty() {
            return Err(Error::new(ProblemType::PreconditionRequired));
        }
        if text.trim() == "*" {
            return Ok(Self::Any);
        }
        let tags = tags(&text).ok_or_else(malformed)?;
        // A weak tag never matches here (RFC 9110, 13.1.1). A tag that has no version cannot be one of ours.
        Ok(Self::Versions(tags.into_iter().filter_map(version_of).collect()))
    }
}

fn malformed() -> Error {
    let say = Say::new(
        "Send a tag as an ETag header gave it, in its quotes, or *.",
        "Передайте тег так, как он был в заголовке `ETag`, вместе с кавычками, или *.",
    );
    let field = FieldError::new("If-Match", Invalid::Rule("invalid_etag", say));
    Error::new(ProblemType::InvalidHeader).with_fields(vec![field])
}

impl FromRequest for IfMatch {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::read(request))
    }
}

impl Takes for IfMatch {
    fn describe(description: &mut Description) {
        description.header(RequestHeader::IfMatch);
        description.refuses(&[412, 428]);
    }
}

/// The version that the caller has seen, where they need not have seen any.
#[derive(Clone, Debug)]
pub struct MaybeIfMatch(pub Option<IfMatch>);

impl FromRequest for MaybeIfMatch {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let seen = request.headers().contains_key(header::IF_MATCH).then(|| IfMatch::read(request)).transpose();
        ready(seen.map(Self))
    }
}

impl Takes for MaybeIfMatch {
    fn describe(description: &mut Description) {
        description.header(RequestHeader::MaybeIfMatch);
        description.refuses(&[412]);
    }
}

/// The version that a strong tag names.
fn version_of(tag: &str) -> Option<i64> {
    let opaque = tag.strip_prefix('"')?.strip_suffix('"')?;
    opaque.split_once('-').map_or(opaque, |(version, _)| version).parse().ok()
}

/// The entity tags of a list (RFC 9110, section 8.8.3), with their quotes; `None` when it is no such list.
fn tags(text: &str) -> Option<Vec<&str>> {
    let (mut rest, mut tags) = (text.trim(), Vec::new());
    loop {
        let quote = rest.find('"').filter(|quote| matches!(rest.get(..*quote), Some("" | "W/")))?;
        let opaque = rest.get(quote + 1..)?;
        let end = quote + 1 + opaque.find('"')? + 1;
        tags.push(rest.get(..end)?);
        rest = rest.get(end..)?.trim_start();
        if rest.is_empty() {
            return Some(tags);
        }
        rest = rest.strip_prefix(',')?.trim_start();
    }
}

/// The tag with which the caller says that they have `tag` already, maybe in a content coding. A weak tag is as good as a
/// strong one here. A header that is no list of tags is as good as none.
pub(super) fn held(request: &HttpRequest, tag: &str) -> Option<String> {
    let values = request.headers().get_all(header::IF_NONE_MATCH).filter_map(|value| value.to_str().ok());
    let is_tag = |held: &str| {
        let coded = |coding: &&str| held.strip_suffix('"').and_then(|held| held.strip_suffix(*coding));
        held == tag || CODINGS.iter().find_map(coded).is_some_and(|held| Some(held) == tag.strip_suffix('"'))
    };
    for value in values {
        if value.trim() == "*" {
            return Some(tag.to_owned());
        }
        let strong = tags(value).into_iter().flatten().map(|held| held.trim_start_matches("W/"));
        if let Some(held) = strong.into_iter().find(|held| is_tag(held)) {
            return Some(held.to_owned());
        }
    }
    None
}

/// A resource with its `ETag`; 304 when the caller already has this representation.
#[derive(Debug)]
pub struct Tagged<V> {
    view: V,
    fields: Fields,
}

impl<V: View + ToSchema + 'static> Tagged<V> {
    /// `view`, of which only `fields` are answered.
    pub fn new(view: V, fields: Fields) -> Self {
        Self { view, fields }
    }

    fn answer(&self, request: &HttpRequest) -> Result<HttpResponse> {
        let body = self.fields.select(&self.view)?;
        let tag = etag(self.view.row().version(), &body);
        if let Some(held) = held(request, &tag) {
            return Ok(HttpResponse::NotModified().insert_header((header::ETAG, held)).finish());
        }
        Ok(HttpResponse::Ok().insert_header((header::ETAG, tag)).content_type("application/json").body(body))
    }
}

impl<V: ToSchema> Answers for Tagged<V> {
    fn describe(description: &mut Description) {
        description.header(RequestHeader::IfNoneMatch);
        description.answers::<V>(StatusCode::OK, &["ETag"]);
        "You have this representation already."
            .clone_into(&mut description.answer(StatusCode::NOT_MODIFIED, &["ETag"]).description);
    }
}

impl<V: View + ToSchema + 'static> Responder for Tagged<V> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        self.answer(request).unwrap_or_else(HttpResponse::from_error)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::{IfMatch, encoded, etag};
    use crate::error::ProblemType;

    fn read(value: &str) -> IfMatch {
        let request = TestRequest::default().insert_header(("If-Match", value)).to_http_request();
        IfMatch::read(&request).unwrap()
    }

    #[test]
    fn if_match_takes_tags_lists_and_a_star() {
        assert_eq!(read("\"3\""), IfMatch::Versions(vec![3]));
        assert_eq!(read("\"3\", \"4-x,y\" ,\"5-z-gzip\""), IfMatch::Versions(vec![3, 4, 5]));
        assert_eq!(read(" * "), IfMatch::Any);
    }

    #[test]
    fn weak_and_strange_tags_match_nothing() {
        for value in ["W/\"3\"", "\"x\"", "\"03 \"", "\"\"", "\"3x-a\""] {
            assert!(read(value).check(3).is_err(), "{value}");
        }
    }

    #[test]
    fn what_is_no_list_of_tags_is_refused() {
        for value in ["7", ",", "\"7", "7\"", "\"7\",", "\"7\" \"8\"", "w/\"7\"", "*, \"7\"", "\"7\"x", "\u{a0}"] {
            let request = TestRequest::default().insert_header(("If-Match", value)).to_http_request();
            assert_eq!(IfMatch::read(&request).unwrap_err().problem(), ProblemType::InvalidHeader, "{value}");
        }
    }

    #[test]
    fn a_missing_header_is_428_and_a_stale_version_412() {
        let missing = IfMatch::read(&TestRequest::default().to_http_request()).unwrap_err();
        assert_eq!(missing.problem(), ProblemType::PreconditionRequired);
        let stale = read("\"2\"").check(3).unwrap_err();
        assert_eq!((stale.problem(), stale.current_version()), (ProblemType::PreconditionFailed, Some(3)));
    }

    #[test]
    fn a_tag_names_its_representation() {
        let (tag, other) = (etag(3, b"{}"), etag(3, b"[]"));
        assert!(tag.starts_with("\"3-") && tag != other && tag == etag(3, b"{}"));
        let gzip = encoded(&tag, "gzip").unwrap();
        let held = |value: String| {
            let request = TestRequest::default().insert_header(("If-None-Match", value)).to_http_request();
            super::held(&request, &tag)
        };
        assert_eq!(held(format!("{other}, W/{tag}")), Some(tag.clone()));
        assert_eq!(held(gzip.clone()), Some(gzip));
        assert_eq!(held("*".to_owned()), Some(tag.clone()));
        for other in [other, "\"3\"".to_owned(), "3".to_owned(), encoded(&tag, "br").unwrap()] {
            assert_eq!(held(other.clone()), None, "{other}");
        }
    }
}
