//! Every personal field of every table is in the list of places, or has a reason not to be.

use std::{collections::BTreeSet, path::Path};

use liaison::personal_data::{Place, places};
use syn::{Attribute, Item, Meta};

use crate::source;

/// Personal fields of tables that tell of nobody outside, or that must stay, each with the reason.
const NOT_OF_CLIENTS: [(&str, &str); 8] = [
    ("users", "they tell of those who work here"),
    ("sessions", "they tell of those who work here"),
    ("organization", "it tells of the organisation itself"),
    ("service_accounts", "they tell of programs"),
    ("api_keys", "they tell of programs"),
    ("erasures", "the deed is kept"),
    ("exports", "they tell what somebody asked for"),
    ("jobs", "they tell what became of the work of those who work here"),
];

/// The table of a row, as Diesel is told it.
fn table_of(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| {
        let Meta::List(list) = &attribute.meta else { return None };
        let tokens = list.tokens.to_string();
        let (_, rest) = tokens.split_once("table_name = ")?;
        Some(rest.split([',', ' ']).next()?.to_owned())
    })
}

/// The personal fields of all rows, each with its table.
fn personal_fields() -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for (file, text) in
        source::source().into_iter().filter(|(file, _)| Path::new(file).extension().is_some_and(|end| end == "rs"))
    {
        for item in syn::parse_file(&text).unwrap_or_else(|error| panic!("{file}: {error}")).items {
            let Item::Struct(item) = item else { continue };
            let Some(table) = table_of(&item.attrs) else { continue };
            let personal = item.fields.iter().filter(|field| source::told(field).starts_with("Personal: "));
            found.extend(personal.map(|field| (table.clone(), field.ident.as_ref().unwrap().to_string())));
        }
    }
    found
}

fn listed(places: &[Place]) -> BTreeSet<(String, String)> {
    let fields = |place: &Place| place.fields().into_iter().map(|field| (place.table.to_owned(), field.to_owned()));
    places.iter().flat_map(fields).collect()
}

#[test]
fn every_personal_field_has_its_place() {
    let excepted = |table: &str| NOT_OF_CLIENTS.iter().any(|(known, _)| *known == table);
    let fields: BTreeSet<_> = personal_fields().into_iter().filter(|(table, _)| !excepted(table)).collect();
    assert!(fields.len() > 35, "{fields:?}");
    let of_client = listed(&places::OF_CLIENT);
    let missing: Vec<_> = fields.difference(&of_client).collect();
    assert!(missing.is_empty(), "not in OF_CLIENT of src/personal_data/places.rs: {missing:?}");
    let of_contact = listed(&places::OF_CONTACT);
    let of_persons = fields.iter().filter(|(table, _)| matches!(table.as_str(), "contacts" | "interactions"));
    let missing: Vec<_> = of_persons.filter(|field| !of_contact.contains(*field)).collect();
    assert!(missing.is_empty(), "not in OF_CONTACT of src/personal_data/places.rs: {missing:?}");
}

#[test]
fn what_is_excepted_is_there() {
    let tables: BTreeSet<String> = personal_fields().into_iter().map(|(table, _)| table).collect();
    for (table, _reason) in NOT_OF_CLIENTS.iter().filter(|(table, _)| ["users", "sessions", "erasures"].contains(table))
    {
        assert!(tables.contains(*table), "{table}");
    }
}
