//! How long a contract lasts, and when its next term ends.

use chrono::{Datelike, Days, Months, NaiveDate};

use crate::values::Day;

/// The last day of the term that `today` falls into, when a contract whose first term was from `starts_on` to
/// `initial_ends_on` goes on term after term; `None` past the end of the calendar.
pub fn renewed_until(starts_on: Day, initial_ends_on: Day, today: Day) -> Option<Day> {
    let first = starts_on.date();
    let term = Term::between(first, initial_ends_on.date());
    // Each end is counted from the first day. Counted from the previous end, the 31st would become the 28th for good.
    (2..).map_while(|terms| term.end(first, terms)).find(|end| *end >= today.date()).map(Day::from)
}

/// The length of a term. People mean "a year" by both 1 January to 31 December and 1 January to 1 January.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Term {
    /// Whole months. The last day is `before` days before the same day of a later month.
    Months { months: u32, before: Days },
    /// Any other number of days.
    Days(u64),
}

impl Term {
    fn between(first: NaiveDate, last: NaiveDate) -> Self {
        let whole =
            |before| Some(Self::Months { months: whole_months(first, last.checked_add_days(before)?)?, before });
        whole(Days::new(1)).or_else(|| whole(Days::new(0))).unwrap_or_else(|| {
            let days = last.signed_duration_since(first).num_days();
            Self::Days(days.unsigned_abs() + 1)
        })
    }

    /// The last day of term number `terms`.
    fn end(self, first: NaiveDate, terms: u32) -> Option<NaiveDate> {
        match self {
            Self::Months { months, before } => {
                first.checked_add_months(Months::new(months.checked_mul(terms)?))?.checked_sub_days(before)
            }
            Self::Days(days) => first.checked_add_days(Days::new(days * u64::from(terms) - 1)),
        }
    }
}

/// How many months lie between the two days. `None` unless it is a whole number above zero.
fn whole_months(first: NaiveDate, day: NaiveDate) -> Option<u32> {
    let month = |date: NaiveDate| date.year() * 12 + i32::try_from(date.month0()).unwrap_or_default();
    let months = u32::try_from(month(day) - month(first)).ok().filter(|months| *months > 0)?;
    (first.checked_add_months(Months::new(months))? == day).then_some(months)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Day, renewed_until};

    fn renewed(starts_on: &str, ends_on: &str, today: &str) -> String {
        let day = |text: &str| text.parse::<Day>().unwrap();
        renewed_until(day(starts_on), day(ends_on), day(today)).unwrap().date().to_string()
    }

    #[test]
    fn a_term_of_whole_months_stays_one() {
        assert_eq!(renewed("2026-01-01", "2026-12-31", "2027-01-01"), "2027-12-31");
        assert_eq!(renewed("2027-01-01", "2027-12-31", "2028-01-01"), "2028-12-31");
        assert_eq!(renewed("2026-01-01", "2027-01-01", "2027-01-02"), "2028-01-01");
        assert_eq!(renewed("2026-02-01", "2026-02-28", "2026-03-01"), "2026-03-31");
        assert_eq!(renewed("2026-12-01", "2027-01-31", "2027-02-01"), "2027-03-31");
        assert_eq!(renewed("2027-10-31", "2027-11-29", "2028-02-28"), "2028-02-28");
        assert_eq!(renewed("2027-10-31", "2027-11-29", "2028-02-29"), "2028-03-30");
    }

    #[test]
    fn another_term_is_counted_in_days() {
        assert_eq!(renewed("2026-11-10", "2026-11-19", "2026-11-20"), "2026-11-29");
        assert_eq!(renewed("2026-11-10", "2026-11-10", "2026-11-11"), "2026-11-11");
    }

    #[test]
    fn terms_gone_by_unseen_are_caught_up_with() {
        assert_eq!(renewed("1996-07-01", "1997-06-30", "2026-11-24"), "2027-06-30");
    }

    proptest! {
        #[test]
        fn the_new_end_is_the_first_one_not_past(start in 0_i64..70_000, length in 0_i64..4000, late in 1_i64..20_000) {
            let day = |days: i64| Day::from(chrono::NaiveDate::from_ymd_opt(1900, 1, 1).unwrap() + chrono::Duration::days(days));
            let (first, last) = (day(start), day(start + length));
            let today = day(start + length + late);
            let end = renewed_until(first, last, today).unwrap();
            prop_assert!(end >= today);
            // No term is longer than the first by more than the difference of the months' lengths.
            let over = end.date().signed_duration_since(today.date()).num_days();
            prop_assert!(over <= length + 4, "{first:?} {last:?} {today:?} {end:?}");
        }
    }
}
