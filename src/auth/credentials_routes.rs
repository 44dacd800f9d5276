//! `/v1/users/{id}/reset-password` and `/v1/users/{id}/reset-second-factor`.

use actix_web::web::{Data, Path};
use serde::Serialize;
use utoipa::ToSchema;

use super::credentials;
use crate::{
    access::{RecentlyAuthenticated, Scope, Update, UserId},
    change::Change,
    error::Result,
    http::{Changed, IfMatch, Reply, Routes, endpoint},
    mail::{Letter, Mail, Notice},
    users::{User, UserView},
    values::Instant,
};

/// The operations on how other users sign in.
pub fn routes(api: &mut Routes) {
    api.add("users", [endpoint!(start_password_reset), endpoint!(reset_second_factor)]);
}

/// A reset that was started. The token is shown only where the server sends no mail, and only once.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({"token": null, "link": null, "expires_at": "2026-11-25T09:30:00Z", "mailed": true}))]
pub struct PasswordReset {
    /// The one-time token for `POST /v1/auth/reset-password`, to be handed to the user; `null` when it was mailed.
    #[schema(max_length = 100)]
    pub token: Option<String>,
    /// The address of the front end with the token in it; `null` when it was mailed, or when no such address is set.
    #[schema(max_length = 2000, format = "uri")]
    pub link: Option<String>,
    /// Until when the token is good: 24 hours for a first password, otherwise one hour.
    pub expires_at: Instant,
    /// Whether the link is under way to the user.
    pub mailed: bool,
}

/// Start a password reset
///
/// Use it for new users, and for those who cannot sign in any more.
///
/// Makes a one-time link with which the user sets a password. It works for 24 hours when it sets the first password,
/// otherwise for one hour. An earlier link becomes worthless. For a supervisor it needs the consent of a second one, see
/// `POST /v1/users/{id}/consent`. The current password and the sessions stay until the link
/// is used, and a second factor stays even then. When mail is set up, only the user gets the link.
#[utoipa::path(
    post,
    path = "/v1/users/{id}/reset-password",
    responses((status = 200, description = "The link, or that it was mailed."))
)]
async fn start_password_reset(
    scope: Scope<User, Update>,
    _: RecentlyAuthenticated,
    id: Path<UserId>,
    seen: IfMatch,
    change: Change,
    mail: Data<Mail>,
) -> Result<Changed<PasswordReset>> {
    change
        .run(async |tx| {
            let (user, issued) = credentials::start_reset(tx, &scope, *id, &seen).await?;
            let (expires_at, mailed) = (issued.expires_at, mail.is_configured());
            let shown = (!mailed).then(|| issued.token.clone());
            let link = shown.as_deref().and_then(|token| mail.reset_link(token));
            let letter = issued.letter(&user.terms.email);
            mail.post(tx, &letter).await?;
            Reply::versioned(&PasswordReset { token: shown, link, expires_at, mailed }, user.version)
        })
        .await
}

/// Remove a user's lost second factor
///
/// Use it when a user has lost the device and the recovery codes, after you have made sure who asks.
///
/// For a supervisor it needs the consent of a second one, see `POST /v1/users/{id}/consent`. The user's sessions end at once.
/// They sign in with the password alone, and set up another second factor where their
/// role needs one. A password too short to be the only factor no longer works, and needs a reset.
#[utoipa::path(
    post,
    path = "/v1/users/{id}/reset-second-factor",
    responses((status = 200, description = "The user."))
)]
async fn reset_second_factor(
    scope: Scope<User, Update>,
    _: RecentlyAuthenticated,
    id: Path<UserId>,
    seen: IfMatch,
    change: Change,
    mail: Data<Mail>,
) -> Result<Changed<UserView>> {
    change
        .run(async |tx| {
            let user = credentials::reset_second_factor(tx, &scope, *id, &seen).await?;
            let letter =
                Letter::Notice { to: user.terms.email.as_str().to_owned(), notice: Notice::SecondFactorRemoved };
            mail.post(tx, &letter).await?;
            Reply::ok(&UserView::of(user, tx.actor()))
        })
        .await
}
