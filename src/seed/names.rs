//! Names of companies and persons, and their other spellings.

use super::{
    dice::Dice,
    words::{
        ENGLISH_FIRST_NAMES, ENGLISH_ROOTS, ENGLISH_SURNAMES, ENGLISH_SYLLABLES, ENGLISH_TAILS, RUSSIAN_FIRST_NAMES,
        RUSSIAN_PATRONYMICS, RUSSIAN_ROOTS, RUSSIAN_SURNAMES, RUSSIAN_SYLLABLES, RUSSIAN_TAILS,
    },
};
use crate::list::search::fold;

/// What a company is called without its legal form, and that form.
#[derive(Clone, Debug, PartialEq)]
pub struct Called {
    pub bare: String,
    pub form: &'static str,
    pub is_russian: bool,
}

/// A company's name.
pub fn company(dice: &mut Dice, is_russian: bool) -> Called {
    let bare = match (is_russian, dice.below(100)) {
        (true, 0..60) => format!("{}{}", coined(dice, &RUSSIAN_SYLLABLES), tail(dice, &RUSSIAN_TAILS)),
        (true, 60..85) => {
            let (one, other) = (dice.one(&RUSSIAN_ROOTS), coined(dice, &RUSSIAN_SYLLABLES));
            format!("{one} {other}")
        }
        (true, _) => format!("{} {}", dice.one(&RUSSIAN_TAILS), coined(dice, &RUSSIAN_SYLLABLES)),
        (false, 0..60) => format!("{} {}", coined(dice, &ENGLISH_SYLLABLES), dice.one(&ENGLISH_TAILS)),
        (false, _) => format!("{} {}", dice.one(&ENGLISH_ROOTS), coined(dice, &ENGLISH_SYLLABLES)),
    };
    let forms: &[(&'static str, usize)] = match is_russian {
        true => &[("ООО", 80), ("АО", 12), ("ЗАО", 5), ("ПАО", 3)],
        false => &[("Ltd", 40), ("Inc", 30), ("LLC", 25), ("GmbH", 5)],
    };
    Called { bare, form: dice.weighted(forms), is_russian }
}

/// A made-up word of four or five syllables.
fn coined(dice: &mut Dice, syllables: &[&'static str]) -> String {
    let word: String = (0..4 + dice.below(2)).map(|_| dice.one(syllables)).collect();
    capitalized(&word)
}

fn tail(dice: &mut Dice, tails: &[&'static str]) -> String {
    let tail = dice.one(tails);
    match dice.below(3) {
        0 => tail.to_lowercase(),
        1 => format!("-{tail}"),
        _ => format!(" {tail}"),
    }
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A person's name.
pub fn person(dice: &mut Dice, is_russian: bool) -> String {
    match is_russian {
        true => {
            let (surname, first) = (dice.one(&RUSSIAN_SURNAMES), dice.one(&RUSSIAN_FIRST_NAMES));
            format!("{surname} {first} {}", dice.one(&RUSSIAN_PATRONYMICS))
        }
        false => format!("{} {}", dice.one(&ENGLISH_FIRST_NAMES), dice.one(&ENGLISH_SURNAMES)),
    }
}

impl Called {
    /// The name as it is usually written.
    pub fn usual(&self) -> String {
        let Self { bare, form, is_russian } = self;
        if *is_russian { format!("{form} «{bare}»") } else { format!("{bare} {form}") }
    }

    /// The name as somebody else writes it.
    pub fn otherwise(&self, dice: &mut Dice) -> String {
        let Self { bare, form, is_russian } = self;
        match (is_russian, dice.below(5)) {
            (_, 0) => bare.clone(),
            (true, 1) => format!("{bare}, {form}"),
            (true, 2) => format!("{form} \"{bare}\""),
            (true, 3) => format!("{} {}", transliterated(form), transliterated(bare)),
            (true, _) => format!("{form} {}", bare.to_uppercase()),
            (false, 1) => format!("{form} {bare}"),
            (false, 2) => format!("{bare}, {form}."),
            (false, _) => bare.to_uppercase(),
        }
    }

    /// The same with one wrong letter.
    #[must_use]
    pub fn misspelt(&self, dice: &mut Dice) -> Self {
        Self { bare: misspelt(dice, &self.bare, self.is_russian), ..self.clone() }
    }

    /// What of it can stand in an address.
    pub fn slug(&self) -> String {
        fold(&self.bare).chars().filter(char::is_ascii_alphanumeric).collect()
    }
}

/// `text` in Latin letters, as it is usual in business and not exactly as it is searched.
fn transliterated(text: &str) -> String {
    let latin = |letter: char| match letter {
        'ю' => "yu".to_owned(),
        'я' => "ya".to_owned(),
        'й' => "y".to_owned(),
        'ь' | 'ъ' => String::new(),
        letter if letter.is_alphabetic() => fold(&letter.to_string()),
        letter => letter.to_string(),
    };
    let one = |letter: char| {
        let lower: String = letter.to_lowercase().map(latin).collect();
        if letter.is_uppercase() { capitalized(&lower) } else { lower }
    };
    text.chars().map(one).collect()
}

/// `text` with one letter changed, left out, doubled or swapped with the next: not the first of a word, where people look.
fn misspelt(dice: &mut Dice, text: &str, is_russian: bool) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let inner = |pair: &[char]| matches!(pair, [one, other] if one.is_alphabetic() && other.is_alphabetic());
    let places: Vec<usize> =
        letters.windows(2).enumerate().filter(|(_, pair)| inner(pair)).map(|(at, _)| at + 1).collect();
    let at = dice.one(&places);
    let Some(letter) = letters.get(at).copied() else { return text.to_owned() };
    match dice.below(6) {
        0 => drop(letters.remove(at)),
        1 => letters.insert(at, other_letter(dice, letter, is_russian)),
        2 if letters.get(at + 1).is_some_and(|next| next.is_alphabetic() && *next != letter) => {
            letters.swap(at, at + 1);
        }
        _ => letters.iter_mut().skip(at).take(1).for_each(|letter| *letter = other_letter(dice, *letter, is_russian)),
    }
    letters.into_iter().collect()
}

/// A letter that is often written for another one, or else any.
fn other_letter(dice: &mut Dice, letter: char, is_russian: bool) -> char {
    let lower = letter.to_lowercase().next().unwrap_or(letter);
    let mistaken = [('а', 'о'), ('о', 'а'), ('е', 'и'), ('и', 'е'), ('a', 'e'), ('e', 'a'), ('i', 'e'), ('o', 'u')];
    let usual = mistaken.iter().find(|(right, _)| *right == lower).map(|(_, wrong)| *wrong);
    let other = match usual {
        Some(wrong) if dice.happens(0.7) => wrong,
        _ => {
            let all: Vec<char> =
                if is_russian { "абвгдезиклмнопрстуфш" } else { "abcdefghiklmnoprstuv" }
                    .chars()
                    .filter(|one| *one != lower)
                    .collect();
            dice.one(&all)
        }
    };
    if letter.is_uppercase() { other.to_uppercase().next().unwrap_or(other) } else { other }
}

#[cfg(test)]
mod tests {
    use super::{Called, Dice, fold, transliterated};

    #[test]
    fn other_spellings_are_folded_to_the_same() {
        assert_eq!(transliterated("Юлия-Щука"), "Yuliya-Shchuka");
        let called = Called { bare: "Ромашка".to_owned(), form: "ООО", is_russian: true };
        let mut typed = Vec::new();
        for number in 0..50 {
            typed.push(called.otherwise(&mut Dice::of(1, 0, number)));
            let wrong = called.misspelt(&mut Dice::of(1, 1, number));
            assert_ne!(wrong.bare, called.bare);
            assert!(wrong.bare.starts_with('Р'), "{}", wrong.bare);
        }
        assert!(typed.iter().all(|name| fold(name).contains("romashka")), "{typed:?}");
        for form in ["Ромашка", "Ромашка, ООО", "ООО \"Ромашка\"", "OOO Romashka", "ООО РОМАШКА"]
        {
            assert!(typed.iter().any(|name| name == form), "{form}: {typed:?}");
        }
    }
}
