//! Words with one wrong letter.

/// Shorter words have too many neighbours, and longer ones enough letters to be found by another word of the query.
const LENGTHS: std::ops::RangeInclusive<usize> = 5..=16;

/// Words up to this length are looked up by each of their patterns; longer ones by the parts that a wrong letter leaves.
const SHORT: usize = 8;

/// How many trigrams a pattern needs to find few rows.
const TRIGRAMS: usize = 2;

/// How many letters at the beginning or at the end of a word are looked up together. A wrong letter leaves one of the two whole,
/// unless it is between.
const END: usize = 5;

/// The patterns by which an index finds all rows with the words of [`patterns`], and some others. Each takes a look-up.
pub fn parts(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    if !is_word(&letters) {
        return Vec::new();
    }
    if letters.len() <= SHORT {
        return ends_and_between(&letters, word);
    }
    // A wrong letter, with its neighbour, is in the first part, in the last, or between.
    let (before, from) = letters.split_at((letters.len() - 1) / 2);
    let text = |letters: &[char]| letters.iter().collect::<String>();
    let (first, last) = (text(letters.split_at(from.len()).0), text(from));
    let shorter = before.len() - 1;
    let (head, tail) = (text(letters.split_at(shorter).0), text(letters.split_at(letters.len() - shorter).1));
    vec![format!("% {first}%"), format!("%{last}%"), format!("% {head}%{tail}%")]
}

/// One pattern for all words that begin as `word` does, one for those that end so, and the others each.
fn ends_and_between(letters: &[char], word: &str) -> Vec<String> {
    let text = |letters: &[char]| letters.iter().collect::<String>();
    let first = format!("% {}", text(letters.split_at(END.min(letters.len())).0));
    let last = text(letters.split_at(letters.len().saturating_sub(END)).1);
    let between = patterns(word).into_iter().filter(|pattern| !pattern.starts_with(&first) && !pattern.contains(&last));
    [format!("{first}%"), format!("%{last}%")].into_iter().chain(between).collect()
}

/// Whether `word` begins with `form` where one letter is wrong: what [`patterns`] of `form` would find it by.
pub fn begins_nearly_with(word: &str, form: &str) -> bool {
    let letters: Vec<char> = form.chars().collect();
    let begins = |length: usize| word.chars().take(length).collect::<String>();
    let lengths = letters.len().saturating_sub(1)..=letters.len() + 1;
    is_word(&letters) && lengths.into_iter().any(|length| strsim::osa_distance(&begins(length), form) <= 1)
}

fn is_word(letters: &[char]) -> bool {
    LENGTHS.contains(&letters.len()) && letters.iter().all(|letter| letter.is_alphabetic())
}

/// Whether a pattern has enough letters in a row for the index.
fn is_telling(pattern: &str) -> bool {
    let runs = pattern.split(|letter: char| !letter.is_alphabetic());
    runs.map(|run| run.chars().count().saturating_sub(2)).sum::<usize>() >= TRIGRAMS
}

/// `LIKE` patterns for words that begin with `word` where one letter is another, is missing, is too much, or has changed
/// places with the next. `word` is folded, so it has no wildcards of its own.
pub fn patterns(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    if !is_word(&letters) {
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
    patterns.retain(|pattern| is_telling(pattern));
    patterns
}

#[cfg(test)]
mod tests {
    use super::{parts, patterns};

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

    #[test]
    fn the_parts_of_a_word_are_in_all_that_it_stands_for() {
        assert_eq!(parts("aleksandrovich"), ["% aleksand%", "%ndrovich%", "% aleks%ovich%"]);
        assert_eq!(parts("romashka").len(), 10);
        for word in ["aleksandrovich", "romashka", "tedoksa", "mosoar", "olegs"] {
            are_found_by_its_parts(word);
        }
    }

    fn are_found_by_its_parts(word: &str) {
        let with = |pattern: &str, text: &str| {
            let (pattern, mut rest) = (pattern.replace('_', "x"), text);
            pattern.split('%').all(|part| match rest.find(part) {
                Some(at) => {
                    rest = rest.split_at(at + part.len()).1;
                    true
                }
                None => false,
            })
        };
        for pattern in patterns(word) {
            let text = format!(" {} ", pattern.trim_matches(['%', ' ']).replace('_', "x"));
            assert!(parts(word).iter().any(|part| with(part, &text)), "{text}");
        }
    }

    #[test]
    fn a_pattern_has_enough_letters_in_a_row() {
        assert!(patterns("coer").is_empty());
        assert!(patterns("mosoar").iter().all(|pattern| !pattern.contains("mos_ar")));
    }
}
