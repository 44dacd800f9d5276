//! How likely two clients are one, by what they have in common.

/// How many letters of two names may differ, for names of at least so many letters. A letter of one alphabet may be two of the other.
const DIFFERING: [(usize, usize); 2] = [(14, 2), (5, 1)];
/// What makes a name in another town less telling.
const ELSEWHERE: i16 = 25;
/// Pairs that are less likely are not worth to be looked through by somebody.
const WORTH: i16 = 50;

/// How likely clients that have this in common are one, 1 to 100.
pub fn score(matched: &[String]) -> i16 {
    let weight = |matched: &String| match matched.as_str() {
        "tax_id" => 95,
        "phone" | "email" => 85,
        "name" => 70,
        "similar_name" => 60,
        _ => 55,
    };
    let others = i16::try_from(matched.len()).unwrap_or(i16::MAX).saturating_sub(1).min(3);
    (matched.iter().map(weight).max().unwrap_or(1) + others * 5).min(100)
}

/// As [`score`], of clients of whom it is known whether they are in one town; `None` when it is too little.
pub fn score_of_pair(matched: &[String], same_city: Option<bool>) -> Option<i16> {
    let only_by_name =
        !matched.iter().any(|matched| ["tax_id", "phone", "email", "domain"].contains(&matched.as_str()));
    let elsewhere = if only_by_name && same_city == Some(false) { ELSEWHERE } else { 0 };
    Some(score(matched) - elsewhere).filter(|score| *score >= WORTH)
}

/// Whether two names without their legal forms, as they are searched, are one with a slip of the pen.
pub fn is_slip(name: &str, other: &str) -> bool {
    let shorter = name.chars().count().min(other.chars().count());
    let allowed = DIFFERING.iter().find(|(letters, _)| shorter >= *letters).map_or(0, |(_, allowed)| *allowed);
    strsim::osa_distance(name, other) <= allowed
}

#[cfg(test)]
mod tests {
    use super::{is_slip, score_of_pair};

    #[test]
    fn slips_are_told_from_other_names() {
        for (name, other) in [
            ("romashka", "ramashka"),
            ("romashka", "romahska"),
            ("terologaservis", "teroshogaservis"),
            ("vegastroi", "vegostroi"),
        ] {
            assert!(is_slip(name, other), "{name} {other}");
        }
        for (name, other) in [("romashka", "rumoshka"), ("doseseservis", "dosipoveservis"), ("vega", "viga")] {
            assert!(!is_slip(name, other), "{name} {other}");
        }
    }

    #[test]
    fn a_name_in_another_town_is_not_enough() {
        let pair = |matched: &[&str], same_city| {
            score_of_pair(&matched.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>(), same_city)
        };
        assert_eq!(pair(&["tax_id"], Some(false)), Some(95));
        assert_eq!(pair(&["name", "city"], Some(true)), Some(75));
        assert_eq!(pair(&["name"], None), Some(70));
        assert_eq!(pair(&["name"], Some(false)), None);
        assert_eq!(pair(&["name", "contact"], Some(false)), Some(50));
        assert_eq!(pair(&["similar_name", "city"], Some(true)), Some(65));
        assert_eq!(pair(&["domain"], Some(false)), Some(55));
    }
}
