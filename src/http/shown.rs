//! A row as its reader may see it.

use std::ops::Deref;

use serde::{Serialize, Serializer};

use crate::{
    access::{Actor, Belongs, ReadConfidential},
    values::confidential::reveal,
};

/// A row for one reader: its confidential members are written only when the reader may see them, and its version counts only
/// the changes that the reader may see.
#[derive(Debug)]
pub struct Shown<R> {
    row: R,
    is_revealed: bool,
}

impl<R: Belongs> Shown<R> {
    /// `row` for `actor`.
    pub fn to(actor: &Actor, mut row: R) -> Self {
        row.show_version(actor.version_of(&row));
        Self { is_revealed: actor.may::<R, ReadConfidential>(&row), row }
    }
}

impl<R> Deref for Shown<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.row
    }
}

impl<R: Serialize> Serialize for Shown<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        reveal(self.is_revealed, || self.row.serialize(serializer))
    }
}
