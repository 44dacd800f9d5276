//! `/v1/me`.

use super::model::OwnAccount;
use crate::{
    access::{Actor, Person, SignedIn},
    change::Change,
    db::{Cost, Db},
    error::Result,
    http::{Body, Changed, Fields, IfMatch, NoParams, Query, Reply, Routes, Tagged, endpoint},
    users::own_settings::{self, OwnSettingsPatch},
};

/// The operations on the caller's own account.
pub fn routes(api: &mut Routes) {
    api.add("auth", [endpoint!(get_me), endpoint!(update_me)]);
}

/// Get the caller's own account
///
/// Use it after sign-in to greet the user, and to see what they must still do, such as choose a password.
///
/// A service account gets its own account, with its scopes, networks and departments.
#[utoipa::path(
    get,
    path = "/v1/me",
    responses((status = 200, description = "The caller."))
)]
async fn get_me(caller: SignedIn, _: Query<NoParams>, db: Db) -> Result<Tagged<OwnAccount>> {
    let db = db.reader(Cost::Small).await?;
    Ok(Tagged::new(OwnAccount::of(&db, &Actor::Caller(caller.0)).await?, Fields::default()))
}

/// Change the caller's own account
///
/// Use it to let users choose their time zone and their language.
///
/// The time zone decides what "today" and "overdue" mean, the language in which failures are told to requests without
/// `Accept-Language`. Everything else about a user is changed by supervisors.
#[utoipa::path(
    patch,
    path = "/v1/me",
    responses((status = 200, description = "The changed account."))
)]
async fn update_me(
    person: Person,
    seen: IfMatch,
    change: Change,
    patch: Body<OwnSettingsPatch>,
) -> Result<Changed<OwnAccount>> {
    let Body(patch) = patch;
    let id = person.0.user_id;
    change
        .run(async |tx| {
            own_settings::update(tx, id, &seen, &patch).await?;
            let account = OwnAccount::of(tx, tx.actor()).await?;
            Reply::ok(&account)
        })
        .await
}
