//! What all texts with a rule have in common, such as e-mail addresses. Each rule has a file of its own.

use std::{borrow::Cow, fmt};

use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::Pg,
    serialize::{self, Output, ToSql},
    sql_types,
};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use crate::values::Invalid;

/// A kind of text with a rule of its own.
pub trait Rule {
    /// The name of the schema.
    const NAME: &'static str;
    /// What the text is, and the standard it follows.
    const ABOUT: &'static str;
    /// Longest form, in characters.
    const MAX: usize;
    /// A regular expression for the document. Every text that it refuses is refused; a text that it accepts may still
    /// be.
    const PATTERN: &'static str;
    /// An example for the document.
    const EXAMPLE: &'static str;

    /// The canonical form of `text`, or what is wrong with it.
    ///
    /// # Errors
    /// The [`Invalid`] of this kind.
    fn check(text: &str) -> Result<String, Invalid>;
}

/// A text that passed the rule `R`, in its canonical form.
#[derive(AsExpression, FromSqlRow)]
#[diesel(sql_type = sql_types::Text)]
pub struct Checked<R>(String, std::marker::PhantomData<fn() -> R>);

impl<R: Rule> Checked<R> {
    /// Checks `text`.
    ///
    /// # Errors
    /// [`Invalid::TooLong`], or the rule's own error.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.chars().count() > R::MAX {
            return Err(Invalid::TooLong(R::MAX));
        }
        R::check(text).map(|text| Self(text, std::marker::PhantomData))
    }
}

impl<R> Checked<R> {
    /// The canonical form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<R> Clone for Checked<R> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), std::marker::PhantomData)
    }
}
impl<R> PartialEq for Checked<R> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<R> fmt::Debug for Checked<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<R> Serialize for Checked<R> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de, R: Rule> Deserialize<'de> for Checked<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Cow::<'de, str>::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl<R> ToSql<sql_types::Text, Pg> for Checked<R> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<sql_types::Text, Pg>::to_sql(self.0.as_str(), out)
    }
}

impl<R> FromSql<sql_types::Text, Pg> for Checked<R> {
    fn from_sql(bytes: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let text = <String as FromSql<sql_types::Text, Pg>>::from_sql(bytes)?;
        Ok(Self(text, std::marker::PhantomData))
    }
}

impl<R: Rule> PartialSchema for Checked<R> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .max_length(Some(R::MAX))
            .pattern(Some(R::PATTERN))
            .description(Some(R::ABOUT))
            .examples([R::EXAMPLE])
            .into()
    }
}

impl<R: Rule> ToSchema for Checked<R> {
    fn name() -> Cow<'static, str> {
        R::NAME.into()
    }
}
