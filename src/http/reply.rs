//! The answers to changes.

use std::marker::PhantomData;

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    body::BoxBody,
    http::{StatusCode, header},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Answers, Description, View, etag::etag};
use crate::{
    error::{Error, Result},
    values::Entity,
};

/// The answer to a change. It is stored with the idempotency key so that it can be given again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// `Location`, of something created.
    pub location: Option<String>,
    /// `ETag`, of something answered.
    pub etag: Option<String>,
    /// The JSON, or nothing.
    pub body: Vec<u8>,
}

/// A reply of the kind `K`, which the document describes.
#[derive(Debug)]
pub struct ReplyOf<K> {
    pub(crate) reply: Reply,
    kind: PhantomData<fn() -> K>,
}

/// The answer to a change, of the kind `K`, which the document describes.
#[derive(Debug)]
pub struct Answer<K>(HttpResponse, PhantomData<fn() -> K>);

/// 201 with the created resource.
pub type Created<V> = Answer<kind::Created<V>>;
/// 200 with the changed resource.
pub type Changed<V> = Answer<kind::Changed<V>>;
/// 201 with the created resource, or 200 with the changed one.
pub type CreatedOrChanged<V> = Answer<kind::CreatedOrChanged<V>>;
/// 200 with something that has no version.
pub type Plain<T> = Answer<kind::Plain<T>>;
/// 202 with what happens next.
pub type Accepted<T> = Answer<kind::Accepted<T>>;
/// 204 without a body.
pub type NoContent = Answer<kind::NoContent>;

/// The kinds of answers to a change.
pub mod kind {
    use std::marker::PhantomData;

    /// The kind of [`super::Created`].
    #[derive(Debug)]
    pub struct Created<V>(PhantomData<V>);
    /// The kind of [`super::Changed`].
    #[derive(Debug)]
    pub struct Changed<V>(PhantomData<V>);
    /// The kind of [`super::Put`].
    #[derive(Debug)]
    pub struct CreatedOrChanged<V>(PhantomData<V>);
    /// The kind of [`super::Plain`].
    #[derive(Debug)]
    pub struct Plain<T>(PhantomData<T>);
    /// The kind of [`super::Accepted`].
    #[derive(Debug)]
    pub struct Accepted<T>(PhantomData<T>);
    /// The kind of [`super::NoContent`].
    #[derive(Debug)]
    pub struct NoContent;
}

impl<V: ToSchema> Answers for kind::Created<V> {
    fn describe(description: &mut Description) {
        description.answers::<V>(StatusCode::CREATED, &["ETag", "Location"]);
    }
}

impl<V: ToSchema> Answers for kind::Changed<V> {
    fn describe(description: &mut Description) {
        description.answers::<V>(StatusCode::OK, &["ETag"]);
    }
}

impl<V: ToSchema> Answers for kind::CreatedOrChanged<V> {
    fn describe(description: &mut Description) {
        description.answers::<V>(StatusCode::CREATED, &["ETag", "Location"]);
        description.answers::<V>(StatusCode::OK, &["ETag"]);
    }
}

impl<T: ToSchema> Answers for kind::Plain<T> {
    fn describe(description: &mut Description) {
        description.answers::<T>(StatusCode::OK, &[]);
    }
}

impl<T: ToSchema> Answers for kind::Accepted<T> {
    fn describe(description: &mut Description) {
        description.answers::<T>(StatusCode::ACCEPTED, &[]);
    }
}

impl Answers for kind::NoContent {
    fn describe(description: &mut Description) {
        description.answer(StatusCode::NO_CONTENT, &[]);
    }
}

impl<K: Answers> Answers for Answer<K> {
    fn describe(description: &mut Description) {
        K::describe(description);
    }
}

impl<K> From<HttpResponse> for Answer<K> {
    fn from(response: HttpResponse) -> Self {
        Self(response, PhantomData)
    }
}

impl<K> Responder for Answer<K> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        self.0
    }
}

impl Reply {
    /// 201 with the created resource.
    ///
    /// # Errors
    /// Only when the value cannot be written as JSON.
    pub fn created<V: View>(view: &V) -> Result<ReplyOf<kind::Created<V>>> {
        Self::of(StatusCode::CREATED, Some(view.row().path()), Some(view.row().version()), view)
    }

    /// 200 with the changed resource.
    ///
    /// # Errors
    /// Only when the value cannot be written as JSON.
    pub fn ok<V: View>(view: &V) -> Result<ReplyOf<kind::Changed<V>>> {
        Self::versioned(view, view.row().version())
    }

    /// 201 with the resource that was created, or 200 with the one that was changed.
    ///
    /// # Errors
    /// Only when the value cannot be written as JSON.
    pub fn created_or_changed<V: View>(view: &V, is_new: bool) -> Result<ReplyOf<kind::CreatedOrChanged<V>>> {
        let (status, location) = match is_new {
            true => (StatusCode::CREATED, Some(view.row().path())),
            false => (StatusCode::OK, None),
        };
        Self::of(status, location, Some(view.row().version()), view)
    }

    /// 200 with the result of a change, and with `version` as its `ETag`.
    ///
    /// # Errors
    /// Only when the value cannot be written as JSON.
    pub fn versioned<T: Serialize>(value: &T, version: i64) -> Result<ReplyOf<kind::Changed<T>>> {
        Self::of(StatusCode::OK, None, Some(version), value)
    }

    /// 200 with something that has no version.
    ///
    /// # Errors
    /// Only when the value cannot be written as JSON.
    pub fn json<T: Serialize>(value: &T) -> Result<ReplyOf<kind::Plain<T>>> {
        Self::of(StatusCode::OK, None, None, value)
    }

    /// 202 with what happens next.
    ///
    /// # Errors
    /// Only when the value cannot be written as JSON.
    pub fn accepted<T: Serialize>(value: &T) -> Result<ReplyOf<kind::Accepted<T>>> {
        Self::of(StatusCode::ACCEPTED, None, None, value)
    }

    /// 204, for a change that has nothing to answer.
    pub fn no_content() -> ReplyOf<kind::NoContent> {
        let reply = Self { status: StatusCode::NO_CONTENT.as_u16(), location: None, etag: None, body: Vec::new() };
        ReplyOf { reply, kind: PhantomData }
    }

    fn of<K>(
        status: StatusCode,
        location: Option<String>,
        version: Option<i64>,
        value: &impl Serialize,
    ) -> Result<ReplyOf<K>> {
        let body = serde_json::to_vec(value).map_err(Error::internal)?;
        let etag = version.map(|version| etag(version, &body));
        Ok(ReplyOf { reply: Self { status: status.as_u16(), location, etag, body }, kind: PhantomData })
    }

    /// The HTTP response. When it is `replayed`, a header says so.
    pub fn into_response(self, replayed: bool) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        if let Some(location) = &self.location {
            response.insert_header((header::LOCATION, location.as_str()));
        }
        if let Some(etag) = &self.etag {
            response.insert_header((header::ETAG, etag.as_str()));
        }
        if replayed {
            response.insert_header(("idempotency-replayed", "true"));
        }
        if self.body.is_empty() {
            return response.finish();
        }
        response.content_type("application/json").body(self.body)
    }
}
