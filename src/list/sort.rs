//! The order of a list.
use std::str::FromStr;

use serde::Deserialize;
use strum::VariantNames;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use super::{ByCustom, custom::CustomKey, search};
use crate::list::{SortBy, SortKey, SortValue};

/// What a list is sorted by: a word of `K`, with `-` before it for largest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort<K> {
    /// The key.
    pub key: K,
    /// Largest first.
    pub descending: bool,
}

impl<'de, K: FromStr + VariantNames> Deserialize<'de> for Sort<K> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error as _;
        let text = String::deserialize(deserializer)?;
        let (descending, word) = match text.strip_prefix('-') {
            Some(word) => (true, word),
            None => (false, text.as_str()),
        };
        match K::from_str(word) {
            Ok(key) => Ok(Self { key, descending }),
            Err(_) => Err(D::Error::unknown_variant(word, K::VARIANTS)),
        }
    }
}

impl<K: VariantNames> PartialSchema for Sort<K> {
    fn schema() -> RefOr<Schema> {
        let both = K::VARIANTS.iter().flat_map(|word| [(*word).to_owned(), format!("-{word}")]);
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(both)).into()
    }
}
impl<K: VariantNames> ToSchema for Sort<K> {}

/// How a list with a search is ordered: as asked for, otherwise the best matches first, otherwise by default.
#[derive(Clone, Debug)]
pub enum By<K> {
    /// By how well these words match.
    Rank(search::Words),
    /// By a custom field; the largest first when `true`.
    Custom(CustomKey, bool),
    /// By a key.
    Sort(Sort<K>),
}

impl<K: Copy> By<K> {
    /// What `sort` and `q` ask for.
    pub fn asked(sort: Option<Sort<K>>, q: Option<&search::Words>, default: Sort<K>) -> Self {
        match (sort, q) {
            (None, Some(words)) => Self::Rank(words.clone()),
            (sort, _) => Self::Sort(sort.unwrap_or(default)),
        }
    }

    /// The same, unless a custom field is asked for.
    #[must_use]
    pub fn or_custom(self, custom: &ByCustom) -> Self {
        match custom.order.clone() {
            Some((key, descending)) => Self::Custom(key, descending),
            None => self,
        }
    }

    /// The order of `table`, where `column` tells the column of a key.
    pub fn order(&self, table: &'static str, column: impl FnOnce(K) -> SortKey) -> SortBy {
        match self {
            Self::Rank(words) => SortBy::rank(table, words.phrases()),
            Self::Custom(key, descending) => {
                SortBy { table, key: SortKey::Custom(key.clone()), descending: *descending }
            }
            Self::Sort(sort) => SortBy { table, key: column(sort.key), descending: sort.descending },
        }
    }

    /// The key of a row, where `value` gives the row's value for a column.
    pub fn key(&self, value: impl FnOnce(K) -> SortValue) -> SortValue {
        match self {
            Self::Rank(_) | Self::Custom(..) => SortValue::Rank,
            Self::Sort(sort) => value(sort.key),
        }
    }
}
