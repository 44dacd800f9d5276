//! The first sheet of a workbook. A workbook is an archive: how large it is unpacked is looked at before it is read.

use std::io::{self, Cursor, Read};

use calamine::{DataRef, Reader, Xlsx, open_workbook_from_rs};

use super::{Form, MOST_CELLS, MOST_ROWS, Record, refused, unreadable};
use crate::{error::Result, imports::model::ImportFormat, values::Say};

/// The most bytes that a workbook may have unpacked: 256 MiB.
const MOST_UNPACKED: u64 = 256 << 20;
/// The most files of a workbook.
const MOST_FILES: usize = 1000;

/// The first records of the first sheet.
///
/// # Errors
/// 422 for what is no workbook, or too large a one.
pub fn read(bytes: &[u8], most: usize) -> Result<(Form, Vec<Record>)> {
    refuse_bomb(bytes)?;
    let mut book: Xlsx<_> = open_workbook_from_rs(Cursor::new(bytes)).map_err(|_error| unreadable())?;
    let sheet = book.sheet_names().first().cloned().ok_or_else(unreadable)?;
    let mut cells = book.worksheet_cells_reader(&sheet).map_err(|_error| unreadable())?;
    let mut records: Vec<Record> = Vec::new();
    // One cell after the other: a sheet may have its last cell far away.
    while let Some(cell) = cells.next_cell().map_err(|_error| unreadable())? {
        let (row, column) = cell.get_position();
        let text = text(cell.get_value());
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        if text.trim().is_empty() || column >= MOST_CELLS {
            continue;
        }
        let line = i64::from(row) + 1;
        if records.last().is_none_or(|last| last.line != line) {
            if records.len() >= most || records.len() > MOST_ROWS {
                break;
            }
            records.push(Record { line, cells: Vec::new(), broken: None });
        }
        let Some(record) = records.last_mut() else { continue };
        record.cells.resize(record.cells.len().max(column + 1), String::new());
        if let Some(place) = record.cells.get_mut(column) {
            *place = text;
        }
    }
    Ok((Form { format: ImportFormat::Xlsx, encoding: None, separator: None }, records))
}

/// Refuses an archive that unpacks to more than can be read: first by what it says of itself, then by what is in it.
fn refuse_bomb(bytes: &[u8]) -> Result<()> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_error| unreadable())?;
    if archive.len() > MOST_FILES || archive.decompressed_size().is_some_and(|size| size > u128::from(MOST_UNPACKED)) {
        return Err(too_large());
    }
    let mut left = MOST_UNPACKED;
    for at in 0..archive.len() {
        let file = archive.by_index(at).map_err(|_error| unreadable())?;
        let read = io::copy(&mut file.take(left + 1), &mut io::sink()).map_err(|_error| unreadable())?;
        left = left.checked_sub(read).ok_or_else(too_large)?;
    }
    Ok(())
}

fn too_large() -> crate::error::Error {
    refused(
        "too_large_unpacked",
        Say::new("The workbook is too large when it is unpacked.", "В распакованном виде книга слишком велика."),
    )
}

/// The value of a cell as text. A formula is never evaluated: what stands in the file as its value is taken.
fn text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty | DataRef::Error(_) => String::new(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(is) => is.to_string(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::DateTime(moment) => {
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use rust_xlsxwriter::{Format, Workbook};

    use super::read;

    #[test]
    fn the_first_sheet_is_read_as_text() {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        sheet.write_string(0, 0, "Компания").unwrap();
        sheet.write_string(0, 2, "ИНН").unwrap();
        sheet.write_string(2, 0, "Ромашка").unwrap();
        sheet.write_number(2, 2, 7_707_083_893.0).unwrap();
        let date = Format::new().set_num_format("dd.mm.yyyy");
        sheet.write_number_with_format(2, 3, 46_093.0, &date).unwrap();
        sheet.write_formula(2, 4, "=HYPERLINK(\"http://evil.example\")").unwrap();
        let (_, records) = read(&book.save_to_buffer().unwrap(), usize::MAX).unwrap();
        assert_eq!(
            (records[0].line, records[0].cells.clone()),
            (1, vec!["Компания".to_owned(), String::new(), "ИНН".to_owned()])
        );
        assert_eq!(
            (records[1].line, records[1].cells[2].as_str(), records[1].cells[3].as_str()),
            (3, "7707083893", "2026-03-12")
        );
    }

    #[test]
    fn a_bomb_is_refused_before_it_is_read() {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        archive.start_file("xl/worksheets/sheet1.xml", zip::write::SimpleFileOptions::default()).unwrap();
        let zeros = vec![0; 1 << 20];
        for _ in 0..300 {
            archive.write_all(&zeros).unwrap();
        }
        let bytes = archive.finish().unwrap().into_inner();
        assert!(bytes.len() < 1 << 20);
        let error = read(&bytes, 10).unwrap_err();
        assert_eq!(error.into_fields().remove(0).into_parts().1.code(), "too_large_unpacked");
        assert!(read(b"PK\x03\x04 and nothing else", 10).is_err());
    }
}
