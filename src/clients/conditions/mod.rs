//! Conditions on clients, joined by and, or and not, as front ends build them and saved views keep them.

mod bound;
mod field;
mod related;
mod rows;
mod saved;
mod written;

use serde::{Deserialize, Serialize};

pub use bound::FieldCondition;
pub use related::Ordered;
pub use rows::Where;
use written::Written;

pub use saved::{SavedViewId, SavedViews, conditions_of, readable};

use crate::{error::FieldError, list::CustomFilter, values::Invalid};

/// How deep conditions may stand within each other.
const MOST_DEPTH: usize = 8;

/// How many conditions there may be in all.
const MOST_CONDITIONS: usize = 100;

/// A condition on clients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub enum Condition {
    /// All of these hold.
    And(Vec<Condition>),
    /// At least one of these holds.
    Or(Vec<Condition>),
    /// This does not hold.
    Not(Box<Condition>),
    /// A field of the client has such a value.
    Field(FieldCondition),
    /// The client has an active contract, or has none.
    ActiveContract(bool),
    /// The client ordered something.
    Ordered(Ordered),
    /// A custom field of the client has such a value.
    Custom(CustomFilter),
}

impl Condition {
    /// What is wrong with `conditions` as a whole: they stand too deep within each other, or are too many.
    pub fn breach(conditions: &[Self], pointer: &str) -> Option<FieldError> {
        let invalid = match Self::size(conditions) {
            (depth, _) if depth > MOST_DEPTH => Invalid::TooDeep(MOST_DEPTH),
            (_, count) if count > MOST_CONDITIONS => Invalid::TooLong(MOST_CONDITIONS),
            _ => return None,
        };
        Some(FieldError::new(pointer.to_owned(), invalid))
    }

    /// How deep `conditions` stand within each other, and how many there are.
    fn size(conditions: &[Self]) -> (usize, usize) {
        conditions
            .iter()
            .map(|condition| Self::size(condition.parts()))
            .fold((0, 0), |(deepest, all), (depth, count)| (deepest.max(depth + 1), all + count + 1))
    }

    /// The conditions right within this one.
    fn parts(&self) -> &[Self] {
        match self {
            Self::And(parts) | Self::Or(parts) => parts,
            Self::Not(part) => std::slice::from_ref(part),
            Self::Field(_) | Self::ActiveContract(_) | Self::Ordered(_) | Self::Custom(_) => &[],
        }
    }

    /// The conditions on custom fields, this one or within it.
    fn custom_filters(&self) -> Vec<&CustomFilter> {
        match self {
            Self::Custom(filter) => vec![filter],
            _ => self.parts().iter().flat_map(Self::custom_filters).collect(),
        }
    }

    /// Whether this condition, or one within it, is such as `wanted` says.
    fn has(&self, wanted: fn(&Self) -> bool) -> bool {
        wanted(self) || self.parts().iter().any(|part| part.has(wanted))
    }
}

#[cfg(test)]
mod tests {
    use super::Condition;

    fn nested(depth: usize) -> Condition {
        (1..depth).fold(Condition::ActiveContract(true), |inner, _| Condition::Not(Box::new(inner)))
    }

    #[test]
    fn conditions_have_bounds() {
        assert!(Condition::breach(&[], "").is_none());
        assert!(Condition::breach(&[nested(1), nested(8)], "").is_none());
        assert!(Condition::breach(&[nested(1), nested(9)], "").is_some());
        let wide = |count| [Condition::Or(vec![Condition::ActiveContract(true); count])];
        assert!(Condition::breach(&wide(99), "").is_none());
        assert!(Condition::breach(&wide(100), "").is_some());
    }
}
