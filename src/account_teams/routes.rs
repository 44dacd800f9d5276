//! `/v1/clients/{id}/account-team`.

use actix_web::{HttpResponse, get, put, web::Path};
use utoipa_actix_web::service_config::ServiceConfig;

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
    http::{Body, Fields, IfMatch, NoParams, Query, Reply, Tagged},
};

/// The operations on account teams.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(get_account_team).service(assign_account_team);
}

/// Get the account team of a client
#[utoipa::path(
    tag = "clients",
    params(("id" = ClientId, Path, description = "The client.")),
    responses((status = 200, description = "Who is on the team.", body = AccountTeamView)),
    extensions(("x-permission" = json!("clients:read")))
)]
#[get("/v1/clients/{id}/account-team")]
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
/// To its members the client, and all that belongs to it, counts as their own, on every server within a second. New members
/// come from the caller's team unless the right reaches further; a user is on at most 500 account teams.
#[utoipa::path(
    tag = "clients",
    params(("id" = ClientId, Path, description = "The client.")),
    request_body = NewAccountTeam,
    responses((status = 200, description = "Who is on the team now.", body = AccountTeamView)),
    extensions(("x-permission" = json!("clients:assign_team")))
)]
#[put("/v1/clients/{id}/account-team")]
async fn assign_account_team(
    scope: Assign,
    id: Path<ClientId>,
    seen: IfMatch,
    change: Change,
    new: Body<NewAccountTeam>,
) -> Result<HttpResponse> {
    let Body(new) = new;
    change.run(async |tx| Reply::ok(&queries::replace(tx, &scope, *id, &seen, new).await?)).await
}
