//! The fixed fields of a resource, read from the schemas of its types, so that they cannot differ from what is checked.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::{PartialSchema, ToSchema};

use super::{
    labels,
    model::{SchemaChoice, SchemaField, Shape, ValueKind},
};
use crate::values::{
    BUSINESS, CONFIDENTIAL, PERSONAL,
    members::{description, is_nullable},
};

/// How deep objects stand within each other at most.
const MOST_DEPTH: usize = 4;

/// The schema of a type, with all that it refers to.
pub struct Described {
    members: BTreeMap<String, Value>,
    required: Vec<String>,
    known: BTreeMap<String, Value>,
}

impl Described {
    /// The members of `T`.
    pub fn of<T: ToSchema>() -> Self {
        let mut referenced = Vec::new();
        T::schemas(&mut referenced);
        let written =
            |schema: &utoipa::openapi::RefOr<utoipa::openapi::Schema>| serde_json::to_value(schema).unwrap_or_default();
        let known = referenced.iter().map(|(name, schema)| (name.clone(), written(schema))).collect();
        let mut described = Self { members: BTreeMap::new(), required: Vec::new(), known };
        described.collect(&written(&<T as PartialSchema>::schema()));
        described
    }

    fn collect(&mut self, schema: &Value) {
        let schema = resolved(schema, &self.known).1.clone();
        if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
            self.members.extend(properties.iter().map(|(name, property)| (name.clone(), property.clone())));
        }
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        self.required.extend(required.filter_map(Value::as_str).map(str::to_owned));
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.collect(part);
        }
    }

    /// Whether there is a member with this name.
    pub fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// Its members, of which those that are `required` must be given.
    pub fn fields(&self) -> impl Iterator<Item = SchemaField> {
        self.members.iter().map(|(name, property)| {
            let is_required = self.required.contains(name);
            field(name, property, is_required, &self.known, 0)
        })
    }

    /// Whether a body without the member `name` is refused.
    pub fn requires(&self, name: &str) -> bool {
        self.required.iter().any(|required| required == name)
    }
}

fn field(
    name: &str,
    property: &Value,
    is_required: bool,
    known: &BTreeMap<String, Value>,
    depth: usize,
) -> SchemaField {
    let (label_en, label_ru) = labels::of_field(name);
    let description = description(property);
    SchemaField {
        name: name.to_owned(),
        label_en,
        label_ru: label_ru.to_owned(),
        about: (!description.is_empty()).then(|| plain(description)),
        shape: shape(property, known, depth),
        is_required,
        required_for_kinds: Vec::new(),
        required_in_statuses: Vec::new(),
        is_nullable: is_nullable(property),
        is_custom: false,
        is_confidential: description.contains(CONFIDENTIAL),
        is_unique: false,
        is_indexed: false,
        may_create: false,
        may_update: false,
    }
}

/// The description without the words that say what kind of data it is.
fn plain(description: &str) -> String {
    let plain = description.trim_start_matches(PERSONAL).trim_start_matches(BUSINESS).trim_start_matches(CONFIDENTIAL);
    let mut letters = plain.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What values `schema` allows.
fn shape(schema: &Value, known: &BTreeMap<String, Value>, depth: usize) -> Shape {
    let (name, schema) = resolved(schema, known);
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        return Shape { kind: ValueKind::Choice, choices: choices(name, words), ..Shape::default() };
    }
    let text = |member: &str| schema.get(member).and_then(Value::as_str).map(str::to_owned);
    let number = |member: &str| schema.get(member).and_then(Value::as_number).map(ToString::to_string);
    let format = text("format");
    let pattern = text("pattern");
    let kind = match (type_of(schema), format.as_deref()) {
        ("integer", _) => ValueKind::Integer,
        ("number", _) => ValueKind::Number,
        ("boolean", _) => ValueKind::Boolean,
        ("array", _) => return list(schema, known, depth),
        ("object", _) => {
            let members = if depth < MOST_DEPTH { members(schema, known, depth) } else { Vec::new() };
            return Shape { kind: ValueKind::Object, members, ..Shape::default() };
        }
        (_, Some("uuid")) => ValueKind::Id,
        (_, Some("date")) => ValueKind::Date,
        (_, Some("date-time")) => ValueKind::Moment,
        _ if pattern.as_deref().is_some_and(is_decimal) => ValueKind::Number,
        _ => ValueKind::Text,
    };
    Shape {
        kind,
        format,
        pattern,
        minimum: number("minimum"),
        maximum: number("maximum"),
        max_length: schema.get("maxLength").and_then(Value::as_i64),
        ..Shape::default()
    }
}

/// Whether a pattern is that of decimal numbers.
fn is_decimal(pattern: &str) -> bool {
    pattern.starts_with("^[0-9]{1,") || pattern.starts_with("^-?[0-9]{1,")
}

fn list(schema: &Value, known: &BTreeMap<String, Value>, depth: usize) -> Shape {
    let max_items = schema.get("maxItems").and_then(Value::as_i64);
    let of_item = schema.get("items").map(|items| shape(items, known, depth)).unwrap_or_default();
    match of_item.kind {
        ValueKind::Choice => Shape { kind: ValueKind::Choices, max_items, ..of_item },
        _ => Shape { kind: ValueKind::List, max_items, ..of_item },
    }
}

fn members(schema: &Value, known: &BTreeMap<String, Value>, depth: usize) -> Vec<SchemaField> {
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let one = |(name, property): (&String, &Value)| {
        field(name, property, required.contains(&name.as_str()), known, depth + 1)
    };
    properties.map(one).collect()
}

fn choices(of: Option<&str>, words: &[Value]) -> Vec<SchemaChoice> {
    let words = words.iter().filter_map(Value::as_str);
    let choice = |word: &str| {
        let (label_en, label_ru) = labels::of_word(of.unwrap_or_default(), word);
        SchemaChoice { value: word.to_owned(), label_en, label_ru: label_ru.to_owned(), is_active: true }
    };
    words.map(choice).collect()
}

/// The schema that `schema` refers to, with its name; of alternatives, the one that is not `null`.
fn resolved<'a>(schema: &'a Value, known: &'a BTreeMap<String, Value>) -> (Option<&'a str>, &'a Value) {
    let alternatives = schema.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    let schema = alternatives.into_iter().find(|one| type_of(one) != "null").unwrap_or(schema);
    let name = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
    match name.and_then(|name| known.get(name)) {
        Some(found) => (name, found),
        None => (None, schema),
    }
}

/// The type of values besides `null`.
fn type_of(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => kind,
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("null")
        }
        _ => "",
    }
}
