//! `/v1/me`.

use super::model::OwnAccount;
use crate::{
    access::{Actor, SignedIn},
    db::{Cost, Db},
    error::Result,
    http::{Fields, NoParams, Query, Routes, Tagged, endpoint},
};

/// The operation on the caller's own account.
pub fn routes(api: &mut Routes) {
    api.add("auth", [endpoint!(get_me)]);
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
