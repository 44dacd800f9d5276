//! JSON in which no object has a member twice. A `serde_json::Value` would silently keep the last one.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A JSON object; neither it nor an object in it has a member twice.
#[derive(ToSchema)]
pub struct Object(pub Map<String, Value>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        members(deserializer, |_| true).map(Self)
    }
}

/// Reads the members of an object, which must all be known to `is_known`.
///
/// # Errors
/// When a member is unknown or given twice, or when the JSON is not an object.
pub fn members<'de, D: Deserializer<'de>>(
    deserializer: D,
    is_known: fn(&str) -> bool,
) -> Result<Map<String, Value>, D::Error> {
    deserializer.deserialize_map(Members(is_known))
}

struct Members(fn(&str) -> bool);

impl<'de> Visitor<'de> for Members {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let mut members = Map::new();
        while let Some(name) = map.next_key_seed(Known(self.0))? {
            if members.contains_key(&name) {
                return Err(M::Error::custom(format_args!("duplicate field `{name}`")));
            }
            let Strict(value) = map.next_value()?;
            members.insert(name, value);
        }
        Ok(members)
    }
}

/// Reads the name of a member and refuses an unknown one.
struct Known(fn(&str) -> bool);

impl<'de> DeserializeSeed<'de> for Known {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        let name = String::deserialize(deserializer)?;
        if (self.0)(&name) { Ok(name) } else { Err(D::Error::unknown_field(&name, &[])) }
    }
}

/// Any value; no object in it has a member twice.
pub struct Strict(pub Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue).map(Self)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut sequence: S) -> Result<Value, S::Error> {
        let mut items = Vec::new();
        while let Some(Strict(item)) = sequence.next_element()? {
            items.push(item);
        }
        Ok(items.into())
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Value, M::Error> {
        Members(|_| true).visit_map(map).map(Value::Object)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Object;
    use crate::{http::body::parse, values::Language};

    fn errors(text: &str) -> Vec<(String, String)> {
        let error = parse::<Object>(text.as_bytes()).err().unwrap();
        let problem = error.document(Language::En, "/", "r");
        problem.errors.into_iter().map(|field| (field.pointer, field.code)).collect()
    }

    #[test]
    fn a_member_given_twice_is_refused_at_every_depth() {
        let twice = |pointer: &str| vec![(pointer.to_owned(), "duplicate_field".to_owned())];
        assert_eq!(errors(r#"{"a": 1, "a": 1}"#), twice("/a"));
        assert_eq!(errors(r#"{"a": {"b": 1, "b": 2}}"#), twice("/a/b"));
        assert_eq!(errors(r#"{"a": [{"b": 1}, {"b": 1, "b": 2}]}"#), twice("/a/1/b"));
    }

    #[test]
    fn every_value_is_kept_as_it_is() {
        let text = r#"{"a": null, "b": [true, -1, 18446744073709551615, 1.5, "\n"], "c": {"d": {}}}"#;
        let Object(members) = parse(text.as_bytes()).unwrap();
        assert_eq!(Value::Object(members), serde_json::from_str::<Value>(text).unwrap());
        assert_eq!(errors("7"), [(String::new(), "invalid_type".to_owned())]);
        assert_eq!(json!({}), Value::Object(parse::<Object>(b"{}").unwrap().0));
    }
}
