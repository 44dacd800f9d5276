//! An answer for programs and for people: JSON, or a page.

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    body::BoxBody,
    http::{
        StatusCode,
        header::{self, Accept, Header},
    },
};
use serde::Serialize;
use utoipa::{
    ToSchema,
    openapi::{Content, ObjectBuilder, Type},
};

use super::{Answers, Description};

/// JSON, or a page when the caller would rather have HTML.
#[derive(Debug)]
pub struct ForBoth<T> {
    /// For programs.
    pub data: T,
    /// For people.
    pub page: String,
}

impl<T: ToSchema> Answers for ForBoth<T> {
    fn describe(description: &mut Description) {
        description.answers::<T>(StatusCode::OK, &[]);
        let page = ObjectBuilder::new().schema_type(Type::String).description(Some("A page for people."));
        let mut page = Content::new(Some(page));
        page.example = Some("<!doctype html>…".into());
        description.answer(StatusCode::OK, &[]).content.insert("text/html".to_owned(), page.into());
    }
}

impl<T: Serialize> Responder for ForBoth<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let mut answer = HttpResponse::Ok();
        answer.insert_header((header::VARY, "Accept"));
        match wants_html(request) {
            true => answer
                .insert_header(("Cross-Origin-Opener-Policy", "same-origin"))
                .content_type("text/html; charset=utf-8")
                .body(self.page),
            false => answer.json(self.data),
        }
    }
}

/// Whether the caller names HTML before JSON or anything else.
fn wants_html(request: &HttpRequest) -> bool {
    let accepted = Accept::parse(request).map(|accept| accept.ranked()).unwrap_or_default();
    let mut known =
        accepted.iter().map(AsRef::as_ref).filter(|kind| ["text/html", "application/json", "*/*"].contains(kind));
    known.next() == Some("text/html")
}
