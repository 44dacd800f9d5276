//! The page that answers a list.

use actix_web::{HttpRequest, HttpResponse, Responder, body::BoxBody, http::header};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{After, KeyValue, ListQuery};
use crate::{error::Result, http::Fields};

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items, in the order asked for.
    pub data: Vec<T>,
    /// The cursor of the next page; `null` on the last one.
    pub next_cursor: Option<String>,
    /// How many items there are in all, when `total=true` asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    pub total: Option<i64>,
    #[serde(skip)]
    #[schema(ignore)]
    fields: Fields,
    #[serde(skip)]
    #[schema(ignore)]
    link: Option<String>,
}

impl<F> ListQuery<F> {
    /// Makes the page from `rows`, of which the one past the limit only tells that there is a next page.
    ///
    /// # Errors
    /// Only internal ones.
    pub fn page<T>(
        &self,
        mut rows: Vec<T>,
        total: Option<i64>,
        key: impl FnOnce(&T) -> (KeyValue, Uuid),
    ) -> Result<Page<T>> {
        let limit = usize::from(self.limit);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| more);
        let next_cursor = last
            .map(|row| {
                let (key, id) = key(row);
                self.seal.seal(&After { key, id })
            })
            .transpose()?;
        let link = next_cursor.as_deref().map(|cursor| self.seal.link(cursor));
        Ok(Page { data: rows, next_cursor, total, fields: self.fields.clone(), link })
    }
}

impl<T> Page<T> {
    /// The same page with what `view` makes of each item.
    pub fn map<U>(self, view: impl FnMut(T) -> U) -> Page<U> {
        let Self { data, next_cursor, total, fields, link } = self;
        Page { data: data.into_iter().map(view).collect(), next_cursor, total, fields, link }
    }

    /// The same page with other items, one for each.
    pub fn with<U>(self, data: Vec<U>) -> Page<U> {
        let Self { next_cursor, total, fields, link, .. } = self;
        Page { data, next_cursor, total, fields, link }
    }
}

impl<T: Serialize + ToSchema + 'static> Responder for Page<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let body = match self.fields.select_page::<T>(&self, self.data.len()) {
            Ok(body) => body,
            Err(error) => return HttpResponse::from_error(error),
        };
        let mut response = HttpResponse::Ok();
        if let Some(link) = &self.link {
            response.insert_header((header::LINK, link.as_str()));
        }
        let _ = request;
        response.content_type("application/json").body(body)
    }
}
