//! Words typed with the keyboard set to the other alphabet: `hjvfirf` for `ромашка`.

const LATIN: &str = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`";
const CYRILLIC: &str = "йцукенгшщзхъфывапролджэячсмитьбюё";

/// `word`, in lower case, as the same keys give it in the other alphabet; `None` when the word has letters of both or of
/// neither.
pub fn retyped(word: &str) -> Option<String> {
    let typed = |from: &str, to: &str| -> Option<String> {
        let key = |letter: char| from.chars().zip(to.chars()).find(|(from, _)| *from == letter).map(|(_, to)| to);
        word.chars().map(|letter| key(letter).or_else(|| letter.is_ascii_digit().then_some(letter))).collect()
    };
    let has_letter = word.chars().any(char::is_alphabetic);
    has_letter.then(|| typed(LATIN, CYRILLIC).or_else(|| typed(CYRILLIC, LATIN))).flatten()
}

#[cfg(test)]
mod tests {
    use super::retyped;

    #[test]
    fn the_same_keys_give_the_word_that_was_meant() {
        assert_eq!(retyped("hjvfirf").as_deref(), Some("ромашка"));
        assert_eq!(retyped("кщьфырлф").as_deref(), Some("romashka"));
        assert_eq!(retyped(",thtprf").as_deref(), Some("березка"));
        for word in ["12345", "ромaшка", "%", ""] {
            assert_eq!(retyped(word), None, "{word}");
        }
    }
}
