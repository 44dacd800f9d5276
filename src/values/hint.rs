//! Messages that help somebody to the right word: what was meant, and which type of JSON is expected.

use super::{Invalid, Say};

/// How alike two words must be for the one to be suggested in place of the other; 1 is equal.
const ALIKE: f64 = 0.8;

/// The word among `known` that `word` was most likely meant to be.
fn meant<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let likeness = |known: &'k str| (strsim::jaro_winkler(&word.to_lowercase(), known), known);
    let alike = known.into_iter().map(likeness).filter(|(likeness, _)| *likeness >= ALIKE);
    alike.max_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, known)| known)
}

/// The error for the name `word`, which is not among `known`.
pub fn unknown_field<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Invalid {
    let Some(meant) = meant(word, known) else { return Invalid::UnknownField };
    Invalid::Rule(
        "unknown_field",
        Say::new(
            format!("There is no such field here. Did you mean `{meant}`?"),
            format!("Такого поля здесь нет. Возможно, имелось в виду `{meant}`?"),
        ),
    )
}

/// The error for `word`, which is not one of the words in `known`.
pub fn unknown_word(word: &str, known: &[&str]) -> Invalid {
    let all = known.join(", ");
    let Some(meant) = meant(word, known.iter().copied()) else { return Invalid::Choice(all) };
    Invalid::Rule(
        "invalid_choice",
        Say::new(
            format!("Must be one of: {all}. Did you mean `{meant}`?"),
            format!("Допустимые значения: `{all}`. Возможно, имелось в виду `{meant}`?"),
        ),
    )
}

/// A type of JSON, in English and in Russian.
type Kind = (&'static str, &'static str);

const TEXT: Kind = ("a text", "строка");
const NUMBER: Kind = ("a number", "число");
const BOOLEAN: Kind = ("`true` or `false`", "`true` или `false`");
const LIST: Kind = ("a list", "список");
const OBJECT: Kind = ("an object", "объект");
const NULL: Kind = ("`null`", "`null`");

/// The error of serde's message `invalid type: integer 5, expected a string`. The value itself is not repeated.
pub fn wrong_type(message: &str) -> Invalid {
    let said = message.trim_start_matches("invalid type: ").split_once(", expected ");
    let kinds = said.and_then(|(came, expected)| Some((kind_that_came(came)?, kind_expected(expected)?)));
    let Some(((came, came_ru), (expected, expected_ru))) = kinds else { return Invalid::Type };
    Invalid::Rule(
        "invalid_type",
        Say::new(
            format!("Expected {expected}, and {came} came."),
            format!("Ожидается {expected_ru}, а получено: {came_ru}."),
        ),
    )
}

fn kind_that_came(said: &str) -> Option<Kind> {
    let begins = |words: &[&str]| words.iter().any(|word| said.starts_with(word));
    match said {
        _ if begins(&["string", "character"]) => Some(TEXT),
        _ if begins(&["integer", "floating point", "number"]) => Some(NUMBER),
        _ if begins(&["boolean"]) => Some(BOOLEAN),
        _ if begins(&["sequence"]) => Some(LIST),
        _ if begins(&["map"]) => Some(OBJECT),
        _ if begins(&["null", "unit value", "Option value"]) => Some(NULL),
        _ => None,
    }
}

fn kind_expected(said: &str) -> Option<Kind> {
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    match said {
        "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize" | "f64" => Some(NUMBER),
        _ if has(&["boolean"]) => Some(BOOLEAN),
        _ if has(&["sequence", "array"]) => Some(LIST),
        _ if has(&["struct", "object", "a map"]) => Some(OBJECT),
        _ if has(&["string", "text"]) => Some(TEXT),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{unknown_field, unknown_word, wrong_type};
    use crate::values::{Invalid, Language::En};

    fn told(invalid: &Invalid) -> String {
        invalid.say().text(En).to_owned()
    }

    #[test]
    fn a_word_that_was_nearly_right_is_suggested() {
        let known = ["name", "legal_name", "tax_id"];
        for (word, meant) in [("nam", "name"), ("legalname", "legal_name"), ("taxId", "tax_id"), ("tax-id", "tax_id")] {
            assert!(told(&unknown_field(word, known)).contains(&format!("`{meant}`")), "{word}");
        }
        assert_eq!(unknown_field("colour", known), Invalid::UnknownField);
        assert!(told(&unknown_word("activ", &["active", "lost"])).ends_with("Did you mean `active`?"));
        assert_eq!(unknown_word("green", &["active", "lost"]), Invalid::Choice("active, lost".to_owned()));
    }

    #[test]
    fn the_expected_type_and_what_came_are_told() {
        for (message, expected) in [
            ("invalid type: integer `5`, expected a string", "Expected a text, and a number came."),
            ("invalid type: string \"x\", expected u8", "Expected a number, and a text came."),
            ("invalid type: sequence, expected struct Client", "Expected an object, and a list came."),
            ("invalid type: map, expected a boolean", "Expected `true` or `false`, and an object came."),
            ("invalid type: null, expected a sequence", "Expected a list, and `null` came."),
        ] {
            assert_eq!(told(&wrong_type(message)), expected);
        }
        assert_eq!(wrong_type("invalid type: something, expected anything"), Invalid::Type);
    }
}
