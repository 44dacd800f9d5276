//! Writes values as bytes, so that equal values give equal bytes and different values give different bytes.

use serde_json::Value;

/// `value` as JSON without spaces. Its keys are in the order of their bytes, however the database orders them.
pub fn json(value: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Value::String(text) => write_text(text, out),
        Value::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                separate(index, out);
                write(item, out);
            }
            out.push(b']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            out.push(b'{');
            for (index, (name, member)) in members.into_iter().enumerate() {
                separate(index, out);
                write_text(name, out);
                out.push(b':');
                write(member, out);
            }
            out.push(b'}');
        }
    }
}

fn separate(index: usize, out: &mut Vec<u8>) {
    if index > 0 {
        out.push(b',');
    }
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    // Writing to memory does not fail.
    let _ = serde_json::to_writer(out, text);
}

/// Fields one after the other. Each has its length, so that no bytes can move from one field to the next.
pub struct Fields(Vec<u8>);

impl Fields {
    /// Begins the fields of something; `label` says what it is, and in which version.
    pub fn of(label: &str) -> Self {
        Self(Vec::with_capacity(512)).with(label.as_bytes())
    }

    /// Adds a field.
    pub fn with(self, field: &[u8]) -> Self {
        self.with_some(Some(field))
    }

    /// Adds a field that may be absent. An absent field is not the same as an empty one.
    pub fn with_some(mut self, field: Option<&[u8]>) -> Self {
        match field {
            None => self.0.push(0),
            Some(bytes) => {
                self.0.push(1);
                self.0.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
                self.0.extend_from_slice(bytes);
            }
        }
        self
    }

    /// All fields, as bytes.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::{Fields, json};

    #[test]
    fn keys_are_sorted_at_every_depth() {
        let value = json!({"b": [{"z": 1, "a": "é\n\u{1}"}], "a": null, "aa": true});
        assert_eq!(String::from_utf8(json(&value)).unwrap(), r#"{"a":null,"aa":true,"b":[{"a":"é\n\u0001","z":1}]}"#);
    }

    proptest! {
        #[test]
        fn the_bytes_are_json_of_the_same_value(text in any::<String>(), number in any::<i64>(), name in ".{0,5}") {
            let value = json!({name: [text, number, {"x": {}}]});
            prop_assert_eq!(serde_json::from_slice::<serde_json::Value>(&json(&value)).unwrap(), value);
        }

        #[test]
        fn fields_are_equal_only_to_the_same_fields(
            left in prop::collection::vec(prop::option::of("[ab]{0,2}"), 0..4),
            right in prop::collection::vec(prop::option::of("[ab]{0,2}"), 0..4),
        ) {
            let bytes = |fields: &[Option<String>]| {
                let all = Fields::of("label");
                fields.iter().fold(all, |all, field| all.with_some(field.as_deref().map(str::as_bytes))).into_bytes()
            };
            prop_assert_eq!(bytes(&left) == bytes(&right), left == right);
        }
    }
}
