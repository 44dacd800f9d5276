//! A typed value in a `jsonb` column.

use std::io::Write;

use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::Pg,
    serialize::{self, IsNull, Output, ToSql},
    sql_types,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// `T` as `jsonb`; in JSON and in the document it is just `T`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, AsExpression, FromSqlRow)]
#[diesel(sql_type = sql_types::Jsonb)]
#[serde(transparent)]
pub struct Jsonb<T>(pub T);

/// The version of the wire format, which precedes the text of a `jsonb` value.
const VERSION: u8 = 1;

impl<T: AsRef<[I]>, I> AsRef<[I]> for Jsonb<T> {
    fn as_ref(&self) -> &[I] {
        self.0.as_ref()
    }
}

// Reads and writes the text directly. Diesel goes through a `serde_json::Value`, which costs more than the rest of the
// row.
impl<T: Serialize + std::fmt::Debug> ToSql<sql_types::Jsonb, Pg> for Jsonb<T> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&[VERSION])?;
        serde_json::to_writer(out, &self.0)?;
        Ok(IsNull::No)
    }
}

impl<T: DeserializeOwned> FromSql<sql_types::Jsonb, Pg> for Jsonb<T> {
    fn from_sql(value: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        match value.as_bytes().split_first() {
            Some((&VERSION, text)) => Ok(Self(serde_json::from_slice(text)?)),
            _ => Err("jsonb of an unknown version".into()),
        }
    }
}

impl<T: utoipa::PartialSchema> utoipa::PartialSchema for Jsonb<T> {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        T::schema()
    }
}

impl<T: utoipa::ToSchema> utoipa::ToSchema for Jsonb<T> {
    fn name() -> std::borrow::Cow<'static, str> {
        T::name()
    }

    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>)>) {
        T::schemas(schemas);
    }
}
