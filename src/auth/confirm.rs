//! `/v1/auth/confirm`: the recent proof of identity that sensitive operations ask for.

use actix_web::HttpResponse;
use diesel_async::AsyncConnection;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    account::{self, Proof},
    password::TypedPassword,
    second_factor::OneTimeCode,
    verifier::Verifier,
};
use crate::{
    access::{Person, caller::not_a_person, recent},
    db::Db,
    error::{Error, ProblemType, Result},
    http::{Body, NoParams, Query, Routes, endpoint},
    values::Text,
};

/// The operation that confirms a session.
pub fn routes(api: &mut Routes) {
    api.add("auth", [endpoint!(confirm_session)]);
}

/// What the caller signs in with, once more.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"password": "correct horse battery staple"}))]
pub struct ConfirmSession {
    /// The caller's password.
    pub password: TypedPassword,
    /// A code of the second factor or a recovery code, when the caller has a second factor.
    pub otp: Option<OneTimeCode>,
    /// The `device_token` of a sign-in: attempts with it are throttled apart from those of others. One that is not good is
    /// ignored.
    pub device_token: Option<Text<300>>,
}

/// Confirm that it is still you
///
/// Use it when an operation answers `insufficient_user_authentication`, and then repeat that operation.
///
/// Operations that let somebody in, widen rights or end own sessions need a sign-in or a confirmation within the last 15
/// minutes, and are answered 401 `insufficient_user_authentication` without one (step-up authentication, RFC 9470). This
/// renews the proof of the session of this request; its tokens stay as they are. Failures are throttled and recorded like
/// those of a sign-in.
#[utoipa::path(
    post,
    path = "/v1/auth/confirm",
    responses((status = 204, description = "The session is confirmed, on every server at once."))
)]
async fn confirm_session(
    caller: Person,
    verifier: Verifier,
    _: Query<NoParams>,
    body: Body<ConfirmSession>,
    db: Db,
) -> Result<HttpResponse> {
    let (Person(caller), Body(ConfirmSession { password, otp, device_token })) = (caller, body);
    let session = caller.session().ok_or_else(not_a_person)?;
    let account = account::find(&mut *db.connect().await?, caller.user_id).await.map_err(blocked)?;
    let proof = Proof { password, pointer: "/password", otp, device_token };
    verifier.prove(&account, proof).await?;
    let now = verifier.clock.now();
    let mut db = db.connect().await?;
    db.transaction(async |db| {
        recent::renew(db, session, now).await?;
        verifier.journal.confirmed(db, caller.user_id, session).await?;
        Ok::<_, Error>(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A user who was blocked a moment ago no longer has a session.
fn blocked(error: Error) -> Error {
    match error.problem() {
        ProblemType::NotFound => recent::over(),
        _ => error,
    }
}
