//! The three roles, and how far a right reaches.

use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumIter, EnumString};
use utoipa::ToSchema;

use crate::db::stored_as_text;

/// What a user is in the organisation; each may do more than those before it.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ToSchema,
    AsRefStr,
    EnumString,
    EnumIter,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[diesel(sql_type = diesel::sql_types::Text)]
pub enum Role {
    /// Works with own ordinary clients.
    Manager,
    /// Owns key clients; first-level management.
    KeyAccountManager,
    /// Leads teams, approves, sets policy, administers users.
    Supervisor,
}
stored_as_text!(Role);

/// How far a right reaches; each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Nowhere.
    None,
    /// What the actor owns.
    Own,
    /// What the actor's team owns; for a key-account manager, the team's key clients.
    Team,
    /// Everything.
    All,
}
