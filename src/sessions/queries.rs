//! Every query on sessions. Each names whose sessions it is about.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper, pg::Pg};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{ABSOLUTE, DeviceInfo, IDLE, MAX_LIVE, Session, SessionFilter};
use crate::{
    access::{SessionId, UserId},
    change::Tx,
    db::schema::sessions,
    error::{Error, Result},
    list::{ListQuery, Page, SortBy, SortValue, keyset},
    values::{Entity, Id, Instant, Resource},
};

/// The sessions of `user` that have neither ended nor run out at `now`.
pub fn live(user: UserId, now: Instant) -> sessions::BoxedQuery<'static, Pg> {
    sessions::table
        .filter(sessions::user_id.eq(user))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .filter(sessions::last_used_at.gt(now.after(-IDLE)))
        .into_boxed()
}

/// A page of the live sessions of `user`, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    mut db: &AsyncPgConnection,
    user: UserId,
    query: &ListQuery<SessionFilter>,
    now: Instant,
) -> Result<Page<Session>> {
    let order = SortBy::column(Session::NAME, "created_at", true);
    let rows = keyset(live(user, now), order, query.after.clone(), query.limit)
        .select(Session::as_select())
        .load(&mut db)
        .await?;
    let total = match query.total {
        true => Some(live(user, now).count().get_result(&mut db).await?),
        false => None,
    };
    query.page(rows, total, |session: &Session| (SortValue::Instant(session.created_at), session.uuid()))
}

/// Begins a session of `user`, who has just proved who they are. When there are too many, those that have been unused
/// longest end.
///
/// # Errors
/// When the database fails.
pub async fn begin(tx: &mut Tx<'_>, user: UserId, origin: DeviceInfo) -> Result<SessionId> {
    let now = tx.now();
    let DeviceInfo { client, device, user_agent, address } = origin;
    let session = Session {
        id: Id::generate(),
        user_id: user,
        created_at: now,
        authenticated_at: now,
        last_used_at: now,
        expires_at: now.after(ABSOLUTE),
        ended_at: None,
        client,
        device,
        user_agent,
        address,
    };
    diesel::insert_into(sessions::table).values(&session).execute(&mut **tx).await?;
    let too_many = live(user, now)
        .order((sessions::last_used_at.desc(), sessions::id.desc()))
        .offset(MAX_LIVE)
        .select(Session::as_select())
        .load(&mut **tx)
        .await?;
    end_each(tx, too_many).await?;
    Ok(session.id)
}

/// Ends the session `id` of `user`.
///
/// # Errors
/// 404 when `user` has no such live session.
pub async fn end(tx: &mut Tx<'_>, user: UserId, id: SessionId) -> Result<()> {
    let now = tx.now();
    let found: Option<Session> =
        live(user, now).filter(sessions::id.eq(id)).select(Session::as_select()).first(&mut **tx).await.optional()?;
    end_each(tx, vec![found.ok_or_else(Error::not_found)?]).await
}

/// Ends the live sessions of `user` but for the one to `keep`.
///
/// # Errors
/// When the database fails.
pub async fn end_all(tx: &mut Tx<'_>, user: UserId, keep: Option<SessionId>) -> Result<()> {
    let now = tx.now();
    let mut sessions = live(user, now).select(Session::as_select()).load(&mut **tx).await?;
    sessions.retain(|session: &Session| Some(session.id) != keep);
    end_each(tx, sessions).await
}

/// Ends all sessions of `user` as part of another change. That change is recorded, so the sessions get no records of
/// their own.
///
/// # Errors
/// When the database fails.
pub async fn end_unrecorded(tx: &mut Tx<'_>, user: UserId) -> Result<()> {
    let now = tx.now();
    tx.callers_changed();
    diesel::update(sessions::table)
        .filter(sessions::user_id.eq(user))
        .filter(sessions::ended_at.is_null())
        .set(sessions::ended_at.eq(now))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

async fn end_each(tx: &mut Tx<'_>, live: Vec<Session>) -> Result<()> {
    if live.is_empty() {
        return Ok(());
    }
    let ids: Vec<SessionId> = live.iter().map(|session| session.id).collect();
    let now = tx.now();
    diesel::update(sessions::table.filter(sessions::id.eq_any(ids)).filter(sessions::ended_at.is_null()))
        .set(sessions::ended_at.eq(now))
        .execute(&mut **tx)
        .await?;
    for before in live {
        let after = Session { ended_at: Some(now), ..before.clone() };
        tx.changed("ended", &before, &after);
    }
    Ok(())
}
