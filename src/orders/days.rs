//! Which days and times an order can have: none that is past, and none that nobody will live to see.

use chrono::{Days, Duration};

use super::model::OrderTerms;
use crate::{
    change::Tx,
    error::{Error, FieldError, Result},
    values::{Day, Instant, Invalid, Say},
};

/// How far ahead the latest day is.
const YEARS_AHEAD: u64 = 10;

/// Refuses a time to be done by that is past or too far ahead.
///
/// # Errors
/// 422 at `/due_at`.
pub fn refuse_due(tx: &Tx<'_>, due_at: Instant) -> Result<()> {
    let latest = tx.now().after(Duration::days(365 * YEARS_AHEAD.cast_signed()));
    let wrong = match () {
        () if due_at <= tx.now() => {
            Invalid::Rule("not_in_future", Say::new("Must be in the future.", "Должно быть в будущем."))
        }
        () if due_at > latest => too_far(),
        () => return Ok(()),
    };
    Err(Error::field("/due_at", wrong))
}

/// Refuses a day of delivery that is past or too far ahead, unless the order had it before.
///
/// # Errors
/// 422 at `/requested_delivery_on`.
pub fn refuse_delivery(today: Day, before: Option<&OrderTerms>, after: &OrderTerms) -> Result<()> {
    let Some(day) = after.requested_delivery_on else { return Ok(()) };
    if before.is_some_and(|before| before.requested_delivery_on == Some(day)) {
        return Ok(());
    }
    let latest = today.date().checked_add_days(Days::new(365 * YEARS_AHEAD));
    let wrong = match () {
        () if day < today => Invalid::TooSmall(today.to_string()),
        () if latest.is_some_and(|latest| day.date() > latest) => too_far(),
        () => return Ok(()),
    };
    Err(Error::fields(vec![FieldError::new("/requested_delivery_on", wrong)]))
}

fn too_far() -> Invalid {
    let say =
        Say::new(format!("At most {YEARS_AHEAD} years ahead."), format!("Не более чем на {YEARS_AHEAD} лет вперёд."));
    Invalid::Rule("too_far_ahead", say)
}
