//! `/v1/users`.

use actix_web::web::{Data, Path};

use super::{
    consent,
    model::{User, UserFilter, UserPatch, UserTerms, UserView},
    queries,
    sign_in::FirstPassword,
};
use crate::{
    access::{Create, Read, RecentlyAuthenticated, Scope, Update, UserId},
    change::Change,
    db::{Cost, Db},
    error::Result,
    http::{Body, Changed, Created, IfMatch, OneParams, Query, Reply, Routes, Tagged, endpoint},
    list::{ListQuery, Page},
    mail::{Letter, Mail, Notice},
};

/// The operations on users.
pub fn routes(api: &mut Routes) {
    api.add(
        "users",
        [
            endpoint!(list_users),
            endpoint!(create_user),
            endpoint!(get_user),
            endpoint!(update_user),
            endpoint!(unblock_user),
            endpoint!(give_consent),
        ],
    );
}

/// List users
///
/// Use it to find colleagues, such as those that a client can be given to.
#[utoipa::path(
    get,
    path = "/v1/users",
    responses((status = 200, description = "A page of the users within reach."))
)]
async fn list_users(scope: Scope<User, Read>, query: ListQuery<UserFilter>, db: Db) -> Result<Page<UserView>> {
    let db = db.reader(query.cost).await?;
    let page = queries::list(&db, &scope, &query).await?;
    Ok(page.map(|user| UserView::of(user, scope.actor())))
}

/// Create a user
///
/// Use it when somebody begins to work here.
///
/// The user has no password yet: `POST /v1/users/{id}/reset-password` gives them a link to set one. Nobody chooses a
/// password for somebody else.
#[utoipa::path(
    post,
    path = "/v1/users",
    responses((status = 201, description = "The new user."))
)]
async fn create_user(
    scope: Scope<User, Create>,
    _: RecentlyAuthenticated,
    change: Change,
    new: Body<UserTerms>,
) -> Result<Created<UserView>> {
    let Body(new) = new;
    change
        .run(async |tx| {
            let user = queries::insert(tx, &scope, new, FirstPassword::None).await?;
            Reply::created(&UserView::of(user, tx.actor()))
        })
        .await
}

/// Get a user
///
/// Use it to show one colleague, and to read the `ETag` that a change asks for.
#[utoipa::path(
    get,
    path = "/v1/users/{id}",
    responses((status = 200, description = "The user."))
)]
async fn get_user(
    scope: Scope<User, Read>,
    id: Path<UserId>,
    query: Query<OneParams>,
    db: Db,
) -> Result<Tagged<UserView>> {
    let fields = query.0.fields()?;
    let db = db.reader(Cost::Small).await?;
    let user = queries::find(&db, &scope, *id).await?;
    Ok(Tagged::new(UserView::of(user, scope.actor()), fields))
}

/// Change a user
///
/// Use it when somebody changes name, address, role or team.
///
/// A new role or team takes effect at once. To make somebody a supervisor, and to change a supervisor's address, needs the
/// consent of a second supervisor, see `POST /v1/users/{id}/consent`. Nobody changes their own role or team, and the
/// last active supervisor stays one. When the e-mail address changes, a notice is sent to the former address.
#[utoipa::path(
    patch,
    path = "/v1/users/{id}",
    responses((status = 200, description = "The changed user.")),
    extensions(("x-recent-authentication" = json!(["email", "role", "team_id"])))
)]
async fn update_user(
    scope: Scope<User, Update>,
    id: Path<UserId>,
    seen: IfMatch,
    change: Change,
    patch: Body<UserPatch>,
    mail: Data<Mail>,
) -> Result<Changed<UserView>> {
    let Body(patch) = patch;
    change
        .run(async |tx| {
            let (before, user) = queries::update(tx, &scope, *id, &seen, &patch).await?;
            if before.terms.email != user.terms.email {
                // To the former address, which its owner reads: someone who took over the account has set the new one.
                let letter =
                    Letter::Notice { to: before.terms.email.as_str().to_owned(), notice: Notice::EmailChanged };
                mail.post(tx, &letter).await?;
            }
            Reply::ok(&UserView::of(user, tx.actor()))
        })
        .await
}

/// Unblock a user
///
/// Use it when a blocked user may work again.
#[utoipa::path(
    post,
    path = "/v1/users/{id}/unblock",
    responses((status = 200, description = "The active user."))
)]
async fn unblock_user(
    scope: Scope<User, Update>,
    _: RecentlyAuthenticated,
    id: Path<UserId>,
    seen: IfMatch,
    change: Change,
) -> Result<Changed<UserView>> {
    change
        .run(async |tx| {
            let user = queries::unblock(tx, &scope, *id, &seen).await?;
            Reply::ok(&UserView::of(user, tx.actor()))
        })
        .await
}

/// Consent to the takeover of a supervisor's account
///
/// Use it as a second supervisor, when a colleague is to reset how a supervisor signs in, or to make somebody a supervisor.
///
/// The consent is good for one such step of another supervisor within 24 hours: a link to set a password, the removal of a
/// second factor, a new e-mail address, or the role of a supervisor. Nobody consents to what they do themselves. A company
/// with one supervisor makes the second one without consent.
#[utoipa::path(
    post,
    path = "/v1/users/{id}/consent",
    responses((status = 200, description = "The user."))
)]
async fn give_consent(
    scope: Scope<User, Update>,
    _: RecentlyAuthenticated,
    id: Path<UserId>,
    seen: IfMatch,
    change: Change,
) -> Result<Changed<UserView>> {
    change
        .run(async |tx| {
            let user = consent::give(tx, &scope, *id, &seen).await?;
            Reply::ok(&UserView::of(user, tx.actor()))
        })
        .await
}
