//! Writes the file of an export, row by row: only one row is in memory.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

use rust_xlsxwriter::{Format, Workbook, XlsxError};
use serde_json::{Map, Value};
use tempfile::NamedTempFile;

use super::{
    cells::{self, Cell},
    model::{ExportFormat, Separator},
};
use crate::error::{Error, Result};

/// Excel takes no longer text in a cell, and no more rows.
const MOST_CHARACTERS: usize = 32_767;
const MOST_ROWS: u32 = 1_048_576;
/// Begins CSV in UTF-8, so that Excel reads it as such.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A file that is being written.
pub struct Writer {
    columns: Vec<String>,
    kind: Kind,
    /// Removed when the writer is dropped.
    file: NamedTempFile,
}

enum Kind {
    Csv(Box<csv::Writer<BufWriter<File>>>),
    Jsonl(BufWriter<File>),
    Xlsx { book: Box<Workbook>, next: u32 },
}

impl Writer {
    /// Begins a file with these columns.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn begin(format: ExportFormat, separator: Option<Separator>, columns: Vec<String>) -> Result<Self> {
        let file = NamedTempFile::new().map_err(Error::internal)?;
        let handle = || file.reopen().map(BufWriter::new).map_err(Error::internal);
        let kind = match format {
            ExportFormat::Csv => {
                let mut handle = handle()?;
                handle.write_all(BYTE_ORDER_MARK).map_err(Error::internal)?;
                let separator = separator.unwrap_or(Separator::Comma).byte();
                let mut csv = csv::WriterBuilder::new()
                    .delimiter(separator)
                    .terminator(csv::Terminator::CRLF)
                    .from_writer(handle);
                csv.write_record(&columns).map_err(Error::internal)?;
                Kind::Csv(Box::new(csv))
            }
            ExportFormat::Jsonl => Kind::Jsonl(handle()?),
            ExportFormat::Xlsx => Kind::Xlsx { book: Box::new(book(&columns)?), next: 1 },
        };
        Ok(Self { columns, kind, file })
    }

    /// Writes a row.
    ///
    /// # Errors
    /// When the disk is full, or the format takes no more rows.
    pub fn row(&mut self, row: &Map<String, Value>) -> Result<()> {
        let values = self.columns.iter().map(|column| (column.as_str(), cells::value(row, column)));
        match &mut self.kind {
            Kind::Csv(csv) => {
                csv.write_record(values.map(|(column, value)| cells::csv_text(column, value))).map_err(Error::internal)
            }
            Kind::Jsonl(lines) => {
                let object: Map<String, Value> = values.map(|(name, value)| (name.to_owned(), value.clone())).collect();
                serde_json::to_writer(&mut *lines, &object).map_err(Error::internal)?;
                lines.write_all(b"\n").map_err(Error::internal)
            }
            Kind::Xlsx { book, next } => {
                let row = *next;
                if row >= MOST_ROWS {
                    return Err(too_many());
                }
                *next += 1;
                write_row(book, row, values).map_err(Error::internal)
            }
        }
    }

    /// Ends the file.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn finish(self) -> Result<Finished> {
        match self.kind {
            Kind::Csv(csv) => {
                let mut inner = csv.into_inner().map_err(Error::internal)?;
                inner.flush().map_err(Error::internal)?;
            }
            Kind::Jsonl(mut lines) => lines.flush().map_err(Error::internal)?,
            Kind::Xlsx { mut book, .. } => book.save(self.file.path()).map_err(Error::internal)?,
        }
        Ok(Finished(self.file))
    }
}

/// A whole file. It is removed when this is dropped.
pub struct Finished(NamedTempFile);

impl Finished {
    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

fn book(columns: &[String]) -> Result<Workbook> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet_with_constant_memory().map_err(Error::internal)?;
    let bold = Format::new().set_bold();
    for (at, column) in (0..).zip(columns) {
        sheet.write_string_with_format(0, at, column, &bold).map_err(Error::internal)?;
    }
    Ok(book)
}

/// Text is written as text, so that nothing in a workbook is a formula.
fn write_row<'r>(
    book: &mut Workbook,
    row: u32,
    values: impl Iterator<Item = (&'r str, &'r Value)>,
) -> Result<(), XlsxError> {
    let sheet = book.worksheet_from_index(0)?;
    for (at, (column, value)) in (0..).zip(values) {
        match cells::cell(column, value) {
            Cell::Empty => {}
            Cell::Number(number) => drop(sheet.write_number(row, at, number)?),
            Cell::Flag(is) => drop(sheet.write_boolean(row, at, is)?),
            Cell::Text(text) => {
                let text: String = text.chars().take(MOST_CHARACTERS).collect();
                sheet.write_string(row, at, text)?;
            }
        }
    }
    Ok(())
}

fn too_many() -> Error {
    Error::new(crate::error::ProblemType::Conflict).detail(
        "A workbook takes at most 1,048,576 rows. Export CSV, or fewer rows.",
        "В книге `xlsx` не больше 1 048 576 строк. Выгрузите `csv` или меньше строк.",
    )
}
