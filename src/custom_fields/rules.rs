//! What the definition of a custom field must keep to.

use super::{
    model::{CustomField, CustomFieldStart, CustomFieldTerms},
    words,
};
use crate::{
    custom::{CustomKind, CustomResource, Definition, checked},
    error::{Error, FieldError, Result},
    values::{Invalid, Say},
};

/// The rules between the members that can be changed.
pub fn breaches(terms: &CustomFieldTerms) -> Vec<FieldError> {
    let mut breaches = Vec::new();
    let values: Vec<&str> = terms.choices.0.iter().map(|choice| choice.value.as_str()).collect();
    for (at, value) in values.iter().enumerate() {
        if values.iter().take(at).any(|earlier| earlier == value) {
            let say = Say::new("This value is there already.", "Такое значение уже есть.");
            breaches.push(FieldError::new(format!("/choices/{at}/value"), Invalid::Rule("repeated", say)));
        }
    }
    if let (Some(least), Some(most)) = (terms.minimum, terms.maximum)
        && least.value() > most.value()
    {
        breaches.push(FieldError::new("/maximum", Invalid::TooSmall(least.value().normalize().to_string())));
    }
    breaches
}

impl CustomField {
    /// Checks the definition as a whole, and against the definition `before`.
    ///
    /// # Errors
    /// 422 with every breach.
    pub fn check(&self, before: Option<&Self>) -> Result<()> {
        let mut breaches = self.start.breaches();
        breaches.extend(self.misfits());
        breaches.extend(self.unknown_words());
        breaches.extend(before.and_then(|before| self.withdrawn(before)));
        breaches.extend(self.wrong_default());
        if breaches.is_empty() { Ok(()) } else { Err(Error::fields(breaches)) }
    }

    /// What does not fit the kind of its values.
    fn misfits(&self) -> Vec<FieldError> {
        let (kind, terms) = (self.start.kind, &self.terms);
        let is_number = matches!(kind, CustomKind::Number | CustomKind::Money);
        let misfits = [
            ("/choices", !kind.has_choices() && !terms.choices.0.is_empty()),
            ("/minimum", !is_number && terms.minimum.is_some()),
            ("/maximum", !is_number && terms.maximum.is_some()),
            ("/max_length", kind != CustomKind::Text && terms.max_length.is_some()),
            // Who may not see the values could create no row.
            ("/is_required", self.start.is_confidential && terms.is_required),
            ("/required_for_kinds", self.start.is_confidential && !terms.required_for_kinds.0.is_empty()),
            ("/required_in_statuses", self.start.is_confidential && !terms.required_in_statuses.0.is_empty()),
        ];
        let mut breaches: Vec<FieldError> =
            misfits.into_iter().filter(|(_, wrong)| *wrong).map(|(at, _)| FieldError::new(at, other_kind())).collect();
        if kind.has_choices() && terms.choices.0.is_empty() {
            breaches.push(FieldError::new("/choices", Invalid::TooShort(1)));
        }
        breaches
    }

    /// Kinds and statuses that its resource does not have.
    fn unknown_words(&self) -> Vec<FieldError> {
        let resource = self.start.resource;
        let lists = [
            ("required_for_kinds", &self.terms.required_for_kinds.0, words::kinds(resource)),
            ("required_in_statuses", &self.terms.required_in_statuses.0, words::statuses(resource)),
        ];
        let mut breaches = Vec::new();
        for (member, words, known) in lists {
            let wrong = words.iter().enumerate().filter(|(_, word)| !known.contains(&word.as_str()));
            let choice = || Invalid::Choice(known.join(", "));
            breaches.extend(wrong.map(|(at, _)| FieldError::new(format!("/{member}/{at}"), choice())));
        }
        breaches
    }

    /// A choice that was offered before and is missing now.
    fn withdrawn(&self, before: &Self) -> Option<FieldError> {
        let still = |value: &str| self.terms.choices.0.iter().any(|choice| choice.value.as_str() == value);
        let missing = before.terms.choices.0.iter().find(|choice| !still(choice.value.as_str()))?;
        let value = missing.value.as_str();
        let say = Say::new(
            format!("The choice “{value}” may be in use. Keep it in the list, out of use."),
            format!("Вариант «{value}» может использоваться. Оставьте его в списке отключённым."),
        );
        Some(FieldError::new("/choices", Invalid::Rule("left_out", say)))
    }

    /// A default that the field could not have.
    fn wrong_default(&self) -> Option<FieldError> {
        let default = self.terms.default_value.as_ref()?;
        match self.start.kind {
            CustomKind::User | CustomKind::Client => Some(FieldError::new("/default_value", other_kind())),
            // Only one row could have it.
            _ if self.start.is_confidential || self.start.is_unique => {
                Some(FieldError::new("/default_value", other_kind()))
            }
            _ => {
                let active = Definition { is_active: true, ..self.definition() };
                checked(&active, &default.0.0).err().map(|invalid| FieldError::new("/default_value", invalid))
            }
        }
    }

    /// The field, as its values are checked by it.
    fn definition(&self) -> Definition {
        let (start, terms) = (self.start.clone(), self.terms.clone());
        Definition {
            id: self.id.uuid(),
            version: self.version,
            resource: start.resource,
            name: start.name,
            kind: start.kind,
            is_confidential: start.is_confidential,
            is_unique: start.is_unique,
            is_indexed: start.is_indexed,
            label_en: terms.label_en,
            label_ru: terms.label_ru,
            help_en: terms.help_en,
            help_ru: terms.help_ru,
            choices: terms.choices,
            is_required: terms.is_required,
            required_for_kinds: terms.required_for_kinds,
            required_in_statuses: terms.required_in_statuses,
            default_value: terms.default_value,
            minimum: terms.minimum,
            maximum: terms.maximum,
            max_length: terms.max_length,
            is_personal: terms.is_personal,
            is_active: terms.is_active,
        }
    }
}

impl CustomFieldStart {
    fn breaches(&self) -> Vec<FieldError> {
        let has_confidential = matches!(self.resource, CustomResource::Clients | CustomResource::Products);
        let can_be_unique = matches!(self.kind, CustomKind::Text | CustomKind::Number | CustomKind::Date);
        let wrong = [
            ("/is_confidential", self.is_confidential && !has_confidential),
            ("/is_unique", self.is_unique && (!can_be_unique || self.is_confidential)),
            ("/is_indexed", self.is_indexed && self.is_confidential),
            ("/is_searchable", self.is_searchable && (self.kind != CustomKind::Text || self.is_confidential)),
        ];
        wrong.into_iter().filter(|(_, wrong)| *wrong).map(|(at, _)| FieldError::new(at, other_kind())).collect()
    }
}

fn other_kind() -> Invalid {
    let say = Say::new("A field of this kind cannot have this.", "Поле такого вида не может этого иметь.");
    Invalid::Rule("other_kind", say)
}
