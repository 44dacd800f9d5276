//! `/v1/me/sessions` and `/v1/users/{id}/sessions`.

use std::sync::Arc;

use actix_web::{
    HttpResponse, delete, get,
    web::{Data, Path},
};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    access::{Caller, Person, RecentlyAuthenticated, Scope, SessionId, Update, UserId},
    change::Change,
    clock::Clock,
    db::{Cost, Db},
    error::Result,
    http::Reply,
    list::{ListQuery, Page, PageParams},
    sessions::{self, SessionFilter, SessionView},
    users::{self, User},
};

/// The operations on sessions.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_own_sessions)
        .service(end_own_session)
        .service(end_other_sessions)
        .service(list_user_sessions)
        .service(end_user_session)
        .service(end_user_sessions);
}

/// List the caller's own sessions
///
/// Those that have not ended; at most 50 live at a time.
#[utoipa::path(
    tag = "auth",
    params(SessionFilter, PageParams),
    responses((status = 200, description = "The sessions, newest first.", body = Page<SessionView>)),
    extensions(("x-caller" = json!("person")))
)]
#[get("/v1/me/sessions")]
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
/// Its tokens are good no more: here at once, on every other server within a second.
#[utoipa::path(
    tag = "auth",
    params(("id" = SessionId, Path, description = "The session.")),
    responses((status = 204, description = "The session is over.")),
    extensions(("x-caller" = json!("person")), ("x-recent-authentication" = json!(true)))
)]
#[delete("/v1/me/sessions/{id}")]
async fn end_own_session(caller: RecentlyAuthenticated, id: Path<SessionId>, change: Change) -> Result<HttpResponse> {
    end(change, caller.0.user_id, *id).await
}

/// End the caller's other sessions
///
/// All but the one of this request.
#[utoipa::path(
    tag = "auth",
    responses((status = 204, description = "The other sessions are over.")),
    extensions(("x-caller" = json!("person")), ("x-recent-authentication" = json!(true)))
)]
#[delete("/v1/me/sessions")]
async fn end_other_sessions(caller: RecentlyAuthenticated, change: Change) -> Result<HttpResponse> {
    let RecentlyAuthenticated(caller) = caller;
    end_all(change, caller.user_id, caller.session()).await
}

/// List the sessions of a user
///
/// Those that have not ended.
#[utoipa::path(
    tag = "users",
    params(("id" = UserId, Path, description = "The user."), SessionFilter, PageParams),
    responses((status = 200, description = "The sessions, newest first.", body = Page<SessionView>)),
    extensions(("x-permission" = json!("users:update")))
)]
#[get("/v1/users/{id}/sessions")]
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
/// Its tokens are good no more: here at once, on every other server within a second.
#[utoipa::path(
    tag = "users",
    params(
        ("id" = UserId, Path, description = "The user."),
        ("session_id" = SessionId, Path, description = "The session.")
    ),
    responses((status = 204, description = "The session is over.")),
    extensions(("x-permission" = json!("users:update")))
)]
#[delete("/v1/users/{id}/sessions/{session_id}")]
async fn end_user_session(
    scope: Scope<User, Update>,
    ids: Path<(UserId, SessionId)>,
    change: Change,
) -> Result<HttpResponse> {
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
/// The user has to sign in again everywhere.
#[utoipa::path(
    tag = "users",
    params(("id" = UserId, Path, description = "The user.")),
    responses((status = 204, description = "The sessions are over.")),
    extensions(("x-permission" = json!("users:update")))
)]
#[delete("/v1/users/{id}/sessions")]
async fn end_user_sessions(scope: Scope<User, Update>, id: Path<UserId>, change: Change) -> Result<HttpResponse> {
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

async fn end(change: Change, user: UserId, session: SessionId) -> Result<HttpResponse> {
    change
        .run(async |tx| {
            sessions::end(tx, user, session).await?;
            Ok(Reply::no_content())
        })
        .await
}

async fn end_all(change: Change, user: UserId, keep: Option<SessionId>) -> Result<HttpResponse> {
    change
        .run(async |tx| {
            sessions::end_all(tx, user, keep).await?;
            Ok(Reply::no_content())
        })
        .await
}
