//! How users sign in, as others see to it: first passwords, resets and lost second factors.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper};
use diesel_async::RunQueryDsl;

use super::{
    model::{User, UserStatus},
    queries::lock,
};
use crate::{
    access::{Scope, Update, UserId},
    auth::{self, Issued, second_factor},
    change::Tx,
    db::schema::users,
    error::{Error, ProblemType, Result},
    http::IfMatch,
};

/// What a new user signs in with.
pub enum FirstPassword {
    /// Nothing yet: a one-time token will set it.
    None,
    /// The hash of a generated password, which the user must change before anything else.
    Temporary(String),
    /// The hash of a password that stays.
    Lasting(String),
}

impl FirstPassword {
    /// The hash, to be kept.
    pub fn hash(self) -> Option<String> {
        match self {
            Self::None => None,
            Self::Temporary(hash) | Self::Lasting(hash) => Some(hash),
        }
    }
}

/// Records that `action` changed how `id` signs in; their row is locked until the transaction ends.
///
/// # Errors
/// 404 when the user is gone.
pub async fn sign_in_changed(tx: &mut Tx<'_>, id: UserId, action: &'static str) -> Result<User> {
    let before = users::table
        .find(id)
        .select(User::as_select())
        .for_no_key_update()
        .first(&mut **tx)
        .await
        .optional()?
        .ok_or_else(Error::not_found)?;
    grow(tx, &before, action).await
}

/// Gives the user who signs in as `email` a generated password, already hashed, and ends their sessions.
///
/// # Errors
/// 404 when there is no such user within reach.
pub async fn reset_password(
    tx: &mut Tx<'_>,
    scope: &Scope<User, Update>,
    email: &str,
    password_hash: String,
) -> Result<()> {
    let before: User = users::table
        .filter(users::email.eq(email))
        .filter(scope.visible())
        .select(User::as_select())
        .for_no_key_update()
        .first(&mut **tx)
        .await
        .optional()?
        .ok_or_else(Error::not_found)?;
    scope.permit(&before)?;
    let changed = (
        users::password_hash.eq(password_hash),
        users::password_is_long.eq(true),
        users::must_change_password.eq(true),
    );
    diesel::update(users::table.find(before.id)).set(changed).execute(&mut **tx).await?;
    auth::withdraw_reset(tx, before.id).await?;
    auth::forget_streak(tx, email).await?;
    let after = grow(tx, &before, "password_reset").await?;
    let _now = tx.now();
    auth::end_all(tx, after.id).await
}

/// Makes a one-time token with which the user `id` sets a password; their password of now stays good until then.
///
/// # Errors
/// 403 for oneself, 409 for a user who is blocked.
pub async fn start_reset(
    tx: &mut Tx<'_>,
    scope: &Scope<User, Update>,
    id: UserId,
    seen: &IfMatch,
) -> Result<(User, Issued)> {
    let before = lock(tx, scope, id, seen).await?;
    refuse_own(tx, id)?;
    if before.status == UserStatus::Blocked {
        return Err(Error::transition("blocked", &["unblock"]));
    }
    let now = tx.now();
    let issued = auth::issue_reset(tx, id, now).await?;
    let after = grow(tx, &before, "password_reset_started").await?;
    Ok((after, issued))
}

/// Removes the second factor that the user `id` has lost, and ends their sessions.
///
/// # Errors
/// 403 for oneself, 409 for a user who has none.
pub async fn reset_second_factor(
    tx: &mut Tx<'_>,
    scope: &Scope<User, Update>,
    id: UserId,
    seen: &IfMatch,
) -> Result<User> {
    let before = lock(tx, scope, id, seen).await?;
    refuse_own(tx, id)?;
    if !second_factor::remove(tx, id).await? {
        return Err(Error::transition("off", &[]));
    }
    let _now = tx.now();
    auth::end_all(tx, id).await?;
    // What is too short without a second factor is a password no longer: a link sets another.
    diesel::update(users::table.find(id))
        .filter(users::password_is_long.eq(false))
        .set(users::password_hash.eq(None::<String>))
        .execute(&mut **tx)
        .await?;
    grow(tx, &before, "second_factor_reset").await
}

async fn grow(tx: &mut Tx<'_>, before: &User, action: &'static str) -> Result<User> {
    let now = tx.now();
    let after = User { version: before.version + 1, updated_at: now, ..before.clone() };
    let changed = (users::version.eq(after.version), users::updated_at.eq(now));
    diesel::update(users::table.find(after.id)).set(changed).execute(&mut **tx).await?;
    tx.changed(action, before, &after);
    Ok(after)
}

/// Who has only a session of a supervisor must not get at the supervisor's own password or second factor with it.
fn refuse_own(tx: &Tx<'_>, id: UserId) -> Result<()> {
    if tx.caller().is_none_or(|caller| caller.user_id != id) {
        return Ok(());
    }
    Err(Error::new(ProblemType::Forbidden).detail(
        "For yourself, use PUT /v1/me/password and DELETE /v1/me/second-factor.",
        "Для себя используйте PUT /v1/me/password и DELETE /v1/me/second-factor.",
    ))
}
