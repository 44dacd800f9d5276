//! `/v1/clients/{id}/account-team`.

use actix_web::web::Path;

use super::{
    model::{AccountTeamView, Assign, NewAccountTeam},
    queries,
};
use crate::{
    access::{Read, Scope},
    change::Change,
    clients::{Client, ClientId},
    db::{Cost, Db},
    error::Result,
    http::{Body, Changed, Fields, IfMatch, NoParams, Query, Reply, Routes, Tagged, endpoint},
};

/// The operations on account teams.
pub fn routes(api: &mut Routes) {
    api.add("clients", [endpoint!(get_account_team), endpoint!(assign_account_team)]);
}

/// Get the account team of a client
///
/// Use it to see who works on the client beside its owner.
#[utoipa::path(
    get,
    path = "/v1/clients/{id}/account-team",
    responses((status = 200, description = "Who is on the team."))
)]
async fn get_account_team(
    scope: Scope<Client, Read>,
    id: Path<ClientId>,
    _: Query<NoParams>,
    db: Db,
) -> Result<Tagged<AccountTeamView>> {
    let db = db.reader(Cost::Small).await?;
    Ok(Tagged::new(queries::find(&db, &scope, *id).await?, Fields::default()))
}

/// Decide who is on the account team of a client
///
/// Use it when colleagues are to help with a client that stays its owner's.
///
/// For its members, the client and all that belongs to it count as their own, but for confidential fields, its archive,
/// loss, transfer and designation. This takes effect on every server within a second. Nobody puts themselves on the team of
/// a colleague's client unless the right reaches everywhere. New members come from the caller's team unless the right reaches further. A user is on at most 500 account
/// teams.
#[utoipa::path(
    put,
    path = "/v1/clients/{id}/account-team",
    responses((status = 200, description = "Who is on the team now.")),
    extensions(("x-permission" = json!("clients:assign_team")))
)]
async fn assign_account_team(
    scope: Assign,
    id: Path<ClientId>,
    seen: IfMatch,
    change: Change,
    new: Body<NewAccountTeam>,
) -> Result<Changed<AccountTeamView>> {
    let Body(new) = new;
    change.run(async |tx| Reply::ok(&queries::replace(tx, &scope, *id, &seen, new).await?)).await
}
