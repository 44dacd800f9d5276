//! A JSON body whose members belong to two structs: what callers say once, and what they may change later.

use std::{borrow::Cow, fmt, future::Future, pin::Pin};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, DeserializeSeed, Error as _, MapAccess, Visitor},
};
use serde_json::{Map, Value};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use super::{
    body::{self, Body},
    patch::Terms,
};
use crate::{
    error::{Error, FieldError, Result},
    values::members_of,
};

/// A JSON body with the members of both structs: `A`, which names and explains it in the document, and `B`.
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
        Box::pin(async move { Self::of(object.await?.0) })
    }
}

impl<A, B> Parts<A, B>
where
    A: DeserializeOwned + ToSchema + 'static,
    B: Terms,
{
    fn of(Object(members): Object) -> Result<Self> {
        let (first, rest): (Map<_, _>, Map<_, _>) =
            members.into_iter().partition(|(name, _)| members_of::<A>().get(name).is_some());
        let first = body::parse_document(&Value::Object(first), |_| Vec::new());
        let second = body::parse_document(&Value::Object(rest), B::breaches);
        match (first, second) {
            (Ok(first), Ok(second)) => Ok(Self(first, second)),
            (first, second) => {
                let fields = [first.err(), second.err()].into_iter().flatten().flat_map(Error::into_fields);
                Err(Error::fields(fields.collect::<Vec<FieldError>>()))
            }
        }
    }
}

/// A JSON object, each member of which is there once.
#[derive(ToSchema)]
pub struct Object(Map<String, Value>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        members(deserializer, |_| true).map(Self)
    }
}

/// Reads the members of an object, each of which `is_known` and there once.
///
/// # Errors
/// An unknown or a duplicate member, and another JSON type.
pub fn members<'de, D: Deserializer<'de>>(
    deserializer: D,
    is_known: fn(&str) -> bool,
) -> Result<Map<String, Value>, D::Error> {
    deserializer.deserialize_map(Reader(is_known))
}

struct Reader(fn(&str) -> bool);

impl<'de> Visitor<'de> for Reader {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut members = Map::new();
        while let Some(name) = map.next_key_seed(Name { is_known: self.0, before: &members })? {
            let value = map.next_value()?;
            members.insert(name, value);
        }
        Ok(members)
    }
}

/// Reads the name of a member.
struct Name<'m> {
    is_known: fn(&str) -> bool,
    before: &'m Map<String, Value>,
}

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        let name = String::deserialize(deserializer)?;
        if !(self.is_known)(&name) {
            return Err(D::Error::unknown_field(&name, &[]));
        }
        if self.before.contains_key(&name) {
            return Err(D::Error::custom(format_args!("duplicate field `{name}`")));
        }
        Ok(name)
    }
}

impl<A: ToSchema, B: ToSchema> PartialSchema for Parts<A, B> {
    /// That of `A`, with the members of `B`.
    fn schema() -> RefOr<Schema> {
        let mut schema = A::schema();
        if let (RefOr::T(Schema::Object(first)), RefOr::T(Schema::Object(second))) = (&mut schema, B::schema()) {
            first.properties.extend(second.properties);
            first.required.extend(second.required);
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
