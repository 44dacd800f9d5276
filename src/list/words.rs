//! Several words of an enumeration in one parameter.
use std::str::FromStr;

use serde::Deserialize;
use strum::VariantNames;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ArrayBuilder, ObjectBuilder, RefOr, Schema, Type},
};

/// Words separated by commas, each from the enumeration `W`.
#[derive(Clone, Debug)]
pub struct Words<W>(Vec<W>);

impl<W> Default for Words<W> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<W> FromIterator<W> for Words<W> {
    fn from_iter<I: IntoIterator<Item = W>>(words: I) -> Self {
        Self(words.into_iter().collect())
    }
}

impl<W: PartialEq> Words<W> {
    /// Whether nothing was asked for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `word` was asked for.
    #[expect(clippy::needless_pass_by_value, reason = "a word of a plain enumeration")]
    pub fn has(&self, word: W) -> bool {
        self.0.contains(&word)
    }
}

impl<'de, W: FromStr + VariantNames> Deserialize<'de> for Words<W> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let text = String::deserialize(deserializer)?;
        text.split(',')
            .map(|word| W::from_str(word).map_err(|_unknown| D::Error::unknown_variant(word, W::VARIANTS)))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl<W: VariantNames> PartialSchema for Words<W> {
    fn schema() -> RefOr<Schema> {
        let word = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(W::VARIANTS.iter().copied()));
        ArrayBuilder::new().items(word).into()
    }
}
impl<W: VariantNames> ToSchema for Words<W> {}
