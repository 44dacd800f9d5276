//! The words that an attacker tries first for one user: the user's name and address, and the name of this product. No
//! new password is made of them alone.

use super::{Bearer, folded};

/// Context words with fewer letters than this are ignored, since they are part of too many other words.
const MIN_WORD: usize = 3;
const PRODUCT: &str = "liaison";

/// The words that an attacker tries first for this user.
pub(super) fn context(bearer: &Bearer<'_>) -> Vec<Vec<char>> {
    let (local, domain) = bearer.email.split_once('@').unwrap_or((bearer.email, ""));
    let parts = |text: &str| -> Vec<String> { text.split(|c: char| !c.is_alphabetic()).map(str::to_owned).collect() };
    let whole = [PRODUCT, bearer.email, local, domain, bearer.name].map(str::to_owned);
    let words = [whole.to_vec(), parts(local), parts(domain), parts(bearer.name)].concat();
    words.iter().map(|word| letters(&folded(word))).filter(|word| word.len() >= MIN_WORD).collect()
}

fn letters(text: &str) -> Vec<char> {
    text.chars().filter(|c| c.is_alphabetic()).collect()
}

/// Whether the letters of `text` are nothing but `words`, one after another.
pub(super) fn is_made_of(text: &str, words: &[Vec<char>]) -> bool {
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

#[cfg(test)]
mod tests {
    use crate::auth::password::tests::{ANNA, check, code};

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
}
