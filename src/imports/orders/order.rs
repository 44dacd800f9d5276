//! The order that the rows of a group make: the body with which a caller would record it.

use serde_json::{Map, Value, json};

use super::{Entry, lookup::Lookup};
use crate::{
    error::{Error, FieldError},
    http::FromMembers,
    imports::{model::Import, reader::Read},
    orders::NewPastOrder,
    values::{Invalid, Say},
};

/// What is wrong with the rows of a group: the row's place in the group, the column, and the rule.
pub type Wrong = Vec<(usize, Option<usize>, Invalid)>;

/// The order of a group.
///
/// # Errors
/// Everything that is wrong with its rows.
pub fn of(import: &Import, lookup: &Lookup, group: &[Read<'_, Entry>]) -> Result<NewPastOrder, Wrong> {
    let entries: Vec<&Entry> = group.iter().filter_map(|row| row.entry.as_ref()).collect();
    let Some(first) = entries.first() else { return Err(Wrong::new()) };
    let mut wrong = differing(&entries);
    let mut body = first.head.clone();
    match lookup.client(first) {
        Ok(client) => drop(body.insert("client_id".to_owned(), json!(client))),
        Err((field, invalid)) => wrong.push((0, place(first, import, field), invalid)),
    }
    let mut lines = Vec::with_capacity(entries.len());
    for (at, entry) in entries.iter().enumerate() {
        let mut line = entry.line.clone();
        match lookup.product(entry) {
            Ok(product) => drop(line.insert("product_id".to_owned(), json!(product))),
            Err((field, invalid)) => wrong.push((at, place(entry, import, field), invalid)),
        }
        lines.push(Value::Object(line));
    }
    body.insert("lines".to_owned(), lines.into());
    named(import, first, &mut body);
    if !wrong.is_empty() {
        return Err(wrong);
    }
    NewPastOrder::from_members(body).map_err(|error| {
        let fields = error.into_fields().into_iter().map(|field| {
            let (pointer, invalid) = field.into_parts();
            let (at, place) = told_at(&entries, import, &pointer);
            (at, place, invalid)
        });
        fields.collect()
    })
}

/// What is wrong, as an error.
pub fn refusal(wrong: Wrong) -> Error {
    Error::fields(wrong.into_iter().map(|(at, _, invalid)| FieldError::new(format!("/lines/{at}"), invalid)).collect())
}

/// The row of a group and the column that a pointer into the order's body is about.
pub fn told_at(entries: &[&Entry], import: &Import, pointer: &str) -> (usize, Option<usize>) {
    let mut parts = pointer.split('/').skip(1);
    let (member, at, of_line) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    let (at, field) = match (member, at.and_then(|at| at.parse().ok()), of_line) {
        ("lines", Some(at), Some("product_id")) => (at, "line.sku".to_owned()),
        ("lines", Some(at), Some(of_line)) => (at, format!("line.{of_line}")),
        ("client_id", ..) => (0, "client.external_id".to_owned()),
        ("external_ids", ..) => (0, super::fields::ORDER.to_owned()),
        ("custom_fields", ..) => (0, pointer.trim_start_matches('/').replace('/', ".")),
        (member, ..) => (0, member.to_owned()),
    };
    (at, entries.get(at).and_then(|entry| place(entry, import, &field)))
}

/// The id of the order in the other system; without one, it is the order's number.
fn named(import: &Import, first: &Entry, body: &mut Map<String, Value>) {
    match &import.terms.external_source {
        Some(source) => {
            body.insert("external_ids".to_owned(), json!([{"source": source, "id": first.order}]));
        }
        None if !body.contains_key("number") => drop(body.insert("number".to_owned(), json!(first.order))),
        None => {}
    }
}

/// The column of a field in a row. A field without a value has the column that the mapping gives it; another one that says the
/// same stands in for it.
fn place(entry: &Entry, import: &Import, field: &str) -> Option<usize> {
    let others: &[&str] = match field {
        "line.sku" => &["line.external_id"],
        "line.discount_percent" => &["line.discount_fraction"],
        "client.external_id" => &["client.tax_id", "client.name"],
        "number" => &[super::fields::ORDER],
        _ => &[],
    };
    let fields = || std::iter::once(field).chain(others.iter().copied());
    let told = fields().find_map(|field| entry.places.get(field).copied());
    told.or_else(|| fields().find_map(|field| import.column_of(field)))
}

/// The rows that say something else of their order than its first row.
fn differing(entries: &[&Entry]) -> Wrong {
    let Some(first) = entries.first() else { return Wrong::new() };
    let mut wrong = Wrong::new();
    for (at, entry) in entries.iter().enumerate().skip(1) {
        let other = entry.head.iter().find(|(name, value)| first.head.get(*name) != Some(value));
        let field = match other {
            Some((name, _)) => name.as_str(),
            None if entry.client != first.client => "client.external_id",
            None => continue,
        };
        let say = Say::new(
            "The first row of this order says something else.",
            "В первой строке этого заказа указано другое.",
        );
        wrong.push((at, entry.places.get(field).copied(), Invalid::Rule("differs", say)));
    }
    wrong
}
