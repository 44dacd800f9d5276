//! A password that a user typed to prove who they are.

use std::fmt;

use serde::{Deserialize, Deserializer, de::Error as _};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type},
};

use super::{MAX_BYTES, NewPassword, normalised};
use crate::values::Invalid;

/// A password that a user typed to prove who they are: at most 1,024 bytes.
#[derive(Clone)]
pub struct TypedPassword(String);

impl TypedPassword {
    /// Whether it is the same as `new`.
    pub fn is(&self, new: &NewPassword) -> bool {
        normalised(&self.0) == new.0
    }

    /// The password itself.
    pub fn into_text(self) -> String {
        self.0
    }
}

impl fmt::Debug for TypedPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TypedPassword(…)")
    }
}

impl<'de> Deserialize<'de> for TypedPassword {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.len() > MAX_BYTES {
            return Err(D::Error::custom(Invalid::TooLong(MAX_BYTES)));
        }
        Ok(Self(text))
    }
}

impl PartialSchema for TypedPassword {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
            .max_length(Some(MAX_BYTES))
            .description(Some("The password that the user has now. At most 1,024 bytes."))
            .into()
    }
}
impl ToSchema for TypedPassword {}
