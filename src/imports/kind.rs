//! What is particular to a kind of rows. What all kinds have in common stands in `check`, `apply` and `undo`.

use std::collections::HashMap;

use aws_lc_rs::digest;

use super::{
    fields::Fields,
    model::Import,
    reader::{Read, Reader, Values, Wrong, notes_of},
    row::{Fate, Undo},
    rows::{Applied, Checked, Loaded},
};
use crate::{
    access::Actor,
    change::Tx,
    error::{Error, Result},
    values::Language,
};

/// A kind of rows: what they say, what becomes of them, and how that is taken back.
pub trait Kind {
    /// What a row says.
    type Entry;

    /// The fields that a column can fill.
    const FIELDS: Fields;

    /// How many rows, or groups of rows, are done in one transaction.
    const CHUNK: i64 = 250;

    /// The field whose value rows that belong together have in common; they are done together.
    const GROUPED_BY: Option<&'static str> = None;

    /// Refuses who may make none of this at all.
    ///
    /// # Errors
    /// 403.
    fn permit(tx: &Tx<'_>) -> Result<()>;

    /// The fields that `actor` may not write. They are left out, and told.
    fn hidden(_actor: &Actor) -> &'static [&'static str] {
        &[]
    }

    /// What a row says; `None` when nothing can be made of it. Notes what is `wrong`.
    fn read(reader: &Reader<'_>, values: &Values<'_>, wrong: &mut Wrong) -> Option<Self::Entry>;

    /// Finds the fate of each row, and changes nothing.
    ///
    /// # Errors
    /// When the database fails.
    async fn check(
        tx: &mut Tx<'_>,
        about: &About<'_>,
        earlier: Earlier<'_>,
        rows: Vec<Read<'_, Self::Entry>>,
    ) -> Result<Vec<Checked>>;

    /// Does what the check has found.
    ///
    /// # Errors
    /// When the database fails, or for a row that is to be told by itself.
    async fn apply(tx: &mut Tx<'_>, about: &About<'_>, rows: Vec<Read<'_, Self::Entry>>) -> Result<Vec<Applied>>;

    /// Takes back what one row has done, if nothing was changed since.
    ///
    /// # Errors
    /// When the database fails.
    async fn take_back(tx: &mut Tx<'_>, row: &Loaded) -> Result<Undo>;
}

/// What rows are about.
#[derive(Clone, Copy, Debug)]
pub struct About<'i> {
    /// The import.
    pub import: &'i Import,
    /// The language of whoever imports, for notes.
    pub language: Language,
}

impl About<'_> {
    /// Refuses a row with a value that must be the only one, and that a row before has. `unique` are the keys of its values.
    pub fn refuse_repeated(&self, earlier: &Earlier<'_>, unique: Vec<String>, row: &mut Checked) {
        if row.fate == Fate::Create && earlier.line(&unique).is_some() {
            row.fate = Fate::Error;
            row.notes.extend(notes_of(&Error::taken("/custom_fields", None), self.language));
        }
        row.keys.extend(unique);
    }
}

/// What the rows before have said, by the beginnings of the digests of their keys, which take little memory.
#[derive(Debug, Default)]
pub struct Seen(HashMap<[u8; 8], i64>);

impl Seen {
    /// Notes that the row in `line` has these keys.
    pub fn note(&mut self, keys: &[String], line: i64) {
        self.0.extend(keys.iter().map(|key| (digest_of(key), line)));
    }

    fn line(&self, keys: &[String]) -> Option<i64> {
        keys.iter().find_map(|key| self.0.get(&digest_of(key)).copied())
    }
}

/// What the rows before have said, those of the same part too.
#[derive(Debug)]
pub struct Earlier<'s> {
    before: &'s Seen,
    here: Seen,
}

impl<'s> Earlier<'s> {
    /// Nothing of the part yet.
    pub fn than(before: &'s Seen) -> Self {
        Self { before, here: Seen::default() }
    }

    /// The row that has one of `keys`.
    pub fn line(&self, keys: &[String]) -> Option<i64> {
        self.before.line(keys).or_else(|| self.here.line(keys))
    }

    /// Notes that the row in `line` has these keys.
    pub fn note(&mut self, keys: &[String], line: i64) {
        self.here.note(keys, line);
    }
}

fn digest_of(key: &str) -> [u8; 8] {
    let mut short = [0; 8];
    let digest = digest::digest(&digest::SHA256, key.as_bytes());
    short.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
    short
}
