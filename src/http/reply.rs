//! What a change answers.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use serde::Serialize;

use super::{View, etag::etag};
use crate::{
    error::{Error, Result},
    values::Entity,
};

/// What a change answers; kept with the idempotency key so that it can be answered again.
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

impl Reply {
    /// 201 with what was made.
    ///
    /// # Errors
    /// Only internal ones.
    pub fn created<V: View>(view: &V) -> Result<Self> {
        let reply = Self::ok(view)?;
        Ok(Self { status: StatusCode::CREATED.as_u16(), location: Some(view.row().path()), ..reply })
    }

    /// 200 with what was changed.
    ///
    /// # Errors
    /// Only internal ones.
    pub fn ok<V: View>(view: &V) -> Result<Self> {
        Ok(Self {
            status: StatusCode::OK.as_u16(),
            location: None,
            etag: Some(etag(view.row().version())),
            body: serde_json::to_vec(view).map_err(Error::internal)?,
        })
    }

    /// 200 with something that has no version.
    ///
    /// # Errors
    /// Only internal ones.
    pub fn json(value: &impl Serialize) -> Result<Self> {
        let body = serde_json::to_vec(value).map_err(Error::internal)?;
        Ok(Self { status: StatusCode::OK.as_u16(), location: None, etag: None, body })
    }

    /// 204 for what is gone.
    pub fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT.as_u16(), location: None, etag: None, body: Vec::new() }
    }

    /// The answer, which says when it was given before.
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
