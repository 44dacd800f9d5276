//! `/v1/me/sessions` and `/v1/users/{id}/sessions`.

use std::sync::Arc;

use actix_web::web::{Data, Path};

use crate::{
    access::{Caller, Person, RecentlyAuthenticated, Scope, SessionId, Update, UserId},
    change::Change,
    clock::Clock,
    db::{Cost, Db},
    error::Result,
    http::{NoContent, Reply, Routes, endpoint},
    list::{ListQuery, Page},
    sessions::{self, SessionFilter, SessionView},
    users::{self, User},
};

/// The operations on sessions.
pub fn routes(api: &mut Routes) {
    api.add("auth", [endpoint!(list_own_sessions), endpoint!(end_own_session), endpoint!(end_other_sessions)]);
    api.add("users", [endpoint!(list_user_sessions), endpoint!(end_user_session), endpoint!(end_user_sessions)]);
}

/// List the caller's own sessions
///
/// Use it to show users where they are signed in.
///
/// The sessions that have not ended; at most 50 at a time.
#[utoipa::path(
    get,
    path = "/v1/me/sessions",
    responses((status = 200, description = "The sessions, newest first."))
)]
async fn list_own_sessions(
    caller: Person,
    query: ListQuery<SessionFilter>,
    clock: Data<Clock>,
    db: Db,
) -> Result<Page<SessionView>> {
    let Person(caller) = caller;
    page(&caller, caller.user_id, &query, &clock, &db).await
}

/// End one of the caller's own sessions
///
/// Use it to sign out one device.
///
/// Its tokens stop working: on this server at once, on every other server within a second.
#[utoipa::path(
    delete,
    path = "/v1/me/sessions/{id}",
    responses((status = 204, description = "The session is over.")),
    extensions(("x-caller" = json!("person")))
)]
async fn end_own_session(caller: RecentlyAuthenticated, id: Path<SessionId>, change: Change) -> Result<NoContent> {
    end(change, caller.0.user_id, *id).await
}

/// End the caller's other sessions
///
/// Use it after a device was lost.
///
/// All but the one of this request.
#[utoipa::path(
    delete,
    path = "/v1/me/sessions",
    responses((status = 204, description = "The other sessions are over.")),
    extensions(("x-caller" = json!("person")))
)]
async fn end_other_sessions(caller: RecentlyAuthenticated, change: Change) -> Result<NoContent> {
    let RecentlyAuthenticated(caller) = caller;
    end_all(change, caller.user_id, caller.session()).await
}

/// List the sessions of a user
///
/// Use it to see where a user is signed in before you end something.
///
/// The sessions that have not ended.
#[utoipa::path(
    get,
    path = "/v1/users/{id}/sessions",
    responses((status = 200, description = "The sessions, newest first."))
)]
async fn list_user_sessions(
    scope: Scope<User, Update>,
    caller: Person,
    id: Path<UserId>,
    query: ListQuery<SessionFilter>,
    clock: Data<Clock>,
    db: Db,
) -> Result<Page<SessionView>> {
    users::find_to_administer(&*db.reader(Cost::Small).await?, &scope, *id).await?;
    page(&caller.0, *id, &query, &clock, &db).await
}

/// End a session of a user
///
/// Use it to sign a user out of one device.
///
/// Its tokens stop working: on this server at once, on every other server within a second.
#[utoipa::path(
    delete,
    path = "/v1/users/{id}/sessions/{session_id}",
    params(("id" = UserId, Path, description = "The user."), ("session_id" = SessionId, Path, description = "The session.")),
    responses((status = 204, description = "The session is over."))
)]
async fn end_user_session(
    scope: Scope<User, Update>,
    ids: Path<(UserId, SessionId)>,
    change: Change,
) -> Result<NoContent> {
    let (user, session) = *ids;
    change
        .run(async |tx| {
            users::find_to_administer(tx, &scope, user).await?;
            sessions::end(tx, user, session).await?;
            Ok(Reply::no_content())
        })
        .await
}

/// End all sessions of a user
///
/// Use it when a user's device was lost.
///
/// The user has to sign in again everywhere.
#[utoipa::path(
    delete,
    path = "/v1/users/{id}/sessions",
    responses((status = 204, description = "The sessions are over."))
)]
async fn end_user_sessions(scope: Scope<User, Update>, id: Path<UserId>, change: Change) -> Result<NoContent> {
    change
        .run(async |tx| {
            users::find_to_administer(tx, &scope, *id).await?;
            sessions::end_all(tx, *id, None).await?;
            Ok(Reply::no_content())
        })
        .await
}

async fn page(
    caller: &Arc<Caller>,
    user: UserId,
    query: &ListQuery<SessionFilter>,
    clock: &Clock,
    db: &Db,
) -> Result<Page<SessionView>> {
    let db = db.reader(query.cost).await?;
    let page = sessions::list(&db, user, query, clock.now()).await?;
    Ok(page.map(|session| SessionView::of(session, caller.session())))
}

async fn end(change: Change, user: UserId, session: SessionId) -> Result<NoContent> {
    change
        .run(async |tx| {
            sessions::end(tx, user, session).await?;
            Ok(Reply::no_content())
        })
        .await
}

async fn end_all(change: Change, user: UserId, keep: Option<SessionId>) -> Result<NoContent> {
    change
        .run(async |tx| {
            sessions::end_all(tx, user, keep).await?;
            Ok(Reply::no_content())
        })
        .await
}
