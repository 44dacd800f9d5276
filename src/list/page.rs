//! The page that answers a list.

use std::borrow::Cow;

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    body::BoxBody,
    http::{StatusCode, header},
};
use serde::Serialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ArrayBuilder, KnownFormat, ObjectBuilder, Ref, RefOr, Schema, SchemaFormat, Type, schema::SchemaType},
};
use uuid::Uuid;

use super::{After, ListQuery, SortValue, Spelling};
use crate::{
    error::Result,
    http::{Answers, Description, Fields},
};

/// A page of a list.
#[derive(Debug, Serialize)]
pub struct Page<T> {
    /// The items, in the order asked for.
    pub data: Vec<T>,
    /// The cursor of the next page; `null` on the last one.
    pub next_cursor: Option<String>,
    /// How many items there are in all, when `total=true` asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<i64>,
    #[serde(skip)]
    fields: Fields,
    #[serde(skip)]
    links: String,
}

impl<F> ListQuery<F> {
    /// Makes the page from `rows`. A row past the limit only shows that there is a next page.
    ///
    /// # Errors
    /// Only when the cursor cannot be made.
    pub fn page<T>(
        &self,
        rows: Vec<T>,
        total: Option<i64>,
        key: impl FnOnce(&T) -> (SortValue, Uuid),
    ) -> Result<Page<T>> {
        self.page_of_search((rows, Spelling::default()), total, key)
    }

    /// As [`Self::page`], of rows that [`Self::spelled`] found.
    ///
    /// # Errors
    /// Only when the cursor cannot be made.
    pub fn page_of_search<T>(
        &self,
        (mut rows, spelling): (Vec<T>, Spelling),
        total: Option<i64>,
        key: impl FnOnce(&T) -> (SortValue, Uuid),
    ) -> Result<Page<T>> {
        let limit = usize::from(self.limit);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| more);
        let next_cursor = last
            .map(|row| {
                let (key, id) = key(row);
                self.seal.seal(&After { key, id, spelling, asked: self.asked.clone() })
            })
            .transpose()?;
        let links = self.seal.links(next_cursor.as_deref());
        Ok(Page { data: rows, next_cursor, total, fields: self.fields.clone(), links })
    }
}

impl<T> Page<T> {
    /// The same page with the result of `view` for each item.
    pub fn map<U>(self, view: impl FnMut(T) -> U) -> Page<U> {
        let Self { data, next_cursor, total, fields, links } = self;
        Page { data: data.into_iter().map(view).collect(), next_cursor, total, fields, links }
    }

    /// The same page with other items, one for each of its own.
    pub fn with<U>(self, data: Vec<U>) -> Page<U> {
        let Self { next_cursor, total, fields, links, .. } = self;
        Page { data, next_cursor, total, fields, links }
    }
}

impl<T: ToSchema> PartialSchema for Page<T> {
    fn schema() -> RefOr<Schema> {
        let items = ArrayBuilder::new().items(Ref::from_schema_name(T::name()));
        let cursor = ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::String, Type::Null]));
        let total = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::Integer, Type::Null]))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .minimum(Some(0));
        ObjectBuilder::new()
            .description(Some("A page of a list."))
            .property("data", items.description(Some("The items, in the order asked for.")))
            .required("data")
            .property("next_cursor", cursor.description(Some("The cursor of the next page; `null` on the last one.")))
            .required("next_cursor")
            .property(
                "total",
                total.description(Some("How many items there are in all, when `total=true` asked for it.")),
            )
            .into()
    }
}

impl<T: ToSchema> ToSchema for Page<T> {
    fn name() -> Cow<'static, str> {
        format!("{}Page", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}

impl<T: ToSchema> Answers for Page<T> {
    fn describe(description: &mut Description) {
        description.answers::<Self>(StatusCode::OK, &["Link"]);
    }
}

impl<T: Serialize + ToSchema + 'static> Responder for Page<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let body = match self.fields.select_page::<T>(&self, self.data.len()) {
            Ok(body) => body,
            Err(error) => return HttpResponse::from_error(error),
        };
        let mut response = HttpResponse::Ok();
        response.insert_header((header::LINK, self.links.as_str()));
        response.content_type("application/json").body(body)
    }
}
