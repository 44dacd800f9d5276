//! `/v1/me/second-factor`.

use actix_web::web::{Data, Json};
use diesel_async::AsyncPgConnection;

use super::{
    model::{BeginEnrolment, BothFactors, ConfirmEnrolment, Enrolment, FactorStatus, RecoveryCodes, SecondFactor},
    queries,
    totp::Secret,
};
use crate::{
    access::{Caller, Person, policy},
    auth::{
        account::{self, Account, Proof},
        verifier::Verifier,
    },
    change::Change,
    clock::Clock,
    db::{Cost, Db},
    error::{Error, ProblemType, Result},
    http::{Body, NoContent, NoParams, Plain, Query, Reply, Routes, endpoint},
    mail::{Letter, Mail, Notice},
    sessions, users,
};

/// The operations on the caller's second factor.
pub fn routes(api: &mut Routes) {
    api.add(
        "auth",
        [
            endpoint!(get_second_factor),
            endpoint!(begin_second_factor),
            endpoint!(confirm_second_factor),
            endpoint!(renew_recovery_codes),
            endpoint!(remove_second_factor),
        ],
    );
}

/// Get the caller's second factor
///
/// Use it to show on a settings page whether a second factor is on.
///
/// How far the enrolment is; never its secret.
#[utoipa::path(
    get,
    path = "/v1/me/second-factor",
    responses((status = 200, description = "The second factor."))
)]
async fn get_second_factor(
    caller: Person,
    _: Query<NoParams>,
    clock: Data<Clock>,
    db: Db,
) -> Result<Json<SecondFactor>> {
    let Person(caller) = caller;
    let db = db.reader(Cost::Small).await?;
    let stored = queries::find(&db, caller.user_id).await?;
    let now = clock.now();
    Ok(Json(SecondFactor {
        status: stored.as_ref().map_or(FactorStatus::Off, |stored| stored.status(now)),
        confirmed_at: stored.and_then(|stored| stored.confirmed_at),
        recovery_codes_left: queries::codes_left(&db, caller.user_id).await?,
        is_required: caller.policy.limits.second_factor_required,
    }))
}

/// Begin the enrolment of a second factor
///
/// Use it to show the QR code that an authenticator app scans.
///
/// Answers the secret for an authenticator app (TOTP, RFC 6238), once. The enrolment ends with a first code at
/// `POST /v1/me/second-factor/confirm` within an hour; until then signing in needs the password alone. Beginning again
/// makes the former secret worthless.
#[utoipa::path(
    post,
    path = "/v1/me/second-factor",
    responses((status = 200, description = "What the app needs."))
)]
async fn begin_second_factor(
    caller: Person,
    verifier: Verifier,
    change: Change,
    body: Body<BeginEnrolment>,
    db: Db,
) -> Result<Plain<Enrolment>> {
    let (Person(caller), Body(BeginEnrolment { password })) = (caller, body);
    let account = account::find(&mut *db.connect().await?, caller.user_id).await?;
    if account.has_second_factor() {
        return Err(queries::in_status(FactorStatus::On));
    }
    verifier.prove(&account, Proof::new(password, "/password", None)).await?;
    let secret = Secret::generate()?;
    let answer = Enrolment { secret: secret.base32(), otpauth_uri: secret.uri(account.email.as_str()) };
    change
        .run(async |tx| {
            users::sign_in_changed(tx, caller.user_id, "second_factor_begun").await?;
            queries::begin(tx, caller.user_id, &secret).await?;
            Reply::json(&answer)
        })
        .await
}

/// Confirm a second factor
///
/// Use it with the first code that the app shows.
///
/// Ends the enrolment with a first code of the app. From now on signing in needs a code, too, and all other sessions of the
/// caller end. Answers ten recovery codes, once.
#[utoipa::path(
    post,
    path = "/v1/me/second-factor/confirm",
    responses((status = 200, description = "The recovery codes."))
)]
async fn confirm_second_factor(
    caller: Person,
    verifier: Verifier,
    change: Change,
    body: Body<ConfirmEnrolment>,
    mail: Data<Mail>,
    db: Db,
) -> Result<Plain<RecoveryCodes>> {
    let (Person(caller), Body(ConfirmEnrolment { otp })) = (caller, body);
    let attempt = {
        let mut db = db.connect().await?;
        let account = account::find(&mut db, caller.user_id).await?;
        verifier.count(&mut db, &account, None).await?
    };
    let answer = change
        .run(async |tx| {
            let user = users::sign_in_changed(tx, caller.user_id, "second_factor_enabled").await?;
            let recovery_codes = queries::confirm(tx, caller.user_id, &otp).await?;
            // The other sessions end, so that the user signs in there again, under the new requirements (ASVS 7.4.3).
            sessions::end_all(tx, caller.user_id, caller.session()).await?;
            let letter =
                Letter::Notice { to: user.terms.email.as_str().to_owned(), notice: Notice::SecondFactorEnabled };
            mail.post(tx, &letter).await?;
            Reply::json(&RecoveryCodes { recovery_codes })
        })
        .await?;
    attempt.succeed(&mut *db.connect().await?).await?;
    Ok(answer)
}

/// Renew the recovery codes
///
/// Use it when the codes are used up, or somebody else may have seen them.
///
/// Ten new codes, shown once; the former ones are worthless.
#[utoipa::path(
    post,
    path = "/v1/me/second-factor/recovery-codes",
    responses((status = 200, description = "The recovery codes."))
)]
async fn renew_recovery_codes(
    caller: Person,
    verifier: Verifier,
    change: Change,
    body: Body<BothFactors>,
    db: Db,
) -> Result<Plain<RecoveryCodes>> {
    let (Person(caller), Body(BothFactors { password, otp })) = (caller, body);
    let account = account::find(&mut *db.connect().await?, caller.user_id).await?;
    if !account.has_second_factor() {
        return Err(queries::in_status(FactorStatus::Off));
    }
    verifier.prove(&account, Proof::new(password, "/password", Some(otp))).await?;
    change
        .run(async |tx| {
            users::sign_in_changed(tx, caller.user_id, "recovery_codes_renewed").await?;
            let recovery_codes = queries::renew_codes(tx, caller.user_id).await?;
            Reply::json(&RecoveryCodes { recovery_codes })
        })
        .await
}

/// Remove the second factor
///
/// Use it when a user changes to another authenticator app, or gives it up.
///
/// From then on the password is enough to sign in, and all other sessions of the caller end. Refused where the policy of
/// the role requires a second factor, and with a password of fewer than 15 characters: change it first.
#[utoipa::path(
    delete,
    path = "/v1/me/second-factor",
    responses((status = 204, description = "The second factor is gone."))
)]
async fn remove_second_factor(
    caller: Person,
    verifier: Verifier,
    change: Change,
    body: Body<BothFactors>,
    mail: Data<Mail>,
    db: Db,
) -> Result<NoContent> {
    let (Person(caller), Body(BothFactors { password, otp })) = (caller, body);
    let account = {
        let mut db = db.connect().await?;
        let account = account::find(&mut db, caller.user_id).await?;
        refuse_needed(&mut db, &account, &caller).await?;
        account
    };
    verifier.prove(&account, Proof::new(password, "/password", Some(otp))).await?;
    change
        .run(async |tx| {
            let user = users::sign_in_changed(tx, caller.user_id, "second_factor_removed").await?;
            let account = account::find(tx, caller.user_id).await?;
            refuse_needed(tx, &account, &caller).await?;
            queries::remove(tx, caller.user_id).await?;
            // The other sessions end, so that the user signs in there again, under the new requirements (ASVS 7.4.3).
            sessions::end_all(tx, caller.user_id, caller.session()).await?;
            let letter =
                Letter::Notice { to: user.terms.email.as_str().to_owned(), notice: Notice::SecondFactorRemoved };
            mail.post(tx, &letter).await?;
            Ok(Reply::no_content())
        })
        .await
}

/// Refuses to remove a second factor that does not exist, that the role requires, or that a short password needs.
async fn refuse_needed(db: &mut AsyncPgConnection, account: &Account, caller: &Caller) -> Result<()> {
    if !account.has_second_factor() {
        return Err(queries::in_status(FactorStatus::Off));
    }
    if policy::second_factor_required(db, caller.role()).await? {
        return Err(Error::new(ProblemType::Conflict).detail(
            "The policy of your role requires a second factor.",
            "Политика вашей роли требует второго фактора.",
        ));
    }
    if !account.password_is_long {
        return Err(Error::new(ProblemType::Conflict).detail(
            "Your password has fewer than 15 characters, which is too short without a second factor. Change it first.",
            "В вашем пароле меньше 15 символов: без второго фактора это слишком мало. Сначала смените его.",
        ));
    }
    Ok(())
}
