//! What an erasure is.

use diesel::prelude::{Identifiable, Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumString};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    access::{Belongs, Ownership, UserId},
    clients::ClientId,
    db::{Jsonb, schema::erasures, stored_as_text},
    http::View,
    values::{Entity, Id, Instant, Resource, Text},
};

/// The identifier of an erasure.
pub type ErasureId = Id<Erasure>;

/// The identifier of who was erased: a client or a contact.
pub type SubjectId = Id<ErasedSubject>;

/// The label of [`SubjectId`].
#[derive(Debug)]
pub enum ErasedSubject {}

/// The deed of an erasure.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, Identifiable, Serialize, ToSchema)]
#[diesel(table_name = erasures, treat_none_as_default_value = false)]
#[schema(example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e70", "version": 1, "created_at": "2026-11-24T09:30:00Z",
    "resource": "contacts", "subject_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e40",
    "client_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "erased_by": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30",
    "reason": "The person asked for it on 20 November, letter 17",
    "places": [{"table": "interactions", "rows": 4, "fields": ["subject", "summary"]},
        {"table": "contacts", "rows": 1, "fields": ["name", "email", "phone"]}],
    "audit_entries": 9, "kept_answers": 0, "letters": 0}))]
pub struct Erasure {
    /// Identifier.
    pub id: ErasureId,
    /// Always 1: a deed does not change.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the data was erased.
    pub created_at: Instant,
    /// Whether it was a client or a contact.
    pub resource: Erased,
    /// Which one.
    pub subject_id: SubjectId,
    /// The client, or the client that the contact is at.
    pub client_id: ClientId,
    /// Who erased it.
    pub erased_by: Option<UserId>,
    /// Personal: Why.
    pub reason: Text<1000>,
    /// What was erased, table by table, where there was something.
    #[schema(value_type = Vec<ErasedPlace>, max_items = 50)]
    pub places: Jsonb<Vec<ErasedPlace>>,
    /// How many entries of the audit log lost their personal values.
    #[schema(minimum = 0)]
    pub audit_entries: i64,
    /// How many answers were emptied that were kept for repeated requests.
    #[schema(minimum = 0)]
    pub kept_answers: i64,
    /// How many letters were deleted that waited to be sent.
    #[schema(minimum = 0)]
    pub letters: i64,
}

/// What was erased in one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErasedPlace {
    /// The table.
    #[schema(max_length = 50)]
    pub table: String,
    /// How many of its rows told of the person.
    #[schema(minimum = 0)]
    pub rows: i64,
    /// The fields that were replaced, confidential ones aside.
    #[schema(max_items = 50)]
    pub fields: Vec<String>,
}

/// Whose data was erased.
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
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[diesel(sql_type = diesel::sql_types::Text)]
#[schema(as = ErasedResource)]
pub enum Erased {
    /// A client, with the persons at it.
    Clients,
    /// A person at a client.
    Contacts,
}
stored_as_text!(Erased);

/// Why personal data is to be erased.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "The person asked for it on 20 November, letter 17"}))]
pub struct NewErasure {
    /// Personal: Why. The deed keeps it for good, so that it should not name the person.
    pub reason: Text<1000>,
}

/// Which erasures to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ErasureFilter {
    /// Only the erasure of this client or contact.
    #[param(inline)]
    pub subject_id: Option<SubjectId>,
    /// Only erasures of one of these clients, and of persons at them.
    #[param(inline)]
    pub client_id: Vec<ClientId>,
    /// Only what was erased at or after this moment.
    #[param(inline)]
    pub created_at_from: Option<Instant>,
    /// Only what was erased before this moment.
    #[param(inline)]
    pub created_at_to: Option<Instant>,
}

impl Resource for Erasure {
    const NAME: &'static str = "erasures";
}

impl Entity for Erasure {
    fn uuid(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }
}

impl Belongs for Erasure {
    fn ownership(&self) -> Option<Ownership> {
        None
    }
}

impl View for Erasure {
    type Row = Self;

    fn row(&self) -> &Self {
        self
    }
}
