//! What an entry of a timeline is.

use diesel::prelude::{Queryable, Selectable};
use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumIter, EnumString, VariantNames};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{access::UserId, db::stored_as_text, list::Words, users::UserRef, values::Instant};

diesel::table! {
    /// The view of all that happened with clients.
    client_timeline (id) {
        id -> Uuid,
        client_id -> Uuid,
        at -> Timestamptz,
        resource -> Text,
        resource_id -> Uuid,
        action -> Text,
        actor_id -> Nullable<Uuid>,
        title -> Nullable<Text>,
        reason -> Nullable<Text>,
        fields -> Array<Text>,
    }
}

/// Something that happened with a client.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Serialize, ToSchema)]
#[diesel(table_name = client_timeline)]
#[schema(as = TimelineEntryFields)]
pub struct Entry {
    /// Identifier of the entry.
    pub id: Uuid,
    /// When it happened.
    pub at: Instant,
    /// What kind of resource it happened to.
    pub resource: EntryResource,
    /// Which one.
    pub resource_id: Uuid,
    /// What happened: the step of a contract or an order, the status of an interaction, the change of a client or a
    /// contact.
    #[schema(example = "transferred", max_length = 50)]
    pub action: String,
    /// Who did it; `null` is the system itself.
    pub actor_id: Option<UserId>,
    /// The subject of an interaction, the number and the title of a contract, or the number of an order.
    pub title: Option<String>,
    /// Why, when a reason was given.
    pub reason: Option<String>,
    /// The names of the changed fields of a client or a contact, without those that the caller may not see.
    pub fields: Vec<String>,
}

/// A kind of resource with entries in the timeline.
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
    EnumIter,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[diesel(sql_type = diesel::sql_types::Text)]
pub enum EntryResource {
    /// The client itself.
    Clients,
    /// A person at the client.
    Contacts,
    /// A contract with the client.
    Contracts,
    /// Something that passed between the company and the client.
    Interactions,
    /// An order of the client.
    Orders,
}
stored_as_text!(EntryResource);

/// An entry, and what was included.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TimelineEntry, example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "at": "2026-11-24T09:30:00Z",
    "resource": "orders", "resource_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30", "action": "handed_over",
    "actor_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31", "title": "O-2026-000123", "reason": null, "fields": []}))]
pub struct EntryView {
    #[serde(flatten)]
    pub(super) entry: Entry,
    /// Who did it, when included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) actor: Option<UserRef>,
}

/// Which entries to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct TimelineFilter {
    /// Only what happened to these kinds of resources.
    #[param(inline)]
    pub resource: Vec<EntryResource>,
    /// Only what happened at or after this moment.
    #[param(inline)]
    pub at_from: Option<Instant>,
    /// Only what happened before this moment.
    #[param(inline)]
    pub at_to: Option<Instant>,
    /// Related resources to put in: one parameter each, or all in one, separated by commas.
    #[param(inline)]
    pub include: TimelineIncludes,
}

/// What to put into an entry.
pub type TimelineIncludes = Words<TimelineInclude>;

/// What can be put into an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum TimelineInclude {
    /// Who did it.
    Actor,
}
