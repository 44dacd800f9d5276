//! Search by words: each must occur in the `search` column, which has a trigram index.
//!
//! The column has what is searched in one spelling (see [`fold`]): first the names, then the rest, and behind another `|`
//! what belongs to persons.

mod fold;
mod layout;
mod nearly;

use std::borrow::Cow;

use diesel::{
    Expression, QueryResult,
    expression::{AppearsOnTable, ValidGrouping, is_aggregate},
    pg::Pg,
    query_builder::{AstPass, QueryFragment, QueryId},
    query_dsl::methods::FilterDsl,
    sql_types::{Array, Bool, Text},
};
use rust_stemmers::{Algorithm, Stemmer};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

pub use self::fold::fold;
use crate::values::{Phone, Text as Bounded};

/// The most words that are searched for; more would not narrow the answer.
const MAX_WORDS: usize = 10;

/// The most words in which a wrong letter is forgiven: each takes up to some dozens of patterns.
const MAX_NEARLY: usize = 3;

/// The most words for which one that is written wrong is taken.
const MOST_MEANT: usize = 3;

/// The legal forms of companies, folded. Companies are found by their names, with or without them.
const LEGAL_FORMS: [&str; 25] = [
    "ab", "ag", "ao", "as", "bv", "co", "corp", "gmbh", "inc", "ip", "kg", "lc", "ltd", "nko", "nv", "o", "oao", "oi",
    "ou", "pao", "pt", "sa", "sarl", "srl", "zao",
];

/// How exactly words must be found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Spelling {
    /// As they are written, in any form of the word.
    #[default]
    #[serde(rename = "w")]
    AsWritten,
    /// With one wrong letter in a word.
    #[serde(rename = "n")]
    Nearly,
}

/// What `q` may be: 1 to 200 characters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Words {
    words: Vec<Word>,
    /// The whole text, folded, as it was written and as it was meant: how well a row matches is measured by them.
    phrases: Vec<String>,
}

/// A word that is looked for.
#[derive(Clone, Debug, PartialEq)]
struct Word {
    /// Each form in which it is looked for.
    forms: Vec<String>,
    /// Whether it is known to be spelled right.
    is_right: bool,
}

/// What `q` is in the document.
type Written = Bounded<200>;

impl Words {
    /// The words of `text`. Telephone numbers without a country code are numbers of the region of the caller.
    fn read(text: &Written) -> Self {
        let text = text.as_str().to_lowercase().replace('ё', "е");
        let number: String = text.chars().filter(char::is_ascii_digit).collect();
        let is_number = text.chars().all(|c| c.is_ascii_digit() || " ()+-./\u{a0}".contains(c)) && number.len() > 2;
        if is_number {
            let phone = Phone::parse(&text).ok().map(|phone| fold(phone.as_str()));
            let forms: Vec<String> = phone.into_iter().chain([number]).collect();
            return Self { phrases: forms.clone(), words: vec![Word { forms, is_right: false }] };
        }
        let words: Vec<&str> = text.split_whitespace().filter(|word| !fold(word).is_empty()).take(MAX_WORDS).collect();
        let names: Vec<&str> = words.iter().copied().filter(|word| !is_legal_form(word)).collect();
        let words = if names.is_empty() { words } else { names };
        let meant: Option<Vec<String>> = words.iter().map(|word| layout::retyped(word)).collect();
        let phrases = [Some(fold(&words.join(" "))), meant.map(|words| fold(&words.join(" ")))];
        Self { words: words.into_iter().map(Word::of).collect(), phrases: phrases.into_iter().flatten().collect() }
    }

    /// The patterns of each word, of which a row has one.
    fn patterns(&self, spelling: Spelling) -> impl Iterator<Item = Patterns> {
        self.words
            .iter()
            .enumerate()
            .map(move |(at, word)| word.patterns(if at < MAX_NEARLY { spelling } else { Spelling::AsWritten }))
    }

    /// Whether some word can be taken for another one.
    pub fn may_be_misspelt(&self) -> bool {
        self.words
            .iter()
            .take(MAX_NEARLY)
            .any(|word| word.forms.first().is_some_and(|form| !nearly::patterns(form).is_empty()))
    }

    /// The same, where a word that is nearly one of the `frequent` ones, which are folded, is taken for that.
    #[must_use]
    pub fn corrected(&self, frequent: &[String]) -> Self {
        let corrected = |(at, word): (usize, &Word)| match at < MAX_NEARLY {
            true => word.corrected(frequent),
            false => word.clone(),
        };
        Self { words: self.words.iter().enumerate().map(corrected).collect(), phrases: self.phrases.clone() }
    }

    /// What a row's match is measured by.
    pub fn phrases(&self) -> &[String] {
        &self.phrases
    }
}

/// Whether `word` is the legal form of a company.
pub fn is_legal_form(word: &str) -> bool {
    LEGAL_FORMS.contains(&fold(word).as_str())
}

impl Word {
    fn of(word: &str) -> Self {
        let forms = [Some(stem(word)), layout::retyped(word).map(|meant| stem(&meant))];
        let mut forms: Vec<String> = forms.into_iter().flatten().filter(|form| !form.is_empty()).collect();
        forms.dedup();
        Self { forms, is_right: false }
    }

    fn corrected(&self, frequent: &[String]) -> Self {
        let Some(form) = self.forms.first() else { return self.clone() };
        if frequent.iter().any(|word| word.starts_with(form.as_str())) {
            return Self { is_right: true, ..self.clone() };
        }
        let meant = frequent.iter().filter(|word| nearly::begins_nearly_with(word, form)).take(MOST_MEANT);
        let forms: Vec<String> = meant.map(|word| format!(" {word}")).collect();
        match forms.is_empty() {
            true => self.clone(),
            false => Self { forms, is_right: true },
        }
    }

    fn patterns(&self, spelling: Spelling) -> Patterns {
        let mut indexed: Vec<String> = self.forms.iter().map(|form| pattern(&telling(form))).collect();
        let mut exact: Vec<String> = self.forms.iter().map(|form| pattern(form)).collect();
        // The word as it was meant is a guess already.
        if let (Spelling::Nearly, Some(form), false) = (spelling, self.forms.first(), self.is_right) {
            indexed.extend(nearly::parts(form));
            exact.extend(nearly::patterns(form));
        }
        Patterns { indexed, exact }
    }
}

/// The patterns of a word, of which a row must match one.
#[derive(Clone, Debug, PartialEq)]
struct Patterns {
    /// Those that the index is asked for. A row with the word matches one of them; so may others.
    indexed: Vec<String>,
    /// Those that a row with the word matches.
    exact: Vec<String>,
}

/// What the index is asked for to find `form`. Each three letters of it take time, so of an address or another form of several
/// words it is one: the number, or the longest, of which the last one, such as the end of a domain, tells least. Of a long word
/// it is the middle: its beginning and its ending are those of many others.
fn telling(form: &str) -> String {
    let mut words: Vec<&str> = form.split(' ').filter(|word| !word.is_empty()).collect();
    if words.len() > 1 {
        words.pop();
    }
    let worth = |word: &&str| (word.len() > 3 && word.bytes().all(|byte| byte.is_ascii_digit()), word.len());
    // A shorter one would have to begin a word.
    let word = words.into_iter().filter(|word| word.chars().count() > 2).max_by_key(worth).unwrap_or(form);
    let letters: Vec<char> = word.chars().collect();
    if letters.len() <= MIDDLE + 1 || !letters.iter().all(|letter| letter.is_alphabetic()) {
        return word.to_owned();
    }
    letters.iter().skip((letters.len() - MIDDLE) / 2).take(MIDDLE).collect()
}

/// How many letters of a long word the index is asked for.
const MIDDLE: usize = 7;

/// A `LIKE` pattern for `form`, which is folded and so has no wildcards of its own. A short one stands at the beginning of a
/// word, and a single letter alone: else it would be in nearly every row.
fn pattern(form: &str) -> String {
    match form.chars().count() {
        1 => format!("% {form} %"),
        2 => format!("% {form}%"),
        _ => format!("%{form}%"),
    }
}

/// `word` without its ending, folded: all forms of the word begin with that.
fn stem(word: &str) -> String {
    let is_word = word.chars().all(char::is_alphabetic);
    if !is_word {
        return fold(word);
    }
    let algorithm = if word.is_ascii() { Algorithm::English } else { Algorithm::Russian };
    let stem = Stemmer::create(algorithm).stem(word);
    // Very short stems are in many other words.
    let stem = if stem.chars().count() < 3 { Cow::Borrowed(word) } else { stem };
    fold(&stem)
}

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Written::deserialize(deserializer).map(|text| Self::read(&text))
    }
}

impl PartialSchema for Words {
    fn schema() -> RefOr<Schema> {
        Written::schema()
    }
}
impl ToSchema for Words {}

/// Keeps the rows of `table` in which every word of `words` occurs.
pub fn search<Q: FilterDsl<Matches, Output = Q>>(
    mut query: Q,
    table: &'static str,
    words: &Words,
    spelling: Spelling,
) -> Q {
    if words.words.is_empty() {
        // Nothing that could be found was asked for.
        return query.filter(Matches { table, patterns: Vec::new(), within: Within::Unindexed });
    }
    for Patterns { indexed, exact } in words.patterns(spelling) {
        let is_exact = indexed == exact;
        query = query.filter(Matches { table, patterns: indexed, within: Within::All });
        if !is_exact {
            query = query.filter(Matches { table, patterns: exact, within: Within::Unindexed });
        }
    }
    query
}

/// As [`search`], among so few rows that each of them is better looked at than the index.
pub fn search_among_few<Q: FilterDsl<Matches, Output = Q>>(
    query: Q,
    table: &'static str,
    words: &Words,
    spelling: Spelling,
) -> Q {
    if words.words.is_empty() {
        return search(query, table, words, spelling);
    }
    let exact = words.patterns(spelling).map(|patterns| patterns.exact);
    exact.fold(query, |query, patterns| query.filter(Matches { table, patterns, within: Within::Unindexed }))
}

/// Keeps the rows in which every word occurs in what does not belong to persons: for callers who may not see them.
pub fn without_persons<Q: FilterDsl<Matches, Output = Q>>(
    query: Q,
    table: &'static str,
    words: &Words,
    spelling: Spelling,
) -> Q {
    let exact = words.patterns(spelling).map(|patterns| patterns.exact);
    exact.fold(query, |query, patterns| query.filter(Matches { table, patterns, within: Within::OwnPart }))
}

/// Where words are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    /// In all that the column has, by its index.
    All,
    /// In all that the column has, without its index: for few rows.
    Unindexed,
    /// In what does not belong to persons. It has no index, so it only narrows what was found.
    OwnPart,
}

/// The condition that the `search` column of a table matches one of several patterns.
#[derive(Debug)]
pub struct Matches {
    table: &'static str,
    patterns: Vec<String>,
    within: Within,
}

impl QueryFragment<Pg> for Matches {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let (before, behind) = match self.within {
            Within::All => ("", ""),
            // An expression has no index.
            Within::Unindexed => ("(", " || '')"),
            Within::OwnPart => ("regexp_replace(", r", '\|[^|]*$', '')"),
        };
        out.push_sql(before);
        out.push_identifier(self.table)?;
        out.push_sql(".search");
        out.push_sql(behind);
        match self.patterns.as_slice() {
            [pattern] => {
                out.push_sql(" LIKE ");
                out.push_bind_param::<Text, _>(pattern)
            }
            _ => {
                out.push_sql(" LIKE ANY(");
                out.push_bind_param::<Array<Text>, _>(&self.patterns)?;
                out.push_sql(")");
                Ok(())
            }
        }
    }
}

impl Expression for Matches {
    type SqlType = Bool;
}
impl<QS> AppearsOnTable<QS> for Matches {}
impl<GB> ValidGrouping<GB> for Matches {
    type IsAggregate = is_aggregate::No;
}
impl QueryId for Matches {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

#[cfg(test)]
mod tests {
    use super::{Spelling, Words, Written};
    use crate::values::{PhoneRegion, from_region};

    fn patterns(text: &str) -> Vec<Vec<String>> {
        let words = from_region(Some(PhoneRegion::RU), || Words::read(&Written::parse(text).unwrap()));
        words.patterns(Spelling::AsWritten).map(|patterns| patterns.exact).collect()
    }

    #[test]
    fn words_are_looked_for_by_their_stems() {
        assert_eq!(patterns("ромашку")[0][0], "%romashk%");
        assert_eq!(patterns("алёшина")[0][0], "%aleshin%");
        assert_eq!(patterns("hjvfirf")[0][1], "%romashk%");
        assert_eq!(patterns("ab"), [["% ab%", "% fi%"]]);
        assert_eq!(patterns("ю")[0][0], "% iu%");
        assert_eq!(patterns("3"), [["% 3 %"]]);
    }

    #[test]
    fn a_word_that_is_nearly_a_frequent_one_is_taken_for_it() {
        let frequent = ["romanovich", "hilton", "hiltons", "moskva"].map(str::to_owned);
        let nearly = |text: &str| {
            let words = Words::read(&Written::parse(text).unwrap()).corrected(&frequent);
            words.patterns(Spelling::Nearly).map(|patterns| patterns.exact).collect::<Vec<_>>()
        };
        assert_eq!(nearly("ромаович"), [["% romanovich%"]]);
        assert_eq!(nearly("hiltan"), [["% hilton%", "% hiltons%"]]);
        // What is frequent itself is right.
        assert_eq!(nearly("романович"), patterns("романович"));
        // Of other words, all that they may be is looked for.
        assert!(nearly("ромашка")[0].len() > 10);
    }

    #[test]
    fn legal_forms_are_set_aside_beside_a_name() {
        for text in ["ООО ромашка", "ромашка ооо", "ромашка LLC"] {
            assert_eq!(patterns(text).len(), 1, "{text}");
        }
        assert_eq!(patterns("ООО").len(), 1);
    }

    #[test]
    fn numbers_are_found_in_any_spelling() {
        for text in ["8 (495) 123-45-67", "+7 495 123 45 67", "84951234567", "+74951234567"] {
            assert_eq!(patterns(text)[0][0], "%74951234567%", "{text}");
        }
        assert_eq!(patterns("123-45-67"), [["%1234567%"]]);
        assert_eq!(patterns("770708"), [["%770708%"]]);
    }

    #[test]
    fn the_index_is_asked_for_what_tells_most() {
        for (form, part) in [
            ("romashka", "romashka"),
            ("ofice romashka eksample", "romashka"),
            ("ofice vasoprisistems 542659 eksample", "542659"),
            ("romashka eksample", "romashka"),
            ("nikolaevich", "kolaevi"),
            (" nikolaev", "nikolaev"),
            ("ab c", "ab c"),
            ("", ""),
        ] {
            assert_eq!(super::telling(form), part, "{form}");
        }
    }

    #[test]
    fn what_has_no_letter_or_digit_finds_nothing() {
        for text in ["%", "_", "\\", "'", "— …"] {
            assert!(patterns(text).is_empty(), "{text}");
        }
    }
}
