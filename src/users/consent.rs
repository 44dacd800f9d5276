//! Consent: nobody takes over a supervisor's account alone, or makes somebody a supervisor.

use chrono::Duration;
use diesel::{BoolExpressionMethods, ExpressionMethods, JoinOnDsl, QueryDsl, dsl::exists};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{
    model::{User, UserKind, UserStatus},
    sign_in::grow,
};
use crate::{
    access::{Role, Scope, Update, UserId},
    change::{Tx, lock},
    db::schema::{consents, users},
    error::{Error, ProblemType, Result},
    http::IfMatch,
    values::Instant,
};

/// How long a consent is good.
const GOOD_FOR: Duration = Duration::hours(24);

/// What needs a second supervisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// To change how a supervisor signs in. Without another supervisor who could agree, it is refused.
    TakeOver,
    /// To let somebody work as a supervisor for the first time. An only supervisor does it alone.
    MakeSupervisor,
}

/// Gives the caller's consent that another supervisor takes over the account of the user `id`, or makes them a supervisor.
///
/// # Errors
/// 404, 412, 403 for the caller's own account, 409 for a user who is blocked.
pub async fn give(tx: &mut Tx<'_>, scope: &Scope<User, Update>, id: UserId, seen: &IfMatch) -> Result<User> {
    let before = lock(tx, scope, id, seen).await?;
    let by = tx.user_id().ok_or_else(Error::not_found)?;
    if by == id {
        return Err(Error::new(ProblemType::Forbidden).detail(
            "Nobody consents to the takeover of their own account.",
            "Никто не даёт согласие на передачу собственной учётной записи.",
        ));
    }
    if before.status == UserStatus::Blocked {
        return Err(Error::transition("blocked", &["unblock"]));
    }
    let now = tx.now();
    let lasts = (consents::given_at.eq(now), consents::expires_at.eq(now.after(GOOD_FOR)));
    diesel::insert_into(consents::table)
        .values((consents::user_id.eq(id), consents::given_by.eq(by), lasts))
        .on_conflict((consents::user_id, consents::given_by))
        .do_update()
        .set(lasts)
        .execute(&mut **tx)
        .await?;
    grow(tx, &before, "consented").await
}

/// Uses the consent of another supervisor to this deed, of which `user` is the object. A consent is good for one deed.
///
/// # Errors
/// 403 when there is none but one is needed.
pub async fn require(tx: &mut Tx<'_>, user: &User, deed: Deed) -> Result<()> {
    let Some(caller) = tx.user_id() else { return Ok(()) };
    if caller == user.id || use_up(tx, user.id, caller).await? {
        return Ok(());
    }
    if deed == Deed::MakeSupervisor && !somebody_could(tx, user.id, caller).await? {
        return Ok(());
    }
    Err(Error::new(ProblemType::ConsentRequired))
}

/// Deletes the consents about `user`, and says whether one of them was good for `caller`.
async fn use_up(tx: &mut Tx<'_>, user: UserId, caller: UserId) -> Result<bool> {
    let now = tx.now();
    let good = consents::table
        .inner_join(users::table.on(users::id.eq(consents::given_by)))
        .filter(users::role.eq(Role::Supervisor))
        .filter(users::status.eq(UserStatus::Active))
        .filter(consents::user_id.eq(user))
        .filter(consents::given_by.ne(caller))
        .filter(consents::expires_at.gt(now));
    let is_good: bool = diesel::select(exists(good)).get_result(&mut **tx).await?;
    if is_good {
        diesel::delete(consents::table.filter(consents::user_id.eq(user))).execute(&mut **tx).await?;
    }
    Ok(is_good)
}

/// Whether there is another supervisor, who has signed in before and could consent.
async fn somebody_could(tx: &mut Tx<'_>, user: UserId, caller: UserId) -> Result<bool> {
    let others = users::table
        .filter(users::role.eq(Role::Supervisor))
        .filter(users::kind.eq(UserKind::Person))
        .filter(users::status.eq(UserStatus::Active))
        .filter(users::password_hash.is_not_null())
        .filter(users::id.ne(user).and(users::id.ne(caller)));
    Ok(diesel::select(exists(others)).get_result(&mut **tx).await?)
}

/// Deletes consents whose time is over.
///
/// # Errors
/// When the database fails.
pub async fn sweep(db: &mut AsyncPgConnection, now: Instant) -> Result<()> {
    diesel::delete(consents::table).filter(consents::expires_at.le(now)).execute(db).await?;
    Ok(())
}
