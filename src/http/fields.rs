//! Sparse answers: `fields=id,name` keeps only those members.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    error::{Error, FieldError, ProblemType, Result},
    values::{Invalid, hint, members_of},
};

/// How many fields can be named at most.
const MOST: usize = 100;
/// About how many bytes the JSON of a resource takes.
const BYTES_OF_ITEM: usize = 1024;

/// The fields that a caller asked for; none named means all.
#[derive(Clone, Debug, Default)]
pub struct Fields(Option<BTreeSet<String>>);

impl Fields {
    /// The parameter that asks for fields.
    pub const PARAMETER: &str = "fields";

    /// Reads a list separated by commas.
    ///
    /// # Errors
    /// 400 for an empty name or more than 100.
    pub fn parse(text: Option<&str>) -> Result<Self> {
        let Some(text) = text else { return Ok(Self(None)) };
        let names: BTreeSet<String> = text.split(',').map(str::to_owned).collect();
        if text.split(',').count() > MOST || names.contains("") {
            return Err(unknown(&[String::new()], Invalid::UnknownField));
        }
        Ok(Self(Some(names)))
    }

    /// The JSON of `item` with only these fields.
    ///
    /// # Errors
    /// 400 naming a field that a `T` does not have.
    pub fn select<T: Serialize + ToSchema + 'static>(&self, item: &T) -> Result<Vec<u8>> {
        match &self.0 {
            None => serde_json::to_vec(item),
            Some(names) => {
                check::<T>(names)?;
                serde_json::to_value(item).and_then(|value| serde_json::to_vec(&keep(value, names)))
            }
        }
        .map_err(Error::internal)
    }

    /// The JSON of `page`, which has `length` items of type `T` in `data`, with only these fields of each item.
    ///
    /// # Errors
    /// As [`Fields::select`].
    pub fn select_page<T: ToSchema + 'static>(&self, page: &impl Serialize, length: usize) -> Result<Vec<u8>> {
        let Some(names) = &self.0 else {
            // Room for all items is reserved at once, because a text that grows is copied each time.
            let mut text = Vec::with_capacity(BYTES_OF_ITEM * (length + 1));
            serde_json::to_writer(&mut text, page).map_err(Error::internal)?;
            return Ok(text);
        };
        check::<T>(names)?;
        let mut document = serde_json::to_value(page).map_err(Error::internal)?;
        if let Some(Value::Array(items)) = document.get_mut("data") {
            *items = std::mem::take(items).into_iter().map(|item| keep(item, names)).collect();
        }
        serde_json::to_vec(&document).map_err(Error::internal)
    }
}

fn keep(item: Value, names: &BTreeSet<String>) -> Value {
    match item {
        Value::Object(members) => {
            members.into_iter().filter(|(name, _)| names.contains(name)).collect::<Map<_, _>>().into()
        }
        other => other,
    }
}

fn check<T: ToSchema + 'static>(names: &BTreeSet<String>) -> Result<()> {
    let known = members_of::<T>();
    let strange: Vec<String> = names.iter().filter(|name| known.get(name).is_none()).cloned().collect();
    let Some(first) = strange.first() else { return Ok(()) };
    Err(unknown(&strange, hint::unknown_field(first, known.iter().map(|member| member.name))))
}

fn unknown(names: &[String], invalid: Invalid) -> Error {
    let list = names.join(", ");
    Error::new(ProblemType::InvalidParameter)
        .detail(format!("No such field: {list}."), format!("Нет такого поля: `{list}`."))
        .with_fields(vec![FieldError::new(Fields::PARAMETER, invalid)])
}
