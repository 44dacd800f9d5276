//! Rules that the source code must follow.

use std::{
    fs,
    path::{Path, PathBuf},
};

use syn::{Attribute, Expr, Field, Item, Lit, Meta, Type};

/// Every file below `folder` with its text; paths are relative to `src`.
fn files(folder: &Path) -> Vec<(String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let of = |path: PathBuf| match path.is_dir() {
        true => files(&path),
        false => {
            let name = path.strip_prefix(&src).unwrap().to_str().unwrap().to_owned();
            vec![(name, fs::read_to_string(&path).unwrap())]
        }
    };
    entries.flat_map(of).collect()
}

pub fn source() -> Vec<(String, String)> {
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

/// The files that contain one of `words`, with the number of occurrences.
fn containing(words: &[&str]) -> Vec<(String, usize)> {
    let count = |text: &str| words.iter().map(|word| text.matches(word).count()).sum::<usize>();
    let mut found: Vec<_> = source().iter().map(|(name, text)| (name.clone(), count(text))).collect();
    found.retain(|(_, count)| *count > 0);
    found.sort();
    found
}

/// That the numbers differ needs no test: Rust refuses an enumeration with duplicate numbers.
#[test]
fn advisory_locks_have_their_numbers_in_one_place() {
    let names: Vec<String> =
        containing(&["pg_advisory", "pg_try_advisory"]).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["db/advisory_lock.rs"]);
}

/// `FOR UPDATE` blocks inserting rows that refer to the locked one; `FOR NO KEY UPDATE` does not.
#[test]
fn rows_are_locked_so_that_references_to_them_can_be_inserted() {
    let allowed = [
        // A client that is about to be erased: what is added to it meanwhile would not be erased.
        ("clients/touch.rs", 1),
        // A letter that is taken from the queue: no row refers to letters.
        ("mail/queue.rs", 1),
        // A key that is about to be deleted, which takes this lock anyway.
        ("service_accounts/api_keys.rs", 1),
    ];
    let found = containing(&[".for_update()", "FOR UPDATE"]);
    let found: Vec<(&str, usize)> = found.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    assert_eq!(found, allowed);
}

/// The text types, and the types that contain text.
const TEXTS: [&str; 24] = [
    "Line",
    "Name",
    "Text",
    "Prose",
    "String",
    "Email",
    "Phone",
    "Website",
    "TaxId",
    "Messenger",
    "LabelledEmail",
    "LabelledPhone",
    "ForeignId",
    "ExternalId",
    "Address",
    "Consent",
    "Signatory",
    "Kpp",
    "FieldName",
    "Choice",
    "CustomValues",
    "RegistrationNumber",
    "BankAccount",
    "Representative",
];

/// The first line of the doc comment.
pub fn told(field: &Field) -> String {
    let line = |attribute: &Attribute| match &attribute.meta {
        Meta::NameValue(doc) if doc.path.is_ident("doc") => match &doc.value {
            Expr::Lit(text) => match &text.lit {
                Lit::Str(text) => Some(text.value().trim().to_owned()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    };
    field.attrs.iter().find_map(line).unwrap_or_default()
}

pub fn says(attributes: &[Attribute], word: &str) -> bool {
    let text = |attribute: &Attribute| match &attribute.meta {
        Meta::List(list) => list.tokens.to_string(),
        _ => String::new(),
    };
    attributes.iter().any(|attribute| text(attribute).contains(word))
}

/// Whether `kind` is a text type or contains one.
fn is_text(kind: &Type) -> bool {
    let Type::Path(path) = kind else { return false };
    let Some(last) = path.path.segments.last() else { return false };
    let inner = match &last.arguments {
        syn::PathArguments::AngleBracketed(arguments) => {
            arguments.args.iter().any(|argument| matches!(argument, syn::GenericArgument::Type(kind) if is_text(kind)))
        }
        _ => false,
    };
    inner || TEXTS.contains(&last.ident.to_string().as_str())
}

/// The fields of every recorded row and of the bodies that callers write, each with its place.
fn stored_fields() -> Vec<(String, Field)> {
    let mut found = Vec::new();
    for (file, text) in
        source().into_iter().filter(|(file, _)| Path::new(file).extension().is_some_and(|kind| kind == "rs"))
    {
        for item in syn::parse_file(&text).unwrap().items {
            let Item::Struct(item) = item else { continue };
            let is_row =
                says(&item.attrs, "Queryable") && says(&item.attrs, "Serialize") && says(&item.attrs, "ToSchema");
            if !is_row || item.ident.to_string().ends_with("Ref") {
                continue;
            }
            for field in item.fields {
                let name = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
                found.push((format!("{file} {}.{name}", item.ident), field));
            }
        }
    }
    found
}

/// The audit log stores personal values so that they can be erased. So each new text field must say whether it is
/// personal.
#[test]
fn every_stored_text_says_whether_it_is_personal() {
    // These are not fields of a resource, so they are not recorded.
    let not_recorded = ["audit_entries/", "timeline/", "OrderEvent.", "ContractEvent.", "OrderLine."];
    let texts = stored_fields().into_iter().filter(|(_, field)| is_text(&field.ty));
    let texts: Vec<_> = texts.filter(|(place, _)| !not_recorded.iter().any(|part| place.contains(part))).collect();
    assert!(texts.len() > 30, "{}", texts.len());
    for (place, field) in texts {
        let told = told(&field);
        let is_classified = ["Personal: ", "Business: "].iter().any(|word| told.starts_with(word));
        assert!(is_classified, "{place}: say `Personal:` or `Business:` at the beginning of its doc comment");
    }
}

/// A field is left out of JSON if and only if its comment says that it is confidential.
#[test]
fn what_is_confidential_is_hidden() {
    let fields = stored_fields();
    let count = fields.iter().filter(|(_, field)| told(field).contains("Confidential: ")).count();
    assert!(count >= 4, "{count}");
    for (place, field) in fields {
        let is_hidden = says(&field.attrs, "confidential::is_hidden");
        assert_eq!(told(&field).contains("Confidential: "), is_hidden, "{place}");
    }
}

/// The document lists the codes of all rules, so each code in the source must be among them.
#[test]
fn every_rule_has_its_code_in_the_document() {
    let listed = &crate::harness::document()["components"]["schemas"]["FieldErrorCode"]["enum"];
    let mut codes = std::collections::BTreeSet::new();
    for (name, text) in source() {
        for (_, rest) in text.match_indices("Invalid::Rule(").map(|(at, word)| text.split_at(at + word.len())) {
            let Some(code) = rest.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next()) else {
                continue;
            };
            assert!(listed.as_array().unwrap().contains(&code.into()), "{name}: {code}");
            codes.insert(code.to_owned());
        }
    }
    assert!(codes.len() > 25, "{codes:?}");
}

/// Names that are the same in every language.
const NAMES: [&str; 9] = ["CIDR", "E.164", "IP", "JSON", "Liaison", "RFC", "UTF-8", "UUID", "RUB"];

/// A Russian message has no English words. What a program reads, such as the name of a field, stands between backticks.
#[test]
fn russian_messages_are_russian() {
    let is_russian = |text: &str| text.chars().any(|letter| matches!(letter, 'а'..='я' | 'А'..='Я'));
    let mut wrong = Vec::new();
    for (name, text) in source().iter().filter(|(name, _)| !name.starts_with("mail/") && !name.starts_with("demo/")) {
        let text = text.split("#[cfg(test)]").next().unwrap();
        for message in text.split('"').skip(1).step_by(2).filter(|message| is_russian(message)) {
            let plain: String = message.split('`').step_by(2).collect::<Vec<_>>().join(" ");
            let plain: String = plain.split('{').map(|part| part.split('}').next_back().unwrap()).collect();
            let words = plain.split(|letter: char| !(letter.is_ascii_alphanumeric() || "-.".contains(letter)));
            let english = words.map(|word| word.trim_matches(|letter: char| !letter.is_ascii_alphabetic()));
            let english = english.filter(|word| word.len() > 1 && !NAMES.iter().any(|known| known.contains(word)));
            wrong.extend(english.map(|word| format!("{name}: {word} in {message}")));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
