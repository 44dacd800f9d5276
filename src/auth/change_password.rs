//! `/v1/me/password`.

use actix_web::web::Data;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    account::{self, Account, NewHash, Proof},
    password::{NewPassword, TypedPassword},
    second_factor::OneTimeCode,
    verifier::Verifier,
};
use crate::{
    access::Person,
    change::Change,
    db::Db,
    error::{Error, ProblemType, Result},
    http::{Body, NoContent, Reply, Routes, endpoint},
    mail::{Letter, Mail, Notice},
    sessions, users,
    values::{Invalid, Say},
};

/// The operations on the caller's password.
pub fn routes(api: &mut Routes) {
    api.add("auth", [endpoint!(change_password)]);
}

/// A new password, and the proof that it is the user who wants it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"current_password": "correct horse battery staple", "new_password": "seven plums in a paper bag"}))]
pub struct ChangePassword {
    /// The current password.
    pub current_password: TypedPassword,
    /// The new password.
    pub new_password: NewPassword,
    /// A code of the second factor, when the caller has one.
    pub otp: Option<OneTimeCode>,
}

/// Change the caller's password
///
/// Use it when a user chooses another password, and for the first one that somebody else has read.
///
/// Ends all other sessions of the caller at once. Wrong passwords are throttled like those of a sign-in.
#[utoipa::path(
    put,
    path = "/v1/me/password",
    responses((status = 204, description = "The new password holds."))
)]
async fn change_password(
    caller: Person,
    verifier: Verifier,
    change: Change,
    body: Body<ChangePassword>,
    mail: Data<Mail>,
    db: Db,
) -> Result<NoContent> {
    let (Person(caller), Body(ChangePassword { current_password, new_password, otp })) = (caller, body);
    let account = account::find(&mut *db.connect().await?, caller.user_id).await?;
    check(&account, &new_password, &current_password)?;
    let proof = Proof::new(current_password, "/current_password", otp);
    verifier.prove(&account, proof).await?;
    let hash = NewHash::of(&verifier.hashing, new_password.clone()).await?;
    change
        .run(async |tx| {
            users::sign_in_changed(tx, caller.user_id, "password_changed").await?;
            let current = account::find(tx, caller.user_id).await?;
            if current.password_hash != account.password_hash {
                return Err(Error::new(ProblemType::Busy).retry_after(1));
            }
            new_password.check(&current.bearer()).map_err(|invalid| Error::field("/new_password", invalid))?;
            account::set_password(tx, caller.user_id, &hash).await?;
            sessions::end_all(tx, caller.user_id, caller.session()).await?;
            let letter = Letter::Notice { to: current.email.as_str().to_owned(), notice: Notice::PasswordChanged };
            mail.post(tx, &letter).await?;
            Ok(Reply::no_content())
        })
        .await
}

/// Checks the new password. This comes before the proof, which spends a code of the second factor.
fn check(account: &Account, new: &NewPassword, current: &TypedPassword) -> Result<()> {
    new.check(&account.bearer()).map_err(|invalid| Error::field("/new_password", invalid))?;
    if account.must_change_password && current.is(new) {
        let say = Say::new("Choose a password of your own.", "Выберите собственный пароль.");
        return Err(Error::field("/new_password", Invalid::Rule("unchanged_password", say)));
    }
    Ok(())
}
