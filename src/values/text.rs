//! Texts that cannot be wrong: bounded, trimmed, and each kind with its own rule.
//!
//! The bounds are part of the type, so the check, the document and the database agree by construction.

use std::{borrow::Cow, fmt};

use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::Pg,
    serialize::{self, Output, ToSql},
    sql_types,
};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use crate::values::Invalid;

/// A text of 1 to `MAX` Unicode code points, without control characters other than line ends and tabs.
///
/// Space around it, and characters that nobody sees, are removed before it is measured: a text reads as it is stored.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, AsExpression, FromSqlRow)]
#[diesel(sql_type = sql_types::Text)]
#[serde(transparent)]
pub struct Text<const MAX: usize>(String);

/// No control characters other than line ends and tabs, and at least one character that can be seen, since a blank text
/// counts as empty.
const PRINTABLE: &str = r"^[^\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F]*[^\s\x00-\x1F\x7F-\x9F\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180E\u200B-\u200F\u202A-\u202E\u2060-\u206F\u2800\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF9-\uFFFB][^\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F]*$";

/// A name or another short text.
pub type Line = Text<200>;
/// A text of several paragraphs.
pub type Prose = Text<10_000>;

impl<const MAX: usize> Text<MAX> {
    /// Checks and trims `text`.
    ///
    /// # Errors
    /// [`Invalid::TooShort`], [`Invalid::TooLong`] or [`Invalid::ControlCharacter`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            return Err(Invalid::ControlCharacter);
        }
        let text: String = text.chars().filter(|c| !is_unseen(*c)).collect();
        let text = text.trim();
        if text.chars().all(is_blank) {
            return Err(Invalid::TooShort(1));
        }
        if text.chars().count() > MAX {
            return Err(Invalid::TooLong(MAX));
        }
        Ok(Self(text.to_owned()))
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether nobody sees the character, and no language needs it: zero-width spaces and marks, what reverses the direction of
/// the text around it (Trojan Source, CVE-2021-42574), and tags. Such characters make two different texts look the same.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E007F}')
}

/// Whether a text of nothing but such characters looks empty: white space, letters without ink, and what only joins or
/// varies its neighbours.
fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || matches!(c,
            '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{200C}' | '\u{200D}' | '\u{2800}' | '\u{3164}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{FFA0}' | '\u{E0100}'..='\u{E01EF}')
}

impl<const MAX: usize> fmt::Debug for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Cow::<'de, str>::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl<const MAX: usize> ToSql<sql_types::Text, Pg> for Text<MAX> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<sql_types::Text, Pg>::to_sql(self.0.as_str(), out)
    }
}

impl<const MAX: usize> FromSql<sql_types::Text, Pg> for Text<MAX> {
    fn from_sql(bytes: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        <String as FromSql<sql_types::Text, Pg>>::from_sql(bytes).map(Self)
    }
}

impl<const MAX: usize> PartialSchema for Text<MAX> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(MAX))
            .pattern(Some(PRINTABLE))
            .description(Some(format!(
                "A text of 1 to {MAX} characters; space around it and characters that nobody sees are removed."
            )))
            .into()
    }
}

impl<const MAX: usize> ToSchema for Text<MAX> {
    fn name() -> Cow<'static, str> {
        format!("Text{MAX}").into()
    }
}

/// A kind of text with a rule of its own.
pub trait Rule {
    /// The name of the schema.
    const NAME: &'static str;
    /// What the text is, and the standard it follows.
    const ABOUT: &'static str;
    /// Longest form, in characters.
    const MAX: usize;
    /// A regular expression for the document. Every text that it refuses is refused; a text that it accepts may still
    /// be.
    const PATTERN: &'static str;
    /// An example for the document.
    const EXAMPLE: &'static str;

    /// The canonical form of `text`, or what is wrong with it.
    ///
    /// # Errors
    /// The [`Invalid`] of this kind.
    fn check(text: &str) -> Result<String, Invalid>;
}

/// A text that passed the rule `R`, in its canonical form.
#[derive(AsExpression, FromSqlRow)]
#[diesel(sql_type = sql_types::Text)]
pub struct Checked<R>(String, std::marker::PhantomData<fn() -> R>);

impl<R: Rule> Checked<R> {
    /// Checks `text`.
    ///
    /// # Errors
    /// [`Invalid::TooLong`], or the rule's own error.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.chars().count() > R::MAX {
            return Err(Invalid::TooLong(R::MAX));
        }
        R::check(text).map(|text| Self(text, std::marker::PhantomData))
    }
}

impl<R> Checked<R> {
    /// The canonical form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<R> Clone for Checked<R> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), std::marker::PhantomData)
    }
}
impl<R> PartialEq for Checked<R> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<R> fmt::Debug for Checked<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<R> Serialize for Checked<R> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de, R: Rule> Deserialize<'de> for Checked<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Cow::<'de, str>::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl<R> ToSql<sql_types::Text, Pg> for Checked<R> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<sql_types::Text, Pg>::to_sql(self.0.as_str(), out)
    }
}

impl<R> FromSql<sql_types::Text, Pg> for Checked<R> {
    fn from_sql(bytes: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let text = <String as FromSql<sql_types::Text, Pg>>::from_sql(bytes)?;
        Ok(Self(text, std::marker::PhantomData))
    }
}

impl<R: Rule> PartialSchema for Checked<R> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .max_length(Some(R::MAX))
            .pattern(Some(R::PATTERN))
            .description(Some(R::ABOUT))
            .examples([R::EXAMPLE])
            .into()
    }
}

impl<R: Rule> ToSchema for Checked<R> {
    fn name() -> Cow<'static, str> {
        R::NAME.into()
    }
}

/// The rules of [`Email`], [`Phone`] and the others.
pub mod rules {
    use unicode_script::ScriptExtension;

    use crate::values::{Invalid, Rule};

    /// See [`super::Email`].
    #[derive(Debug)]
    pub struct Email;
    impl Rule for Email {
        const NAME: &'static str = "Email";
        const ABOUT: &'static str =
            "An e-mail address (RFC 5321), kept in lower case. No part of it mixes letters of several scripts.";
        const MAX: usize = 254;
        const PATTERN: &'static str = r"^[^\s@]+@[^\s@]+\.[^\s@]+$";
        const EXAMPLE: &'static str = "anna@example.com";

        fn check(text: &str) -> Result<String, Invalid> {
            let options =
                email_address::Options::default().with_required_tld().without_display_text().without_domain_literal();
            email_address::EmailAddress::parse_with_options(text, options).map_err(|_ignored| Invalid::Email)?;
            if mixes_scripts(text) { Err(Invalid::Email) } else { Ok(text.to_lowercase()) }
        }
    }

    /// Whether a part of the address, between dots and the like, has letters of several scripts: such as a Latin word with a
    /// Cyrillic `а`, which nobody tells from the real one (UTS #39). Digits and signs belong to every script.
    fn mixes_scripts(address: &str) -> bool {
        let mut parts = address.split(|c: char| c.is_ascii_punctuation());
        parts.any(|part| ScriptExtension::for_str(part).is_empty())
    }

    /// See [`super::Phone`].
    #[derive(Debug)]
    pub struct Phone;
    impl Rule for Phone {
        const NAME: &'static str = "Phone";
        const ABOUT: &'static str = "A telephone number in the international form of ITU-T E.164.";
        const MAX: usize = 16;
        const PATTERN: &'static str = r"^\+[1-9][0-9]{6,14}$";
        const EXAMPLE: &'static str = "+79161234567";

        fn check(text: &str) -> Result<String, Invalid> {
            let digits = text.strip_prefix('+').ok_or(Invalid::Phone)?;
            let well_formed = (7..=15).contains(&digits.len())
                && !digits.starts_with('0')
                && digits.bytes().all(|byte| byte.is_ascii_digit());
            well_formed.then(|| text.to_owned()).ok_or(Invalid::Phone)
        }
    }

    /// See [`super::TaxId`].
    #[derive(Debug)]
    pub struct TaxId;
    impl Rule for TaxId {
        const NAME: &'static str = "TaxId";
        const ABOUT: &'static str =
            "A Russian taxpayer number (INN): 10 digits for an organisation, 12 for a person, check digits verified.";
        const MAX: usize = 12;
        const PATTERN: &'static str = r"^([0-9]{10}|[0-9]{12})$";
        const EXAMPLE: &'static str = "7707083893";

        fn check(text: &str) -> Result<String, Invalid> {
            // The weights come from order MMV-7-6/435@ of the Federal Tax Service.
            const WEIGHTS: [u32; 11] = [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8];
            let digits: Vec<u32> = text.chars().map(|c| c.to_digit(10)).collect::<Option<_>>().ok_or(Invalid::TaxId)?;
            let check_digit = |count: usize| {
                let weights = WEIGHTS.iter().skip(11 - count);
                let sum: u32 = weights.zip(&digits).map(|(weight, digit)| weight * digit).sum();
                sum % 11 % 10
            };
            let right = match digits.as_slice() {
                [_, _, _, _, _, _, _, _, _, last] => check_digit(9) == *last,
                [_, _, _, _, _, _, _, _, _, _, first, second] => {
                    check_digit(10) == *first && check_digit(11) == *second
                }
                _ => false,
            };
            right.then(|| text.to_owned()).ok_or(Invalid::TaxId)
        }
    }

    /// See [`super::Website`].
    #[derive(Debug)]
    pub struct Website;
    impl Rule for Website {
        const NAME: &'static str = "Website";
        const ABOUT: &'static str = "An http or https address.";
        const MAX: usize = 500;
        const PATTERN: &'static str = r"^https?://\S+$";
        const EXAMPLE: &'static str = "https://example.com/";

        fn check(text: &str) -> Result<String, Invalid> {
            let url = url::Url::parse(text).map_err(|_ignored| Invalid::Website)?;
            let web = matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty();
            let short = url.as_str().chars().count() <= Self::MAX;
            (web && short).then(|| url.to_string()).ok_or(Invalid::Website)
        }
    }

    /// See [`super::LanguageTag`].
    #[derive(Debug)]
    pub struct LanguageTag;
    impl Rule for LanguageTag {
        const NAME: &'static str = "LanguageTag";
        const ABOUT: &'static str = "A language (ISO 639) with an optional region, as in BCP 47.";
        const MAX: usize = 6;
        const PATTERN: &'static str = "^[a-z]{2,3}(-[A-Z]{2})?$";
        const EXAMPLE: &'static str = "ru";

        fn check(text: &str) -> Result<String, Invalid> {
            let (language, region) = match text.split_once('-') {
                Some((language, region)) => (language, Some(region)),
                None => (text, None),
            };
            let language_ok = matches!(language.len(), 2 | 3) && language.bytes().all(|b| b.is_ascii_lowercase());
            let region_ok =
                region.is_none_or(|region| region.len() == 2 && region.bytes().all(|b| b.is_ascii_uppercase()));
            (language_ok && region_ok).then(|| text.to_owned()).ok_or(Invalid::Language)
        }
    }

    /// See [`super::TimeZone`].
    #[derive(Debug)]
    pub struct TimeZone;
    impl Rule for TimeZone {
        const NAME: &'static str = "TimeZone";
        const ABOUT: &'static str = "A name of the IANA time zone database.";
        const MAX: usize = 40;
        const PATTERN: &'static str = "^[A-Za-z0-9_+/-]+$";
        const EXAMPLE: &'static str = "Europe/Moscow";

        fn check(text: &str) -> Result<String, Invalid> {
            text.parse::<chrono_tz::Tz>().map(|zone| zone.name().to_owned()).map_err(|_ignored| Invalid::TimeZone)
        }
    }

    /// See [`super::CountryCode`].
    #[derive(Debug)]
    pub struct CountryCode;
    impl Rule for CountryCode {
        const NAME: &'static str = "CountryCode";
        const ABOUT: &'static str = "A country, in the two letters of ISO 3166-1.";
        const MAX: usize = 2;
        const PATTERN: &'static str = "^[A-Z]{2}$";
        const EXAMPLE: &'static str = "RU";

        fn check(text: &str) -> Result<String, Invalid> {
            let two_letters = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
            two_letters.then(|| text.to_owned()).ok_or(Invalid::Country)
        }
    }

    /// See [`super::CurrencyCode`].
    #[derive(Debug)]
    pub struct CurrencyCode;
    impl Rule for CurrencyCode {
        const NAME: &'static str = "CurrencyCode";
        const ABOUT: &'static str = "A currency, in the three letters of ISO 4217.";
        const MAX: usize = 3;
        const PATTERN: &'static str = "^[A-Z]{3}$";
        const EXAMPLE: &'static str = "RUB";

        fn check(text: &str) -> Result<String, Invalid> {
            iso_currency::Currency::from_code(text).map(|currency| currency.code().to_owned()).ok_or(Invalid::Currency)
        }
    }
}

/// An e-mail address, in lower case.
pub type Email = Checked<rules::Email>;
/// A telephone number by E.164.
pub type Phone = Checked<rules::Phone>;
/// A taxpayer number (INN) with right check digits.
pub type TaxId = Checked<rules::TaxId>;
/// An http or https address.
pub type Website = Checked<rules::Website>;
/// A language tag.
pub type LanguageTag = Checked<rules::LanguageTag>;
/// A time zone of the IANA database.
pub type TimeZone = Checked<rules::TimeZone>;
/// A country code of ISO 3166-1.
pub type CountryCode = Checked<rules::CountryCode>;
/// A currency code of ISO 4217.
pub type CurrencyCode = Checked<rules::CurrencyCode>;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use utoipa::PartialSchema;

    use super::{Email, LanguageTag, Line, Phone, TaxId, Text, TimeZone, Website};
    use crate::values::Invalid;

    #[test]
    fn text_is_trimmed_and_bounded_in_characters() {
        assert_eq!(Line::parse("  Ромашка \n").map(|text| text.as_str().to_owned()), Ok("Ромашка".to_owned()));
        assert_eq!(Text::<3>::parse("абв").map(|text| text.as_str().to_owned()), Ok("абв".to_owned()));
        assert_eq!(Text::<3>::parse("абвг"), Err(Invalid::TooLong(3)));
        assert_eq!(Text::<3>::parse("   "), Err(Invalid::TooShort(1)));
        for control in ["a\0b", "a\u{b}", "\u{85}a", "\0"] {
            assert_eq!(Text::<3>::parse(control), Err(Invalid::ControlCharacter), "{control:?}");
        }
    }

    /// Two texts that look the same are the same.
    #[test]
    fn what_nobody_sees_is_removed() {
        let read = |text: &str| Line::parse(text).map(|text| text.as_str().to_owned());
        for text in [
            "Roma\u{200B}shka",
            "\u{FEFF}Romashka",
            "Roma\u{AD}shka",
            "\u{202E}Romashka\u{202C}",
            "Romashka\u{200F}",
            "\u{2067}Romashka\u{2069}",
            "Roma\u{2060}shka",
            "Romashka\u{E0041}",
        ] {
            assert_eq!(read(text), Ok("Romashka".to_owned()), "{text:?}");
        }
        for nothing in
            ["\u{200B}", "\u{200B} \u{FEFF}", "\u{3164}", "\u{2800}\u{2800}", "\u{200D}", "\u{202E}", "\u{115F}"]
        {
            assert_eq!(read(nothing), Err(Invalid::TooShort(1)), "{nothing:?}");
        }
        // What languages and emoji need stays.
        for kept in ["می\u{200C}خواهم", "👩\u{200D}🚀", "❤\u{FE0F}"] {
            assert_eq!(read(kept), Ok(kept.to_owned()), "{kept:?}");
        }
    }

    /// UTS #39: an address that looks like another one.
    #[test]
    fn an_address_does_not_mix_scripts() {
        for homograph in
            ["аnna@example.com", "anna@exаmple.com", "anna@example.cоm", "pαul@example.com", "anna.рetrova@a.example"]
        {
            assert_eq!(Email::parse(homograph).map(|_| ()), Err(Invalid::Email), "{homograph}");
        }
        for right in [
            "анна@пример.рф",
            "anna.petrova-2@example.com",
            "анна2@example.com",
            "山田太郎@example.jp",
            "anna+x_y@a-b.example",
        ] {
            assert!(Email::parse(right).is_ok(), "{right}");
        }
    }

    #[test]
    fn tax_id_needs_right_check_digits() {
        for right in ["7707083893", "7736050003", "500100732259"] {
            assert!(TaxId::parse(right).is_ok(), "{right}");
        }
        for wrong in ["7707083894", "500100732258", "500100732269", "770708389", "77070838a3", ""] {
            assert!(TaxId::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn each_kind_has_its_rule() {
        assert!(Phone::parse("+79161234567").is_ok());
        for wrong in ["79161234567", "+09161234567", "+7 916 123", "+1234567890123456", "+123456"] {
            assert!(Phone::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(
            Email::parse("Anna@Example.com").map(|email| email.as_str().to_owned()),
            Ok("anna@example.com".to_owned())
        );
        for wrong in ["anna", "anna@", "@example.com", "anna@localhost", "Anna <anna@example.com>"] {
            assert!(Email::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Website::parse("https://example.com").is_ok());
        for wrong in ["javascript:alert(1)", "ftp://example.com", "example.com", "https://user@example.com"] {
            assert!(Website::parse(wrong).is_err(), "{wrong}");
        }
        assert!(LanguageTag::parse("en-GB").is_ok());
        assert!(LanguageTag::parse("english").is_err());
        assert!(TimeZone::parse("Europe/Moscow").is_ok());
        assert!(TimeZone::parse("Mars/Olympus").is_err());
    }

    proptest! {
        #[test]
        fn the_document_refuses_the_same_texts_as_the_check(text in "(?s)[\\s\\PCa-c\0-\u{9f}]{0,20}") {
            let schema = serde_json::to_value(Text::<20>::schema()).unwrap();
            let documented = jsonschema::validator_for(&schema).unwrap().is_valid(&serde_json::json!(text));
            prop_assert_eq!(documented, Text::<20>::parse(&text).is_ok());
        }
    }
}
