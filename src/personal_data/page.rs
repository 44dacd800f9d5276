//! What is held on a person as a page that they can be given.

use std::fmt::Write;

use serde_json::Value;

use super::model::{Part, PersonalData, StoredRow};
use crate::http::html::{escaped, page};

const HELD: &str = "All that is held on this person.";
const HELD_RU: &str = "Всё, что хранится об этом человеке.";

/// The page of `data`.
pub fn of(data: &PersonalData) -> String {
    let name = escaped(data.name.as_str());
    let taken = data.taken_at.utc().format("%Y-%m-%d %H:%M UTC");
    let mut body = format!("<h1>{name}</h1>\n<p>{HELD} <span lang=\"ru\">{HELD_RU}</span> {taken}</p>\n");
    data.parts.iter().for_each(|part| write_part(&mut body, part));
    page(data.name.as_str(), &body)
}

fn write_part(body: &mut String, part: &Part) {
    // Writing to memory does not fail.
    let _ = writeln!(
        body,
        "<section><h2>{} · <span lang=\"ru\">{}</span> ({})</h2>",
        part.title,
        part.title_ru,
        part.rows.len()
    );
    part.rows.iter().for_each(|row| write_row(body, row));
    body.push_str("</section>\n");
}

/// A row as a table of its columns, without those that are empty.
fn write_row(body: &mut String, row: &StoredRow) {
    body.push_str("<table>\n");
    for (name, value) in row.iter().filter(|(_, value)| !is_empty(value)) {
        let _ = writeln!(body, "<tr><th>{}</th><td>{}</td></tr>", escaped(name), escaped(&text(value)));
    }
    body.push_str("</table>\n");
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
