//! One way to write what people write in several: in lower case, with Latin letters, without accents and punctuation.
//!
//! The function `search_fold` of the database does the same with what is searched. A test compares the two.

use unicode_normalization::UnicodeNormalization;

/// `text` as it is written in the `search` columns: words of letters and digits, with one space between them.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in text.nfkd().flat_map(char::to_lowercase).filter(|letter| !is_accent(*letter)) {
        match latin(letter) {
            Some(letters) => letters.chars().for_each(|letter| push(&mut folded, letter)),
            None if is_punctuation(letter) => push(&mut folded, ' '),
            None => push(&mut folded, letter),
        }
    }
    folded.trim_end().to_owned()
}

/// Adds `letter`, unless it is a space or a Latin letter that stands there already: "Anna" and "Ana" are the same.
fn push(folded: &mut String, letter: char) {
    let doubled = folded.ends_with(letter) && (letter == ' ' || letter.is_ascii_lowercase());
    let leading = folded.is_empty() && letter == ' ';
    if !doubled && !leading {
        folded.push(letter);
    }
}

/// The combining diacritical marks, into which NFKD takes letters with accents apart.
fn is_accent(letter: char) -> bool {
    ('\u{300}'..='\u{36F}').contains(&letter)
}

fn is_punctuation(letter: char) -> bool {
    matches!(letter,
        '\0'..='/' | ':'..='@' | '['..='`' | '{'..='\u{BF}' | '\u{2000}'..='\u{206F}' | '\u{20A0}'..='\u{20CF}'
        | '\u{2190}'..='\u{2BFF}' | '\u{3000}'..='\u{303F}' | '\u{FE00}'..='\u{FE0F}')
}

/// The Latin letters for a Cyrillic one, and one of those that are written for each other.
fn latin(letter: char) -> Option<&'static str> {
    Some(match letter {
        'а' => "a",
        'б' => "b",
        'в' | 'w' => "v",
        'г' | 'ґ' => "g",
        'д' => "d",
        'е' | 'э' | 'є' => "e",
        'ж' => "zh",
        'з' => "z",
        'и' | 'ы' | 'і' | 'j' | 'y' => "i",
        'к' => "k",
        'л' => "l",
        'м' => "m",
        'н' => "n",
        'о' => "o",
        'п' => "p",
        'р' => "r",
        'с' => "s",
        'т' => "t",
        'у' => "u",
        'ф' => "f",
        'х' => "h",
        'ц' => "ts",
        'ч' => "ch",
        'ш' => "sh",
        'щ' => "shch",
        'ъ' | 'ь' => "",
        'ю' => "iu",
        'я' => "ia",
        'x' => "ks",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn what_reads_the_same_is_folded_to_the_same() {
        for (one, other) in [
            ("Ромашка", "romashka"),
            ("Алёшин", "Алешин"),
            ("Königlich", "KONIGLICH"),
            ("Мария", "Mariya"),
            ("Мария", "Maria"),
            ("Сергей", "Sergey"),
            ("Анна", "Ana"),
            ("Алекс", "Alex"),
            ("ООО «Ромашка»", "ООО \"Ромашка\""),
            ("№2", "no 2"),
        ] {
            assert_eq!(fold(one).replace(' ', ""), fold(other).replace(' ', ""), "{one} {other}");
        }
    }

    #[test]
    fn punctuation_parts_words_and_digits_stay() {
        assert_eq!(fold(" office@romashka.example "), "ofice romashka eksample");
        assert_eq!(fold("8 (495) 123-45-00"), "8 495 123 45 00");
        assert_eq!(fold("%_'\\ 🚀 — …"), "🚀");
        assert_eq!(fold("李 明"), "李 明");
    }
}
