//! A JSON body whose members belong to two structs: one has what this operation alone takes, and the other has the
//! values that callers may change later.

use std::{borrow::Cow, future::Future, pin::Pin};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use super::{
    Description, Takes,
    body::{self, Body},
    context::as_caller_writes,
    field_errors::Rules,
    patch::{Patch, Terms},
    put::FromMembers,
    strict::Object,
};
use crate::{
    error::{Error, FieldError, Result},
    values::{Invalid, hint, members_of},
};

/// A JSON body with the members of both structs, `A` and `B`. In the document it has the name of `A`.
#[derive(Debug)]
pub struct Parts<A, B>(pub A, pub B);

impl<A, B> FromRequest for Parts<A, B>
where
    A: DeserializeOwned + ToSchema + 'static,
    B: Terms,
{
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let object = Body::<Object>::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let object = object.await?.0;
            as_caller_writes(&request, || Self::of(object, B::breaches))
        })
    }
}

impl<A, B> FromRequest for Parts<A, Patch<B>>
where
    A: DeserializeOwned + ToSchema + 'static,
    B: Terms,
{
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let object = Body::<Object>::from_request(request, payload);
        let request = request.clone();
        Box::pin(async move {
            let object = object.await?.0;
            as_caller_writes(&request, || Self::of(object, |_| Vec::new()))
        })
    }
}

impl<A, B> FromMembers for Parts<A, B>
where
    A: DeserializeOwned + ToSchema + 'static,
    B: Terms,
{
    fn from_members(members: Map<String, Value>) -> Result<Self> {
        Self::of(Object(members), B::breaches)
    }

    fn has_member(name: &str) -> bool {
        members_of::<A>().get(name).is_some() || members_of::<B>().get(name).is_some()
    }
}

impl<A, B> FromMembers for Parts<A, Patch<B>>
where
    A: DeserializeOwned + ToSchema + 'static,
    B: Terms,
{
    fn from_members(members: Map<String, Value>) -> Result<Self> {
        Self::of(Object(members), |_| Vec::new())
    }

    fn has_member(name: &str) -> bool {
        members_of::<A>().get(name).is_some() || members_of::<B>().get(name).is_some()
    }
}

impl<A: ToSchema, B: ToSchema> Takes for Parts<A, B> {
    fn describe(description: &mut Description) {
        description.body::<Self>("application/json");
    }
}

impl<A, B> Parts<A, B>
where
    A: DeserializeOwned + ToSchema + 'static,
    B: DeserializeOwned + ToSchema + 'static,
{
    fn of(Object(members): Object, rules: Rules<B>) -> Result<Self> {
        let (first, rest): (Map<_, _>, Map<_, _>) =
            members.into_iter().partition(|(name, _)| members_of::<A>().get(name).is_some());
        let first = body::parse_document(&Value::Object(first), |_| Vec::new());
        let second = body::parse_document(&Value::Object(rest), rules);
        match (first, second) {
            (Ok(first), Ok(second)) => Ok(Self(first, second)),
            (first, second) => {
                let fields = [first.err(), second.err()].into_iter().flatten().flat_map(Error::into_fields);
                Err(Error::fields(fields.map(Self::compared).collect::<Vec<FieldError>>()))
            }
        }
    }

    /// An unknown member, compared with those of both parts: what was meant may be in the other one.
    fn compared(field: FieldError) -> FieldError {
        let (pointer, invalid) = field.into_parts();
        let name = pointer.trim_start_matches('/').to_owned();
        if invalid.code() != Invalid::UnknownField.code() || name.contains('/') {
            return FieldError::new(pointer, invalid);
        }
        let known = members_of::<A>().iter().chain(members_of::<B>().iter()).map(|member| member.name);
        FieldError::new(pointer, hint::unknown_field(&name, known))
    }
}

impl<A: ToSchema, B: ToSchema> PartialSchema for Parts<A, B> {
    /// The schema of `A`, with the members of `B`. The part that has an example describes the body.
    fn schema() -> RefOr<Schema> {
        let mut schema = A::schema();
        if let (RefOr::T(Schema::Object(first)), RefOr::T(Schema::Object(second))) = (&mut schema, B::schema()) {
            first.properties.extend(second.properties);
            first.required.extend(second.required);
            if first.example.is_none() {
                first.description = second.description;
                first.example = second.example;
            }
        }
        schema
    }
}

impl<A: ToSchema, B: ToSchema> ToSchema for Parts<A, B> {
    fn name() -> Cow<'static, str> {
        A::name()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        A::schemas(schemas);
        B::schemas(schemas);
    }
}
