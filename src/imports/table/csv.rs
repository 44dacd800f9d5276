//! Values between separators. A quote that is not closed spoils the record that it is in, and not the rest of the file.

use super::{Broken, Record, text::Text};

/// The separators that are looked for, the likeliest first.
const SEPARATORS: [char; 4] = [';', ',', '\t', '|'];
/// How many lines say which separator it is.
const LOOKED_AT: usize = 50;
/// Over how many lines a quoted value may go.
const MOST_LINES: usize = 50;

/// The records of `text`, and its separator.
pub fn read(text: &Text, most: usize) -> (char, Vec<Record>) {
    let separator = separator(text);
    let (mut records, mut at) = (Vec::new(), 0);
    while let Some((line, is_right)) = text.lines.get(at) {
        let number = i64::try_from(at + 1).unwrap_or(i64::MAX);
        let (cells, used, mut broken) = record(text, at, separator);
        at += used;
        if records.len() >= most {
            break;
        }
        if !is_right {
            broken = Some(Broken::OtherEncoding);
        }
        if broken.is_none() && (line.trim().is_empty() || cells.iter().all(|cell| cell.trim().is_empty())) {
            continue;
        }
        records.push(Record { line: number, cells, broken });
    }
    (separator, records)
}

/// The record that begins in a line, and how many lines it has. A quoted value may have further lines, unless that would make
/// the quote of another record its end.
fn record(text: &Text, first: usize, separator: char) -> (Vec<String>, usize, Option<Broken>) {
    let mut whole = String::new();
    for used in 1..=MOST_LINES {
        let Some((line, _)) = text.lines.get(first + used - 1) else { break };
        if used > 1 {
            whole.push('\n');
        }
        whole.push_str(line);
        if let Some(cells) = split(&whole, separator) {
            return (cells, used, None);
        }
    }
    let (line, _) = text.lines.get(first).cloned().unwrap_or_default();
    (line.split(separator).map(str::to_owned).collect(), 1, Some(Broken::UnclosedQuote))
}

/// The values of a record (RFC 4180); `None` when a quote is not closed, or something else than a separator follows one.
fn split(record: &str, separator: char) -> Option<Vec<String>> {
    let (mut cells, mut rest) = (Vec::new(), record);
    loop {
        let (cell, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_value(quoted, separator)?,
            None => {
                let end = rest.find(separator).unwrap_or(rest.len());
                let (cell, after) = rest.split_at(end);
                if cell.contains('\n') {
                    return None;
                }
                (cell.to_owned(), after)
            }
        };
        cells.push(cell);
        match after.strip_prefix(separator) {
            Some(next) => rest = next,
            None => return Some(cells),
        }
    }
}

/// The value up to its closing quote, and what follows it.
fn quoted_value(quoted: &str, separator: char) -> Option<(String, &str)> {
    let (mut value, mut rest) = (String::new(), quoted);
    loop {
        let (before, after) = rest.split_once('"')?;
        value.push_str(before);
        match after.strip_prefix('"') {
            Some(next) => {
                value.push('"');
                rest = next;
            }
            None if after.is_empty() || after.starts_with(separator) => return Some((value, after)),
            None => return None,
        }
    }
}

/// The separator that parts most lines into the same number of values.
fn separator(text: &Text) -> char {
    let lines: Vec<&str> =
        text.lines.iter().map(|(line, _)| line.as_str()).filter(|line| !line.trim().is_empty()).collect();
    let score = |separator: char| {
        let counts: Vec<usize> = lines.iter().take(LOOKED_AT).map(|line| outside_quotes(line, separator)).collect();
        let same = |count: usize| counts.iter().filter(|other| **other == count).count();
        counts.iter().filter(|count| **count > 0).map(|count| (same(*count), *count)).max().unwrap_or_default()
    };
    let first = SEPARATORS.into_iter().rev().max_by_key(|separator| score(*separator));
    first.unwrap_or(',')
}

fn outside_quotes(line: &str, separator: char) -> usize {
    line.split('"').step_by(2).map(|part| part.matches(separator).count()).sum()
}

#[cfg(test)]
mod tests {
    use super::{super::text::decode, Broken, read};

    type Row = (i64, Vec<String>, Option<Broken>);

    fn rows(text: &str) -> (char, Vec<Row>) {
        let (separator, records) = read(&decode(text.as_bytes()).unwrap(), usize::MAX);
        (separator, records.into_iter().map(|record| (record.line, record.cells, record.broken)).collect())
    }

    fn cells(values: &[&str]) -> Vec<String> {
        values.iter().map(|value| (*value).to_owned()).collect()
    }

    #[test]
    fn each_usual_separator_is_found() {
        for separator in [',', ';', '\t', '|'] {
            let text = format!("name{separator}city\nRomashka{separator}Tver\n\n\"a{separator}b\"{separator}c");
            let (found, rows) = rows(&text);
            assert_eq!((found, rows.len()), (separator, 3), "{separator:?}");
            assert_eq!(rows[2], (4, vec![format!("a{separator}b"), "c".to_owned()], None));
        }
        assert_eq!(rows("name\nRomashka\n").1.len(), 2);
    }

    #[test]
    fn a_quoted_value_may_have_lines_and_quotes() {
        let (_, rows) = rows("a,b\n\"two\nlines\",\"a \"\"quote\"\"\"\nx,y\n");
        assert_eq!(rows[1], (2, cells(&["two\nlines", "a \"quote\""]), None));
        assert_eq!(rows[2], (4, cells(&["x", "y"]), None));
    }

    #[test]
    fn a_quote_that_is_not_closed_spoils_its_own_record() {
        let (_, rows) = rows("a,b\n1,\"open\n2,whole\n3,\"also whole\"\n4,x\n");
        assert_eq!((rows[1].0, rows[1].2), (2, Some(Broken::UnclosedQuote)));
        assert_eq!(rows[2], (3, cells(&["2", "whole"]), None));
        assert_eq!(rows[3], (4, cells(&["3", "also whole"]), None));
        assert_eq!(rows.len(), 5);
    }
}
