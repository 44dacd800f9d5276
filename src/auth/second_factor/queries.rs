//! Every query on second factors and their recovery codes.

use chrono::Duration;
use diesel::{
    ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper,
    prelude::{Queryable, Selectable},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{
    codes::{OneTimeCode, digest_of, recovery_codes},
    model::FactorStatus,
    totp::Secret,
};
use crate::{
    access::UserId,
    auth::{refusal::Refusal, sessions},
    change::Tx,
    db::schema::{recovery_codes, second_factors},
    error::{Error, ProblemType, Result},
    secrets::{Secrets, reseal::Place},
    values::{Instant, Invalid, Say},
};

/// Where the secrets are stored that the codes are made of.
pub const SEEDS: Place = Place {
    what: "second factors",
    table: "second_factors",
    key: &[("user_id", "uuid")],
    column: "sealed_secret",
    only: "true",
    prefix: "second factor ",
};

/// How long an enrolment that has begun waits for its first code.
const PENDING: Duration = Duration::hours(1);

/// A second factor as it is stored.
#[derive(Queryable, Selectable)]
#[diesel(table_name = second_factors)]
pub struct Stored {
    user_id: UserId,
    sealed_secret: Vec<u8>,
    created_at: Instant,
    /// Since when signing in needs it.
    pub confirmed_at: Option<Instant>,
    last_step: i64,
}

impl Stored {
    /// How far the enrolment is.
    pub fn status(&self, now: Instant) -> FactorStatus {
        match self.confirmed_at {
            Some(_) => FactorStatus::On,
            None if self.created_at.after(PENDING) > now => FactorStatus::Pending,
            None => FactorStatus::Off,
        }
    }

    fn secret(&self, secrets: &Secrets) -> Result<Secret> {
        let opened = secrets.open(&label(self.user_id), &self.sealed_secret);
        Secret::from_bytes(opened.ok_or_else(|| Error::internal("a second factor of another master secret"))?)
    }
}

/// The label with which the secret of `user` is sealed. The secret of another user does not open in its place.
fn label(user: UserId) -> String {
    SEEDS.label(&[&user])
}

/// The second factor of `user`, confirmed or not.
///
/// # Errors
/// When the database fails.
pub async fn find(mut db: &AsyncPgConnection, user: UserId) -> Result<Option<Stored>> {
    Ok(second_factors::table.find(user).select(Stored::as_select()).first(&mut db).await.optional()?)
}

/// How many recovery codes `user` has left.
///
/// # Errors
/// When the database fails.
pub async fn codes_left(mut db: &AsyncPgConnection, user: UserId) -> Result<i64> {
    Ok(recovery_codes::table.filter(recovery_codes::user_id.eq(user)).count().get_result(&mut db).await?)
}

/// Stores `secret` until a first code confirms it, in the place of one not confirmed. The user's row is locked.
///
/// # Errors
/// 409 when there is a confirmed one.
pub async fn begin(tx: &mut Tx<'_>, user: UserId, secret: &Secret) -> Result<()> {
    let now = tx.now();
    if find(tx, user).await?.is_some_and(|stored| stored.confirmed_at.is_some()) {
        return Err(in_status(FactorStatus::On));
    }
    remove(tx, user).await?;
    let row = (
        second_factors::user_id.eq(user),
        second_factors::sealed_secret.eq(tx.secrets().seal(&label(user), secret.bytes())?),
        second_factors::created_at.eq(now),
        second_factors::last_step.eq(0_i64),
    );
    diesel::insert_into(second_factors::table).values(row).execute(&mut **tx).await?;
    Ok(())
}

/// Confirms the second factor of `user`, so that signing in needs it, and gives its recovery codes. The user's row is
/// locked.
///
/// # Errors
/// 409 when no enrolment waits, 422 for a wrong code.
pub async fn confirm(tx: &mut Tx<'_>, user: UserId, code: &OneTimeCode) -> Result<Vec<String>> {
    let now = tx.now();
    let stored = find(tx, user).await?.ok_or_else(|| in_status(FactorStatus::Off))?;
    match stored.status(now) {
        FactorStatus::Pending => {}
        other => return Err(in_status(other)),
    }
    let secret = stored.secret(tx.secrets())?;
    let step = code.digits().and_then(|code| secret.step_of(code, now, stored.last_step));
    let step = step.ok_or_else(|| Error::field("/otp", wrong_code()))?;
    diesel::update(second_factors::table.find(user))
        .set((second_factors::confirmed_at.eq(now), second_factors::last_step.eq(step)))
        .execute(&mut **tx)
        .await?;
    renew_codes(tx, user).await
}

/// Gives `user` new recovery codes, which replace the former ones.
///
/// # Errors
/// 409 when there is no confirmed second factor.
pub async fn renew_codes(tx: &mut Tx<'_>, user: UserId) -> Result<Vec<String>> {
    let stored = find(tx, user).await?;
    if stored.is_none_or(|stored| stored.confirmed_at.is_none()) {
        return Err(in_status(FactorStatus::Off));
    }
    diesel::delete(recovery_codes::table).filter(recovery_codes::user_id.eq(user)).execute(&mut **tx).await?;
    let codes = recovery_codes()?;
    let row = |code: &String| (recovery_codes::user_id.eq(user), recovery_codes::code_hash.eq(digest_of(code)));
    let rows: Vec<_> = codes.iter().map(row).collect();
    diesel::insert_into(recovery_codes::table).values(rows).execute(&mut **tx).await?;
    Ok(codes)
}

/// Removes the second factor of `user` with its recovery codes. Returns whether there was a confirmed one.
///
/// # Errors
/// When the database fails.
pub async fn remove(db: &mut AsyncPgConnection, user: UserId) -> Result<bool> {
    let gone: Option<Option<Instant>> = diesel::delete(second_factors::table.find(user))
        .returning(second_factors::confirmed_at)
        .get_result(db)
        .await
        .optional()?;
    Ok(gone.flatten().is_some())
}

/// Spends a code of the confirmed second factor of `user`: one of an authenticator app, or a recovery code. Returns
/// whether it was accepted. Each code is accepted once, however many requests bring it at the same time (ASVS 6.5.1).
///
/// # Errors
/// When the database fails.
pub async fn take(
    db: &mut AsyncPgConnection,
    secrets: &Secrets,
    user: UserId,
    code: &OneTimeCode,
    now: Instant,
) -> Result<bool> {
    let Some(stored) = find(db, user).await?.filter(|stored| stored.confirmed_at.is_some()) else { return Ok(false) };
    let Some(digits) = code.digits() else { return take_recovery_code(db, user, code).await };
    let secret = stored.secret(secrets)?;
    let Some(step) = secret.step_of(digits, now, stored.last_step) else { return Ok(false) };
    let taken = diesel::update(second_factors::table.find(user))
        .filter(second_factors::last_step.lt(step))
        // Still the same enrolment. Its sealed secret is not compared: it may be sealed anew meanwhile without being
        // another.
        .filter(second_factors::created_at.eq(stored.created_at))
        .filter(second_factors::confirmed_at.eq(stored.confirmed_at))
        .set(second_factors::last_step.eq(step))
        .execute(db)
        .await?;
    Ok(taken == 1)
}

async fn take_recovery_code(db: &mut AsyncPgConnection, user: UserId, code: &OneTimeCode) -> Result<bool> {
    let taken = diesel::delete(recovery_codes::table.find((user, code.digest()))).execute(db).await?;
    Ok(taken == 1)
}

/// Asks for a code at a sign-in with a right password, when the user has a second factor.
///
/// # Errors
/// `second_factor_required` without a code; for a wrong code, the same error as for every refused sign-in.
pub async fn demand(
    db: &mut AsyncPgConnection,
    secrets: &Secrets,
    user: UserId,
    otp: Option<&str>,
    now: Instant,
) -> Result<(), Refusal> {
    if find(db, user).await?.is_none_or(|stored| stored.confirmed_at.is_none()) {
        return Ok(());
    }
    let Some(otp) = otp.filter(|otp| !otp.is_empty()) else {
        return Err(Error::new(ProblemType::SecondFactorRequired).with("error", "invalid_grant").into());
    };
    let taken = match OneTimeCode::parse(otp) {
        Ok(code) => take(db, secrets, user, &code, now).await?,
        Err(_) => false,
    };
    if taken { Ok(()) } else { Err(Refusal::of_code(sessions::refused())) }
}

/// The error of a step that this status forbids.
pub fn in_status(status: FactorStatus) -> Error {
    let allowed: &[&str] = match status {
        FactorStatus::Off => &["begin"],
        FactorStatus::Pending => &["begin", "confirm"],
        FactorStatus::On => &["renew_recovery_codes", "remove"],
    };
    Error::transition(status.into(), allowed)
}

/// The error for a code that is wrong or was used before.
pub fn wrong_code() -> Invalid {
    let say =
        Say::new("This code is wrong, expired or already used.", "Этот код неверен, устарел или уже использован.");
    Invalid::Rule("wrong_code", say)
}
