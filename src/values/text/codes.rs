//! The rules for the codes of languages, time zones, countries and currencies.

use iso_country::Country;
use iso_currency::Currency;

use crate::values::{Checked, Invalid, Rule};

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
            Some((language, region)) => {
                (language, Some(CountryCode::check(region).map_err(|_none| Invalid::Language)?))
            }
            None => (text, None),
        };
        let known = match language.len() {
            2 => isolang::Language::from_639_1(language),
            _ => isolang::Language::from_639_3(language),
        };
        let known = known.ok_or(Invalid::Language)?;
        // BCP 47 writes a language with two letters where it has two.
        let language = known.to_639_1().unwrap_or_else(|| known.to_639_3());
        Ok(region.map_or_else(|| language.to_owned(), |region| format!("{language}-{region}")))
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
        let country: Country = text.parse().map_err(|_unknown| Invalid::Country)?;
        let code = country.to_string();
        (code == text && country != Country::Unspecified).then_some(code).ok_or(Invalid::Country)
    }
}

/// See [`super::CurrencyCode`].
#[derive(Debug)]
pub struct CurrencyCode;
impl Rule for CurrencyCode {
    const NAME: &'static str = "CurrencyCode";
    const ABOUT: &'static str = "A currency that is in use, in the three letters of ISO 4217.";
    const MAX: usize = 3;
    const PATTERN: &'static str = "^[A-Z]{3}$";
    const EXAMPLE: &'static str = "RUB";

    fn check(text: &str) -> Result<String, Invalid> {
        let currency = Currency::from_code(text).ok_or(Invalid::Currency)?;
        // Metals, units of funds and the code for no currency are not paid with.
        let in_use = !currency.is_special() && !currency.is_fund() && currency.is_superseded().is_none();
        in_use.then(|| currency.code().to_owned()).ok_or(Invalid::Currency)
    }
}

impl Checked<CurrencyCode> {
    /// How many decimals an amount has that can be paid: two for most, none for the yen.
    pub fn minor_digits(&self) -> u32 {
        Currency::from_code(self.as_str()).and_then(Currency::exponent).map_or(2, u32::from)
    }
}

#[cfg(test)]
mod tests {
    use crate::values::{CountryCode, CurrencyCode, LanguageTag, TimeZone};

    #[test]
    fn a_country_exists_and_a_currency_is_in_use() {
        for right in ["RU", "DE", "KZ"] {
            assert!(CountryCode::parse(right).is_ok(), "{right}");
        }
        for wrong in ["XX", "ZZ", "ru", "RUS", "", "Ру"] {
            assert!(CountryCode::parse(wrong).is_err(), "{wrong}");
        }
        for right in ["RUB", "USD", "KZT"] {
            assert!(CurrencyCode::parse(right).is_ok(), "{right}");
        }
        for wrong in ["XXX", "XAU", "XTS", "RUR", "rub", "DEM"] {
            assert!(CurrencyCode::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_language_and_a_time_zone_follow_their_standards() {
        let language = |text: &str| LanguageTag::parse(text).ok().map(|tag| tag.as_str().to_owned());
        assert_eq!(language("en-GB").as_deref(), Some("en-GB"));
        assert_eq!(language("eng-GB").as_deref(), Some("en-GB"));
        assert_eq!(language("yrk").as_deref(), Some("yrk"));
        for wrong in ["english", "xx", "zzz", "en-XX", "EN", "e", "en-gb", "ен"] {
            assert_eq!(language(wrong), None, "{wrong}");
        }
        assert!(TimeZone::parse("Europe/Moscow").is_ok());
        assert!(TimeZone::parse("Mars/Olympus").is_err());
    }
}
