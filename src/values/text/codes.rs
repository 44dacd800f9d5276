//! The rules for the codes of languages, time zones, countries and currencies.

use crate::values::{Invalid, Rule};

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
        let region_ok = region.is_none_or(|region| region.len() == 2 && region.bytes().all(|b| b.is_ascii_uppercase()));
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

#[cfg(test)]
mod tests {
    use crate::values::{LanguageTag, TimeZone};

    #[test]
    fn a_language_and_a_time_zone_follow_their_standards() {
        assert!(LanguageTag::parse("en-GB").is_ok());
        assert!(LanguageTag::parse("english").is_err());
        assert!(TimeZone::parse("Europe/Moscow").is_ok());
        assert!(TimeZone::parse("Mars/Olympus").is_err());
    }
}
