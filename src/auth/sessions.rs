//! Refresh tokens: opaque, single-use and stored only as a digest. Each is derived from the one before.

use aws_lc_rs::digest;
use chrono::Duration;
use diesel::{ExpressionMethods, JoinOnDsl, OptionalExtension, PgExpressionMethods, QueryDsl};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};

use crate::{
    access::{Callers, Epoch, SessionId, UserId, rights_epoch},
    audit::Journal,
    change::Tx,
    db::schema::{refresh_tokens, sessions, users},
    error::{Error, ProblemType, Result},
    secrets::{self, Secrets},
    sessions::{self as live, DeviceInfo, IDLE},
    values::Instant,
};

/// How long a spent token still gives its successor, to a client that did not get the first answer.
const GRACE: Duration = Duration::seconds(10);

/// A session with a refresh token that was just made.
pub struct Session {
    /// The session.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// The token that continues it, once.
    pub refresh_token: String,
}

/// The user who signs in as `email`, with the hash of their password if they have one. `None` when they may not sign
/// in.
///
/// # Errors
/// When the database fails.
pub async fn find_user(db: &mut AsyncPgConnection, email: &str) -> Result<Option<(UserId, Option<String>)>> {
    let row = users::table
        .filter(users::email.eq(email))
        .filter(users::kind.eq("person"))
        .filter(users::status.eq("active"))
        .select((users::id, users::password_hash))
        .first(db)
        .await
        .optional()?;
    Ok(row)
}

/// Stores another hash of the same password.
///
/// # Errors
/// When the database fails.
pub async fn renew_hash(db: &mut AsyncPgConnection, user: UserId, stored: &str, renewed: &str) -> Result<()> {
    // Unless the password was changed meanwhile.
    diesel::update(users::table.find(user))
        .filter(users::password_hash.eq(stored))
        .set(users::password_hash.eq(renewed))
        .execute(db)
        .await?;
    Ok(())
}

/// Begins a session of `user`.
///
/// # Errors
/// When the database fails.
pub async fn begin(tx: &mut Tx<'_>, user: UserId, origin: DeviceInfo) -> Result<Session> {
    let refresh_token = secrets::random_text::<32>()?;
    let now = tx.now();
    let id = live::begin(tx, user, origin).await?;
    add_token(tx, id, &digest_of(&refresh_token), now.after(IDLE), now).await?;
    Ok(Session { id, user_id: user, refresh_token })
}

/// Exchanges a refresh token for the next one.
///
/// A token that was spent before was stolen: either this caller or the earlier one is the thief. So its session ends.
/// One case is innocent: the answer with the successor was lost. So for ten seconds, and only while nobody has used the
/// successor, the same program gets the same successor again. It proves with a device token of the user that it is theirs:
/// `device_of` is whose token it showed.
///
/// # Errors
/// `invalid_grant` for a token of a session or user that is no longer good.
pub async fn refresh(
    db: &mut AsyncPgConnection,
    secrets: &Secrets,
    callers: &Callers,
    journal: &Journal,
    (token, device_of): (&str, Option<UserId>),
    origin: &DeviceInfo,
    now: Instant,
) -> Result<Session> {
    let hash = digest_of(token);
    let successor = secrets.next_refresh_token(token);
    let next = digest_of(&successor);
    let continued: Option<(SessionId, UserId)> =
        db.transaction(async |db| exchange(db, &hash, &next, origin, now).await).await?;
    if let Some((id, user_id)) = continued {
        return Ok(Session { id, user_id, refresh_token: successor });
    }
    // The lost answer may have come from a server that uses another secret.
    for successor in secrets.next_refresh_tokens(token) {
        let lost = lost_answer(db, &hash, &digest_of(&successor), origin, now).await?;
        if let Some((id, user_id)) = lost.filter(|(_, user)| device_of == Some(*user)) {
            return Ok(Session { id, user_id, refresh_token: successor });
        }
    }
    if let Some(epoch) = end_stolen(db, journal, &hash, now).await? {
        callers.saw(epoch);
    }
    Err(refused())
}

/// Ends the session of a refused token, and records this when the token was spent before. Returns the epoch of rights that
/// has begun, if there was a session to end.
async fn end_stolen(db: &mut AsyncPgConnection, journal: &Journal, hash: &[u8], now: Instant) -> Result<Option<Epoch>> {
    db.transaction(async |db| {
        let spent = refresh_tokens::table.find(hash).filter(refresh_tokens::spent_at.is_not_null());
        let reused: i64 = spent.count().get_result(db).await?;
        let Some((session, user)) = end_family(db, hash, now).await? else { return Ok(None) };
        if reused > 0 {
            journal.token_reused(db, user, session).await?;
        }
        rights_epoch::advance(db).await.map(|ended| Some(ended + 1))
    })
    .await
}

/// Spends the token `hash` and adds `next`, when it is unspent and its session and user are good.
async fn exchange(
    db: &mut AsyncPgConnection,
    hash: &[u8],
    next: &[u8],
    origin: &DeviceInfo,
    now: Instant,
) -> Result<Option<(SessionId, UserId)>> {
    let spent: Option<SessionId> = diesel::update(refresh_tokens::table.find(hash))
        .filter(refresh_tokens::spent_at.is_null())
        .filter(refresh_tokens::expires_at.gt(now))
        .set(refresh_tokens::spent_at.eq(now))
        .returning(refresh_tokens::session_id)
        .get_result(db)
        .await
        .optional()?;
    let Some(id) = spent else { return Ok(None) };
    let Some((user, ends)) = good_session(db, id, now).await? else { return Err(refused()) };
    add_token(db, id, next, now.after(IDLE).min(ends), now).await?;
    let used = (
        sessions::last_used_at.eq(now),
        sessions::user_agent.eq(origin.user_agent.as_deref()),
        sessions::address.eq(origin.address.as_deref()),
    );
    diesel::update(sessions::table.find(id)).set(used).execute(db).await?;
    Ok(Some((id, user)))
}

/// The session, when `hash` was spent a moment ago by the same program and its successor `next` is unused.
async fn lost_answer(
    db: &mut AsyncPgConnection,
    hash: &[u8],
    next: &[u8],
    origin: &DeviceInfo,
    now: Instant,
) -> Result<Option<(SessionId, UserId)>> {
    let unused: Option<SessionId> = refresh_tokens::table
        .find(next)
        .filter(refresh_tokens::spent_at.is_null())
        .filter(refresh_tokens::issued_at.gt(now.after(-GRACE)))
        .select(refresh_tokens::session_id)
        .first(db)
        .await
        .optional()?;
    let spent: Option<SessionId> = refresh_tokens::table
        .inner_join(sessions::table.on(sessions::id.eq(refresh_tokens::session_id)))
        .filter(refresh_tokens::hash.eq(hash))
        .filter(refresh_tokens::spent_at.is_not_null())
        .filter(sessions::user_agent.is_not_distinct_from(origin.user_agent.as_deref()))
        .select(sessions::id)
        .first(db)
        .await
        .optional()?;
    match (unused, spent) {
        (Some(session), Some(_)) => Ok(good_session(db, session, now).await?.map(|(user, _)| (session, user))),
        _ => Ok(None),
    }
}

/// The user of a session and the moment it ends, when the session and the user are still good.
async fn good_session(db: &mut AsyncPgConnection, id: SessionId, now: Instant) -> Result<Option<(UserId, Instant)>> {
    let row = sessions::table
        .inner_join(users::table.on(users::id.eq(sessions::user_id)))
        .filter(sessions::id.eq(id))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .filter(users::status.eq("active"))
        .select((sessions::user_id, sessions::expires_at))
        .first(db)
        .await
        .optional()?;
    Ok(row)
}

/// The answer to every sign-in that fails, whatever the reason.
pub fn refused() -> Error {
    Error::new(ProblemType::InvalidGrant).with("error", "invalid_grant")
}

/// Ends the session that a refresh token belongs to. Returns the session and its user, or `None` when it was over
/// already.
///
/// # Errors
/// When the database fails.
pub async fn end_family(db: &mut AsyncPgConnection, hash: &[u8], now: Instant) -> Result<Option<(SessionId, UserId)>> {
    let session = refresh_tokens::table.find(hash).select(refresh_tokens::session_id);
    let ended = diesel::update(sessions::table)
        .filter(sessions::id.eq_any(session))
        .filter(sessions::ended_at.is_null())
        .set(sessions::ended_at.eq(now))
        .returning((sessions::id, sessions::user_id))
        .get_result(db)
        .await;
    Ok(ended.optional()?)
}

/// Ends a session of `user`. Returns the session and its user, or `None` when it was over already.
///
/// # Errors
/// When the database fails.
pub async fn end(tx: &mut Tx<'_>, session: SessionId, user: UserId) -> Result<Option<(SessionId, UserId)>> {
    let now = tx.now();
    let ended: Option<(SessionId, UserId)> = diesel::update(sessions::table.find(session))
        .filter(sessions::user_id.eq(user))
        .filter(sessions::ended_at.is_null())
        .set(sessions::ended_at.eq(now))
        .returning((sessions::id, sessions::user_id))
        .get_result(&mut **tx)
        .await
        .optional()?;
    if ended.is_some() {
        tx.callers_changed();
    }
    Ok(ended)
}

async fn add_token(
    db: &mut AsyncPgConnection,
    session: SessionId,
    hash: &[u8],
    expires_at: Instant,
    now: Instant,
) -> Result<()> {
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::hash.eq(hash),
            refresh_tokens::session_id.eq(session),
            refresh_tokens::issued_at.eq(now),
            refresh_tokens::expires_at.eq(expires_at),
        ))
        .execute(db)
        .await?;
    Ok(())
}

/// The digest under which a token is stored. A token of 256 random bits needs no slow hash.
pub fn digest_of(token: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, token.as_bytes()).as_ref().to_vec()
}
