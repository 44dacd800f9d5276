//! The list of common passwords, which an attacker tries first. No new password is one of them.

use std::sync::LazyLock;

use super::MIN_CHARACTERS;

/// Common passwords, sorted. The README beside the file says where they come from.
static COMMON: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| include_str!("../common_passwords/passwords.txt").lines().collect());

/// Whether the whole of `text` is a common password, alone or repeated, with or without digits and signs around it.
pub(super) fn is_common(text: &str) -> bool {
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

#[cfg(test)]
mod tests {
    use super::{COMMON, repeated};
    use crate::auth::password::{
        Bearer, MIN_ALONE, MIN_CHARACTERS,
        tests::{ANNA, check, code},
    };

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

    #[test]
    fn a_repetition_is_found() {
        assert_eq!((repeated("ababab"), repeated("aaaa"), repeated("abcab"), repeated("")), ("ab", "a", "abcab", ""));
        assert_eq!(repeated("йй"), "й");
    }
}
