//! What a file is, as far as its first rows tell: where its head is, what its columns are, and some values.

use super::{
    known::Known,
    table::{self, Form, Record},
};
use crate::{
    error::{Error, Result},
    values::{CountryCode, Text},
};

/// In which of the first records the head is looked for.
const HEADS_WITHIN: usize = 20;
/// How many rows the sample has.
const SAMPLE: usize = 5;
/// Most columns of a file.
const MOST_COLUMNS: usize = 200;

/// What the first rows tell.
pub struct Inspected {
    pub form: Form,
    pub head_line: i64,
    pub heads: Vec<String>,
    pub mapping: Vec<Option<Text<100>>>,
    pub sample: Vec<Vec<String>>,
    pub phone_region: Option<CountryCode>,
}

/// Looks at a file.
///
/// # Errors
/// 422 for what is no table.
pub fn inspect(bytes: &[u8], fields: &Known) -> Result<Inspected> {
    let (form, records) = table::read_some(bytes, HEADS_WITHIN + SAMPLE)?;
    let at = head(&records, fields);
    let head = records.get(at).ok_or_else(table::unreadable)?;
    let mut heads: Vec<String> = head.cells.iter().map(|cell| cell.trim().to_owned()).collect();
    while heads.last().is_some_and(String::is_empty) {
        heads.pop();
    }
    heads.truncate(MOST_COLUMNS);
    let mut mapping: Vec<Option<Text<100>>> = Vec::new();
    for head in &heads {
        let field = fields.guess(head).map(|field| Text::parse(field).map_err(Error::internal)).transpose()?;
        // The first column that fits takes the field.
        mapping.push(field.filter(|field| !mapping.iter().flatten().any(|taken| taken == field)));
    }
    let sample = records.iter().skip(at + 1).take(SAMPLE).map(|record| record.cells.clone()).collect();
    let is_russian = |head: &String| head.chars().any(|letter| matches!(letter, 'а'..='я' | 'А'..='Я'));
    let phone_region =
        heads.iter().any(is_russian).then(|| CountryCode::parse("RU").map_err(Error::internal)).transpose()?;
    Ok(Inspected { form, head_line: head.line, heads, mapping, sample, phone_region })
}

/// The record with most heads that are known; else the first one with several values. A title stands before it.
fn head(records: &[Record], fields: &Known) -> usize {
    let known = |record: &Record| record.cells.iter().filter(|cell| fields.guess(cell).is_some()).count();
    let best = records.iter().enumerate().take(HEADS_WITHIN).rev().max_by_key(|(_, record)| known(record));
    if let Some((at, record)) = best
        && known(record) > 0
    {
        return at;
    }
    let is_row = |record: &Record| record.cells.iter().filter(|cell| !cell.trim().is_empty()).count() > 1;
    records.iter().position(is_row).unwrap_or_default()
}
