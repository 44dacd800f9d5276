//! The rule for names.

use super::plain::{Line, PRINTABLE};
use crate::values::{Invalid, Rule};

/// See [`super::Name`].
#[derive(Debug)]
pub struct Name;
impl Rule for Name {
    const NAME: &'static str = "Name";
    const ABOUT: &'static str = "A name of 1 to 200 characters, with a letter or a digit in it; space around it and characters that \
         nobody sees are removed.";
    const MAX: usize = 200;
    const PATTERN: &'static str = PRINTABLE;
    const EXAMPLE: &'static str = "Romashka";

    fn check(text: &str) -> Result<String, Invalid> {
        let line = Line::parse(text)?;
        let is_name = line.as_str().chars().any(char::is_alphanumeric);
        is_name.then(|| line.as_str().to_owned()).ok_or(Invalid::Name)
    }
}

#[cfg(test)]
mod tests {
    use crate::values::{Invalid, Name};

    #[test]
    fn a_name_has_a_letter_or_a_digit() {
        for right in ["Ромашка", "  3M ", "7", "李"] {
            assert!(Name::parse(right).is_ok(), "{right}");
        }
        for wrong in [".", "—", "…!?", "🚀"] {
            assert_eq!(Name::parse(wrong), Err(Invalid::Name), "{wrong}");
        }
        assert_eq!(Name::parse(" "), Err(Invalid::TooShort(1)));
    }
}
