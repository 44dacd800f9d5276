//! The fields that a column can fill: those that every organisation has, and its own.

use serde_json::{Value, json};

use super::{
    fields::{Fields, plain},
    owners::Owners,
    written,
};
use crate::{
    access::Actor,
    custom::{CustomKind, Definition, checked},
    values::{CurrencyCode, Invalid, Text},
};

/// The fields of one kind of rows.
#[derive(Debug)]
pub struct Known {
    fixed: Fields,
    own: Vec<Own>,
}

/// A field of the organisation's own.
#[derive(Debug)]
struct Own {
    name: String,
    definition: Definition,
}

impl Known {
    /// The fields, with the organisation's own as `actor` knows them.
    pub fn to(actor: &Actor, fixed: Fields) -> Self {
        let mut own = Vec::new();
        for (beginning, resource) in fixed.own {
            let of_resource = actor.custom().map(|custom| custom.of_resource(*resource)).unwrap_or_default();
            own.extend(of_resource.iter().filter(|definition| definition.is_active).map(|definition| Own {
                name: format!("{beginning}{}.{}", definition.member(), definition.name.as_str()),
                definition: definition.clone(),
            }));
        }
        Self { fixed, own }
    }

    /// The names of all fields.
    pub fn names(&self) -> Vec<&str> {
        self.fixed.all.iter().copied().chain(self.own.iter().map(|own| own.name.as_str())).collect()
    }

    /// The field that a column with this head most likely fills. A field of the organisation's own is known by its labels, too.
    pub fn guess(&self, head: &str) -> Option<&str> {
        let wanted = plain(head);
        let is_own = |own: &&Own| {
            let Definition { name, label_en, label_ru, .. } = &own.definition;
            [own.name.as_str(), name.as_str(), label_en.as_str(), label_ru.as_str()]
                .iter()
                .any(|one| plain(one) == wanted)
        };
        self.fixed.guess(head).or_else(|| self.own.iter().find(is_own).map(|own| own.name.as_str()))
    }

    /// What the field `name` is, if it is the organisation's own.
    pub fn own(&self, name: &str) -> Option<&Definition> {
        self.own.iter().find(|own| own.name == name).map(|own| &own.definition)
    }
}

/// The value that a cell gives a field of the organisation's own.
///
/// # Errors
/// What is wrong with it.
pub fn own_value(
    definition: &Definition,
    cell: &str,
    owners: &Owners,
    currency: &CurrencyCode,
) -> Result<Value, Invalid> {
    let value = match definition.kind {
        CustomKind::Text => json!(Text::<2000>::parse(cell)?),
        CustomKind::Number => json!(written::amount(cell)),
        CustomKind::Money => {
            let (amount, written) = written::money(cell);
            json!({"amount": amount, "currency": written.unwrap_or_else(|| currency.as_str().to_owned())})
        }
        CustomKind::Date => json!(written::day(cell)?),
        CustomKind::Boolean => json!(written::flag(cell)?),
        CustomKind::Choice => json!(chosen(definition, cell)),
        CustomKind::Choices => cell.split([';', ',']).map(|part| json!(chosen(definition, part.trim()))).collect(),
        CustomKind::User => json!(owners.find(cell).ok_or(Invalid::UnknownReference)?),
        CustomKind::Client => json!(cell),
    };
    checked(definition, &value).map(|_| value)
}

/// The choice that is meant, by its value or one of its labels.
fn chosen<'c>(definition: &'c Definition, written: &'c str) -> &'c str {
    let is_meant = |text: &str| text.to_lowercase() == written.to_lowercase();
    let mut offered = definition.choices.0.iter();
    let meant = offered
        .find(|one| [one.value.as_str(), one.label_en.as_str(), one.label_ru.as_str()].into_iter().any(is_meant));
    meant.map_or(written, |one| one.value.as_str())
}
