//! Versions on the wire: `ETag`, `If-Match`, `If-None-Match` (RFC 9110, RFC 6585).

use std::future::{Ready, ready};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse, Responder,
    body::BoxBody,
    dev::Payload,
    http::{
        StatusCode,
        header::{self, HeaderName},
    },
};
use utoipa::ToSchema;

use crate::{
    error::{Error, ProblemType, Result},
    http::{Answers, Description, Fields, RequestHeader, Takes, View},
    values::Entity,
};

/// The strong entity tag of a version.
pub fn etag(version: i64) -> String {
    format!("\"{version}\"")
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
    /// 412 with the current version.
    pub fn check(&self, version: i64) -> Result<()> {
        match self {
            Self::Any => Ok(()),
            Self::Versions(seen) if seen.contains(&version) => Ok(()),
            Self::Versions(_) => Err(Error::new(ProblemType::PreconditionFailed).with("current_version", version)),
        }
    }

    fn read(request: &HttpRequest) -> Result<Self> {
        let mut tags = tags(request, &header::IF_MATCH)?;
        if tags.is_empty() {
            return Err(Error::new(ProblemType::PreconditionRequired));
        }
        if tags == ["*"] {
            return Ok(Self::Any);
        }
        // A weak tag never matches here (RFC 9110, 13.1.1). A tag that is not a version cannot be one of ours.
        tags.retain(|tag| !tag.starts_with("W/"));
        Ok(Self::Versions(tags.iter().filter_map(|tag| version_of(tag)).collect()))
    }
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

fn version_of(tag: &str) -> Option<i64> {
    tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}

fn tags(request: &HttpRequest, name: &HeaderName) -> Result<Vec<String>> {
    let mut tags = Vec::new();
    for value in request.headers().get_all(name) {
        let Ok(text) = value.to_str() else {
            return Err(Error::new(ProblemType::InvalidHeader));
        };
        tags.extend(text.split(',').map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty()));
    }
    Ok(tags)
}

/// Whether the caller already has `version`. A weak tag is as good as a strong one here.
fn holds(request: &HttpRequest, version: i64) -> Result<bool> {
    let tags = tags(request, &header::IF_NONE_MATCH)?;
    let current = etag(version);
    Ok(tags.iter().any(|tag| tag == "*" || tag.trim_start_matches("W/") == current))
}

/// A resource with its `ETag`; 304 when the caller already has this version.
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
        let version = self.view.row().version();
        let tag = (header::ETAG, etag(version));
        // This comes first, so that a wrong field is reported even when the caller already has this version.
        let body = self.fields.select(&self.view)?;
        if holds(request, version)? {
            return Ok(HttpResponse::NotModified().insert_header(tag).finish());
        }
        Ok(HttpResponse::Ok().insert_header(tag).content_type("application/json").body(body))
    }
}

impl<V: ToSchema> Answers for Tagged<V> {
    fn describe(description: &mut Description) {
        description.header(RequestHeader::IfNoneMatch);
        description.answers::<V>(StatusCode::OK, &["ETag"]);
        "You hold the current version."
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

    use super::IfMatch;
    use crate::error::ProblemType;

    fn read(value: &str) -> IfMatch {
        let request = TestRequest::default().insert_header(("If-Match", value)).to_http_request();
        IfMatch::read(&request).unwrap()
    }

    #[test]
    fn if_match_takes_tags_lists_and_a_star() {
        assert_eq!(read("\"3\""), IfMatch::Versions(vec![3]));
        assert_eq!(read("\"3\", \"4\""), IfMatch::Versions(vec![3, 4]));
        assert_eq!(read("*"), IfMatch::Any);
    }

    #[test]
    fn weak_and_strange_tags_match_nothing() {
        for value in ["W/\"3\"", "3", "\"x\"", "\"03 \""] {
            assert!(read(value).check(3).is_err(), "{value}");
        }
    }

    #[test]
    fn a_missing_header_is_428_and_a_stale_version_412() {
        let missing = IfMatch::read(&TestRequest::default().to_http_request()).unwrap_err();
        assert_eq!(missing.problem(), ProblemType::PreconditionRequired);
        let stale = read("\"2\"").check(3).unwrap_err();
        assert_eq!(stale.problem(), ProblemType::PreconditionFailed);
    }
}
