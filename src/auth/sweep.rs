//! Deletes what sign-ins leave behind, once its time is over.

use diesel::ExpressionMethods;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::throttle;
use crate::{
    db::schema::{password_resets, sessions, sign_in_failures},
    error::Result,
    users::consent,
    values::Instant,
};

/// Deletes counts of failed sign-ins, sessions, consents, and tokens that set a password, when their time is over.
///
/// # Errors
/// When the database fails.
pub async fn sweep(db: &mut AsyncPgConnection, now: Instant) -> Result<()> {
    diesel::delete(sign_in_failures::table).filter(sign_in_failures::window_ends_at.le(now)).execute(db).await?;
    throttle::sweep(db, now).await?;
    diesel::delete(sessions::table).filter(sessions::expires_at.le(now)).execute(db).await?;
    consent::sweep(db, now).await?;
    diesel::delete(password_resets::table).filter(password_resets::expires_at.le(now)).execute(db).await?;
    Ok(())
}
