//! What is held on a person, as it is answered.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    access::UserId,
    values::{Instant, Name},
};

/// A row as it is stored, each column with its value.
pub type StoredRow = Map<String, Value>;

/// All that is held on a person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"resource": "contacts", "id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e40", "name": "Maria Anders",
    "taken_at": "2026-11-24T09:30:00Z", "taken_by": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30",
    "parts": [{"table": "contacts", "title": "The person", "title_ru": "Человек",
        "rows": [{"name": "Maria Anders", "email": "maria@romashka.example", "phone": "+74951234567"}]}]}))]
pub struct PersonalData {
    /// Whether it is a client or a contact.
    pub resource: SubjectKind,
    /// Which one.
    pub id: Uuid,
    /// The person's name.
    pub name: Name,
    /// When the data was taken out.
    pub taken_at: Instant,
    /// Who took it out.
    pub taken_by: Option<UserId>,
    /// The data, part by part. A part without rows says that nothing is held there.
    #[schema(max_items = 50)]
    pub parts: Vec<Part>,
}

/// Who personal data is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubjectKind {
    /// A client.
    Clients,
    /// A person at a client.
    Contacts,
}

/// What one table holds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PersonalDataPart, example = json!({"table": "contacts", "title": "The person", "title_ru": "Человек",
    "rows": [{"name": "Maria Anders", "email": "maria@romashka.example", "phone": "+74951234567"}]}))]
pub struct Part {
    /// The table: the kind of resource, `audit_events` or `outgoing_mails`.
    #[schema(max_length = 50)]
    pub table: &'static str,
    /// What it holds, in English.
    #[schema(max_length = 100)]
    pub title: &'static str,
    /// What it holds, in Russian.
    #[schema(max_length = 100)]
    pub title_ru: &'static str,
    /// The rows, oldest first, each column with its value as it is stored. Decimals are texts.
    #[schema(value_type = Vec<BTreeMap<String, Value>>, max_items = 1_000_000)]
    pub rows: Vec<StoredRow>,
}
