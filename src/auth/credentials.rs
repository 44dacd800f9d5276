//! What others may do about how a user signs in: reset passwords and lost second factors.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper};
use diesel_async::RunQueryDsl;

use super::{
    reset::{self, Issued},
    second_factor, throttle,
};
use crate::{
    access::{Role, Scope, Update, UserId},
    change::{Tx, lock},
    db::schema::users,
    error::{Error, ProblemType, Result},
    http::IfMatch,
    sessions,
    users::{
        User, UserStatus,
        consent::{self, Deed},
        grow,
    },
};

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
    reset::withdraw(tx, before.id).await?;
    throttle::forget_streak(tx, email).await?;
    let after = grow(tx, &before, "password_reset").await?;
    sessions::end_unrecorded(tx, after.id).await
}

/// Makes a one-time token with which the user `id` sets a password. Their current password works until then.
///
/// # Errors
/// 403 for the caller's own account, and for a supervisor without a second one's consent, 409 for a user who is blocked.
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
    if before.terms.role == Role::Supervisor {
        let deed = if has_password(tx, id).await? { Deed::TakeOver } else { Deed::MakeSupervisor };
        consent::require(tx, &before, deed).await?;
    }
    let now = tx.now();
    let issued = reset::issue(tx, id, now).await?;
    let after = grow(tx, &before, "password_reset_started").await?;
    Ok((after, issued))
}

/// Removes the second factor that the user `id` has lost, and ends their sessions.
///
/// # Errors
/// 403 for the caller's own account, and for a supervisor without a second one's consent, 409 for a user who has none.
pub async fn reset_second_factor(
    tx: &mut Tx<'_>,
    scope: &Scope<User, Update>,
    id: UserId,
    seen: &IfMatch,
) -> Result<User> {
    let before = lock(tx, scope, id, seen).await?;
    refuse_own(tx, id)?;
    if before.terms.role == Role::Supervisor {
        consent::require(tx, &before, Deed::TakeOver).await?;
    }
    if !second_factor::remove(tx, id).await? {
        return Err(Error::transition("off", &[]));
    }
    sessions::end_unrecorded(tx, id).await?;
    // A password that is too short without a second factor is removed; the user sets another through a link.
    diesel::update(users::table.find(id))
        .filter(users::password_is_long.eq(false))
        .set(users::password_hash.eq(None::<String>))
        .execute(&mut **tx)
        .await?;
    grow(tx, &before, "second_factor_reset").await
}

async fn has_password(tx: &mut Tx<'_>, id: UserId) -> Result<bool> {
    Ok(users::table.find(id).select(users::password_hash.is_not_null()).first(&mut **tx).await?)
}

/// Someone who has stolen a supervisor's session must not be able to reset that supervisor's own password or second
/// factor.
fn refuse_own(tx: &Tx<'_>, id: UserId) -> Result<()> {
    if tx.user_id() != Some(id) {
        return Ok(());
    }
    Err(Error::new(ProblemType::Forbidden).detail(
        "For yourself, use PUT /v1/me/password and DELETE /v1/me/second-factor.",
        "Для себя используйте `PUT /v1/me/password` и `DELETE /v1/me/second-factor`.",
    ))
}
