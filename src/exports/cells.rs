//! What stands in a cell. What a spreadsheet would take for a formula is made a text (OWASP, CSV injection; ASVS 1.2.10).

use serde_json::{Map, Value};

use super::columns::NUMBERS;

/// The value of a column in a row. `null` where the row has none, or its reader may not see it.
pub fn value<'r>(row: &'r Map<String, Value>, column: &str) -> &'r Value {
    let mut parts = column.split('.');
    let first = parts.next().and_then(|name| row.get(name)).unwrap_or(&Value::Null);
    parts.fold(first, |value, name| value.get(name).unwrap_or(&Value::Null))
}

/// A cell of a spreadsheet.
#[derive(Debug, PartialEq)]
pub enum Cell {
    Empty,
    Number(f64),
    Flag(bool),
    Text(String),
}

/// The cell of a workbook. Amounts are numbers there unless they have more digits than such a number keeps.
pub fn cell(column: &str, value: &Value) -> Cell {
    match value {
        Value::Null => Cell::Empty,
        Value::Bool(is) => Cell::Flag(*is),
        Value::Number(number) => number.as_f64().map_or_else(|| Cell::Text(number.to_string()), Cell::Number),
        Value::String(amount) if NUMBERS.contains(&column) && amount.len() <= 16 => {
            amount.parse().map_or_else(|_no_number| Cell::Text(amount.clone()), Cell::Number)
        }
        _ => Cell::Text(text(value)),
    }
}

/// The text of a cell of CSV, neutralised.
pub fn csv_text(column: &str, value: &Value) -> String {
    let text = text(value);
    let is_number = value.is_number() || NUMBERS.contains(&column);
    if is_number || is_harmless(&text) { text } else { format!("'{text}") }
}

/// Whether no spreadsheet evaluates the text. A telephone number and a negative number begin like a formula, but are none.
fn is_harmless(text: &str) -> bool {
    let Some(first) = text.chars().next() else { return true };
    let begins_like_one = matches!(first, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠');
    !begins_like_one || is_telephone(text) || is_negative_number(text)
}

fn is_telephone(text: &str) -> bool {
    let number = text.split_once(";ext=").map_or(text, |(number, _)| number);
    let digits = number.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) && {
        let extension = text.split_once(";ext=").map_or("", |(_, extension)| extension);
        extension.bytes().all(|byte| byte.is_ascii_digit())
    }
}

fn is_negative_number(text: &str) -> bool {
    let Some(number) = text.strip_prefix('-') else { return false };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole) && digits(fraction)
}

/// The value for a person: the items of a list one after the other, and the members of an object.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(is) => is.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join("; "),
        Value::Object(members) => {
            let members = members.values().filter(|value| !value.is_null());
            members.map(text).collect::<Vec<_>>().join(" ")
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Cell, cell, csv_text, value};

    #[test]
    fn what_a_spreadsheet_would_evaluate_begins_with_an_apostrophe() {
        for formula in [
            "=1+1",
            "+cmd|' /C calc'!A0",
            "-2+3",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "=HYPERLINK(\"http://evil\")",
            "＝1",
            "+",
            "-",
        ] {
            assert_eq!(csv_text("name", &json!(formula)), format!("'{formula}"));
            assert_eq!(cell("name", &json!(formula)), Cell::Text(formula.to_owned()));
        }
        for harmless in ["+74951234567", "+78182652010;ext=12", "-12.50", "-3", "Ромашка", "a=b", "", "12 - 3"] {
            assert_eq!(csv_text("name", &json!(harmless)), harmless);
        }
        assert_eq!(csv_text("phone", &json!("+7;ext==1")), "'+7;ext==1");
    }

    #[test]
    fn amounts_are_numbers_in_a_workbook() {
        assert_eq!(cell("credit_limit", &json!("-100000.50")), Cell::Number(-100_000.5));
        assert_eq!(cell("name", &json!("100.50")), Cell::Text("100.50".to_owned()));
        assert_eq!(cell("total", &json!("12345678901234.5678")), Cell::Text("12345678901234.5678".to_owned()));
        assert_eq!(csv_text("margin_percent", &json!("-5.00")), "-5.00");
    }

    #[test]
    fn a_dot_leads_into_a_member_and_a_list_is_joined() {
        let row = json!({"address": {"city": "Тверь", "street": null}, "tags": ["a", "b"],
            "other_phones": [{"label": "reception", "number": "+78182652010"}]});
        let Value::Object(row) = row else { panic!() };
        assert_eq!(csv_text("address.city", value(&row, "address.city")), "Тверь");
        assert_eq!(value(&row, "address.street"), &Value::Null);
        assert_eq!(value(&row, "missing.member"), &Value::Null);
        assert_eq!(csv_text("tags", value(&row, "tags")), "a; b");
        assert_eq!(csv_text("other_phones", value(&row, "other_phones")), "reception +78182652010");
    }
}
