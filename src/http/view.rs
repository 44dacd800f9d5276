//! What an operation answers.

use serde::Serialize;

use crate::values::Entity;

/// What an operation answers for a row: the row, and what this caller may do with it.
pub trait View: Serialize {
    /// The row behind it.
    type Row: Entity;

    /// The row.
    fn row(&self) -> &Self::Row;
}
