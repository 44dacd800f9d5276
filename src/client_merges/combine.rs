//! Which values the survivor of a merge has.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::{
    clients::ClientTerms,
    error::{Error, FieldError, Result},
    values::{Invalid, confidential::reveal, members_of},
};

/// The members that have values of the organisation's own fields: those that the survivor lacks come from the other.
const OWN_FIELDS: [&str; 2] = ["custom_fields", "confidential_custom_fields"];

/// The lists of further values, beside the first value, by the member that has it.
const FURTHER: [(&str, &str, &str); 2] = [("phone", "other_phones", "number"), ("email", "other_emails", "address")];

/// The JSON of `terms`, with what only some may see.
///
/// # Errors
/// Only internal ones.
pub fn members(terms: &ClientTerms) -> Result<Map<String, Value>> {
    match reveal(true, || serde_json::to_value(terms)).map_err(Error::internal)? {
        Value::Object(members) => Ok(members),
        _ => Err(Error::internal("a client that is no object")),
    }
}

/// The members of the survivor: its own, except those in `take` and those that it lacks, which come from `merged`. Lists have the
/// items of both, and a telephone number or e-mail address that is not the first one any more is a further one.
///
/// # Errors
/// 422 for a field in `take` that clients do not have.
pub fn combine(
    survivor: &Map<String, Value>,
    merged: &Map<String, Value>,
    take: &[&str],
) -> Result<Map<String, Value>> {
    refuse_unknown(take)?;
    let mut combined = Map::new();
    let names: BTreeSet<&String> = survivor.keys().chain(merged.keys()).collect();
    for name in names {
        let own = survivor.get(name).unwrap_or(&Value::Null);
        let other = merged.get(name).cloned().unwrap_or(Value::Null);
        let value = match own {
            _ if take.contains(&name.as_str()) => other,
            Value::Array(items) => union(items, &other),
            Value::Object(values) if OWN_FIELDS.contains(&name.as_str()) => filled(values, other),
            _ if is_empty(Some(own)) => other,
            _ => own.clone(),
        };
        combined.insert(name.clone(), value);
    }
    for (first, further, member) in FURTHER {
        keep_first_ones(&mut combined, [survivor, merged], first, further, member);
    }
    Ok(combined)
}

fn refuse_unknown(take: &[&str]) -> Result<()> {
    let known = members_of::<ClientTerms>();
    let unknown = take.iter().enumerate().filter(|(_, name)| known.get(name).is_none());
    let errors: Vec<FieldError> =
        unknown.map(|(at, _)| FieldError::new(format!("/take/{at}"), Invalid::UnknownField)).collect();
    if errors.is_empty() { Ok(()) } else { Err(Error::fields(errors)) }
}

fn is_empty(value: Option<&Value>) -> bool {
    value.is_none_or(|value| value.is_null() || value.as_str() == Some(""))
}

/// The values of `own`, and of `other` those that are missing.
fn filled(own: &Map<String, Value>, other: Value) -> Value {
    let mut values = if let Value::Object(values) = other { values } else { Map::new() };
    values.extend(own.clone());
    Value::Object(values)
}

/// The items of both lists, each once.
fn union(own: &[Value], other: &Value) -> Value {
    let mut items = own.to_vec();
    for item in other.as_array().into_iter().flatten() {
        if !items.contains(item) {
            items.push(item.clone());
        }
    }
    Value::Array(items)
}

/// Adds the first value of each client that is not the first one any more to the further ones.
fn keep_first_ones(
    combined: &mut Map<String, Value>,
    clients: [&Map<String, Value>; 2],
    first: &str,
    further: &str,
    member: &str,
) {
    let chosen = combined.get(first).cloned().unwrap_or(Value::Null);
    let Some(Value::Array(items)) = combined.get_mut(further) else { return };
    let mut seen = vec![chosen];
    items.retain(|item| {
        let value = item.get(member).cloned().unwrap_or(Value::Null);
        let is_new = !seen.contains(&value);
        seen.push(value);
        is_new
    });
    for value in clients.iter().filter_map(|client| client.get(first)).filter(|value| !value.is_null()) {
        if !seen.contains(value) {
            items.push(json!({"label": null, member: value}));
            seen.push(value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::combine;

    fn members(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn the_survivor_keeps_takes_and_is_filled() {
        let survivor = members(&json!({"name": "A", "city": null, "tags": ["x"], "phone": "1", "other_phones": [],
            "email": null, "other_emails": [], "external_ids": [{"source": "crm", "id": "1"}]}));
        let merged = members(&json!({"name": "B", "city": "Tver", "tags": ["x", "y"], "phone": "2",
            "other_phones": [{"label": "Fax", "number": "1"}, {"label": null, "number": "3"}], "email": "b@b.example",
            "other_emails": [], "external_ids": [{"source": "erp", "id": "7"}]}));
        let combined = Value::Object(combine(&survivor, &merged, &[]).unwrap());
        let expected = json!({"name": "A", "city": "Tver", "tags": ["x", "y"], "phone": "1",
            "other_phones": [{"label": null, "number": "3"}, {"label": null, "number": "2"}], "email": "b@b.example",
            "other_emails": [], "external_ids": [{"source": "crm", "id": "1"}, {"source": "erp", "id": "7"}]});
        assert_eq!(combined, expected);
        let taken = combine(&survivor, &merged, &["name", "phone", "tags"]).unwrap();
        assert_eq!((&taken["name"], &taken["phone"], &taken["tags"]), (&json!("B"), &json!("2"), &json!(["x", "y"])));
        assert_eq!(taken["other_phones"], json!([{"label": "Fax", "number": "1"}, {"label": null, "number": "3"}]));
        assert!(combine(&survivor, &merged, &["height"]).is_err());
    }
}
