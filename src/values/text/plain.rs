//! Texts that may say anything: they are trimmed, bounded, and free of characters that nobody sees.

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
pub(super) const PRINTABLE: &str = r"^[^\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F]*[^\s\x00-\x1F\x7F-\x9F\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180E\u200B-\u200F\u202A-\u202E\u2060-\u206F\u2800\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF9-\uFFFB][^\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F]*$";

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use utoipa::PartialSchema;

    use super::{Line, Text};
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

    proptest! {
        #[test]
        fn the_document_refuses_the_same_texts_as_the_check(text in "(?s)[\\s\\PCa-c\0-\u{9f}]{0,20}") {
            let schema = serde_json::to_value(Text::<20>::schema()).unwrap();
            let documented = jsonschema::validator_for(&schema).unwrap().is_valid(&serde_json::json!(text));
            prop_assert_eq!(documented, Text::<20>::parse(&text).is_ok());
        }
    }
}
