//! What custom fields are of, and which kinds of values there are.

use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumString, IntoStaticStr, VariantNames};
use utoipa::ToSchema;

use crate::db::stored_as_text;

/// A kind of resource that can have custom fields.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    ToSchema,
    AsRefStr,
    EnumString,
    IntoStaticStr,
    VariantNames,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[diesel(sql_type = diesel::sql_types::Text)]
pub enum CustomResource {
    /// Clients.
    Clients,
    /// Persons at clients.
    Contacts,
    /// What passes between the company and clients.
    Interactions,
    /// What the company sells.
    Products,
    /// Contracts.
    Contracts,
    /// Orders.
    Orders,
}
stored_as_text!(CustomResource);

impl CustomResource {
    /// The resource's name.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// What kind of values a custom field has.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    ToSchema,
    AsRefStr,
    EnumString,
    VariantNames,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[diesel(sql_type = diesel::sql_types::Text)]
pub enum CustomKind {
    /// A text of at most 2,000 characters.
    Text,
    /// A decimal number as a string, such as `"12.5"`.
    Number,
    /// An amount with its currency, such as `{"amount": "12.50", "currency": "RUB"}`.
    Money,
    /// A day, such as `"2026-11-30"`.
    Date,
    /// `true` or `false`.
    Boolean,
    /// One of the choices.
    Choice,
    /// A list of one or more of the choices.
    Choices,
    /// The id of a user.
    User,
    /// The id of a client.
    Client,
}
stored_as_text!(CustomKind);

impl CustomKind {
    /// Whether its values are compared as numbers, so that they have an order of less and more.
    pub fn is_ordered(self) -> bool {
        matches!(self, Self::Number | Self::Money | Self::Date | Self::Boolean)
    }

    /// Whether its values are chosen from a list.
    pub fn has_choices(self) -> bool {
        matches!(self, Self::Choice | Self::Choices)
    }
}
