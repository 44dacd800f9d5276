//! What stays the same while the server runs, such as the API document and the pages to read it.

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    body::BoxBody,
    http::{StatusCode, header},
    web::Bytes,
};

use super::{
    Answers, Description, RequestHeader,
    etag::{content_tag, held},
};

/// An answer that callers may keep, and ask for again by its tag: 304 while they have the current one.
#[derive(Clone, Debug)]
pub struct Unchanging {
    kind: &'static str,
    tag: String,
    body: Bytes,
}

impl Unchanging {
    /// `body`, which is of the media type `kind`.
    pub fn new(kind: &'static str, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        Self { kind, tag: content_tag(&body), body }
    }

    fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let held = held(request, &self.tag);
        let mut answer = match &held {
            Some(_) => HttpResponse::NotModified(),
            None => HttpResponse::Ok(),
        };
        // A copy may be kept, but is used only after the server has confirmed it.
        answer.insert_header((header::CACHE_CONTROL, "no-cache"));
        match held {
            Some(tag) => answer.insert_header((header::ETAG, tag)).finish(),
            None => {
                answer.insert_header((header::ETAG, self.tag.clone()));
                answer.content_type(self.kind).body(self.body.clone())
            }
        }
    }
}

// `#[utoipa::path]` describes the body.
impl Answers for Unchanging {
    fn describe(description: &mut Description) {
        description.header(RequestHeader::IfNoneMatch);
        description.answer(StatusCode::OK, &["ETag"]);
        "You hold the current one."
            .clone_into(&mut description.answer(StatusCode::NOT_MODIFIED, &["ETag"]).description);
    }
}

impl Responder for Unchanging {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        self.answer(request)
    }
}
