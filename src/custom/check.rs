//! Whether the values of a row are such as its fields can have.

use rust_decimal::Decimal;
use serde_json::Value;
use uuid::Uuid;

use super::{CustomKind, CustomResource, CustomValues, Definition, Definitions};
use crate::{
    error::FieldError,
    values::{Amount, CurrencyCode, CustomNumber, Day, Invalid, Text},
};

/// A row that has values of the organisation's own fields.
pub trait Custom {
    /// The resource that it is.
    const RESOURCE: CustomResource;

    /// Its values, and what decides which of them are required.
    fn given(&self) -> Given<'_>;

    /// Its values, to be completed; the confidential ones only if it has any.
    fn values_mut(&mut self) -> &mut CustomValues;
}

/// The values of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Given<'a> {
    /// Those that everybody sees who sees the row.
    pub open: &'a CustomValues,
    /// The confidential ones.
    pub confidential: Option<&'a CustomValues>,
    /// The row's kind, where there are several.
    pub kind: Option<&'a str>,
    /// The row's status, where there are several.
    pub status: Option<&'a str>,
}

impl<'a> Given<'a> {
    fn of(&self, definition: &Definition) -> Option<&'a Value> {
        let values = if definition.is_confidential { self.confidential } else { Some(self.open) };
        values.and_then(|values| values.get(definition.name.as_str()))
    }
}

/// A value that must be the id of something that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Where the value stands.
    pub pointer: String,
    /// Whether it is a client; a user otherwise.
    pub is_client: bool,
    /// The id.
    pub id: Uuid,
}

/// Gives new values their defaults.
pub fn with_defaults(definitions: &[Definition], values: &mut CustomValues) {
    for definition in definitions.iter().filter(|definition| definition.is_active && !definition.is_confidential) {
        if let Some(default) = &definition.default_value {
            values.insert_absent(definition.name.as_str(), &default.0.0);
        }
    }
}

/// What is wrong with the values of a row, where they have changed since `before`, and what they refer to. A field that has become
/// required since keeps nobody from changing something else of the row.
pub fn breaches(
    definitions: &[Definition],
    before: Option<Given<'_>>,
    after: Given<'_>,
) -> (Vec<FieldError>, Vec<Reference>) {
    if before == Some(after) {
        return Default::default();
    }
    let mut breaches = unknown("custom_fields", after.open, definitions, false);
    if let Some(confidential) = after.confidential {
        breaches.extend(unknown("confidential_custom_fields", confidential, definitions, true));
    }
    let mut references = Vec::new();
    for definition in definitions {
        match after.of(definition) {
            Some(value) if before.and_then(|before| before.of(definition)) != Some(value) => {
                match checked(definition, value) {
                    Ok(reference) => references.extend(reference),
                    Err(invalid) => breaches.push(FieldError::new(definition.pointer(), invalid)),
                }
            }
            None if definition.is_active && definition.is_required_of(&after) => {
                breaches.push(FieldError::new(definition.pointer(), Invalid::Required));
            }
            Some(_) | None => {}
        }
    }
    (breaches, references)
}

/// The values of fields that there are not, or not here.
fn unknown(member: &str, values: &CustomValues, definitions: &[Definition], confidential: bool) -> Vec<FieldError> {
    let is_known = |name: &str| {
        definitions.iter().any(|field| field.name.as_str() == name && field.is_confidential == confidential)
    };
    let unknown = values.iter().filter(|(name, _)| !is_known(name));
    unknown.map(|(name, _)| FieldError::new(format!("/{member}/{}", escaped(name)), Invalid::UnknownField)).collect()
}

/// `name` as part of a JSON pointer (RFC 6901).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

impl Definition {
    /// Whether a row of this kind and in this status needs a value.
    pub fn is_required_of(&self, row: &Given<'_>) -> bool {
        let names = |words: &[Text<50>], word: Option<&str>| {
            word.is_some_and(|word| words.iter().any(|one| one.as_str() == word))
        };
        self.is_required
            || names(&self.required_for_kinds.0, row.kind)
            || names(&self.required_in_statuses.0, row.status)
    }
}

/// Checks a value of a field. A value that is an id must also be that of something, which is looked up later.
///
/// # Errors
/// What is wrong with it.
pub fn checked(definition: &Definition, value: &Value) -> Result<Option<Reference>, Invalid> {
    if !definition.is_active {
        return Err(Invalid::UnknownField);
    }
    let text = || value.as_str().ok_or(Invalid::Type);
    match definition.kind {
        CustomKind::Text => fits(definition, text()?)?,
        CustomKind::Number => within(definition, CustomNumber::parse(text()?)?.value())?,
        CustomKind::Money => within(definition, amount(value)?)?,
        CustomKind::Date => text()?.parse::<Day>().map(drop)?,
        CustomKind::Boolean => value.as_bool().map(drop).ok_or(Invalid::Type)?,
        CustomKind::Choice => offered(definition, text()?)?,
        CustomKind::Choices => several(definition, value)?,
        CustomKind::User | CustomKind::Client => return reference(definition, text()?).map(Some),
    }
    Ok(None)
}

fn fits(definition: &Definition, text: &str) -> Result<(), Invalid> {
    let longest = definition.max_length.and_then(|longest| usize::try_from(longest).ok());
    match longest.filter(|longest| text.chars().count() > *longest) {
        Some(longest) => Err(Invalid::TooLong(longest)),
        None => Ok(()),
    }
}

fn amount(value: &Value) -> Result<Decimal, Invalid> {
    let member = |name| value.get(name).and_then(Value::as_str).ok_or(Invalid::Type);
    CurrencyCode::parse(member("currency")?)?;
    Ok(Amount::parse(member("amount")?)?.value())
}

fn within(definition: &Definition, number: Decimal) -> Result<(), Invalid> {
    if let Some(least) = definition.minimum.filter(|least| number < least.value()) {
        return Err(Invalid::TooSmall(least.value().normalize().to_string()));
    }
    match definition.maximum.filter(|most| number > most.value()) {
        Some(most) => Err(Invalid::TooLarge(most.value().normalize().to_string())),
        None => Ok(()),
    }
}

fn offered(definition: &Definition, chosen: &str) -> Result<(), Invalid> {
    let mut offered = definition.choices.0.iter().filter(|choice| choice.is_active).map(|choice| choice.value.as_str());
    match offered.clone().any(|value| value == chosen) {
        true => Ok(()),
        false => Err(Invalid::Choice(offered.by_ref().take(20).collect::<Vec<_>>().join(", "))),
    }
}

fn several(definition: &Definition, value: &Value) -> Result<(), Invalid> {
    let chosen = value.as_array().ok_or(Invalid::Type)?;
    if chosen.is_empty() {
        return Err(Invalid::TooShort(1));
    }
    for (at, item) in chosen.iter().enumerate() {
        offered(definition, item.as_str().ok_or(Invalid::Type)?)?;
        if chosen.iter().take(at).any(|earlier| earlier == item) {
            return Err(Invalid::Value);
        }
    }
    Ok(())
}

fn reference(definition: &Definition, text: &str) -> Result<Reference, Invalid> {
    let id = text.parse().map_err(|_not_an_id| Invalid::Id)?;
    Ok(Reference { pointer: definition.pointer(), is_client: definition.kind == CustomKind::Client, id })
}

impl Definitions {
    /// The field of `resource` with this name.
    pub fn find(&self, resource: CustomResource, name: &str) -> Option<&Definition> {
        self.of_resource(resource).iter().find(|definition| definition.name.as_str() == name)
    }
}
