//! Finds all that is wrong with a document, of which serde tells only the first.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    error::{Error, FieldError},
    values::{Invalid, hint, members_of},
};

/// The most field errors that one answer lists.
const MAX_FIELD_ERRORS: usize = 50;

/// What serde found, and where.
pub(super) type PathError = serde_path_to_error::Error<serde_json::Error>;

/// Finds the broken rules between the members of a `T`, when each member is valid by itself.
pub type Rules<T> = fn(&T) -> Vec<FieldError>;

/// serde stops at the first error. Removing the wrong field and parsing again finds the next one, until the rest
/// parses. When that does not help, since the field is required there, the item of an array or the object around it is
/// removed.
pub(super) fn all_errors<T: DeserializeOwned + ToSchema + 'static>(
    mut document: Value,
    first: PathError,
    rules: Rules<T>,
) -> Error {
    let mut fields: BTreeMap<String, Invalid> = BTreeMap::new();
    let mut items_out: BTreeMap<String, usize> = BTreeMap::new();
    let mut next = Some(first);
    while let Some(error) = next.take() {
        let pointer = pointer_of(&error);
        let told = original(&pointer, &items_out);
        let again = fields.contains_key(&told);
        // What is around a value that was removed may be wrong only without it.
        if !fields.keys().any(|known| leads_into(known, &told)) {
            fields.insert(told, invalid::<T>(&pointer, &without_position(&error.inner().to_string())));
        }
        let progress = (!again && remove_member(&mut document, &pointer))
            || remove_item(&mut document, &pointer, &mut items_out)
            || remove_around(&mut document, &pointer);
        if !progress || fields.len() == MAX_FIELD_ERRORS {
            break;
        }
        match serde_path_to_error::deserialize::<_, T>(&document) {
            Err(error) => next = Some(error),
            // The members that are left are valid by themselves, but may break a rule together. Nothing is said of an
            // array that lacks the items with errors.
            Ok(value) => {
                let is_whole = |pointer: &str| !items_out.keys().any(|array| leads_into(pointer, array));
                for (pointer, invalid) in rules(&value).into_iter().map(FieldError::into_parts) {
                    if is_whole(&pointer) {
                        fields.entry(pointer).or_insert(invalid);
                    }
                }
            }
        }
    }
    for name in missing::<T>(&document) {
        let pointer = format!("/{name}");
        if !fields.keys().any(|wrong| leads_into(wrong, &pointer)) {
            fields.insert(pointer, Invalid::Required);
        }
    }
    Error::fields(fields.into_iter().map(|(pointer, invalid)| FieldError::new(pointer, invalid)).collect())
}

/// What serde's message says of the value at `pointer`. A member that a body does not have is compared with those that it
/// has.
fn invalid<T: ToSchema + 'static>(pointer: &str, message: &str) -> Invalid {
    match (Invalid::from_message(message), pointer.strip_prefix('/')) {
        (Invalid::UnknownField, Some(name)) if !name.contains('/') => {
            hint::unknown_field(name, members_of::<T>().iter().map(|member| member.name))
        }
        (invalid, _) => invalid,
    }
}

/// Whether `pointer` is that of `array`, or of something in it.
fn leads_into(pointer: &str, array: &str) -> bool {
    pointer.strip_prefix(array).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The required fields that an object lacks; serde names only the first.
fn missing<T: ToSchema + 'static>(document: &Value) -> Vec<&'static str> {
    let required = members_of::<T>().iter().filter(|member| member.is_required).map(|member| member.name);
    document.as_object().map(|object| required.filter(|name| !object.contains_key(*name)).collect()).unwrap_or_default()
}

/// Removes the array item that `pointer` leads into.
fn remove_item(document: &mut Value, pointer: &str, items_out: &mut BTreeMap<String, usize>) -> bool {
    let mut item = pointer;
    while let Some((parent, last)) = item.rsplit_once('/') {
        if let (Ok(index), Some(Value::Array(items))) = (last.parse::<usize>(), document.pointer_mut(parent))
            && index < items.len()
        {
            items.remove(index);
            *items_out.entry(parent.to_owned()).or_default() += 1;
            return true;
        }
        item = parent;
    }
    false
}

/// Removes the object around the member that `pointer` leads to, unless that is the whole document.
fn remove_around(document: &mut Value, pointer: &str) -> bool {
    pointer.rsplit_once('/').is_some_and(|(object, _)| remove_member(document, object))
}

/// `pointer` with the index that its array item had before earlier items were removed.
fn original(pointer: &str, items_out: &BTreeMap<String, usize>) -> String {
    for (array, out) in items_out {
        let inside = pointer.strip_prefix(array.as_str()).and_then(|rest| rest.strip_prefix('/'));
        let Some(rest) = inside else { continue };
        let (index, tail) =
            rest.split_once('/').map_or((rest, String::new()), |(index, tail)| (index, format!("/{tail}")));
        if let Ok(index) = index.parse::<usize>() {
            return format!("{array}/{}{tail}", index + out);
        }
    }
    pointer.to_owned()
}

/// The JSON pointer of the error, with the field's name where serde gives it only in the message.
fn pointer_of(error: &PathError) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in error.path() {
        let part = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
            Segment::Enum { .. } | Segment::Unknown => continue,
        };
        pointer.push('/');
        pointer.push_str(&part);
    }
    let message = error.inner().to_string();
    if message.starts_with("missing field") || message.starts_with("duplicate field") {
        pointer.push('/');
        pointer.push_str(message.split('`').nth(1).unwrap_or_default());
    }
    pointer
}

/// `serde_json` adds the position to the text of its errors.
fn without_position(message: &str) -> String {
    message.split(" at line ").next().unwrap_or(message).to_owned()
}

/// Removes the member of an object that `pointer` leads to; returns whether there was one.
fn remove_member(document: &mut Value, pointer: &str) -> bool {
    let Some((parent, name)) = pointer.rsplit_once('/') else {
        return false;
    };
    match document.pointer_mut(parent) {
        Some(Value::Object(object)) => object.remove(&name.replace("~1", "/").replace("~0", "~")).is_some(),
        _ => false,
    }
}
