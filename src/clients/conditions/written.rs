//! Conditions as callers write them.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use super::{Condition, FieldCondition, Ordered};
use crate::{list::CustomFilter, values::Invalid};

/// A condition on clients. Exactly one member is given.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = ClientCondition, example = json!({"and": [
    {"field": {"name": "city", "op": "in", "value": ["Москва", "Тверь"]}},
    {"not": {"active_contract": true}},
    {"ordered": {"product_ids": ["01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f"], "from": "2026-01-01"}}]}))]
pub struct Written {
    /// All of these hold, at most 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 100, no_recursion)]
    and: Option<Vec<Condition>>,
    /// At least one of these holds, at most 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 100, no_recursion)]
    or: Option<Vec<Condition>>,
    /// This does not hold. A comparison with a field that has no value does not hold, so `not` finds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    not: Option<Box<Condition>>,
    /// A field of the client has such a value.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<FieldCondition>,
    /// Whether the client has an active contract. Needs the right to read contracts of all clients that the caller may read.
    #[serde(skip_serializing_if = "Option::is_none")]
    active_contract: Option<bool>,
    /// The client ordered something, by an order that is neither draft, rejected nor cancelled. Needs the right to read orders of
    /// all clients that the caller may read.
    #[serde(skip_serializing_if = "Option::is_none")]
    ordered: Option<Ordered>,
    /// A custom field of the client has such a value: `beds=120`, and of numbers, amounts and days also `beds>=100` and `beds<200`.
    /// The field must be indexed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(inline)]
    custom_field: Option<CustomFilter>,
}

impl TryFrom<Written> for Condition {
    type Error = Invalid;

    fn try_from(written: Written) -> Result<Self, Invalid> {
        let Written { and, or, not, field, active_contract, ordered, custom_field } = written;
        let given = [
            and.map(Self::And),
            or.map(Self::Or),
            not.map(Self::Not),
            field.map(Self::Field),
            active_contract.map(Self::ActiveContract),
            ordered.map(Self::Ordered),
            custom_field.map(Self::Custom),
        ];
        let mut given = given.into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(condition), None) => Ok(condition),
            _ => Err(Invalid::OneMember),
        }
    }
}

impl From<Condition> for Written {
    fn from(condition: Condition) -> Self {
        let none = Self::default();
        match condition {
            Condition::And(parts) => Self { and: Some(parts), ..none },
            Condition::Or(parts) => Self { or: Some(parts), ..none },
            Condition::Not(part) => Self { not: Some(part), ..none },
            Condition::Field(field) => Self { field: Some(field), ..none },
            Condition::ActiveContract(has) => Self { active_contract: Some(has), ..none },
            Condition::Ordered(ordered) => Self { ordered: Some(ordered), ..none },
            Condition::Custom(filter) => Self { custom_field: Some(filter), ..none },
        }
    }
}

impl PartialSchema for Condition {
    fn schema() -> RefOr<Schema> {
        let mut schema = Written::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            (object.min_properties, object.max_properties) = (Some(1), Some(1));
        }
        schema
    }
}

impl ToSchema for Condition {
    fn name() -> Cow<'static, str> {
        Written::name()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Written::schemas(schemas);
    }
}
