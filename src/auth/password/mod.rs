//! The rules for passwords: NIST SP 800-63B-4, 3.1.1.2, and ASVS 5.0, 6.2. A new password is long and hard to guess. It
//! is neither common nor made of words of its user.

mod common;
mod guesses;
mod typed;
mod words;

use std::fmt;

use serde::{Deserialize, Deserializer, de::Error as _};
use unicode_normalization::UnicodeNormalization;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type},
};

pub use self::typed::TypedPassword;
use self::{
    common::is_common,
    guesses::{MIN_GUESSES, MIN_GUESSES_ALONE, is_guessable},
    words::{context, is_made_of},
};
use crate::values::{Invalid, Say};

/// Minimum number of characters of a password that is the only factor.
pub const MIN_ALONE: usize = 15;
/// Minimum number of characters of a password beside a second factor.
pub const MIN_CHARACTERS: usize = 8;
/// Maximum number of bytes of a password: far more than a person types, few enough to hash.
pub const MAX_BYTES: usize = 1024;

/// A new password in Unicode's form NFC, of 8 characters (code points) or more, and of at most 1,024 bytes.
/// [`NewPassword::check`] decides whether it is good enough for its user.
#[derive(Clone)]
pub struct NewPassword(String);

impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewPassword(…)")
    }
}

/// The user who is to have a password.
#[derive(Clone, Copy, Debug)]
pub struct Bearer<'a> {
    /// The address that the user signs in with.
    pub email: &'a str,
    /// The person's name.
    pub name: &'a str,
    /// Whether the password is not the only factor.
    pub has_second_factor: bool,
}

impl NewPassword {
    /// Normalises `text` and checks its length.
    ///
    /// # Errors
    /// [`Invalid::TooShort`] or [`Invalid::TooLong`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.len() > MAX_BYTES {
            return Err(Invalid::TooLong(MAX_BYTES));
        }
        let text = normalised(text);
        if text.chars().count() < MIN_CHARACTERS {
            return Err(Invalid::TooShort(MIN_CHARACTERS));
        }
        Ok(Self(text))
    }

    /// Checks the rules that depend on the user: the length, and that the password is neither common nor made of words
    /// that an attacker tries first.
    ///
    /// # Errors
    /// [`Invalid::TooShort`], or [`Invalid::Rule`] with the code `common_password`.
    pub fn check(&self, bearer: &Bearer<'_>) -> Result<(), Invalid> {
        if !self.is_long() && !bearer.has_second_factor {
            return Err(Invalid::TooShort(MIN_ALONE));
        }
        let folded = folded(&self.0);
        let words = context(bearer);
        let least = if bearer.has_second_factor { MIN_GUESSES } else { MIN_GUESSES_ALONE };
        if is_common(&folded) || is_made_of(&folded, &words) || is_guessable(&self.0, &words, least) {
            return Err(common_password());
        }
        Ok(())
    }

    /// Whether it is long enough to be the only factor.
    pub fn is_long(&self) -> bool {
        self.0.chars().count() >= MIN_ALONE
    }

    /// The password itself: to be hashed, or shown once to the caller who asked for a generated one.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// The error for a password that is easy to guess.
fn common_password() -> Invalid {
    let say = Say::new(
        "This password is common or made of words that are easy to guess, such as your name. Choose another.",
        "Этот пароль распространён или составлен из легко угадываемых слов, например из вашего имени. Выберите другой.",
    );
    Invalid::Rule("common_password", say)
}

/// The form in which passwords are hashed and counted.
pub fn normalised(text: &str) -> String {
    text.nfc().collect()
}

fn folded(text: &str) -> String {
    normalised(&text.to_lowercase())
}

impl<'de> Deserialize<'de> for NewPassword {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl PartialSchema for NewPassword {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
            .min_length(Some(MIN_CHARACTERS))
            .max_length(Some(MAX_BYTES))
            .description(Some(
                "A password of at least 15 characters, or 8 for a user with a second factor; any characters, no rules of \
                 composition (NIST SP 800-63B-4). At most 1,024 bytes. Passwords that are common or easy to guess, and ones \
                 made of the user's name or address, are refused with `common_password`.",
            ))
            .into()
    }
}
impl ToSchema for NewPassword {}

#[cfg(test)]
mod tests {
    use super::{Bearer, Invalid, NewPassword};

    pub(super) const ANNA: Bearer<'static> =
        Bearer { email: "anna.petrova@northwind.example", name: "Anna Петрова", has_second_factor: false };

    pub(super) fn check(text: &str, bearer: &Bearer<'_>) -> Result<(), Invalid> {
        NewPassword::parse(text)?.check(bearer)
    }

    pub(super) fn code(text: &str, bearer: &Bearer<'_>) -> Option<&'static str> {
        check(text, bearer).err().map(|invalid| invalid.code())
    }

    /// ASVS 6.2.1, NIST SP 800-63B-4 3.1.1.2
    #[test]
    fn characters_are_counted_after_normalisation() {
        assert_eq!(check("ключ от погреба", &ANNA), Ok(()), "15 code points, 28 bytes");
        assert_eq!(check("ключ от погреб", &ANNA), Err(Invalid::TooShort(15)));
        // An й of two code points is one after NFC.
        assert_eq!(check("ключ от погре\u{438}\u{306}", &ANNA), Err(Invalid::TooShort(15)));
        assert_eq!(check("1234567", &ANNA), Err(Invalid::TooShort(8)));
        let beside = Bearer { has_second_factor: true, ..ANNA };
        assert_eq!(check("vxqmtzk8", &beside), Ok(()));
        assert_eq!(check("vxqmtzk", &beside), Err(Invalid::TooShort(8)));
        assert_eq!(check(&"ab".repeat(513), &ANNA), Err(Invalid::TooLong(1024)));
        let long = format!("{}{}", "seven plums in a paper bag ", "!".repeat(1024 - 27));
        assert_eq!(check(&long, &ANNA), Ok(()), "long ones are taken whole");
    }

    /// ASVS 6.2.5
    #[test]
    fn no_characters_are_asked_for_or_forbidden() {
        for text in
            ["correct horse battery staple", "8350 1946 2285 7", "       \u{1f40e} и пони", "\t\u{7}пароли с табом"]
        {
            assert_eq!(check(text, &ANNA), Ok(()), "{text:?}");
        }
    }

    #[test]
    fn nothing_is_shown() {
        let password = NewPassword::parse("correct horse battery staple").unwrap();
        assert!(!format!("{password:?}").contains("horse"));
    }
}
