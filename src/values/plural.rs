//! The form of a word beside a number, by the plural rules of CLDR.

use icu_plurals::{PluralCategory, PluralRules};

use super::Language;

/// A word beside a number in one language: beside one thing, beside few of them, and beside many. English has the same
/// form for few and for many.
pub type Forms = [&'static str; 3];

/// The number with the right form of its word.
pub fn counted(language: Language, count: u64, [one, few, many]: Forms) -> String {
    let form = match category(language, count) {
        PluralCategory::One => one,
        PluralCategory::Few => few,
        _ => many,
    };
    format!("{count} {form}")
}

fn category(language: Language, count: u64) -> PluralCategory {
    let locale = match language {
        Language::En => icu_locale_core::locale!("en"),
        Language::Ru => icu_locale_core::locale!("ru"),
    };
    PluralRules::try_new_cardinal(locale.into()).map_or(PluralCategory::Other, |rules| rules.category_for(count))
}

#[cfg(test)]
mod tests {
    use super::{Language, counted};

    #[test]
    fn each_number_has_its_form() {
        let english = |count| counted(Language::En, count, ["box", "boxes", "boxes"]);
        let russian = |count| counted(Language::Ru, count, ["ящик", "ящика", "ящиков"]);
        for (count, en, ru) in [
            (0, "0 boxes", "0 ящиков"),
            (1, "1 box", "1 ящик"),
            (2, "2 boxes", "2 ящика"),
            (5, "5 boxes", "5 ящиков"),
            (11, "11 boxes", "11 ящиков"),
            (21, "21 boxes", "21 ящик"),
            (200, "200 boxes", "200 ящиков"),
        ] {
            assert_eq!((english(count), russian(count)), (en.to_owned(), ru.to_owned()));
        }
    }
}
