//! Where callers work: what "today" means to them, and in which language the server speaks to them.

use chrono_tz::Tz;
use diesel::QueryDsl;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::{
    db::schema::organization,
    error::{Error, Result},
    values::{Language, TimeZone},
};

/// A time zone and a language: the organisation's, or a user's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Locale {
    /// The time zone of their days.
    pub zone: Tz,
    /// The language of what they read.
    pub language: Language,
}

impl Default for Locale {
    fn default() -> Self {
        Self { zone: Tz::UTC, language: Language::En }
    }
}

/// The organisation's time zone and language.
///
/// # Errors
/// When the database fails.
pub async fn load_locale(mut db: &AsyncPgConnection) -> Result<Locale> {
    let (zone, language): (TimeZone, Language) =
        organization::table.select((organization::timezone, organization::language)).first(&mut db).await?;
    Ok(Locale { zone: zone_of(&zone)?, language })
}

/// The time zone of a checked name.
///
/// # Errors
/// When the database of time zones no longer has it.
pub fn zone_of(name: &TimeZone) -> Result<Tz> {
    name.as_str().parse().map_err(Error::internal)
}
