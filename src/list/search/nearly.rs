//! Words with one wrong letter.

/// Shorter words have too many neighbours, and longer ones enough letters to be found by another word of the query.
const LENGTHS: std::ops::RangeInclusive<usize> = 4..=16;

/// `LIKE` patterns for words that begin with `word` where one letter is another, is missing, is too much, or has changed
/// places with the next. `word` is folded, so it has no wildcards of its own.
pub fn patterns(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    let is_word = letters.iter().all(|letter| letter.is_alphabetic());
    if !is_word || !LENGTHS.contains(&letters.len()) {
        return Vec::new();
    }
    let join = |parts: [&[char]; 3]| format!("% {}%", parts.concat().into_iter().collect::<String>());
    let mut patterns = Vec::new();
    for (at, _) in letters.iter().enumerate() {
        let (before, rest) = letters.split_at(at);
        let (letter, after) = rest.split_at(1);
        patterns.push(join([before, &['_'], after]));
        patterns.push(join([before, &['_'], rest]));
        patterns.push(join([before, &[], after]));
        if let Some((next, after)) = after.split_first() {
            patterns.push(join([before, &[*next], &[letter, after].concat()]));
        }
    }
    patterns.sort();
    patterns.dedup();
    patterns
}

#[cfg(test)]
mod tests {
    use super::patterns;

    /// Whether `text` matches a pattern, where `_` is any letter.
    fn finds(word: &str, text: &str) -> bool {
        let matches = |pattern: &String| {
            let pattern: Vec<char> = pattern.trim_matches(['%', ' ']).chars().collect();
            let text: Vec<char> = text.chars().take(pattern.len()).collect();
            text.len() == pattern.len() && pattern.iter().zip(&text).all(|(p, t)| *p == '_' || p == t)
        };
        patterns(word).iter().any(matches)
    }

    #[test]
    fn one_wrong_letter_is_forgiven_and_two_are_not() {
        for word in ["romoshk", "rmashk", "roomashk", "ormashk", "romahsk", "pomashk"] {
            assert!(finds(word, "romashka"), "{word}");
        }
        for word in ["rumoshk", "tomosk", "abc", "12345678"] {
            assert!(!finds(word, "romashka"), "{word}");
        }
    }
}
