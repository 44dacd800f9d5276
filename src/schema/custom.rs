//! The organisation's own fields, as forms need them.

use super::model::{SchemaChoice, SchemaField, Shape, ValueKind};
use crate::{
    custom::{CustomKind, Definition},
    values::{CustomNumber, Language},
};

/// A field, with whether the caller may give it to new rows and change it. Its help is in `language`.
pub fn described(field: &Definition, language: Language, may: (bool, bool)) -> SchemaField {
    let help = match language {
        Language::En => &field.help_en,
        Language::Ru => &field.help_ru,
    };
    let words = |words: &[crate::values::Text<50>]| words.iter().map(|word| word.as_str().to_owned()).collect();
    SchemaField {
        name: field.name.as_str().to_owned(),
        label_en: field.label_en.as_str().to_owned(),
        label_ru: field.label_ru.as_str().to_owned(),
        about: help.as_ref().map(|help| help.as_str().to_owned()),
        shape: shape(field),
        is_required: field.is_required && field.is_active,
        required_for_kinds: words(&field.required_for_kinds.0),
        required_in_statuses: words(&field.required_in_statuses.0),
        is_nullable: true,
        is_custom: true,
        is_confidential: field.is_confidential,
        is_unique: field.is_unique,
        is_indexed: field.is_indexed,
        may_create: may.0 && field.is_active,
        may_update: may.1 && field.is_active,
    }
}

fn shape(field: &Definition) -> Shape {
    let number = |number: Option<CustomNumber>| number.map(|number| number.value().normalize().to_string());
    let choices = field.choices.0.iter().map(|choice| SchemaChoice {
        value: choice.value.as_str().to_owned(),
        label_en: choice.label_en.as_str().to_owned(),
        label_ru: choice.label_ru.as_str().to_owned(),
        is_active: choice.is_active,
    });
    let longest = (field.kind == CustomKind::Text).then(|| field.max_length.unwrap_or(2000).into());
    Shape {
        kind: match field.kind {
            CustomKind::Text => ValueKind::Text,
            CustomKind::Number => ValueKind::Number,
            CustomKind::Money => ValueKind::Money,
            CustomKind::Date => ValueKind::Date,
            CustomKind::Boolean => ValueKind::Boolean,
            CustomKind::Choice => ValueKind::Choice,
            CustomKind::Choices => ValueKind::Choices,
            CustomKind::User => ValueKind::User,
            CustomKind::Client => ValueKind::Client,
        },
        minimum: number(field.minimum),
        maximum: number(field.maximum),
        max_length: longest,
        max_items: (field.kind == CustomKind::Choices).then_some(50),
        choices: choices.collect(),
        ..Shape::default()
    }
}
