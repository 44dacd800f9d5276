//! `/v1/auth/forgot-password` and `/v1/auth/reset-password`: for people who cannot sign in.

use std::fmt;

use actix_web::{HttpResponse, web::Data};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    account::{self, NewHash},
    password::NewPassword,
    reset,
    throttle::{self, Limits},
    verifier::Verifier,
};
use crate::{
    change::AnonymousChange,
    error::{Error, ProblemType, Result},
    http::{self, Body, NoParams, Query, Routes, endpoint, request_id},
    mail::{Letter, Mail, Notice},
    sessions, users,
    values::{Email, Text},
};

/// How many mails one address gets within five minutes, so that nobody can fill another's mailbox.
const MAILS_PER_ACCOUNT: u32 = 3;

/// The operations for people who cannot sign in.
pub fn routes(api: &mut Routes) {
    api.add("auth", [endpoint!(forgot_password), endpoint!(reset_password)]);
}

/// Who has forgotten a password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"email": "anna@example.com"}))]
pub struct ForgotPassword {
    /// The address that the user signs in with.
    pub email: Email,
}

/// The answer to an accepted request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"status": "accepted"}))]
pub struct Accepted {
    /// Always `accepted`, so that it does not reveal whether there is such a user.
    #[schema(example = "accepted")]
    pub status: &'static str,
}

/// The one-time token of a reset, and the new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"token": "Jt9x0a3mB6v1yq5c8w2e4r7u0i3o6p9a1s4d7f0g3h8", "new_password": "seven plums in a paper bag"}))]
pub struct ResetPassword {
    /// The one-time token.
    pub token: Text<200>,
    /// The new password.
    pub new_password: NewPassword,
}

impl fmt::Debug for ResetPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResetPassword(…)")
    }
}

/// Ask for a link that sets another password
///
/// Use it behind the link "Forgot your password?" of a sign-in page.
///
/// Mails a one-time link to the address, when an active user signs in with it and the server sends mail. The answer is the
/// same, and takes as long, whether there is such a user or not. Throttled for each address and each network.
#[utoipa::path(
    post,
    path = "/v1/auth/forgot-password",
    responses((status = 202, description = "If there is such a user, mail is under way."))
)]
async fn forgot_password(
    _: Query<NoParams>,
    body: Body<ForgotPassword>,
    verifier: Verifier,
    change: AnonymousChange,
    mail: Data<Mail>,
) -> Result<http::Accepted<Accepted>> {
    let Body(ForgotPassword { email }) = body;
    let limits = Limits { per_account: MAILS_PER_ACCOUNT, ..**verifier.limits };
    let mut db = verifier.db.connect().await?;
    let (from, now) = (verifier.address(), verifier.clock.now());
    throttle::count_request(&mut db, "forgot-password", Some(email.as_str()), from, limits, now).await?;
    // The user is looked up and recorded only when the mail is written, so that the time of the answer does not reveal
    // whether there is such a user.
    let request_id = Some(request_id(&verifier.request));
    let letter = Letter::Forgotten { email: email.as_str().to_owned(), from, request_id };
    drop(db);
    change.run(async |tx| mail.post(tx, &letter).await).await?;
    Ok(HttpResponse::Accepted().json(Accepted { status: "accepted" }).into())
}

/// Set a password with a one-time token
///
/// Use it on the page that the mailed link opens.
///
/// Spends the token and ends all sessions of the user. It does not sign in, and a second factor stays as it is: signing in
/// with the new password needs its code. Throttled for each network.
#[utoipa::path(
    post,
    path = "/v1/auth/reset-password",
    responses((status = 204, description = "The new password holds."))
)]
async fn reset_password(
    _: Query<NoParams>,
    body: Body<ResetPassword>,
    verifier: Verifier,
    change: AnonymousChange,
    mail: Data<Mail>,
) -> Result<HttpResponse> {
    let Body(ResetPassword { token, new_password }) = body;
    let (token, now) = (token.as_str(), verifier.clock.now());
    let account = {
        let mut db = verifier.db.connect().await?;
        let (from, limits) = (verifier.address(), **verifier.limits);
        throttle::count_request(&mut db, "reset-password", None, from, limits, now).await?;
        let user = reset::find(&mut db, token, now).await?;
        account::find(&mut db, user).await.map_err(hidden)?
    };
    new_password.check(&account.bearer()).map_err(|invalid| Error::field("/new_password", invalid))?;
    let hash = NewHash::of(&verifier.hashing, new_password.clone()).await?;
    let reset = change.run(async |tx| {
        let user = users::sign_in_changed(tx, account.user_id, "password_reset").await?;
        tx.because("one-time token");
        reset::spend(tx, account.user_id, token, now).await?;
        let current = account::find(tx, account.user_id).await.map_err(hidden)?;
        new_password.check(&current.bearer()).map_err(|invalid| Error::field("/new_password", invalid))?;
        account::set_password(tx, account.user_id, &hash).await?;
        throttle::forget_streak(tx, user.terms.email.as_str()).await?;
        sessions::end_unrecorded(tx, account.user_id).await?;
        let letter = Letter::Notice { to: user.terms.email.as_str().to_owned(), notice: Notice::PasswordChanged };
        mail.post(tx, &letter).await
    });
    reset.await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A token alone does not entitle its holder to learn that a user is blocked.
fn hidden(error: Error) -> Error {
    match error.problem() {
        ProblemType::NotFound => reset::worthless(),
        _ => error,
    }
}
