//! When a planned interaction is due: before now, today, or later. Today is the current day in the caller's time zone.

use std::ops::Range;

use chrono::{DateTime, Days, Duration, NaiveDate, NaiveTime, TimeZone as _, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::values::Instant;

/// Which planned interactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Due {
    /// Those whose time has passed.
    Overdue,
    /// Those of the current day, passed or not.
    Today,
    /// Those after the current day.
    Upcoming,
}

/// The moments of a [`Due`]: from, inclusive, and to, exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first moment; `None` when the window has no beginning.
    pub from: Option<Instant>,
    /// The moment after the last one; `None` when the window has no end.
    pub to: Option<Instant>,
}

impl Due {
    /// The moments that this covers at `now` in the time zone `zone`.
    pub fn window(self, now: Instant, zone: Tz) -> Window {
        let day = day_of(now.utc(), zone);
        match self {
            Self::Overdue => Window { from: None, to: Some(now) },
            Self::Today => Window { from: Some(day.start.into()), to: Some(day.end.into()) },
            Self::Upcoming => Window { from: Some(day.end.into()), to: None },
        }
    }
}

/// The calendar day of `zone` that `now` is in.
fn day_of(now: DateTime<Utc>, zone: Tz) -> Range<DateTime<Utc>> {
    let today = now.with_timezone(&zone).date_naive();
    let tomorrow = today.checked_add_days(Days::new(1)).unwrap_or(today);
    start_of(today, zone)..start_of(tomorrow, zone)
}

/// The first moment of `day`. Where the clock is put forward at midnight, the day begins later than 00:00; where a day
/// was left out of the calendar altogether, it begins and ends with the next one.
fn start_of(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    let mut quarters = (0..=4 * 24).map(|quarter| midnight + Duration::minutes(15 * quarter));
    let first = quarters.find_map(|local| zone.from_local_datetime(&local).earliest());
    first.map_or_else(|| midnight.and_utc(), |moment| moment.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Duration, Utc};
    use chrono_tz::{TZ_VARIANTS, Tz};
    use proptest::{prelude::*, sample::select};

    use super::{Due, Window, day_of};
    use crate::values::Instant;

    fn today(now: &str, zone: &str) -> (String, String) {
        let day = day_of(now.parse().unwrap(), zone.parse().unwrap());
        (day.start.to_rfc3339(), day.end.to_rfc3339())
    }

    fn of(start: &str, end: &str) -> (String, String) {
        (format!("{start}+00:00"), format!("{end}+00:00"))
    }

    #[test]
    fn a_day_is_of_the_callers_clock() {
        let now = "2026-11-24T22:30:00Z";
        assert_eq!(today(now, "UTC"), of("2026-11-24T00:00:00", "2026-11-25T00:00:00"));
        assert_eq!(today(now, "Europe/Moscow"), of("2026-11-24T21:00:00", "2026-11-25T21:00:00"));
        assert_eq!(today(now, "America/New_York"), of("2026-11-24T05:00:00", "2026-11-25T05:00:00"));
    }

    #[test]
    fn a_day_is_longer_or_shorter_when_the_clock_is_put_back_or_forward() {
        assert_eq!(today("2026-10-25T12:00:00Z", "Europe/Berlin"), of("2026-10-24T22:00:00", "2026-10-25T23:00:00"));
        assert_eq!(today("2026-03-29T12:00:00Z", "Europe/Berlin"), of("2026-03-28T23:00:00", "2026-03-29T22:00:00"));
        // São Paulo put its clock forward at midnight: the day began at one.
        assert_eq!(
            today("2018-11-04T12:00:00Z", "America/Sao_Paulo"),
            of("2018-11-04T03:00:00", "2018-11-05T02:00:00")
        );
    }

    fn within(window: Window, moment: Instant) -> bool {
        window.from.is_none_or(|from| moment >= from) && window.to.is_none_or(|to| moment < to)
    }

    proptest! {
        #[test]
        fn now_is_today_and_what_is_planned_is_due_once(
            zone in select(TZ_VARIANTS.to_vec()),
            seconds in 0_i64..7_000_000_000,
            ahead in 0_i64..30 * 86_400,
        ) {
            let zone: Tz = zone;
            let now: Instant = DateTime::<Utc>::from_timestamp(seconds, 0).unwrap().into();
            prop_assert!(within(Due::Today.window(now, zone), now));
            prop_assert!(!within(Due::Overdue.window(now, zone), now));
            let later = now.after(Duration::seconds(ahead));
            let today = within(Due::Today.window(now, zone), later);
            prop_assert_ne!(today, within(Due::Upcoming.window(now, zone), later));
        }
    }
}
