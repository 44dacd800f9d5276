//! Days, amounts and other values as people write them.

use chrono::NaiveDate;

use crate::values::{Day, Invalid};

/// The beginnings of the months' names, in the genitive as dates have them.
const MONTHS: [(&str, &str); 12] = [
    ("янв", "jan"),
    ("фев", "feb"),
    ("мар", "mar"),
    ("апр", "apr"),
    ("мая", "may"),
    ("июн", "jun"),
    ("июл", "jul"),
    ("авг", "aug"),
    ("сен", "sep"),
    ("окт", "oct"),
    ("ноя", "nov"),
    ("дек", "dec"),
];

/// A day: `2026-02-01`, `12.03.2026`, `12/03/2026`, `1 апреля 2026`, `March 12, 2026`.
///
/// # Errors
/// [`Invalid::Date`].
pub fn day(text: &str) -> Result<Day, Invalid> {
    let text = text.trim();
    let text = text.split_once('T').map_or(text, |(day, _)| day);
    if let Ok(day) = text.parse() {
        return Ok(day);
    }
    let parts: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).collect();
    let (day, month, year) = match parts.as_slice() {
        [day, month, year] if number(day).is_some() => (number(day), month_of(month), number(year)),
        [day, month, year, "г"] if number(day).is_some() => (number(day), month_of(month), number(year)),
        [month, day, year] => (number(day), month_of(month), number(year)),
        _ => return Err(Invalid::Date),
    };
    let (Some(day), Some(month), Some(year)) = (day, month, year) else { return Err(Invalid::Date) };
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).unwrap_or_default(), month, day).ok_or(Invalid::Date)?;
    // The bounds of the years are those of every other day.
    date.to_string().parse()
}

fn number(text: &str) -> Option<u32> {
    text.parse().ok()
}

fn month_of(text: &str) -> Option<u32> {
    let lower = text.to_lowercase();
    let named = MONTHS.iter().position(|(ru, en)| lower.starts_with(ru) || lower.starts_with(en) || lower == "май");
    let named = match lower.starts_with("май") {
        true => Some(4),
        false => named,
    };
    named.and_then(|at| u32::try_from(at + 1).ok()).or_else(|| number(text))
}

/// An amount as JSON has it: `100 000,00` is `100000.00`. What is no number stays as it is, and is refused where it is checked.
pub fn amount(text: &str) -> String {
    let bare: String =
        text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '\u{A0}' | '\u{202F}' | '\'' | '₽' | '%')).collect();
    let (comma, dot) = (bare.rfind(','), bare.rfind('.'));
    match (comma, dot) {
        (Some(comma), Some(dot)) if comma > dot => bare.replace('.', "").replace(',', "."),
        (Some(_), None) if bare.matches(',').count() == 1 => bare.replace(',', "."),
        (Some(_), _) => bare.replace(',', ""),
        (None, _) => bare,
    }
}

/// Yes or no.
///
/// # Errors
/// [`Invalid::Choice`].
pub fn flag(text: &str) -> Result<bool, Invalid> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "1" | "да" => Ok(true),
        "false" | "no" | "0" | "нет" => Ok(false),
        _ => Err(Invalid::Choice("true, false".to_owned())),
    }
}

/// A number and the code of a currency, which may be left out: `1 500,50 EUR`, `1500 руб.`.
pub fn money(text: &str) -> (String, Option<String>) {
    let is_sign = |c: char| c.is_alphabetic() || c == '₽';
    let signs: String = text.chars().filter(|c| is_sign(*c)).collect::<String>().to_uppercase();
    let number = text.chars().filter(|c| !is_sign(*c)).collect::<String>();
    let currency = match signs.as_str() {
        "" => None,
        "₽" | "Р" | "РУБ" => Some("RUB".to_owned()),
        _ => Some(signs),
    };
    // What stands after an abbreviation is none of the number.
    (amount(number.trim().trim_end_matches('.')), currency)
}

#[cfg(test)]
mod tests {
    use super::{amount, day, money};

    #[test]
    fn an_amount_may_have_its_currency() {
        let code = |code: &str| Some(code.to_owned());
        assert_eq!(money("1 500,50 EUR"), ("1500.50".to_owned(), code("EUR")));
        assert_eq!(money("1500 руб."), ("1500".to_owned(), code("RUB")));
        assert_eq!(money("1500"), ("1500".to_owned(), None));
        assert_eq!(money("usd 1,234.5"), ("1234.5".to_owned(), code("USD")));
    }

    #[test]
    fn days_are_read_in_every_usual_spelling() {
        for (text, expected) in [
            ("2026-02-01", "2026-02-01"),
            ("12.03.2026", "2026-03-12"),
            ("12/03/2026", "2026-03-12"),
            ("1 апреля 2026", "2026-04-01"),
            ("1 мая 2026 г.", "2026-05-01"),
            ("March 12, 2026", "2026-03-12"),
            ("12 Mar 2026", "2026-03-12"),
            ("2026-02-01T00:00:00", "2026-02-01"),
        ] {
            assert_eq!(day(text).unwrap().to_string(), expected, "{text}");
        }
        for wrong in ["31.02.2026", "", "вчера", "12.2026", "2026", "1.1.26", "32 мая 2026", "1 foo 2026"] {
            assert!(day(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn amounts_are_read_as_people_write_them() {
        for (text, expected) in [
            ("100 000,00", "100000.00"),
            ("1\u{A0}000\u{A0}000,555", "1000000.555"),
            ("50000", "50000"),
            ("1,234.50", "1234.50"),
            ("1.234,50", "1234.50"),
            ("1,234,567", "1234567"),
            ("много", "много"),
        ] {
            assert_eq!(amount(text), expected, "{text}");
        }
    }
}
