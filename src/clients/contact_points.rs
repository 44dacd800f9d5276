//! How a client or a contact can be reached: further telephone numbers and e-mail addresses, and messengers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    error::FieldError,
    values::{Email, Invalid, Phone, Say, Text},
};

/// A further telephone number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelledPhone {
    /// What it is for, such as "reception".
    pub label: Option<Text<50>>,
    /// The telephone number.
    pub number: Phone,
}

/// A further e-mail address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LabelledEmail {
    /// What it is for, such as "invoices".
    pub label: Option<Text<50>>,
    /// The e-mail address.
    pub address: Email,
}

/// An account at a messenger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Messenger {
    /// Which messenger.
    pub kind: MessengerKind,
    /// The account's name or number there.
    pub handle: Text<100>,
}

/// A messenger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessengerKind {
    /// Telegram.
    Telegram,
    /// `WhatsApp`.
    Whatsapp,
    /// Viber.
    Viber,
    /// VK.
    Vk,
    /// Signal.
    Signal,
    /// Another one.
    Other,
}

/// The numbers of `phone` and of `others` as people read them, by the number as it is kept.
pub fn formatted(phone: Option<&Phone>, others: &[LabelledPhone]) -> BTreeMap<String, String> {
    let numbers = phone.into_iter().chain(others.iter().map(|other| &other.number));
    numbers.map(|number| (number.as_str().to_owned(), number.formatted())).collect()
}

/// The further numbers and addresses that are given twice, or are the first one again.
pub fn repetitions(
    phone: Option<&Phone>,
    phones: &[LabelledPhone],
    email: Option<&Email>,
    emails: &[LabelledEmail],
) -> Vec<FieldError> {
    let phones: Vec<&str> = phones.iter().map(|other| other.number.as_str()).collect();
    let emails: Vec<&str> = emails.iter().map(|other| other.address.as_str()).collect();
    let mut repeated = repeated("/other_phones", "number", phone.map(Phone::as_str), &phones);
    repeated.extend(self::repeated("/other_emails", "address", email.map(Email::as_str), &emails));
    repeated
}

fn repeated(list: &str, member: &str, first: Option<&str>, others: &[&str]) -> Vec<FieldError> {
    let is_repeated =
        |at: usize, other: &str| first == Some(other) || others.iter().take(at).any(|before| *before == other);
    let at = others.iter().enumerate().filter(|(at, other)| is_repeated(*at, other)).map(|(at, _)| at);
    at.map(|at| FieldError::new(format!("{list}/{at}/{member}"), given_twice())).collect()
}

/// What is wrong with a value that stands in a list twice.
pub fn given_twice() -> Invalid {
    Invalid::Rule("repeated", Say::new("This is given twice.", "Это указано дважды."))
}
