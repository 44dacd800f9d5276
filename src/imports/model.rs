//! What an import is.

use diesel::prelude::{AsChangeset, Identifiable, Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumString, IntoStaticStr};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::known::Known;
use crate::{
    access::{Belongs, Owned, Ownership, TeamId, UserId},
    background_jobs::JobRef,
    db::{Jsonb, schema::imports, stored_as_text},
    error::FieldError,
    http::{PatchText, Terms, View},
    values::{CountryCode, Entity, Id, Instant, Invalid, Line, Resource, Say, Text, bounds, hint},
};

/// An import's identifier.
pub type ImportId = Id<Import>;

/// A file whose rows are to become clients, products or past orders.
#[derive(
    Clone, Debug, PartialEq, Queryable, Selectable, Insertable, Identifiable, AsChangeset, Serialize, ToSchema,
)]
#[diesel(table_name = imports, treat_none_as_null = true, treat_none_as_default_value = false)]
#[schema(as = ImportFields)]
pub struct Import {
    /// Identifier.
    pub id: ImportId,
    /// Grows by one with each change.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the file was sent in.
    pub created_at: Instant,
    /// When the import was last changed.
    pub updated_at: Instant,
    /// Who sent it in.
    pub owner_id: UserId,
    /// The owner's team then.
    pub team_id: TeamId,
    /// What its rows are.
    pub resource: ImportResource,
    /// Personal: The name of the file.
    pub file_name: Line,
    /// How many bytes the file has.
    #[schema(minimum = 0)]
    pub byte_count: i64,
    /// What kind of file it is.
    pub format: ImportFormat,
    /// Business: The encoding of its text, such as `windows-1251`.
    pub encoding: Option<Text<50>>,
    /// Business: What stands between its values.
    pub separator: Option<Text<5>>,
    /// The line with the heads of the columns.
    #[schema(minimum = 1)]
    pub head_line: i64,
    /// Business: The heads of the columns.
    #[schema(value_type = Vec<String>, max_items = 200)]
    pub heads: Jsonb<Vec<String>>,
    /// Personal: The values of the first rows.
    #[schema(value_type = Vec<Vec<String>>, max_items = 5)]
    pub sample: Jsonb<Vec<Vec<String>>>,
    /// How far the import is.
    pub state: ImportState,
    /// How many rows the file has, once they were read.
    #[schema(minimum = 0)]
    pub row_count: Option<i64>,
    /// How many rows have which fate, as of the last job.
    #[schema(value_type = Counts)]
    pub counts: Jsonb<Counts>,
    /// How often the check has begun anew.
    #[serde(skip)]
    pub revision: i64,
    /// The fields that callers write.
    #[diesel(embed)]
    #[serde(flatten)]
    pub terms: ImportTerms,
}

/// How the rows are to be understood.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize, ToSchema)]
#[diesel(table_name = imports, treat_none_as_null = true, treat_none_as_default_value = false)]
#[serde(deny_unknown_fields)]
pub struct ImportTerms {
    /// Business: The field that each column fills, in their order; `null` for a column that is ignored. A member of a member is
    /// named with a dot: `address.city`, `contact.name`, `custom_fields.beds`.
    #[serde(deserialize_with = "bounds::at_most::<200, _, _, _>")]
    #[schema(value_type = Vec<Option<Text<100>>>, max_items = 200)]
    pub mapping: Jsonb<Vec<Option<Text<100>>>>,
    /// Who gets the clients whose row names nobody, or somebody who is not known.
    pub default_owner_id: Option<UserId>,
    /// What is done with a row that there is already.
    pub duplicates: Duplicates,
    /// What is done with values that a field cannot have.
    pub wrong_values: WrongValues,
    /// Business: The system that the ids in the columns `external_id`, `client.external_id` and `line.external_id` are from.
    pub external_source: Option<Text<50>>,
    /// The country of telephone numbers without a country code, where the row names no country; that of the organisation when left
    /// out. Russia when the heads are Russian.
    pub phone_region: Option<CountryCode>,
}

/// What is done with a row that there is already.
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
#[schema(as = ImportDuplicates)]
pub enum Duplicates {
    /// The client or the product stays as it is.
    Skip,
    /// Its empty fields are filled; nothing is overwritten. A past order stays as it is all the same.
    Fill,
}
stored_as_text!(Duplicates);

/// What is done with values that a field cannot have.
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
#[schema(as = ImportWrongValues)]
pub enum WrongValues {
    /// The row is an error.
    Refuse,
    /// The value is left out, and told; a row without a name is an error all the same.
    LeaveOut,
}
stored_as_text!(WrongValues);

/// What can be imported.
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
pub enum ImportResource {
    /// Clients, each with a contact.
    Clients,
    /// Products.
    Products,
    /// Past orders, each row a line of one.
    Orders,
}
stored_as_text!(ImportResource);

/// What kind of file is imported.
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
pub enum ImportFormat {
    /// Values between separators.
    Csv,
    /// A workbook of Excel, of which the first sheet is read.
    Xlsx,
}
stored_as_text!(ImportFormat);

/// How far an import is.
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
pub enum ImportState {
    /// The file is there; the rows have no fate yet.
    Uploaded,
    /// Each row has its fate, and nothing is changed.
    Checked,
    /// Rows are being applied, or were when the job was stopped.
    Applying,
    /// All rows are applied.
    Applied,
    /// Rows are being taken back, or were when the job was stopped.
    Undoing,
    /// All rows are taken back, as far as that was possible.
    Undone,
}
stored_as_text!(ImportState);

/// A step of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsRefStr, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Transition {
    /// Find out the fate of each row.
    Check,
    /// Do it.
    Apply,
    /// Take it back.
    Undo,
}

impl Transition {
    /// All steps.
    pub const ALL: [Self; 3] = [Self::Check, Self::Apply, Self::Undo];

    /// Whether the step is possible in this state.
    pub fn is_possible(self, state: ImportState) -> bool {
        use ImportState::{Applied, Applying, Checked, Undoing, Uploaded};
        match self {
            Self::Check => matches!(state, Uploaded | Checked),
            Self::Apply => matches!(state, Checked | Applying),
            Self::Undo => matches!(state, Applying | Applied | Undoing),
        }
    }
}

/// How many rows have which fate.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = ImportCounts)]
pub struct Counts {
    /// Something is made of the row, or of its order.
    #[schema(minimum = 0)]
    pub create: i64,
    /// Empty fields of a client or a product are filled.
    #[schema(minimum = 0)]
    pub update: i64,
    /// There is all of it already.
    #[schema(minimum = 0)]
    pub unchanged: i64,
    /// There is such a one already, or the file has it twice.
    #[schema(minimum = 0)]
    pub duplicate: i64,
    /// Nothing can be made of the row.
    #[schema(minimum = 0)]
    pub error: i64,
    /// Rows that are applied.
    #[schema(minimum = 0)]
    pub applied: i64,
    /// Rows that are taken back.
    #[schema(minimum = 0)]
    pub undone: i64,
}

impl Terms for ImportTerms {
    const PATCH: PatchText = PatchText {
        name: "ImportPatch",
        description: "How the rows of an import are to be understood.",
        example: r#"{"duplicates": "fill", "wrong_values": "leave_out"}"#,
    };
}

impl Import {
    /// The column that fills a field, counted from 0.
    pub fn column_of(&self, field: &str) -> Option<usize> {
        self.terms.mapping.0.iter().position(|one| one.as_ref().is_some_and(|one| one.as_str() == field))
    }

    /// What is wrong with the mapping: a wrong number of columns, fields that there are not, and those that are given twice.
    pub fn breaches(&self, known: &Known) -> Vec<FieldError> {
        let mut breaches: Vec<FieldError> = self.wrong_length().into_iter().collect();
        let known = known.names();
        let named: Vec<Option<&str>> =
            self.terms.mapping.0.iter().map(|field| field.as_ref().map(Text::as_str)).collect();
        for (at, field) in named.iter().enumerate() {
            let (Some(name), pointer) = (field, format!("/mapping/{at}")) else { continue };
            if !known.contains(name) {
                breaches.push(FieldError::new(pointer, hint::unknown_word(name, &known)));
            } else if named.iter().take(at).any(|before| before == field) {
                let say = Say::new("This is given twice.", "Это указано дважды.");
                breaches.push(FieldError::new(pointer, Invalid::Rule("repeated", say)));
            }
        }
        breaches
    }

    /// The columns without a head are none of the mapping.
    fn wrong_length(&self) -> Option<FieldError> {
        let (columns, mapped) = (self.heads.0.len(), self.terms.mapping.0.len());
        (columns != mapped).then(|| {
            let say = Say::new(
                format!("The file has {columns} columns, and the mapping {mapped}."),
                format!("Столбцов в файле: {columns}, а в сопоставлении: {mapped}."),
            );
            FieldError::new("/mapping", Invalid::Rule("wrong_length", say))
        })
    }
}

/// An import, how far it is, and what the caller may do with it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Import, example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e72", "version": 1,
    "created_at": "2026-11-24T09:30:00Z", "updated_at": "2026-11-24T09:30:00Z",
    "owner_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "team_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31",
    "resource": "clients", "file_name": "clients.csv", "byte_count": 4711, "format": "csv", "encoding": "windows-1251",
    "separator": ";", "head_line": 1, "heads": ["Company", "Phone"], "sample": [["Romashka", "8 495 123-45-67"]],
    "state": "uploaded", "row_count": null,
    "counts": {"create": 0, "update": 0, "unchanged": 0, "duplicate": 0, "error": 0, "applied": 0, "undone": 0},
    "mapping": ["name", "phone"], "default_owner_id": null, "duplicates": "skip", "wrong_values": "refuse", "external_source": null, "phone_region": null,
    "job": null, "actions": ["update", "check"]}))]
pub struct ImportView {
    #[serde(flatten)]
    pub(super) import: Import,
    /// The last job that worked on it.
    pub(super) job: Option<JobRef>,
    /// What the caller may do with the import now.
    pub(super) actions: Vec<&'static str>,
}

impl View for ImportView {
    type Row = Import;

    fn row(&self) -> &Import {
        &self.import
    }
}

/// What the address of an upload says.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UploadParams {
    /// What the rows of the file are; clients when left out.
    #[param(inline)]
    pub resource: Option<ImportResource>,
    /// The name of the file, for people.
    #[param(inline)]
    pub file_name: Option<Line>,
}

/// Which imports to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct ImportFilter {
    /// Only imports of one of these owners.
    #[param(inline)]
    pub owner_id: Vec<UserId>,
    /// Only imports in one of these states.
    #[param(inline)]
    pub state: Vec<ImportState>,
}

impl Resource for Import {
    const NAME: &'static str = "imports";
}

impl Entity for Import {
    fn uuid(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }
}

impl Owned for Import {
    const KEY: Option<&'static str> = None;
    const CLIENT: Option<&'static str> = None;
    const NEWEST: &'static str = "created_at";
}

impl Belongs for Import {
    fn ownership(&self) -> Option<Ownership> {
        Some(Ownership { owner: self.owner_id, team: self.team_id, is_key: true })
    }
}
