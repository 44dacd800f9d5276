//! How rows are read: their values by the fields that they fill, and everything that is wrong with them.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{
    kind::Kind,
    known::{Known, own_value},
    model::{Import, WrongValues},
    owners::Owners,
    row::{Fate, Note},
    rows::{Applied, Checked, Loaded},
};
use crate::{
    access::{Actor, Caller},
    error::{Error, FieldError, ProblemField, Result},
    http::body::parse_document,
    values::{CurrencyCode, Day, Invalid, Language, PhoneRegion, Say},
};

/// What is wrong with a row: the column, from 0, and the rule.
pub type Wrong = Vec<(Option<usize>, Invalid)>;

/// A row, and what it says.
pub struct Read<'r, E> {
    /// The row.
    pub row: &'r Loaded,
    /// What it says; `None` when nothing can be made of it.
    pub entry: Option<E>,
    /// Everything that is wrong, or left out.
    pub notes: Vec<Note>,
    /// Whether what is wrong keeps the row from being applied.
    pub is_wrong: bool,
}

impl<E> Read<'_, E> {
    /// Its fate as long as nothing better is known.
    pub fn unfit(&self) -> Checked {
        Checked {
            line: self.row.line,
            fate: Fate::Error,
            target_id: None,
            duplicate_of_line: None,
            notes: self.notes.clone(),
            keys: Vec::new(),
        }
    }

    /// The row when it changed nothing after all.
    pub fn kept(&self, fate: Fate, target: Option<uuid::Uuid>) -> Applied {
        let (line, notes) = (self.row.line, self.notes.clone());
        Applied { line, fate, target_id: target, target_version: None, notes, filled: Vec::new() }
    }
}

/// How the rows of an import are read.
pub struct Reader<'i> {
    /// The import.
    pub import: &'i Import,
    /// The users that rows name.
    pub owners: &'i Owners,
    /// The language of whoever imports.
    pub language: Language,
    /// The region of telephone numbers.
    pub region: Option<PhoneRegion>,
    /// The fields that a column can fill.
    known: Known,
    /// The fields that whoever imports may not write.
    hidden: &'static [&'static str],
    /// The day.
    pub today: Day,
    /// The currency of the organisation.
    pub currency: CurrencyCode,
}

/// The values of a row by the fields that they fill.
pub struct Values<'r> {
    by_field: BTreeMap<&'r str, (usize, &'r str)>,
}

impl<'r> Values<'r> {
    /// The column and the value of a field, when there is one.
    pub fn get(&self, field: &str) -> Option<(usize, &'r str)> {
        self.by_field.get(field).copied()
    }

    /// The column of a field that has a value.
    pub fn place(&self, field: &str) -> Option<usize> {
        self.get(field).map(|(at, _)| at)
    }

    /// The column of what a pointer into a body names: a member of a member, or the member.
    pub fn place_of(&self, pointer: &str) -> Option<usize> {
        let whole = pointer.trim_start_matches('/').replace('/', ".");
        self.place(&whole).or_else(|| self.place(whole.split('.').next().unwrap_or_default()))
    }

    /// The fields that have a value, with the values.
    pub fn iter(&self) -> impl Iterator<Item = (&'r str, &'r str)> {
        self.by_field.iter().map(|(field, (_, cell))| (*field, *cell))
    }

    /// The columns of the fields that have a value.
    pub fn places(&self) -> BTreeMap<String, usize> {
        self.by_field.iter().map(|(field, (at, _))| ((*field).to_owned(), *at)).collect()
    }
}

impl<'i> Reader<'i> {
    /// As `actor` reads them.
    pub fn new<K: Kind>(
        import: &'i Import,
        owners: &'i Owners,
        (actor, caller): (&Actor, &Caller),
        today: Day,
        currency: CurrencyCode,
    ) -> Self {
        let region = import.terms.phone_region.as_ref();
        Self {
            import,
            owners,
            language: caller.locale.language,
            region: region.map_or(caller.organization.phone_region, |one| one.as_str().parse().ok()),
            known: Known::to(actor, K::FIELDS),
            hidden: K::hidden(actor),
            today,
            currency,
        }
    }

    /// What `row` says.
    pub fn read<'r, K: Kind>(&self, row: &'r Loaded) -> Read<'r, K::Entry> {
        if let Some(note) = self.broken(row) {
            return Read { row, entry: None, notes: vec![note], is_wrong: true };
        }
        let values = self.values(row);
        let mut wrong = Wrong::new();
        let entry = K::read(self, &values, &mut wrong);
        let mut notes: Vec<Note> = wrong.iter().map(|(at, invalid)| self.note(*at, invalid)).collect();
        let may_leave_out = self.import.terms.wrong_values == WrongValues::LeaveOut;
        let is_wrong = entry.is_none() || (!wrong.is_empty() && !may_leave_out);
        notes.extend(self.left_out(&values));
        Read { row, entry, notes, is_wrong }
    }

    fn values<'r>(&'r self, row: &'r Loaded) -> Values<'r> {
        let mut by_field = BTreeMap::new();
        for (at, field) in self.import.terms.mapping.0.iter().enumerate() {
            let (Some(field), Some(cell)) = (field, row.cells.0.get(at)) else { continue };
            let cell = cell.trim_matches(|c: char| c.is_whitespace() || c == '\u{A0}');
            if !cell.is_empty() {
                by_field.insert(field.as_str(), (at, cell));
            }
        }
        Values { by_field }
    }

    fn broken(&self, row: &Loaded) -> Option<Note> {
        let width = self.import.heads.0.len();
        let surplus = row.cells.0.iter().skip(width).any(|cell| !cell.trim().is_empty());
        let (code, say) = match row.broken.as_deref() {
            Some("unclosed_quote") => ("unclosed_quote", unclosed_quote()),
            Some("other_encoding") => (
                "other_encoding",
                Say::new("This line is not in the encoding of the file.", "Эта строка не в кодировке файла."),
            ),
            Some(_) => ("too_long", Say::new("A value is too long.", "Значение слишком длинное.")),
            None if surplus => (
                "too_many_columns",
                Say::new("The row has more values than there are columns.", "В строке больше значений, чем столбцов."),
            ),
            None => return None,
        };
        Some(Note { column: None, head: None, code: code.to_owned(), detail: say.text(self.language).to_owned() })
    }

    fn note(&self, at: Option<usize>, invalid: &Invalid) -> Note {
        note(self.import, self.language, at, invalid)
    }

    /// The values that whoever imports may not write. They are left out, and told.
    fn left_out(&self, values: &Values<'_>) -> Vec<Note> {
        let say = Say::new(
            "You may not write this field, so it is left out.",
            "Вам нельзя записывать это поле, поэтому оно пропущено.",
        );
        let hidden = values.iter().filter(|(field, _)| self.is_hidden(field));
        hidden.map(|(field, _)| self.note(values.place(field), &Invalid::Rule("left_out", say.clone()))).collect()
    }

    /// Whether whoever imports may not write the field.
    fn is_hidden(&self, field: &str) -> bool {
        self.hidden.contains(&field.split('.').next().unwrap_or_default())
    }

    /// Whether the field is one that every organisation has, and whoever imports may write.
    pub fn takes(&self, field: &str) -> bool {
        !self.is_hidden(field) && self.known.own(field).is_none()
    }

    /// The values of the organisation's own fields whose names begin with `beginning`, by the members that have them in a body.
    pub fn own_values(&self, values: &Values<'_>, beginning: &str, wrong: &mut Wrong) -> Map<String, Value> {
        let mut members: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
        for (field, cell) in values.iter().filter(|(field, _)| !self.is_hidden(field)) {
            let Some(definition) = self.known.own(field) else { continue };
            if field.strip_prefix(beginning).is_none_or(|rest| !rest.starts_with(definition.member())) {
                continue;
            }
            match own_value(definition, cell, self.owners, &self.currency) {
                Ok(value) => {
                    members.entry(definition.member()).or_default().insert(definition.name.as_str().to_owned(), value);
                }
                Err(invalid) => wrong.push((values.place(field), invalid)),
            }
        }
        members.into_iter().map(|(member, values)| (member.to_owned(), Value::Object(values))).collect()
    }
}

/// What is wrong with the value in a column, in words.
pub fn note(import: &Import, language: Language, at: Option<usize>, invalid: &Invalid) -> Note {
    Note {
        column: at.and_then(|at| i64::try_from(at + 1).ok()),
        head: at.and_then(|at| import.heads.0.get(at).cloned()),
        code: invalid.code().to_owned(),
        detail: invalid.say().text(language).to_owned(),
    }
}

/// What a refusal says, as notes of the row.
pub fn notes_of(error: &Error, language: Language) -> Vec<Note> {
    let told = error.document(language, "", "");
    let whole = Note { column: None, head: None, code: told.code, detail: told.detail };
    if told.errors.is_empty() {
        return vec![whole];
    }
    // Nobody knows otherwise which field is meant.
    let field = |field: ProblemField| {
        let name = field.pointer.trim_start_matches('/').replace('/', ".");
        Note { column: None, head: None, code: field.code, detail: format!("{name}: {}", field.detail) }
    };
    told.errors.into_iter().map(field).collect()
}

/// Parts what is refused to whoever imports, and is told with the row, from every other error.
///
/// # Errors
/// Any other error.
pub fn refused<T>(outcome: Result<T>) -> Result<Result<T>> {
    match outcome {
        Err(error) if !error.problem().status().is_client_error() => Err(error),
        outcome => Ok(outcome),
    }
}

/// The `T` of `body` without the members that are wrong, which are noted. `None` when it needs one of them.
pub fn salvaged<T: DeserializeOwned + ToSchema + 'static>(
    mut body: Map<String, Value>,
    rules: fn(&T) -> Vec<FieldError>,
    place: &impl Fn(&str) -> Option<usize>,
    wrong: &mut Wrong,
) -> Option<T> {
    let mut told = BTreeSet::new();
    // What is left may break a rule between members that only shows then.
    for _ in 0..3 {
        let error: Error = match parse_document(&Value::Object(body.clone()), rules) {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        for field in error.into_fields() {
            let (pointer, invalid) = field.into_parts();
            let member = pointer.split('/').nth(1).unwrap_or_default().to_owned();
            body.remove(&member);
            if told.insert((place(&pointer), invalid.code())) {
                wrong.push((place(&pointer), invalid));
            }
        }
    }
    None
}

/// The ids of a row in the system that the import is from, which has to be named; empty without one.
pub fn known_as(import: &Import, values: &Values<'_>, wrong: &mut Wrong) -> Vec<Value> {
    let Some((at, id)) = values.get("external_id") else { return Vec::new() };
    match &import.terms.external_source {
        Some(source) => vec![serde_json::json!({"source": source, "id": id})],
        None => {
            wrong.push((Some(at), Invalid::Required));
            Vec::new()
        }
    }
}

/// What is wrong with a quote.
pub fn unclosed_quote() -> Say {
    Say::new("A quote is not closed.", "Кавычка не закрыта.")
}
