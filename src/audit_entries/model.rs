//! What an audit entry is.

use std::collections::BTreeMap;

use diesel::prelude::{Queryable, Selectable};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use strum::{EnumString, VariantNames};
use utoipa::{IntoParams, ToSchema};

use crate::{
    access::{Actor, ApiKeyId, Reach, SessionId, UserId},
    change::{Outcome, audit_event::AuditEntryId},
    db::{Jsonb, schema::audit_events},
    list::{Sort, Words},
    users::UserRef,
    values::{Id, Instant, Resource, Text},
};

/// The identifier of a resource of any kind.
pub type AnyId = Id<Anything>;

/// The label of [`AnyId`].
#[derive(Debug)]
pub enum Anything {}

/// One change, sign-in or refusal, as it was recorded.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Serialize, ToSchema)]
#[diesel(table_name = audit_events)]
#[schema(as = AuditEntryFields)]
pub struct AuditEntry {
    /// Identifier of the entry.
    pub id: AuditEntryId,
    /// When it happened.
    pub at: Instant,
    /// Who did it; `null` is the system itself, or someone who is not known.
    pub actor_id: Option<UserId>,
    /// The session in which they did it.
    pub session_id: Option<SessionId>,
    /// The API key with which they did it: the key itself, or a token that it was exchanged for. Never the key's
    /// secret.
    pub api_key_id: Option<ApiKeyId>,
    /// The network address that the request came from; `null` when there was none.
    #[schema(example = "192.0.2.7", max_length = 45)]
    pub address: Option<String>,
    /// What was done: the change, `signed_in`, `signed_out`, `refresh_token_reused`, `password_reset_requested`, or `refused`.
    /// `suppressed` counts refusals that were too many to be recorded one by one.
    #[schema(example = "transferred", max_length = 50)]
    pub action: String,
    /// Whether it was done.
    pub outcome: Outcome,
    /// The kind of resource that it was done to.
    #[schema(example = "clients", max_length = 50)]
    pub resource: String,
    /// Which resource; `null` when there is no such resource.
    pub resource_id: Option<AnyId>,
    /// The client whose history the change belongs to, when it belongs to one.
    pub client_id: Option<AnyId>,
    /// The request; `null` when there was none.
    #[schema(max_length = 128)]
    pub request_id: Option<String>,
    /// Each changed field, and `reason` when one was given; for a refusal, what was missing. Confidential fields are
    /// shown only to callers who may see them everywhere.
    #[schema(value_type = BTreeMap<String, FieldChange>)]
    pub changes: Jsonb<BTreeMap<String, FieldChange>>,
    #[serde(skip)]
    #[schema(ignore)]
    personal: Option<Jsonb<BTreeMap<String, FieldChange>>>,
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
    /// `true` when there were values and they have been erased.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    erased: bool,
    #[serde(default, skip_serializing)]
    #[schema(ignore)]
    confidential: bool,
    #[serde(default, skip_serializing)]
    #[schema(ignore)]
    personal: bool,
}

impl Resource for AuditEntry {
    const NAME: &'static str = "audit";
}

impl AuditEntry {
    /// Adds the personal values, which are stored apart, to the others.
    pub(super) fn complete(&mut self) {
        let mut personal = self.personal.take().map(|Jsonb(personal)| personal).unwrap_or_default();
        for (name, change) in &mut self.changes.0 {
            match personal.remove(name) {
                Some(values) => *change = values,
                None => change.erased = change.personal,
            }
        }
    }

    /// Removes the confidential fields when `actor` may not see those of every resource of this kind.
    pub fn redact(&mut self, actor: &Actor) {
        let permission = format!("{}:read_confidential", self.resource);
        if actor.reach(&permission) < Reach::All {
            self.changes.0.retain(|_, change| !change.confidential);
        }
    }
}

/// An entry, and what was included.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry, example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "at": "2026-11-24T09:30:00Z",
    "actor_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30", "session_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e33", "api_key_id": null,
    "address": "192.0.2.7", "action": "updated", "outcome": "done", "resource": "clients",
    "resource_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31", "client_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31",
    "request_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e32", "changes": {"phone": {"from": null, "to": "+74951234567"}}}))]
pub struct AuditEntryView {
    #[serde(flatten)]
    pub(super) entry: AuditEntry,
    /// Who did it, when included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) actor: Option<UserRef>,
}

/// Which entries to list, and how.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct AuditFilter {
    /// Only what these users did.
    #[param(inline)]
    pub actor_id: Vec<UserId>,
    /// Only what was done with one of these API keys.
    #[param(inline)]
    pub api_key_id: Vec<ApiKeyId>,
    /// Only what was done to one of these kinds of resources.
    #[param(inline)]
    pub resource: Vec<Text<50>>,
    /// Only what was done to this resource.
    #[param(inline)]
    pub resource_id: Option<AnyId>,
    /// Only changes in the history of this client.
    #[param(inline)]
    pub client_id: Option<AnyId>,
    /// Only these actions.
    #[param(inline)]
    pub action: Vec<Text<50>>,
    /// Only what had this outcome.
    #[param(inline)]
    pub outcome: Option<Outcome>,
    /// Only what happened at or after this moment.
    #[param(inline)]
    pub at_from: Option<Instant>,
    /// Only what happened before this moment.
    #[param(inline)]
    pub at_to: Option<Instant>,
    /// The order; `-at` when left out.
    #[param(inline)]
    pub sort: Option<AuditSorting>,
    /// Related resources to put in: one parameter each, or all in one, separated by commas.
    #[param(inline)]
    pub include: AuditIncludes,
}

/// The order of a list of entries.
pub type AuditSorting = Sort<AuditSort>;

/// What entries can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum AuditSort {
    /// When it happened.
    At,
}

/// What to put into an entry.
pub type AuditIncludes = Words<AuditInclude>;

/// What can be put into an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum AuditInclude {
    /// Who did it.
    Actor,
}
