//! The rule for the names of fields that the organisation defines.

use crate::values::{Invalid, Rule};

/// See [`super::FieldName`].
#[derive(Debug)]
pub struct FieldName;
impl Rule for FieldName {
    const NAME: &'static str = "FieldName";
    const ABOUT: &'static str =
        "The name of a field: small Latin letters, digits and underscores, beginning with a letter.";
    const MAX: usize = 40;
    const PATTERN: &'static str = "^[a-z][a-z0-9_]*$";
    const EXAMPLE: &'static str = "beds";

    fn check(text: &str) -> Result<String, Invalid> {
        let is_word = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        (begins && is_word).then(|| text.to_owned()).ok_or(Invalid::FieldName)
    }
}
