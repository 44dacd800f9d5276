//! What a row adds to something that there is already. The members that it has filled are remembered by their names, to be
//! emptied when the import is taken back.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    error::{Error, Result},
    values::confidential::reveal,
};

/// The members with the values of the organisation's own fields, of which each is filled by itself.
const OWN: [&str; 2] = ["custom_fields", "confidential_custom_fields"];

/// The members that are lists.
const LISTS: [&str; 7] =
    ["tags", "other_phones", "other_emails", "messengers", "foreign_ids", "bank_accounts", "external_ids"];

/// The members that `new` has and `old` lacks, confidential ones too.
///
/// # Errors
/// When the terms are no objects.
pub fn lacking<T: Serialize>(new: &T, old: &T) -> Result<Map<String, Value>> {
    let (new, old) = (members(new)?, members(old)?);
    let mut lacking = Map::new();
    for (name, value) in new {
        let before = old.get(&name);
        if OWN.contains(&name.as_str()) {
            let missing = missing(value, before);
            if !missing.is_empty() {
                lacking.insert(name, Value::Object(missing));
            }
        } else if !is_empty(&value) && before.is_none_or(is_empty) {
            lacking.insert(name, value);
        }
    }
    Ok(lacking)
}

fn members<T: Serialize>(terms: &T) -> Result<Map<String, Value>> {
    match reveal(true, || serde_json::to_value(terms)) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(Error::internal("terms that are no object")),
        Err(error) => Err(Error::internal(error)),
    }
}

/// The values that are not there yet.
fn missing(new: Value, before: Option<&Value>) -> Map<String, Value> {
    let Value::Object(new) = new else { return Map::new() };
    let is_there = |name: &str| before.and_then(|before| before.get(name)).is_some();
    new.into_iter().filter(|(name, _)| !is_there(name)).collect()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.values().all(is_empty),
        _ => false,
    }
}

/// The names of members, with a dot before that of a field of the organisation's own.
pub fn names(members: &Map<String, Value>) -> Vec<String> {
    let names = members.iter().flat_map(|(name, value)| match value {
        Value::Object(own) if OWN.contains(&name.as_str()) => own.keys().map(|own| format!("{name}.{own}")).collect(),
        _ => vec![name.clone()],
    });
    names.collect()
}

/// The patch that empties the members with these names.
pub fn emptied(names: &[String]) -> Map<String, Value> {
    let mut patch = Map::new();
    for name in names {
        match name.split_once('.') {
            Some((member, own)) => {
                let within = patch.entry(member).or_insert_with(|| json!({}));
                if let Value::Object(within) = within {
                    within.insert(own.to_owned(), Value::Null);
                }
            }
            None if LISTS.contains(&name.as_str()) => drop(patch.insert(name.clone(), json!([]))),
            None => drop(patch.insert(name.clone(), Value::Null)),
        }
    }
    patch
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{emptied, lacking, names};

    #[test]
    fn only_what_is_missing_is_filled_and_emptied_again() {
        let old =
            json!({"name": "A", "phone": null, "tags": [], "address": {"city": null}, "custom_fields": {"beds": "1"}});
        let new = json!({"name": "B", "phone": "1", "tags": ["x"], "address": {"city": "C"},
            "custom_fields": {"beds": "2", "wards": "3"}, "website": null});
        let filled = lacking(&new, &old).unwrap();
        let expected = json!({"phone": "1", "tags": ["x"], "address": {"city": "C"}, "custom_fields": {"wards": "3"}});
        assert_eq!(Value::Object(filled.clone()), expected);
        let expected = json!({"phone": null, "tags": [], "address": null, "custom_fields": {"wards": null}});
        assert_eq!(Value::Object(emptied(&names(&filled))), expected);
        assert!(lacking(&old, &old).unwrap().is_empty());
    }
}
