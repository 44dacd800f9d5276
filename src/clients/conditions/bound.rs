//! A condition on one field: its comparison and the values that it compares with.

use std::borrow::Cow;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ArrayBuilder, KnownFormat, ObjectBuilder, OneOfBuilder, RefOr, Schema, SchemaFormat, Type as Json},
};
use uuid::Uuid;

use super::field::{self, Field, Type};
use crate::values::{Instant, Invalid};

/// Most values of one condition.
const MOST_VALUES: usize = 200;

/// A condition on one field of a client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct FieldCondition {
    written: Written,
    /// What the field is compared with.
    pub bound: Bound,
}

/// A condition on one field as callers write it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClientFieldCondition, example = json!({"name": "employees", "op": "ge", "value": 50}))]
pub struct Written {
    /// The field.
    name: Field,
    /// How it is compared: `eq` and `is_set` fit every field, `in` all but `is_key`, and `lt`, `le`, `gt`, `ge` moments and
    /// numbers. Each of `tags` is compared.
    op: Comparison,
    /// What it is compared with: a text, an id, a moment, a number or a boolean as the field has it. A list of up to 200 for
    /// `in`, a boolean for `is_set`.
    value: Operand,
}

/// What a field is compared with, as callers write it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Operand(Value);

impl PartialSchema for Operand {
    fn schema() -> RefOr<Schema> {
        let text = || ObjectBuilder::new().schema_type(Json::String).max_length(Some(field::LONGEST));
        OneOfBuilder::new()
            .description(Some("What a field is compared with."))
            .item(text())
            .item(
                ObjectBuilder::new()
                    .schema_type(Json::Number)
                    .format(Some(SchemaFormat::KnownFormat(KnownFormat::Double))),
            )
            .item(ObjectBuilder::new().schema_type(Json::Boolean))
            .item(ArrayBuilder::new().items(text()).max_items(Some(MOST_VALUES)))
            .into()
    }
}
impl ToSchema for Operand {
    fn name() -> Cow<'static, str> {
        "ClientConditionValue".into()
    }
}

/// How a field is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// Equal to the value.
    Eq,
    /// Equal to one of the values.
    In,
    /// Less than the value, or before it.
    Lt,
    /// At most the value, or not after it.
    Le,
    /// Greater than the value, or after it.
    Gt,
    /// At least the value, or not before it.
    Ge,
    /// Has a value, or has none.
    IsSet,
}

/// Values to compare a field with, by their type in SQL.
#[derive(Clone, Debug, PartialEq)]
pub enum Bound {
    /// Whether the field has a value.
    Set(bool),
    /// Yes or no.
    Flag(bool),
    /// One of these texts.
    Texts(Vec<String>),
    /// Has one of these texts.
    AnyText(Vec<String>),
    /// One of these ids.
    Ids(Vec<Uuid>),
    /// One of these numbers.
    Numbers(Vec<Decimal>),
    /// One of these moments.
    Moments(Vec<Instant>),
    /// On this side of a number.
    ThanNumber(&'static str, Decimal),
    /// On this side of a moment.
    ThanMoment(&'static str, Instant),
}

impl FieldCondition {
    /// The field.
    pub fn field(&self) -> Field {
        self.written.name
    }
}

impl PartialSchema for FieldCondition {
    fn schema() -> RefOr<Schema> {
        Written::schema()
    }
}

impl ToSchema for FieldCondition {
    fn name() -> Cow<'static, str> {
        Written::name()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Written::schemas(schemas);
    }
}

impl From<FieldCondition> for Written {
    fn from(condition: FieldCondition) -> Self {
        condition.written
    }
}

impl TryFrom<Written> for FieldCondition {
    type Error = Invalid;

    fn try_from(written: Written) -> Result<Self, Invalid> {
        let bound = bound(&written)?;
        Ok(Self { written, bound })
    }
}

fn bound(written: &Written) -> Result<Bound, Invalid> {
    let (field, value) = (written.name, &written.value.0);
    let values = match written.op {
        Comparison::IsSet => return value.as_bool().map(Bound::Set).ok_or(Invalid::Type),
        Comparison::Eq => std::slice::from_ref(value),
        Comparison::In => several(value)?,
        Comparison::Lt => return than("<", field, value),
        Comparison::Le => return than("<=", field, value),
        Comparison::Gt => return than(">", field, value),
        Comparison::Ge => return than(">=", field, value),
    };
    Ok(match field.values() {
        Type::Text(read) => Bound::Texts(all(values, |value| read(text(value)?))?),
        Type::Texts => Bound::AnyText(all(values, |value| Ok(text(value)?.to_owned()))?),
        Type::Id => Bound::Ids(all(values, |value| field::id(text(value)?))?),
        Type::Number => Bound::Numbers(all(values, number)?),
        Type::Moment => Bound::Moments(all(values, |value| field::moment(text(value)?))?),
        Type::Flag => Bound::Flag(value.as_bool().ok_or(Invalid::Type)?),
    })
}

fn than(side: &'static str, field: Field, value: &Value) -> Result<Bound, Invalid> {
    match field.values() {
        Type::Number => Ok(Bound::ThanNumber(side, number(value)?)),
        Type::Moment => Ok(Bound::ThanMoment(side, field::moment(text(value)?)?)),
        Type::Text(_) | Type::Texts | Type::Id | Type::Flag => Err(Invalid::Choice("eq, in, is_set".to_owned())),
    }
}

fn several(value: &Value) -> Result<&[Value], Invalid> {
    let values = value.as_array().ok_or(Invalid::Type)?;
    match values.len() {
        0 => Err(Invalid::TooShort(1)),
        count if count > MOST_VALUES => Err(Invalid::TooLong(MOST_VALUES)),
        _ => Ok(values),
    }
}

fn all<T>(values: &[Value], read: impl Fn(&Value) -> Result<T, Invalid>) -> Result<Vec<T>, Invalid> {
    values.iter().map(read).collect()
}

fn text(value: &Value) -> Result<&str, Invalid> {
    value.as_str().ok_or(Invalid::Type)
}

fn number(value: &Value) -> Result<Decimal, Invalid> {
    let written = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return Err(Invalid::Type),
    };
    written.parse().map_err(|_not_a_number| Invalid::Decimal)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Bound, FieldCondition};
    use crate::values::Invalid;

    fn read(condition: Value) -> Result<Bound, Invalid> {
        let read = serde_json::from_value::<FieldCondition>(condition);
        read.map(|condition| condition.bound).map_err(|error| Invalid::from_message(&error.to_string()))
    }

    #[test]
    fn values_are_read_as_their_field_has_them() {
        let texts = |texts: &[&str]| Bound::Texts(texts.iter().map(|text| (*text).to_owned()).collect());
        for (condition, expected) in [
            (json!({"name": "phone", "op": "eq", "value": "+7 (495) 123-45-67"}), Ok(texts(&["+74951234567"]))),
            (json!({"name": "status", "op": "in", "value": ["lead", "lost"]}), Ok(texts(&["lead", "lost"]))),
            (json!({"name": "employees", "op": "ge", "value": 5}), Ok(Bound::ThanNumber(">=", 5.into()))),
            (json!({"name": "employees", "op": "eq", "value": "5"}), Ok(Bound::Numbers(vec![5.into()]))),
            (json!({"name": "is_key", "op": "eq", "value": true}), Ok(Bound::Flag(true))),
            (json!({"name": "city", "op": "is_set", "value": false}), Ok(Bound::Set(false))),
            (json!({"name": "city", "op": "in", "value": []}), Err(Invalid::TooShort(1))),
            (json!({"name": "city", "op": "in", "value": "Tver"}), Err(Invalid::Type)),
            (json!({"name": "city", "op": "gt", "value": "T"}), Err(Invalid::Choice("eq, in, is_set".to_owned()))),
            (json!({"name": "country", "op": "eq", "value": "XX"}), Err(Invalid::Country)),
            (json!({"name": "owner_id", "op": "eq", "value": "me"}), Err(Invalid::Id)),
            (json!({"name": "created_at", "op": "lt", "value": "today"}), Err(Invalid::Instant)),
            (json!({"name": "city", "op": "eq", "value": "a\u{0}b"}), Err(Invalid::ControlCharacter)),
        ] {
            assert_eq!(read(condition.clone()), expected, "{condition}");
        }
        assert!(matches!(read(json!({"name": "status", "op": "eq", "value": "gone"})), Err(Invalid::Choice(_))));
    }
}
