//! Typed identifiers: an `Id<Client>` can never be given where an `Id<Order>` is meant.

use std::{fmt, marker::PhantomData};

use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::Pg,
    serialize::{self, Output, ToSql},
    sql_types,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type},
};
use uuid::Uuid;

use crate::values::Invalid;

/// The identifier of an `R`: a UUID version 7 (RFC 9562), made by the server.
#[derive(AsExpression, FromSqlRow)]
#[diesel(sql_type = sql_types::Uuid)]
pub struct Id<R>(Uuid, PhantomData<fn() -> R>);

impl<R> Id<R> {
    /// A fresh identifier; later ones sort after earlier ones.
    pub fn generate() -> Self {
        Self::from(Uuid::now_v7())
    }

    /// The bare UUID, borrowed.
    pub fn as_uuid(&self) -> &Uuid {
        &self.0
    }

    /// The bare UUID, for tables that hold identifiers of several kinds.
    pub fn uuid(self) -> Uuid {
        self.0
    }
}

impl<R> From<Uuid> for Id<R> {
    fn from(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }
}

// Written out because a derive would require the same traits of `R`, which is only a label.
impl<R> Clone for Id<R> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<R> Copy for Id<R> {}
impl<R> PartialEq for Id<R> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<R> Eq for Id<R> {}
impl<R> PartialOrd for Id<R> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<R> Ord for Id<R> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}
impl<R> std::hash::Hash for Id<R> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<R> fmt::Debug for Id<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl<R> fmt::Display for Id<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<R> Serialize for Id<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
impl<'de, R> Deserialize<'de> for Id<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Uuid::try_parse(&text).map(Self::from).map_err(|_ignored| D::Error::custom(Invalid::Id))
    }
}

impl<R: fmt::Debug> ToSql<sql_types::Uuid, Pg> for Id<R> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<sql_types::Uuid, Pg>::to_sql(&self.0, out)
    }
}
impl<R> FromSql<sql_types::Uuid, Pg> for Id<R> {
    fn from_sql(bytes: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        Uuid::from_sql(bytes).map(Self::from)
    }
}

impl<R> PartialSchema for Id<R> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)))
            .description(Some("Identifier: a UUID version 7, made by the server."))
            .examples(["01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f"])
            .into()
    }
}
impl<R> ToSchema for Id<R> {
    fn name() -> std::borrow::Cow<'static, str> {
        "Id".into()
    }
}
