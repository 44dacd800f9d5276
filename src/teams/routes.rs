//! `/v1/teams`.

use actix_web::{HttpResponse, get, patch, post, web::Path};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    model::{Team, TeamFilter, TeamPatch, TeamTerms, TeamView},
    queries,
};
use crate::{
    access::{Create, Read, Scope, TeamId, Update},
    change::{self, Change},
    db::{Cost, Db},
    error::Result,
    http::{Body, IfMatch, OneParams, Query, Reply, Tagged},
    list::{ListQuery, Page, PageParams},
};

/// The operations on teams.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_teams).service(create_team).service(get_team).service(update_team);
}

/// List teams
#[utoipa::path(
    tag = "teams",
    params(TeamFilter, PageParams),
    responses((status = 200, description = "A page of the teams.", body = Page<TeamView>)),
    extensions(("x-permission" = json!("teams:read")))
)]
#[get("/v1/teams")]
async fn list_teams(scope: Scope<Team, Read>, query: ListQuery<TeamFilter>, db: Db) -> Result<Page<TeamView>> {
    let db = db.reader(query.cost).await?;
    let page = queries::list(&db, &scope, &query).await?;
    Ok(page.map(|team| TeamView::of(team, scope.actor())))
}

/// Create a team
#[utoipa::path(
    tag = "teams",
    request_body = TeamTerms,
    responses((status = 201, description = "The new team.", body = TeamView)),
    extensions(("x-permission" = json!("teams:create")))
)]
#[post("/v1/teams")]
async fn create_team(scope: Scope<Team, Create>, change: Change, new: Body<TeamTerms>) -> Result<HttpResponse> {
    let Body(new) = new;
    change
        .run(async |tx| {
            let team = queries::insert(tx, &scope, new).await?;
            Reply::created(&TeamView::of(team, tx.actor()))
        })
        .await
}

/// Get a team
#[utoipa::path(
    tag = "teams",
    params(("id" = TeamId, Path, description = "The team."), OneParams),
    responses((status = 200, description = "The team.", body = TeamView)),
    extensions(("x-permission" = json!("teams:read")))
)]
#[get("/v1/teams/{id}")]
async fn get_team(
    scope: Scope<Team, Read>,
    id: Path<TeamId>,
    query: Query<OneParams>,
    db: Db,
) -> Result<Tagged<TeamView>> {
    let fields = query.0.fields()?;
    let db = db.reader(Cost::Small).await?;
    let team = queries::find(&db, &scope, *id).await?;
    Ok(Tagged::new(TeamView::of(team, scope.actor()), fields))
}

/// Change a team
#[utoipa::path(
    tag = "teams",
    params(("id" = TeamId, Path, description = "The team.")),
    request_body = TeamPatch,
    responses((status = 200, description = "The changed team.", body = TeamView)),
    extensions(("x-permission" = json!("teams:update")))
)]
#[patch("/v1/teams/{id}")]
async fn update_team(
    scope: Scope<Team, Update>,
    id: Path<TeamId>,
    seen: IfMatch,
    change: Change,
    patch: Body<TeamPatch>,
) -> Result<HttpResponse> {
    let Body(patch) = patch;
    change
        .run(async |tx| {
            let team = change::update(tx, &scope, *id, &seen, &patch).await?;
            Reply::ok(&TeamView::of(team, tx.actor()))
        })
        .await
}
