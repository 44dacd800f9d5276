//! The rules for passwords: NIST SP 800-63B-4, 3.1.1.2, and ASVS 5.0, 6.2. Beside the list stands an estimate of how many
//! guesses an attacker needs who tries words, rows of keys, dates and repetitions first.

use std::{fmt, sync::LazyLock};

use serde::{Deserialize, Deserializer, de::Error as _};
use unicode_normalization::UnicodeNormalization;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type},
};
use zxcvbn::zxcvbn;

use crate::values::{Invalid, Say};

/// Minimum number of characters of a password that is the only factor.
pub const MIN_ALONE: usize = 15;
/// Minimum number of characters of a password beside a second factor.
pub const MIN_CHARACTERS: usize = 8;
/// Maximum number of bytes of a password: far more than a person types, few enough to hash.
pub const MAX_BYTES: usize = 1024;

/// Context words with fewer letters than this are ignored, since they are part of too many other words.
const MIN_WORD: usize = 3;
const PRODUCT: &str = "liaison";
/// How many guesses a password must withstand that is the only factor, as a power of ten. `zxcvbn` calls that very
/// unguessable.
const MIN_GUESSES_ALONE: f64 = 10.0;
/// The same beside a second factor: a password of eight random letters withstands more.
const MIN_GUESSES: f64 = 7.0;
/// Passwords that are longer are not looked through beyond this: it takes time, and that much is enough to judge.
const MAX_ESTIMATED: usize = 72;

/// Common passwords, sorted. The README beside the file says where they come from.
static COMMON: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| include_str!("common_passwords/passwords.txt").lines().collect());

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

/// Whether the whole of `text` is a common password, alone or repeated, with or without digits and signs around it.
fn is_common(text: &str) -> bool {
    let core = text.trim_matches(|c: char| !c.is_alphabetic());
    [text, core].into_iter().any(|form| {
        let unit = repeated(form);
        let is_short = unit.len() < form.len() && unit.chars().count() < MIN_CHARACTERS;
        is_short || COMMON.binary_search(&unit).is_ok()
    })
}

/// The shortest text that `text` is a repetition of: itself, when it repeats nothing.
fn repeated(text: &str) -> &str {
    let ends = text.char_indices().map(|(start, _)| start).skip(1).filter(|end| text.len().is_multiple_of(*end));
    ends.filter_map(|end| text.get(..end))
        .find(|unit| text.as_bytes().chunks(unit.len()).all(|part| part == unit.as_bytes()))
        .unwrap_or(text)
}

/// The words that an attacker tries first for this user.
fn context(bearer: &Bearer<'_>) -> Vec<Vec<char>> {
    let (local, domain) = bearer.email.split_once('@').unwrap_or((bearer.email, ""));
    let parts = |text: &str| -> Vec<String> { text.split(|c: char| !c.is_alphabetic()).map(str::to_owned).collect() };
    let whole = [PRODUCT, bearer.email, local, domain, bearer.name].map(str::to_owned);
    let words = [whole.to_vec(), parts(local), parts(domain), parts(bearer.name)].concat();
    words.iter().map(|word| letters(&folded(word))).filter(|word| word.len() >= MIN_WORD).collect()
}

/// Whether fewer guesses than ten to the power of `least` lead to `text`, typed as it is or on the keys of the Latin layout.
fn is_guessable(text: &str, words: &[Vec<char>], least: f64) -> bool {
    let words: Vec<String> = words.iter().map(|word| word.iter().collect()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let typed: String = text.chars().take(MAX_ESTIMATED).collect();
    let on_latin_keys: String = typed.to_lowercase().chars().map(latin_key).collect();
    [typed, on_latin_keys].iter().any(|form| zxcvbn(form, &words).guesses_log10() < least)
}

/// What the key of a Russian letter has in the Latin layout. The estimate knows no other layout, and passwords of Russian
/// words are common in this form, too.
fn latin_key(letter: char) -> char {
    const RUSSIAN: &str = "йцукенгшщзхъфывапролджэячсмитьбюё";
    const LATIN: &str = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`";
    RUSSIAN.chars().zip(LATIN.chars()).find(|(russian, _)| *russian == letter).map_or(letter, |(_, latin)| latin)
}

fn letters(text: &str) -> Vec<char> {
    text.chars().filter(|c| c.is_alphabetic()).collect()
}

/// Whether the letters of `text` are nothing but `words`, one after another.
fn is_made_of(text: &str, words: &[Vec<char>]) -> bool {
    let letters = letters(text);
    if letters.is_empty() {
        return false;
    }
    let mut reached = vec![0];
    let mut seen = std::collections::HashSet::new();
    while let Some(at) = reached.pop() {
        if at == letters.len() {
            return true;
        }
        let rest = letters.get(at..).unwrap_or_default();
        let next = words.iter().filter(|word| rest.starts_with(word)).map(|word| at + word.len());
        reached.extend(next.filter(|at| seen.insert(*at)));
    }
    false
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

/// A password that a user typed to prove who they are: at most 1,024 bytes.
#[derive(Clone)]
pub struct TypedPassword(String);

impl TypedPassword {
    /// Whether it is the same as `new`.
    pub fn is(&self, new: &NewPassword) -> bool {
        normalised(&self.0) == new.0
    }

    /// The password itself.
    pub fn into_text(self) -> String {
        self.0
    }
}

impl fmt::Debug for TypedPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TypedPassword(…)")
    }
}

impl<'de> Deserialize<'de> for TypedPassword {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.len() > MAX_BYTES {
            return Err(D::Error::custom(Invalid::TooLong(MAX_BYTES)));
        }
        Ok(Self(text))
    }
}

impl PartialSchema for TypedPassword {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
            .max_length(Some(MAX_BYTES))
            .description(Some("The password that the user has now. At most 1,024 bytes."))
            .into()
    }
}
impl ToSchema for TypedPassword {}

#[cfg(test)]
mod tests {
    use super::{Bearer, COMMON, Invalid, MIN_ALONE, MIN_CHARACTERS, NewPassword, repeated};

    const ANNA: Bearer<'static> =
        Bearer { email: "anna.petrova@northwind.example", name: "Anna Петрова", has_second_factor: false };

    fn check(text: &str, bearer: &Bearer<'_>) -> Result<(), Invalid> {
        NewPassword::parse(text)?.check(bearer)
    }

    fn code(text: &str, bearer: &Bearer<'_>) -> Option<&'static str> {
        check(text, bearer).err().map(|invalid| invalid.code())
    }

    /// ASVS 6.2.4, 6.2.12
    #[test]
    fn the_list_is_sorted_and_long_and_has_no_short_ones() {
        let fitting = COMMON.iter().filter(|word| word.chars().count() >= MIN_ALONE).count();
        assert!(
            fitting >= 3000,
            "ASVS 6.2.4 asks for the 3,000 most common ones that fit the rule, here are {fitting}"
        );
        assert!(COMMON.is_sorted_by(|left, right| left < right));
        assert!(COMMON.iter().all(|word| word.chars().count() >= MIN_CHARACTERS));
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

    /// ASVS 6.2.4, 6.2.12
    #[test]
    fn common_passwords_are_refused_alone_repeated_and_with_digits() {
        for text in [
            "ManchesterUnited",
            "1234567890987654321",
            "passwordpassword",
            "Password2026!!!",
            "1qaz2wsx3edc4rfv",
            "aaaaaaaaaaaaaaa",
            "123123123123123123",
        ] {
            assert_eq!(code(text, &ANNA), Some("common_password"), "{text}");
        }
        let beside = Bearer { has_second_factor: true, ..ANNA };
        assert_eq!(code("football", &beside), Some("common_password"));
        assert_eq!(check("manchester united lost again", &ANNA), Ok(()), "the whole is compared, not its parts");
    }

    /// ASVS 6.2.4, 6.2.12: what an attacker tries first against a minimum of 15 characters.
    #[test]
    fn obvious_long_passwords_are_refused() {
        let obvious = [
            "123456789012345",
            "йцукенгшщзхъфыва",
            "qwertyuiopasdfgh",
            "qwertyuiop[]asdf",
            "passwordpassword1",
            "password12345678",
            "Password2026!!!!",
            "abcdefghijklmnop",
            "aaaaaaaaaaaaaaaa",
            "111111111111111",
            "iloveyouiloveyou",
            "letmeinletmein12",
            "welcome123456789",
            "adminadminadmin1",
            "administrator123",
            "changeme12345678",
            "1q2w3e4r5t6y7u8i",
            "zxcvbnmasdfghjkl",
            "qazwsxedcrfvtgby",
            "0123456789012345",
            "9876543210987654",
            "q1w2e3r4t5y6u7i8",
            "P@ssw0rdP@ssw0rd",
            "p@ssw0rd12345678",
            "summer2026summer",
            "footballfootball",
            "monkeymonkey1234",
            "parolparolparol1",
            "парольпароль123",
            "пароль123456789",
            "qwerty1234567890",
            "00000000000000001",
            "november20261124",
            "20261124-20261124",
            "superman12345678",
            "фывапролджэячсмить",
            "привет123456789",
            "trustno1trustno1",
            "mychemicalromance",
            "Orgulloazulyoro",
        ];
        let taken: Vec<&str> =
            obvious.into_iter().filter(|text| code(text, &ANNA) != Some("common_password")).collect();
        assert!(taken.is_empty(), "{taken:?}");
        for good in ["seven plums in a paper bag", "ключ от погреба", "vrb7 kq2m xw9t p", "Ёж катит 3 груши домой"]
        {
            assert_eq!(check(good, &ANNA), Ok(()), "{good}");
        }
    }

    /// The estimate looks at a bounded part: a long password costs no more than a short one.
    #[test]
    fn the_longest_password_is_judged_in_time() {
        let long: String = ('a'..='z').cycle().take(1000).collect();
        let begun = std::time::Instant::now();
        let _ = check(&long, &ANNA);
        assert!(begun.elapsed() < std::time::Duration::from_secs(2), "{:?}", begun.elapsed());
    }

    /// ASVS 6.1.2, 6.2.11
    #[test]
    fn words_of_the_user_and_the_product_are_refused() {
        for text in [
            "anna.petrova@northwind.example",
            "Anna Petrova 20261124",
            "petrova-petrova",
            "Петрова Петрова",
            "liaisonliaison1",
            "Liaison-Northwind-2026",
            "northwind.example!",
        ] {
            assert_eq!(code(text, &ANNA), Some("common_password"), "{text}");
        }
        assert_eq!(check("Anna Petrova likes plums", &ANNA), Ok(()));
    }

    #[test]
    fn a_repetition_is_found() {
        assert_eq!((repeated("ababab"), repeated("aaaa"), repeated("abcab"), repeated("")), ("ab", "a", "abcab", ""));
        assert_eq!(repeated("йй"), "й");
    }

    #[test]
    fn nothing_is_shown() {
        let password = NewPassword::parse("correct horse battery staple").unwrap();
        assert!(!format!("{password:?}").contains("horse"));
    }
}
