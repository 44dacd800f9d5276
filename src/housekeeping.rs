//! What is kept for a while, and thrown away after.

use diesel::ExpressionMethods;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::{
    auth::throttle,
    db::schema::{idempotency_keys, outgoing_mails, password_resets, sessions, sign_in_failures},
    error::Result,
    mail,
    rest::{idempotency, time::Instant},
};

/// Throws away answers of idempotency keys, counts of failed sign-ins, sessions, tokens that set a password and mail that
/// could not be sent, whose time is over. Several servers
/// at once do no harm.
///
/// # Errors
/// The database's.
pub async fn sweep(db: &mut AsyncPgConnection, now: Instant) -> Result<()> {
    diesel::delete(idempotency_keys::table)
        .filter(idempotency_keys::created_at.le(idempotency::kept_since(now)))
        .execute(db)
        .await?;
    diesel::delete(sign_in_failures::table).filter(sign_in_failures::window_ends_at.le(now)).execute(db).await?;
    throttle::sweep(db, now).await?;
    diesel::delete(sessions::table).filter(sessions::expires_at.le(now)).execute(db).await?;
    diesel::delete(password_resets::table).filter(password_resets::expires_at.le(now)).execute(db).await?;
    diesel::delete(outgoing_mails::table)
        .filter(outgoing_mails::created_at.le(mail::kept_since(now)))
        .execute(db)
        .await?;
    Ok(())
}
