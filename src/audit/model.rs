//! What an audit entry is.

use std::collections::BTreeMap;

use diesel::prelude::{Queryable, Selectable};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use strum::{EnumString, VariantNames};
use utoipa::{IntoParams, ToSchema};

use crate::{
    access::{
        caller::{Caller, UserId},
        role::Reach,
    },
    db::{Jsonb, schema::audit_events},
    rest::{
        entity::Resource,
        id::Id,
        list::{Sort, Words},
        text::Text,
        time::Instant,
    },
    users::UserRef,
};

/// The identifier of a resource of whatever kind.
pub type AnyId = Id<Anything>;

/// The label of [`AnyId`].
#[derive(Debug)]
pub enum Anything {}

/// An entry's identifier.
pub type AuditEntryId = Id<AuditEntry>;

/// One change, as it was recorded.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Serialize, ToSchema)]
#[diesel(table_name = audit_events)]
#[schema(as = AuditEntryFields)]
pub struct AuditEntry {
    /// Identifier of the entry.
    pub id: AuditEntryId,
    /// When the change was made.
    pub at: Instant,
    /// Who made it; `null` is the system itself.
    pub actor_id: Option<UserId>,
    /// What was done.
    #[schema(example = "transferred", max_length = 50)]
    pub action: String,
    /// The kind of resource that was changed.
    #[schema(example = "clients", max_length = 50)]
    pub resource: String,
    /// Which one.
    pub resource_id: AnyId,
    /// The client whose history the change belongs to, when it belongs to one.
    pub client_id: Option<AnyId>,
    /// The request that made the change; `null` when none did.
    #[schema(max_length = 128)]
    pub request_id: Option<String>,
    /// Each changed field, and `reason` when one was given. Confidential fields only for who may see them everywhere.
    #[schema(value_type = BTreeMap<String, FieldChange>)]
    pub changes: Jsonb<BTreeMap<String, FieldChange>>,
}

/// The value of a field before and after.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FieldChange {
    /// The value before; `null` when there was none.
    #[serde(default)]
    pub from: Value,
    /// The value after; `null` when there is none.
    #[serde(default)]
    pub to: Value,
    #[serde(default, skip_serializing)]
    #[schema(ignore)]
    confidential: bool,
}

impl Resource for AuditEntry {
    const NAME: &'static str = "audit";
}

impl AuditEntry {
    /// Takes the confidential fields out for a `caller` who may not see those of every resource of the kind.
    pub fn redact(&mut self, caller: &Caller) {
        let permission = format!("{}:read_confidential", self.resource);
        if caller.policy.reach(&permission) < Reach::All {
            self.changes.0.retain(|_, change| !change.confidential);
        }
    }
}

/// An entry, and what was included.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry, example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "at": "2026-11-24T09:30:00Z",
    "actor_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30", "action": "updated", "resource": "clients",
    "resource_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31", "client_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31",
    "request_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e32", "changes": {"phone": {"from": null, "to": "+74951234567"}}}))]
pub struct AuditEntryView {
    #[serde(flatten)]
    pub(super) entry: AuditEntry,
    /// Who made the change, when included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) actor: Option<UserRef>,
}

/// Which entries to list, and how.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct AuditFilter {
    /// Only changes by one of these users.
    #[param(inline)]
    pub actor_id: Vec<UserId>,
    /// Only changes of one of these kinds of resources.
    #[param(inline)]
    pub resource: Vec<Text<50>>,
    /// Only changes of this resource.
    #[param(inline)]
    pub resource_id: Option<AnyId>,
    /// Only changes in the history of this client.
    #[param(inline)]
    pub client_id: Option<AnyId>,
    /// Only these actions.
    #[param(inline)]
    pub action: Vec<Text<50>>,
    /// Only changes made at or after this moment.
    #[param(inline)]
    pub at_from: Option<Instant>,
    /// Only changes made before this moment.
    #[param(inline)]
    pub at_to: Option<Instant>,
    /// The order; `-at` when left out.
    #[param(inline)]
    pub sort: Option<AuditOrder>,
    /// Related resources to put in, separated by commas.
    #[param(inline)]
    pub include: AuditIncludes,
}

/// The order of a list of entries.
pub type AuditOrder = Sort<AuditSort>;

/// What entries can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum AuditSort {
    /// When the change was made.
    At,
}

/// What to put into an entry.
pub type AuditIncludes = Words<AuditInclude>;

/// What can be put into an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum AuditInclude {
    /// Who made the change.
    Actor,
}
