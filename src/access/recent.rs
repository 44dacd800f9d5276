//! Step-up authentication (RFC 9470): an operation that lets somebody in or widens somebody's rights needs a recent
//! proof of identity from the person who calls it. A stolen token is not enough.

use std::{future::Future, pin::Pin, sync::Arc};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use chrono::Duration;
use diesel::{ExpressionMethods, OptionalExtension, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{Caller, Person, SessionId, caller::not_a_person};
use crate::{
    clock::Clock,
    db::{Db, schema::sessions},
    error::{Error, ProblemType, Result},
    values::Instant,
};

/// How old the proof may be. The proof is a sign-in, or a confirmation at `POST /v1/auth/confirm`.
pub const MAX_AGE: Duration = Duration::minutes(15);

/// A person who has proved their identity within [`MAX_AGE`] (ASVS 7.5.1, 7.5.2). The API document marks operations
/// that ask for this with `x-recent-authentication`.
///
/// Each request asks the database, not the cache of [`super::Callers`]. So a confirmation takes effect on every
/// server at once.
#[derive(Clone, Debug)]
pub struct RecentlyAuthenticated(pub Arc<Caller>);

impl FromRequest for RecentlyAuthenticated {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let Person(caller) = Person::of(&request)?;
            let clock = request.app_data::<Data<Clock>>().ok_or_else(|| Error::internal("the app has no clock"))?;
            let now = clock.now();
            check(&mut *Db::of(&request)?.connect().await?, &caller, now).await?;
            Ok(Self(caller))
        })
    }
}

/// Refuses a caller who has not proved their identity recently.
///
/// # Errors
/// 401 that asks for a proof, 403 for a service account.
pub async fn check(db: &mut AsyncPgConnection, caller: &Caller, now: Instant) -> Result<()> {
    let session = caller.session().ok_or_else(not_a_person)?;
    let proved = proved_at(db, session).await?.ok_or_else(over)?;
    if proved.after(MAX_AGE) >= now { Ok(()) } else { Err(insufficient()) }
}

/// When the person of `session` last proved who they are; `None` when the session is over.
async fn proved_at(db: &mut AsyncPgConnection, session: SessionId) -> Result<Option<Instant>> {
    let proved = sessions::table
        .find(session)
        .filter(sessions::ended_at.is_null())
        .select(sessions::authenticated_at)
        .first(db)
        .await
        .optional()?;
    Ok(proved)
}

/// Remembers that the person of `session` has just proved who they are.
///
/// # Errors
/// 401 when the session is over.
pub async fn renew(db: &mut AsyncPgConnection, session: SessionId, now: Instant) -> Result<()> {
    let renewed = diesel::update(sessions::table.find(session))
        .filter(sessions::ended_at.is_null())
        .set(sessions::authenticated_at.eq(now))
        .execute(db)
        .await?;
    if renewed == 1 { Ok(()) } else { Err(over()) }
}

/// The challenge that asks for a proof (RFC 9470, section 3).
pub fn challenge() -> String {
    format!(
        "Bearer realm=\"liaison\", error=\"insufficient_user_authentication\", \
         error_description=\"More recent authentication is required\", max_age={}",
        MAX_AGE.num_seconds()
    )
}

fn insufficient() -> Error {
    Error::new(ProblemType::InsufficientUserAuthentication).with("max_age", MAX_AGE.num_seconds())
}

/// The error for a session that is over.
pub(crate) fn over() -> Error {
    Error::new(ProblemType::Unauthorized).with("error", "invalid_token")
}
