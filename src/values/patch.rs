//! JSON Merge Patch (RFC 7396): an absent field changes nothing, `null` clears, a value sets.
//!
//! A patch body has `Option<T>` with [`set`] for a field that cannot be cleared and `Option<Option<T>>` with
//! [`set_or_clear`] for one that can; [`change`] applies either.

use serde::{Deserialize, Deserializer, de::Error as _};

use crate::values::Invalid;

/// A field that can be set but not cleared: `null` is refused.
///
/// # Errors
/// [`Invalid::NotNullable`], or the value's own error.
pub fn set<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    match Option::deserialize(deserializer)? {
        Some(value) => Ok(Some(value)),
        None => Err(D::Error::custom(Invalid::NotNullable)),
    }
}

/// A field that can be set, and cleared with `null`.
///
/// # Errors
/// The value's own error.
pub fn set_or_clear<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Applies `patch` to `field`; an absent patch changes nothing.
pub fn change<T>(field: &mut T, patch: Option<T>) {
    if let Some(value) = patch {
        *field = value;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;
    use serde_json::{Map, Value, json};

    use super::change;

    #[derive(Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Patch {
        #[serde(default, deserialize_with = "super::set")]
        name: Option<String>,
        #[serde(default, deserialize_with = "super::set_or_clear")]
        phone: Option<Option<String>>,
    }

    fn apply(patch: &Value, mut name: String, mut phone: Option<String>) -> (String, Option<String>) {
        let patch: Patch = serde_json::from_value(patch.clone()).unwrap();
        change(&mut name, patch.name);
        change(&mut phone, patch.phone);
        (name, phone)
    }

    #[test]
    fn null_clears_only_what_can_be_cleared() {
        assert_eq!(apply(&json!({"phone": null}), "a".into(), Some("1".into())), ("a".into(), None));
        let refused = serde_json::from_value::<Patch>(json!({"name": null})).unwrap_err();
        assert_eq!(refused.to_string(), "not_nullable");
    }

    /// The algorithm of RFC 7396, section 2, for flat objects.
    fn merge(mut target: Map<String, Value>, patch: &Map<String, Value>) -> Map<String, Value> {
        for (key, value) in patch {
            if value.is_null() {
                target.remove(key);
            } else {
                target.insert(key.clone(), value.clone());
            }
        }
        target
    }

    proptest! {
        #[test]
        fn agrees_with_the_rfc(
            name in "[a-z]{1,5}",
            phone in proptest::option::of("[0-9]{1,5}"),
            new_name in proptest::option::of("[a-z]{1,5}"),
            new_phone in proptest::option::of(proptest::option::of("[0-9]{1,5}")),
        ) {
            let mut patch = Map::new();
            if let Some(name) = &new_name { patch.insert("name".into(), json!(name)); }
            if let Some(phone) = &new_phone { patch.insert("phone".into(), json!(phone)); }
            let mut before = Map::from_iter([("name".to_owned(), json!(name))]);
            if let Some(phone) = &phone { before.insert("phone".into(), json!(phone)); }

            let expected = merge(before, &patch);
            let (name, phone) = apply(&Value::Object(patch), name, phone);
            prop_assert_eq!(Some(&json!(name)), expected.get("name"));
            prop_assert_eq!(phone.map(Value::from), expected.get("phone").cloned());
        }
    }
}
