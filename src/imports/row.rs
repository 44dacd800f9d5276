//! A row of an import, with its fate.

use diesel::prelude::{Queryable, Selectable};
use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumString};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    db::{Jsonb, schema::import_rows, stored_as_text},
    values::{Id, Instant},
};

/// The identifier of a row.
pub type ImportRowId = Id<ImportRowRef>;

/// A row of the file, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Serialize, ToSchema)]
#[diesel(table_name = import_rows)]
#[schema(as = ImportRow, example = json!({"line": 3, "cells": ["Romashka", "8 495 123-45-67"], "fate": "create", "target_id": null,
    "duplicate_of_line": null, "notes": [], "applied_at": null, "undo": null}))]
pub struct ImportRowRef {
    #[serde(skip)]
    pub id: ImportRowId,
    #[serde(skip)]
    pub revision: i64,
    /// The line of the file that the row begins in.
    #[schema(minimum = 1)]
    pub line: i64,
    /// Personal: The values as they came.
    #[schema(value_type = Vec<String>, max_items = 1000)]
    pub cells: Jsonb<Vec<String>>,
    /// What becomes of the row; `null` as long as that is not known.
    pub fate: Option<Fate>,
    /// What was made of the row, was filled, or is the same: a client, a product or an order; `null` where the caller may not know it.
    pub target_id: Option<Uuid>,
    /// The row of the file that has the same one.
    #[schema(minimum = 1)]
    pub duplicate_of_line: Option<i64>,
    /// Everything that is wrong with the row, or that is left out of it.
    #[schema(value_type = Vec<Note>, max_items = 50)]
    pub notes: Jsonb<Vec<Note>>,
    /// When the row was applied.
    pub applied_at: Option<Instant>,
    /// Whether the row was taken back, or why not.
    pub undo: Option<Undo>,
}

impl ImportRowRef {
    /// The row before the check.
    #[must_use]
    pub fn unchecked(self) -> Self {
        Self { fate: None, target_id: None, duplicate_of_line: None, notes: Jsonb::default(), ..self }
    }
}

/// Something that is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportNote)]
pub struct Note {
    /// The column, from 1; `null` when it is about the whole row.
    #[schema(minimum = 1)]
    pub column: Option<i64>,
    /// The head of the column.
    #[schema(max_length = 10000)]
    pub head: Option<String>,
    /// The stable code of what is wrong.
    #[schema(max_length = 100)]
    pub code: String,
    /// What is wrong, in the language of whoever imports.
    #[schema(max_length = 10000)]
    pub detail: String,
}

/// What becomes of a row.
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
#[schema(as = ImportFate)]
pub enum Fate {
    /// Something is made of it.
    Create,
    /// Empty fields of a client or a product are filled.
    Update,
    /// There is all of it already.
    Unchanged,
    /// There is such a one already, or the file has it twice.
    Duplicate,
    /// Nothing can be made of it; `notes` tell everything that is wrong.
    Error,
}
stored_as_text!(Fate);

/// Whether a row was taken back.
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
#[schema(as = ImportUndo)]
pub enum Undo {
    /// A client that was made is in the archive, a product is out of sale, a past order is cancelled, and fields that were
    /// filled are empty again.
    Undone,
    /// It was changed since.
    ChangedSince,
    /// The client has interactions, contracts or orders.
    InUse,
    /// Whoever takes it back may not do that to it.
    Forbidden,
}
stored_as_text!(Undo);

/// Which rows to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct RowFilter {
    /// Only rows with one of these fates.
    #[param(inline)]
    pub fate: Vec<Fate>,
    /// Only rows of which one of these became when the import was taken back.
    #[param(inline)]
    pub undo: Vec<Undo>,
}
