//! Estimates how many guesses an attacker needs who tries words, rows of keys, dates and repetitions first.

use zxcvbn::zxcvbn;

/// How many guesses a password must withstand that is the only factor, as a power of ten. `zxcvbn` calls that very
/// unguessable.
pub(super) const MIN_GUESSES_ALONE: f64 = 10.0;
/// The same beside a second factor: a password of eight random letters withstands more.
pub(super) const MIN_GUESSES: f64 = 7.0;
/// Passwords that are longer are not looked through beyond this: it takes time, and that much is enough to judge.
const MAX_ESTIMATED: usize = 72;

/// Whether fewer guesses than ten to the power of `least` lead to `text`, typed as it is or on the keys of the Latin layout.
pub(super) fn is_guessable(text: &str, words: &[Vec<char>], least: f64) -> bool {
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

#[cfg(test)]
mod tests {
    use crate::auth::password::tests::{ANNA, check, code};

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
}
