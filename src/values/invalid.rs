//! What can be wrong with one value, as a code that survives the way through serde.
//!
//! A type that checks itself while it is parsed can tell serde only a text. [`Invalid`] is written to that text and
//! read back from it, so a field's error keeps its code and its bounds.

use std::fmt;

use crate::values::Say;

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// Left out, but needed.
    Required,
    /// `null` where a value cannot be cleared.
    NotNullable,
    /// Another JSON type than the one asked for.
    Type,
    /// A field that this body does not have.
    UnknownField,
    /// A field given twice.
    DuplicateField,
    /// None of the words of an enumeration.
    Choice(String),
    /// Shorter than this many characters.
    TooShort(usize),
    /// Longer than this many characters or items.
    TooLong(usize),
    /// A NUL or another control character.
    ControlCharacter,
    /// Not a UUID.
    Id,
    /// Not an e-mail address.
    Email,
    /// Not a telephone number by E.164.
    Phone,
    /// Not a taxpayer number (INN) with right check digits.
    TaxId,
    /// Not an `http` or `https` address.
    Website,
    /// Not a language tag (BCP 47).
    Language,
    /// Not a name of the IANA time zone database.
    TimeZone,
    /// Not a country code (ISO 3166-1 alpha-2).
    Country,
    /// Not a currency code (ISO 4217).
    Currency,
    /// Not a decimal number in a string.
    Decimal,
    /// More decimals than this.
    TooManyDecimals(u32),
    /// Below this bound.
    TooSmall(String),
    /// Above this bound.
    TooLarge(String),
    /// Not a network in CIDR form.
    Network,
    /// Not a date `YYYY-MM-DD`, or one outside 1900–2199.
    Date,
    /// Not an RFC 3339 instant, or one outside 1900–2199.
    Instant,
    /// Names something that does not exist or that the caller cannot reach.
    UnknownReference,
    /// Taken by another resource already.
    Taken,
    /// Against a rule between fields; says which.
    Rule(&'static str, Say),
    /// Anything else that serde refused.
    Value,
}

impl Invalid {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::NotNullable => "not_nullable",
            Self::Type => "invalid_type",
            Self::UnknownField => "unknown_field",
            Self::DuplicateField => "duplicate_field",
            Self::Choice(_) => "invalid_choice",
            Self::TooShort(_) => "too_short",
            Self::TooLong(_) => "too_long",
            Self::ControlCharacter => "control_character",
            Self::Id => "invalid_id",
            Self::Email => "invalid_email",
            Self::Phone => "invalid_phone",
            Self::TaxId => "invalid_tax_id",
            Self::Website => "invalid_website",
            Self::Language => "invalid_language",
            Self::TimeZone => "invalid_timezone",
            Self::Country => "invalid_country",
            Self::Currency => "invalid_currency",
            Self::Decimal => "invalid_decimal",
            Self::TooManyDecimals(_) => "too_many_decimals",
            Self::TooSmall(_) => "too_small",
            Self::TooLarge(_) => "too_large",
            Self::Network => "invalid_network",
            Self::Date => "invalid_date",
            Self::Instant => "invalid_instant",
            Self::UnknownReference => "unknown_reference",
            Self::Taken => "taken",
            Self::Rule(code, _) => code,
            Self::Value => "invalid_value",
        }
    }

    /// What to tell a person, in each language.
    #[expect(clippy::too_many_lines, reason = "one text for each kind")]
    pub fn say(&self) -> Say {
        match self {
            Self::Required => Say::new("This field is required.", "Это поле обязательно."),
            Self::NotNullable => Say::new("This field cannot be cleared.", "Это поле нельзя очистить."),
            Self::Type => Say::new("The value has the wrong JSON type.", "Значение имеет неверный тип JSON."),
            Self::UnknownField => Say::new("There is no such field here.", "Такого поля здесь нет."),
            Self::DuplicateField => Say::new("The field is given twice.", "Поле указано дважды."),
            Self::Choice(allowed) => {
                Say::new(format!("Must be one of: {allowed}."), format!("Допустимые значения: {allowed}."))
            }
            Self::TooShort(min) => {
                Say::new(format!("Must be at least {min} characters long."), format!("Не короче {min} символов."))
            }
            Self::TooLong(max) => Say::new(format!("Must be at most {max} long."), format!("Длина не больше {max}.")),
            Self::ControlCharacter => {
                Say::new("Control characters are not allowed.", "Управляющие символы не допускаются.")
            }
            Self::Id => Say::new("Must be a UUID.", "Ожидается UUID."),
            Self::Email => Say::new("Must be an e-mail address.", "Ожидается адрес электронной почты."),
            Self::Phone => Say::new(
                "Must be a telephone number in E.164 form, such as +79161234567.",
                "Ожидается номер телефона в формате E.164, например +79161234567.",
            ),
            Self::TaxId => Say::new(
                "Must be a taxpayer number (INN) of 10 or 12 digits with right check digits.",
                "Ожидается ИНН из 10 или 12 цифр с верными контрольными цифрами.",
            ),
            Self::Website => Say::new("Must be an http or https address.", "Ожидается адрес http или https."),
            Self::Language => {
                Say::new("Must be a language tag such as ru or en-GB.", "Ожидается код языка, например ru или en-GB.")
            }
            Self::TimeZone => Say::new(
                "Must be a time zone such as Europe/Moscow.",
                "Ожидается часовой пояс, например Europe/Moscow.",
            ),
            Self::Country => Say::new("Must be a two-letter country code.", "Ожидается двухбуквенный код страны."),
            Self::Currency => Say::new("Must be a currency code such as RUB.", "Ожидается код валюты, например RUB."),
            Self::Decimal => Say::new(
                "Must be a decimal number in a string, such as \"12.50\".",
                "Ожидается десятичное число в строке, например \"12.50\".",
            ),
            Self::TooManyDecimals(max) => {
                Say::new(format!("Must have at most {max} decimals."), format!("Не больше {max} знаков после запятой."))
            }
            Self::TooSmall(min) => Say::new(format!("Must be at least {min}."), format!("Не меньше {min}.")),
            Self::TooLarge(max) => Say::new(format!("Must be at most {max}."), format!("Не больше {max}.")),
            Self::Network => Say::new(
                "Must be an IP network in CIDR form, such as 192.0.2.0/24, without bits after the prefix, or one address.",
                "Ожидается IP-сеть в формате CIDR, например 192.0.2.0/24, без битов после префикса, или один адрес.",
            ),
            Self::Date => Say::new(
                "Must be a date YYYY-MM-DD between 1900 and 2199.",
                "Ожидается дата YYYY-MM-DD между 1900 и 2199 годами.",
            ),
            Self::Instant => Say::new(
                "Must be an RFC 3339 instant between 1900 and 2199.",
                "Ожидается момент времени RFC 3339 между 1900 и 2199 годами.",
            ),
            Self::UnknownReference => {
                Say::new("There is no such resource within your reach.", "Такого ресурса нет или он вам недоступен.")
            }
            Self::Taken => Say::new("Another resource has this value already.", "Это значение уже занято."),
            Self::Rule(_, say) => say.clone(),
            Self::Value => Say::new("The value is not valid.", "Недопустимое значение."),
        }
    }

    /// The form that travels through serde: the code, and a bound after a colon.
    fn bound(&self) -> Option<String> {
        match self {
            Self::TooShort(n) | Self::TooLong(n) => Some(n.to_string()),
            Self::TooManyDecimals(n) => Some(n.to_string()),
            Self::TooSmall(bound) | Self::TooLarge(bound) | Self::Choice(bound) => Some(bound.clone()),
            _ => None,
        }
    }

    /// Reads back what [`fmt::Display`] wrote, or classifies serde's own message.
    pub fn from_message(message: &str) -> Self {
        let (code, bound) = message.split_once(':').unwrap_or((message, ""));
        let simple = [
            Self::Required,
            Self::NotNullable,
            Self::ControlCharacter,
            Self::Id,
            Self::Email,
            Self::Phone,
            Self::TaxId,
            Self::Website,
            Self::Language,
            Self::TimeZone,
            Self::Country,
            Self::Currency,
            Self::Decimal,
            Self::Network,
            Self::Date,
            Self::Instant,
        ];
        if let Some(found) = simple.into_iter().find(|invalid| invalid.code() == code) {
            return found;
        }
        match code {
            "invalid_choice" => Self::Choice(bound.to_owned()),
            "too_short" => Self::TooShort(bound.parse().unwrap_or_default()),
            "too_long" => Self::TooLong(bound.parse().unwrap_or_default()),
            "too_many_decimals" => Self::TooManyDecimals(bound.parse().unwrap_or_default()),
            "too_small" => Self::TooSmall(bound.to_owned()),
            "too_large" => Self::TooLarge(bound.to_owned()),
            _ => Self::from_serde(message),
        }
    }

    fn from_serde(message: &str) -> Self {
        if message.starts_with("unknown field") {
            return Self::UnknownField;
        }
        if message.starts_with("missing field") {
            return Self::Required;
        }
        if message.starts_with("duplicate field") {
            return Self::DuplicateField;
        }
        if let Some((_, allowed)) =
            message.strip_prefix("unknown variant").and_then(|rest| rest.split_once("expected "))
        {
            let allowed = allowed.trim_start_matches("one of ").replace('`', "");
            return Self::Choice(allowed);
        }
        if message.starts_with("invalid type") {
            return Self::Type;
        }
        Self::Value
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())?;
        match self.bound() {
            Some(bound) => write!(f, ":{bound}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Invalid {}

#[cfg(test)]
mod tests {
    use super::Invalid;

    #[test]
    fn a_code_and_its_bound_survive_the_way_through_serde() {
        for invalid in [
            Invalid::TooLong(200),
            Invalid::TooSmall("0.01".to_owned()),
            Invalid::TooManyDecimals(2),
            Invalid::Phone,
            Invalid::Instant,
            Invalid::Choice("clients:read, clients:update".to_owned()),
        ] {
            assert_eq!(Invalid::from_message(&invalid.to_string()), invalid);
        }
    }

    #[test]
    fn serdes_own_messages_are_classified() {
        assert_eq!(Invalid::from_message("unknown field `x`, expected `y`"), Invalid::UnknownField);
        assert_eq!(
            Invalid::from_message("unknown variant `x`, expected one of `a`, `b`"),
            Invalid::Choice("a, b".to_owned())
        );
        assert_eq!(
            Invalid::from_message("unknown variant `x`, expected `a` or `b`"),
            Invalid::Choice("a or b".to_owned())
        );
    }
}
