//! Sessions and their refresh tokens: opaque, single-use, kept only as a digest.

use aws_lc_rs::digest;
use chrono::Duration;
use diesel::{ExpressionMethods, JoinOnDsl, OptionalExtension, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::{
    access::{
        caller::{SessionId, UserId},
        token::Verified,
    },
    db::schema::{refresh_tokens, sessions, users},
    error::{Error, ProblemType, Result},
    rest::{id::Id, time::Instant},
    secrets,
};

/// How long a session lasts, however often it is refreshed.
const ABSOLUTE: Duration = Duration::days(30);
/// How long a refresh token is good for when it is not used.
const IDLE: Duration = Duration::days(7);

/// A session with a refresh token that was just made.
pub struct Session {
    /// The session.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// The token that continues it, once.
    pub refresh_token: String,
}

/// Who `email` is, with the hash of their password, when they may sign in.
///
/// # Errors
/// The database's.
pub async fn find_user(db: &mut AsyncPgConnection, email: &str) -> Result<Option<(UserId, String)>> {
    let row = users::table
        .filter(users::email.eq(email))
        .filter(users::status.eq("active"))
        .select((users::id, users::password_hash))
        .first(db)
        .await
        .optional()?;
    Ok(row)
}

/// Begins a session of `user`.
///
/// # Errors
/// The database's.
pub async fn begin(db: &mut AsyncPgConnection, user: UserId, now: Instant) -> Result<Session> {
    let id = Id::generate();
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(id),
            sessions::user_id.eq(user),
            sessions::created_at.eq(now),
            sessions::expires_at.eq(now.after(ABSOLUTE)),
        ))
        .execute(db)
        .await?;
    let refresh_token = add_token(db, id, now).await?;
    Ok(Session { id, user_id: user, refresh_token })
}

/// Exchanges a refresh token for the next one. A token that was spent before has been stolen, from us or by us: its
/// session ends.
///
/// # Errors
/// `invalid_grant` for a token that is unknown, spent, expired, or of a session or user that is no longer good.
pub async fn refresh(db: &mut AsyncPgConnection, token: &str, now: Instant) -> Result<Session> {
    let hash = digest_of(token);
    let spent: Option<SessionId> = diesel::update(refresh_tokens::table.find(&hash))
        .filter(refresh_tokens::spent_at.is_null())
        .filter(refresh_tokens::expires_at.gt(now))
        .set(refresh_tokens::spent_at.eq(now))
        .returning(refresh_tokens::session_id)
        .get_result(db)
        .await
        .optional()?;
    let Some(session) = spent else {
        end_family(db, &hash, now).await?;
        return Err(refused());
    };
    let user: UserId = sessions::table
        .inner_join(users::table.on(users::id.eq(sessions::user_id)))
        .filter(sessions::id.eq(session))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .filter(users::status.eq("active"))
        .select(sessions::user_id)
        .first(db)
        .await
        .optional()?
        .ok_or_else(refused)?;
    let refresh_token = add_token(db, session, now).await?;
    Ok(Session { id: session, user_id: user, refresh_token })
}

/// The answer to every sign-in that fails, whatever the reason.
pub fn refused() -> Error {
    Error::new(ProblemType::InvalidGrant).with("error", "invalid_grant")
}

/// Ends the session that a refresh token belongs to.
///
/// # Errors
/// The database's.
pub async fn end_family(db: &mut AsyncPgConnection, hash: &[u8], now: Instant) -> Result<()> {
    let session = refresh_tokens::table.find(hash).select(refresh_tokens::session_id);
    diesel::update(sessions::table)
        .filter(sessions::id.eq_any(session))
        .filter(sessions::ended_at.is_null())
        .set(sessions::ended_at.eq(now))
        .execute(db)
        .await?;
    Ok(())
}

/// Ends the session that an access token is of.
///
/// # Errors
/// The database's.
pub async fn end(db: &mut AsyncPgConnection, token: Verified, now: Instant) -> Result<()> {
    diesel::update(sessions::table.find(token.session))
        .filter(sessions::user_id.eq(token.user))
        .filter(sessions::ended_at.is_null())
        .set(sessions::ended_at.eq(now))
        .execute(db)
        .await?;
    Ok(())
}

/// Ends all sessions of `user`.
///
/// # Errors
/// The database's.
pub async fn end_all(db: &mut AsyncPgConnection, user: UserId, now: Instant) -> Result<()> {
    diesel::update(sessions::table)
        .filter(sessions::user_id.eq(user))
        .filter(sessions::ended_at.is_null())
        .set(sessions::ended_at.eq(now))
        .execute(db)
        .await?;
    Ok(())
}

async fn add_token(db: &mut AsyncPgConnection, session: SessionId, now: Instant) -> Result<String> {
    let token = secrets::random_text::<32>()?;
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::hash.eq(digest_of(&token)),
            refresh_tokens::session_id.eq(session),
            refresh_tokens::issued_at.eq(now),
            refresh_tokens::expires_at.eq(now.after(IDLE)),
        ))
        .execute(db)
        .await?;
    Ok(token)
}

/// The digest by which a token is kept; 256 random bits need no slow hash.
pub fn digest_of(token: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, token.as_bytes()).as_ref().to_vec()
}
