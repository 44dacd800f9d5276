//! One-time tokens that set a password. They are stored as a digest, at most one for each user, and work once and not
//! for long.

use chrono::Duration;
use diesel::{BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::sessions::digest_of;
use crate::{
    access::{Role, UserId},
    audit,
    change::{Origin, Tx},
    db::schema::{password_resets, users},
    error::{Error, Result},
    mail::Letter,
    secrets,
    values::{Email, Instant, Invalid, Say},
};

/// How long a new user has to set the first password.
const FIRST: Duration = Duration::hours(24);
/// How long a user has to set another one.
const AGAIN: Duration = Duration::hours(1);

/// A token just made.
pub struct Issued {
    /// 256 random bits, which are stored nowhere.
    pub token: String,
    /// Until when it is good.
    pub expires_at: Instant,
    /// Whether it is for the user's first password.
    pub is_first: bool,
}

impl Issued {
    /// The letter that brings it to `email`.
    pub fn letter(self, email: &Email) -> Letter {
        let Self { token, expires_at, is_first } = self;
        Letter::Reset { to: email.as_str().to_owned(), token, expires_at, is_first }
    }
}

/// Makes a token for `user`. An earlier one becomes worthless (ASVS 6.4.1).
///
/// # Errors
/// When the database fails.
pub async fn issue(db: &mut AsyncPgConnection, user: UserId, now: Instant) -> Result<Issued> {
    let is_first = users::table.find(user).select(users::password_hash.is_null()).first(db).await?;
    let token = secrets::random_text::<32>()?;
    let expires_at = now.after(if is_first { FIRST } else { AGAIN });
    let made = (
        password_resets::token_hash.eq(digest_of(&token)),
        password_resets::created_at.eq(now),
        password_resets::expires_at.eq(expires_at),
    );
    diesel::insert_into(password_resets::table)
        .values((password_resets::user_id.eq(user), made.clone()))
        .on_conflict(password_resets::user_id)
        .do_update()
        .set(made)
        .execute(db)
        .await?;
    Ok(Issued { token, expires_at, is_first })
}

/// Makes the token of `user` worthless, when there is one.
///
/// # Errors
/// When the database fails.
pub async fn withdraw(db: &mut AsyncPgConnection, user: UserId) -> Result<()> {
    diesel::delete(password_resets::table.find(user)).execute(db).await?;
    Ok(())
}

/// The user that `token` was made for, as long as the token is good.
///
/// # Errors
/// 422 at `/token`.
pub async fn find(db: &mut AsyncPgConnection, token: &str, now: Instant) -> Result<UserId> {
    let user = password_resets::table
        .filter(password_resets::token_hash.eq(digest_of(token)))
        .filter(password_resets::expires_at.gt(now))
        .select(password_resets::user_id)
        .first(db)
        .await
        .optional()?;
    user.ok_or_else(worthless)
}

/// Spends `token` of `user`. Of several requests at the same time, only one succeeds.
///
/// # Errors
/// 422 at `/token`.
pub async fn spend(db: &mut AsyncPgConnection, user: UserId, token: &str, now: Instant) -> Result<()> {
    let spent = diesel::delete(password_resets::table.find(user))
        .filter(password_resets::token_hash.eq(digest_of(token)))
        .filter(password_resets::expires_at.gt(now))
        .execute(db)
        .await?;
    if spent == 1 { Ok(()) } else { Err(worthless()) }
}

/// The active user with this address. A supervisor who has no password yet is left out: the first link to a supervisor needs
/// a second one's consent.
///
/// # Errors
/// When the database fails.
async fn user_of(db: &mut AsyncPgConnection, email: &Email) -> Result<Option<UserId>> {
    let user = users::table.filter(users::email.eq(email)).filter(users::status.eq("active"));
    let user = user.filter(users::password_hash.is_not_null().or(users::role.ne(Role::Supervisor))).select(users::id);
    Ok(user.first(db).await.optional()?)
}

/// The letter with a token for the active user with this address, who has forgotten the password; none when there is no
/// such user. `origin` asked for it.
///
/// # Errors
/// When the database fails.
pub async fn answer_forgotten(tx: &mut Tx<'_>, email: &Email, origin: &Origin) -> Result<Option<Letter>> {
    let Some(user) = user_of(tx, email).await? else { return Ok(None) };
    let now = tx.now();
    let letter = issue(tx, user, now).await?.letter(email);
    audit::reset_requested(tx, user, origin).await?;
    Ok(Some(letter))
}

/// The same answer whether a token is unknown, used, replaced or expired.
pub fn worthless() -> Error {
    let say = Say::new(
        "This token is unknown, already used or expired. Ask for another.",
        "Этот токен неизвестен, уже использован или истёк. Запросите другой.",
    );
    Error::field("/token", Invalid::Rule("invalid_token", say))
}
