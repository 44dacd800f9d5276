//! Where callers work: what "today" and a telephone number without a country mean to them, and in which language the
//! server speaks to them.

use chrono_tz::Tz;
use diesel::QueryDsl;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::{
    db::schema::organization,
    error::{Error, Result},
    values::{CountryCode, Language, PhoneRegion, TimeZone},
};

/// The organisation's time zone, language and region, with a user's own time zone and language in their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Locale {
    /// The time zone of their days.
    pub zone: Tz,
    /// The language of what they read.
    pub language: Language,
    /// The organisation's region: telephone numbers without a country code are numbers of it.
    pub phone_region: Option<PhoneRegion>,
}

impl Default for Locale {
    fn default() -> Self {
        Self { zone: Tz::UTC, language: Language::En, phone_region: None }
    }
}

/// What the organisation says of itself.
///
/// # Errors
/// When the database fails.
pub async fn load_locale(mut db: &AsyncPgConnection) -> Result<Locale> {
    let columns = (organization::timezone, organization::language, organization::phone_region);
    let (zone, language, region): (TimeZone, Language, CountryCode) =
        organization::table.select(columns).first(&mut db).await?;
    Ok(Locale { zone: zone_of(&zone)?, language, phone_region: region.as_str().parse().ok() })
}

/// The time zone of a checked name.
///
/// # Errors
/// When the database of time zones no longer has it.
pub fn zone_of(name: &TimeZone) -> Result<Tz> {
    name.as_str().parse().map_err(Error::internal)
}
