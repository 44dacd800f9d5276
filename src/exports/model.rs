//! What an export is.

use diesel::prelude::{AsChangeset, Identifiable, Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use strum::{AsRefStr, EnumString};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    access::{Belongs, Owned, Ownership, TeamId, UserId},
    background_jobs::JobRef,
    db::{Jsonb, schema::exports, stored_as_text},
    http::View,
    values::{Entity, Id, Instant, Resource, Text, bounds},
};

/// An export's identifier.
pub type ExportId = Id<Export>;

/// A file of what somebody sees.
#[derive(
    Clone, Debug, PartialEq, Queryable, Selectable, Insertable, Identifiable, AsChangeset, Serialize, ToSchema,
)]
#[diesel(table_name = exports, treat_none_as_null = true, treat_none_as_default_value = false)]
#[schema(as = ExportFields)]
pub struct Export {
    /// Identifier.
    pub id: ExportId,
    /// Grows by one with each change.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the export was asked for.
    pub created_at: Instant,
    /// When the export was last changed.
    pub updated_at: Instant,
    /// Who asked for it.
    pub owner_id: UserId,
    /// The owner's team then.
    pub team_id: TeamId,
    /// What is exported.
    pub resource: ExportResource,
    /// What kind of file it is.
    pub format: ExportFormat,
    /// What stands between the values of CSV.
    pub separator: Option<Separator>,
    /// Business: The columns, in their order.
    #[diesel(column_name = column_names)]
    #[schema(value_type = Vec<Text<100>>, max_items = 200)]
    pub columns: Jsonb<Vec<Text<100>>>,
    /// Personal: Which rows: the parameters of the list of this resource, with one value or several each.
    #[schema(value_type = Object)]
    pub filter: Jsonb<Map<String, Value>>,
    /// How many rows the file has, once it is there.
    #[schema(minimum = 0)]
    pub row_count: Option<i64>,
    /// How many bytes the file has, once it is there.
    #[schema(minimum = 0)]
    pub byte_count: Option<i64>,
    /// When the file is removed, once it is there.
    pub expires_at: Option<Instant>,
}

/// An export to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"resource": "clients", "format": "csv", "separator": "semicolon",
    "columns": ["name", "tax_id", "phone", "email", "address.city"], "filter": {"status": ["active", "prospect"]}}))]
pub struct NewExport {
    /// What to export.
    pub resource: ExportResource,
    /// What kind of file to make.
    pub format: ExportFormat,
    /// What stands between the values of CSV; a comma when left out. Excel with Russian settings wants a semicolon.
    pub separator: Option<Separator>,
    /// The columns, in their order; all when left out. A member of a member is named with a dot: `address.city`.
    #[serde(default, deserialize_with = "bounds::at_most::<200, _, _, _>")]
    #[schema(max_items = 200)]
    pub columns: Vec<Text<100>>,
    /// Personal: Which rows: the parameters of the list of this resource, with one value or several each. All that the caller may
    /// export when left out.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub filter: Map<String, Value>,
}

/// What can be exported.
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
pub enum ExportResource {
    /// Clients.
    Clients,
    /// Contacts.
    Contacts,
    /// Products.
    Products,
    /// Orders, without their lines.
    Orders,
}
stored_as_text!(ExportResource);

/// What kind of file an export makes.
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
pub enum ExportFormat {
    /// Values between separators, in UTF-8. What a spreadsheet would take for a formula begins with an apostrophe.
    Csv,
    /// A workbook of Excel.
    Xlsx,
    /// A JSON object in each line, without loss.
    Jsonl,
}
stored_as_text!(ExportFormat);

impl ExportFormat {
    /// The media type of the file, and the end of its name.
    pub fn media_type(self) -> (&'static str, &'static str) {
        match self {
            Self::Csv => ("text/csv; charset=utf-8", "csv"),
            Self::Xlsx => ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
            Self::Jsonl => ("application/jsonl", "jsonl"),
        }
    }
}

/// What stands between the values of CSV.
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
pub enum Separator {
    /// A comma.
    Comma,
    /// A semicolon.
    Semicolon,
}
stored_as_text!(Separator);

impl Separator {
    /// The byte.
    pub fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
        }
    }
}

/// An export, how far it is, and what the caller may do with it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Export, example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e71", "version": 2,
    "created_at": "2026-11-24T09:30:00Z", "updated_at": "2026-11-24T09:30:04Z",
    "owner_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "team_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31",
    "resource": "clients", "format": "csv", "separator": "semicolon", "columns": ["name", "tax_id"],
    "filter": {"status": ["active"]}, "row_count": 4711, "byte_count": 90210, "expires_at": "2026-12-01T09:30:04Z",
    "job": {"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e70", "kind": "export", "state": "succeeded", "done": 4711, "total": null,
        "error_code": null, "error_detail": null}, "has_file": true}))]
pub struct ExportView {
    #[serde(flatten)]
    pub(super) export: Export,
    /// The job that makes it; `null` when that was long ago.
    pub(super) job: Option<JobRef>,
    /// Whether the file can be downloaded now.
    pub(super) has_file: bool,
}

impl View for ExportView {
    type Row = Export;

    fn row(&self) -> &Export {
        &self.export
    }
}

/// Which exports to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ExportFilter {
    /// Only exports of one of these owners.
    #[param(inline)]
    pub owner_id: Vec<UserId>,
    /// Only exports of one of these resources.
    #[param(inline)]
    pub resource: Vec<ExportResource>,
}

impl Resource for Export {
    const NAME: &'static str = "exports";
}

impl Entity for Export {
    fn uuid(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }
}

impl Owned for Export {
    const KEY: Option<&'static str> = None;
    const CLIENT: Option<&'static str> = None;
    const NEWEST: &'static str = "created_at";
}

impl Belongs for Export {
    fn ownership(&self) -> Option<Ownership> {
        Some(Ownership { owner: self.owner_id, team: self.team_id, is_key: true })
    }
}
