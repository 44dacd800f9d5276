//! Instants and days that the domain accepts: 1900 to 2199.

use std::borrow::Cow;

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, SubsecRound, Timelike, Utc};
use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::Pg,
    serialize::{self, Output, ToSql},
    sql_types,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type},
};

use crate::values::Invalid;

const YEARS: std::ops::Range<i32> = 1900..2200;

/// A moment in UTC, to the microsecond as in Postgres; RFC 3339 in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = sql_types::Timestamptz)]
pub struct Instant(DateTime<Utc>);

impl Instant {
    /// The moment for chrono's arithmetic.
    pub fn utc(self) -> DateTime<Utc> {
        self.0
    }

    /// The day of the moment in a time zone.
    pub fn day_in(self, zone: chrono_tz::Tz) -> Day {
        Day(self.0.with_timezone(&zone).date_naive())
    }

    /// The day of the moment, in UTC.
    pub fn day(self) -> Day {
        Day(self.0.date_naive())
    }

    /// The moment as RFC 3339, with a fraction of three or six digits unless it is a whole second. The text is the same
    /// as chrono's, but takes a tenth of the time; a page has a hundred of them.
    fn text(self) -> String {
        let (day, time) = (self.0.date_naive(), self.0.time());
        let is_leap = time.nanosecond() >= 1_000_000_000;
        let year = u32::try_from(day.year()).ok().filter(|year| *year <= 9999 && !is_leap);
        let Some(year) = year else { return self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true) };
        let mut text = String::with_capacity("2026-11-24T09:30:00.000000Z".len());
        push_digits(&mut text, year, 4);
        for (mark, number) in
            [('-', day.month()), ('-', day.day()), ('T', time.hour()), (':', time.minute()), (':', time.second())]
        {
            text.push(mark);
            push_digits(&mut text, number, 2);
        }
        match time.nanosecond() / 1000 {
            0 => {}
            micros if micros % 1000 == 0 => {
                text.push('.');
                push_digits(&mut text, micros / 1000, 3);
            }
            micros => {
                text.push('.');
                push_digits(&mut text, micros, 6);
            }
        }
        text.push('Z');
        text
    }

    /// The moment that is `duration` later, or this moment if the later one cannot be represented.
    #[must_use]
    pub fn after(self, duration: chrono::Duration) -> Self {
        self.0.checked_add_signed(duration).map_or(self, Self)
    }
}

/// Writes the last `count` digits of `number`.
fn push_digits(text: &mut String, number: u32, count: u32) {
    for place in (0..count).rev() {
        text.push(char::from_digit(number / 10_u32.pow(place) % 10, 10).unwrap_or_default());
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl From<DateTime<Utc>> for Instant {
    fn from(moment: DateTime<Utc>) -> Self {
        Self(moment.trunc_subsecs(6))
    }
}

impl std::str::FromStr for Instant {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        DateTime::parse_from_rfc3339(text)
            .map(|moment| moment.with_timezone(&Utc))
            .ok()
            .filter(|moment| YEARS.contains(&moment.year()))
            .map(Self::from)
            .ok_or(Invalid::Instant)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl ToSql<sql_types::Timestamptz, Pg> for Instant {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<sql_types::Timestamptz, Pg>::to_sql(&self.0, out)
    }
}

impl FromSql<sql_types::Timestamptz, Pg> for Instant {
    fn from_sql(bytes: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        <DateTime<Utc> as FromSql<sql_types::Timestamptz, Pg>>::from_sql(bytes).map(Self)
    }
}

/// The same years, as a text begins with them.
const BEGINNING: &str = "^(19|2[01])[0-9]{2}-";

impl PartialSchema for Instant {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("A moment between 1900 and 2199 (RFC 3339), to the microsecond; answered in UTC."))
            .pattern(Some(BEGINNING))
            .examples(["2026-11-24T09:30:00Z"])
            .into()
    }
}

impl ToSchema for Instant {
    fn name() -> Cow<'static, str> {
        "Instant".into()
    }
}

/// A day of the calendar: `YYYY-MM-DD` in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, AsExpression, FromSqlRow)]
#[diesel(sql_type = sql_types::Date)]
#[serde(transparent)]
pub struct Day(NaiveDate);

impl Day {
    /// The day for chrono's arithmetic.
    pub fn date(self) -> NaiveDate {
        self.0
    }

    /// The moment that the day begins, in UTC.
    pub fn start(self) -> Instant {
        Instant(self.0.and_time(chrono::NaiveTime::MIN).and_utc())
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl From<NaiveDate> for Day {
    fn from(date: NaiveDate) -> Self {
        Self(date)
    }
}

impl std::str::FromStr for Day {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let padded = text.len() == 10;
        NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .ok()
            .filter(|day| padded && YEARS.contains(&day.year()))
            .map(Self)
            .ok_or(Invalid::Date)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl ToSql<sql_types::Date, Pg> for Day {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<sql_types::Date, Pg>::to_sql(&self.0, out)
    }
}

impl FromSql<sql_types::Date, Pg> for Day {
    fn from_sql(bytes: <Pg as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        <NaiveDate as FromSql<sql_types::Date, Pg>>::from_sql(bytes).map(Self)
    }
}

impl PartialSchema for Day {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
            .description(Some("A day between 1900 and 2199, as YYYY-MM-DD."))
            .pattern(Some(BEGINNING))
            .examples(["2026-11-24"])
            .into()
    }
}

impl ToSchema for Day {
    fn name() -> Cow<'static, str> {
        "Day".into()
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::{Day, Instant};

    proptest! {
        #[test]
        fn instants_are_written_as_chrono_writes_them(micros in -400_000_000_000_000_000_i64..400_000_000_000_000_000, fine in 0..3_u32) {
            let coarse = [1, 1000, 1_000_000][fine as usize];
            let moment = DateTime::from_timestamp_micros(micros / coarse * coarse).unwrap();
            prop_assert_eq!(serde_json::to_value(Instant(moment)).unwrap(), serde_json::to_value(moment).unwrap());
        }
    }

    #[test]
    fn instants_and_days_have_bounds() {
        assert!("2026-11-24T10:00:00+03:00".parse::<Instant>().is_ok());
        for wrong in ["2026-11-24", "2026-11-24T10:00:00", "1899-12-31T23:59:59Z", "2200-01-01T00:00:00Z", "now"] {
            assert!(wrong.parse::<Instant>().is_err(), "{wrong}");
        }
        assert!("2024-02-29".parse::<Day>().is_ok());
        for wrong in ["2023-02-29", "2023-2-9", "9999-01-01", "2023-02-09T00:00:00Z", ""] {
            assert!(wrong.parse::<Day>().is_err(), "{wrong}");
        }
    }
}
