//! A file as a table: records of cells, each with its line. What cannot be read is told of the record that it is in.

mod csv;
mod text;
mod xlsx;

use crate::{
    error::{Error, Result},
    values::{Invalid, Say},
};

use super::model::ImportFormat;

/// Most rows of a file.
pub const MOST_ROWS: usize = 200_000;
/// Most columns of a row that is kept.
const MOST_CELLS: usize = 1000;
/// Most characters of a cell.
pub const MOST_CHARACTERS: usize = 10_000;

/// A record of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The line that it begins in, from 1.
    pub line: i64,
    /// Its values.
    pub cells: Vec<String>,
    /// Why it cannot be read.
    pub broken: Option<Broken>,
}

/// Why a record cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::AsRefStr, strum::EnumString)]
#[strum(serialize_all = "snake_case")]
pub enum Broken {
    /// A quote is not closed.
    UnclosedQuote,
    /// It is not in the encoding of the file.
    OtherEncoding,
    /// A value is too long.
    TooLong,
}

/// What is known of a file before its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    pub format: ImportFormat,
    pub encoding: Option<&'static str>,
    pub separator: Option<char>,
}

/// All records of a file that are not blank.
///
/// # Errors
/// 422 for a file that is no table, or too large a one.
pub fn read(bytes: &[u8]) -> Result<(Form, Vec<Record>)> {
    read_some(bytes, usize::MAX)
}

/// The first records of a file.
///
/// # Errors
/// As [`read`].
pub fn read_some(bytes: &[u8], most: usize) -> Result<(Form, Vec<Record>)> {
    if bytes.is_empty() {
        return Err(refused("empty_file", Say::new("The file is empty.", "Файл пуст.")));
    }
    let (form, records) = match bytes.starts_with(b"PK\x03\x04") {
        true => xlsx::read(bytes, most)?,
        false => {
            let text = text::decode(bytes)?;
            let (separator, records) = csv::read(&text, most);
            let form =
                Form { format: ImportFormat::Csv, encoding: Some(text.encoding.name()), separator: Some(separator) };
            (form, records)
        }
    };
    match records.len() {
        0 => Err(refused("empty_file", Say::new("The file has no rows.", "В файле нет строк."))),
        count if count > MOST_ROWS => Err(too_many_rows()),
        _ => Ok((form, records.into_iter().map(bounded).collect())),
    }
}

fn bounded(mut record: Record) -> Record {
    record.cells.truncate(MOST_CELLS);
    for cell in &mut record.cells {
        if let Some((end, _)) = cell.char_indices().nth(MOST_CHARACTERS) {
            cell.truncate(end);
            record.broken = Some(Broken::TooLong);
        }
        if cell.contains('\0') {
            *cell = cell.replace('\0', "\u{FFFD}");
        }
    }
    record
}

/// The error for a file that cannot be imported.
pub fn refused(code: &'static str, say: Say) -> Error {
    Error::field("", Invalid::Rule(code, say))
}

fn too_many_rows() -> Error {
    refused(
        "too_many_rows",
        Say::new(
            format!("The file has more than {MOST_ROWS} rows. Split it."),
            format!("В файле больше {MOST_ROWS} строк. Разделите его."),
        ),
    )
}

/// The error for a file that is no table.
pub fn unreadable() -> Error {
    refused(
        "unreadable_file",
        Say::new(
            "The file is neither a text with separators nor a workbook.",
            "Файл не является ни текстом с разделителями, ни книгой `xlsx`.",
        ),
    )
}
