//! The values that a row has of the organisation's own fields.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ArrayBuilder, ObjectBuilder, OneOfBuilder, RefOr, Schema, Type, schema::AdditionalProperties},
};

use crate::values::{Invalid, Text};

/// Most values of one row.
const MOST_VALUES: usize = 100;

/// Most items of one value.
const MOST_ITEMS: usize = 50;

/// A text of a value.
type CustomText = Text<2000>;

/// Values by the names of their fields. A value is a text, a boolean, a list of texts, or an amount with its currency; whether it
/// is one that the field can have is only known with the field.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct CustomValues(BTreeMap<String, Value>);

impl CustomValues {
    /// The value of the field `name`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The names and the values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Gives the field `name` this value, unless it has one.
    pub fn insert_absent(&mut self, name: &str, value: &Value) {
        if !self.0.contains_key(name) {
            self.0.insert(name.to_owned(), value.clone());
        }
    }
}

/// One value: a text, a boolean, a list of texts, or an amount with its currency.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct CustomValue(pub Value);

impl<'de> Deserialize<'de> for CustomValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = match Value::deserialize(deserializer)? {
            Value::Bool(flag) => Ok(Value::Bool(flag)),
            Value::String(written) => text(&written),
            Value::Array(items) => texts(&items),
            Value::Object(members) if members.len() <= 2 && members.values().all(Value::is_string) => {
                Ok(Value::Object(members))
            }
            Value::Null | Value::Number(_) | Value::Object(_) => Err(Invalid::Type),
        };
        value.map(Self).map_err(D::Error::custom)
    }
}

fn text(written: &str) -> Result<Value, Invalid> {
    CustomText::parse(written).map(|text| Value::from(text.as_str()))
}

fn texts(items: &[Value]) -> Result<Value, Invalid> {
    if items.len() > MOST_ITEMS {
        return Err(Invalid::TooLong(MOST_ITEMS));
    }
    items.iter().map(|item| text(item.as_str().ok_or(Invalid::Type)?)).collect::<Result<Vec<_>, _>>().map(Value::Array)
}

impl<'de> Deserialize<'de> for CustomValues {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = CustomValues;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<CustomValues, A::Error> {
                let mut values = BTreeMap::new();
                while let Some(name) = members.next_key::<String>()? {
                    // A cleared value is as good as none.
                    if let Some(CustomValue(value)) = members.next_value()? {
                        values.insert(name, value);
                    }
                    if values.len() > MOST_VALUES {
                        return Err(A::Error::custom(Invalid::TooLong(MOST_VALUES)));
                    }
                }
                Ok(CustomValues(values))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

impl PartialSchema for CustomValues {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .description(Some(
                "Values of the organisation's own fields, by their names. `GET /v1/schema/{resource}` tells which there are.",
            ))
            .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(true)))
            .max_properties(Some(MOST_VALUES))
            .into()
    }
}

impl ToSchema for CustomValues {
    fn name() -> Cow<'static, str> {
        "CustomValues".into()
    }
}

impl PartialSchema for CustomValue {
    fn schema() -> RefOr<Schema> {
        let text = |longest| ObjectBuilder::new().schema_type(Type::String).max_length(Some(longest));
        let amount = ObjectBuilder::new()
            .property("amount", text(20))
            .property("currency", text(3))
            .required("amount")
            .required("currency");
        OneOfBuilder::new()
            .description(Some("A value of a custom field, as its kind has it."))
            .item(text(2000))
            .item(ObjectBuilder::new().schema_type(Type::Boolean))
            .item(ArrayBuilder::new().items(text(100)).max_items(Some(MOST_ITEMS)))
            .item(amount)
            .into()
    }
}

impl ToSchema for CustomValue {
    fn name() -> Cow<'static, str> {
        "CustomValue".into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::CustomValues;

    fn read(values: Value) -> Option<Value> {
        serde_json::from_value::<CustomValues>(values).ok().map(|values| serde_json::to_value(values).unwrap())
    }

    #[test]
    fn values_have_few_shapes() {
        let kept = json!({"beds": "120", "is_open": true, "price": {"amount": "1.00", "currency": "RUB"}, "wards": ["a", "b"]});
        assert_eq!(read(kept.clone()), Some(kept));
        assert_eq!(read(json!({"beds": null, "note": "  kept  "})), Some(json!({"note": "kept"})));
        for wrong in [
            json!([]),
            json!("a"),
            json!({"beds": 120}),
            json!({"beds": ""}),
            json!({"beds": "x".repeat(2001)}),
            json!({"beds": [1]}),
            json!({"beds": [["a"]]}),
            json!({"beds": {"a": {"b": "c"}}}),
            json!({"beds": vec!["a"; 51]}),
            (0..101).map(|n| (format!("f{n}"), json!("a"))).collect::<serde_json::Map<_, _>>().into(),
        ] {
            assert_eq!(read(wrong.clone()), None, "{wrong}");
        }
    }
}
