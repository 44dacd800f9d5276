//! `/v1/teams`.

use actix_web::web::Path;

use super::{
    model::{Team, TeamFilter, TeamPatch, TeamTerms, TeamView},
    queries,
};
use crate::{
    access::{Create, Read, Scope, TeamId, Update},
    change::{self, Change},
    db::{Cost, Db},
    error::Result,
    http::{Body, Changed, Created, IfMatch, OneParams, Query, Reply, Routes, Tagged, endpoint},
    list::{ListQuery, Page},
};

/// The operations on teams.
pub fn routes(api: &mut Routes) {
    api.add("teams", [endpoint!(list_teams), endpoint!(create_team), endpoint!(get_team), endpoint!(update_team)]);
}

/// List teams
///
/// Use it to offer the teams that a user can be in.
#[utoipa::path(
    get,
    path = "/v1/teams",
    responses((status = 200, description = "A page of the teams."))
)]
async fn list_teams(scope: Scope<Team, Read>, query: ListQuery<TeamFilter>, db: Db) -> Result<Page<TeamView>> {
    let db = db.reader(query.cost).await?;
    let page = queries::list(&db, &scope, &query).await?;
    Ok(page.map(|team| TeamView::of(team, scope.actor())))
}

/// Create a team
///
/// Use it before the first user of the team is made.
#[utoipa::path(
    post,
    path = "/v1/teams",
    responses((status = 201, description = "The new team."))
)]
async fn create_team(scope: Scope<Team, Create>, change: Change, new: Body<TeamTerms>) -> Result<Created<TeamView>> {
    let Body(new) = new;
    change
        .run(async |tx| {
            let team = queries::insert(tx, &scope, new).await?;
            Reply::created(&TeamView::of(team, tx.actor()))
        })
        .await
}

/// Get a team
///
/// Use it to show one team, and to read the `ETag` that a change asks for.
#[utoipa::path(
    get,
    path = "/v1/teams/{id}",
    responses((status = 200, description = "The team."))
)]
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
///
/// Use it to rename a team.
#[utoipa::path(
    patch,
    path = "/v1/teams/{id}",
    responses((status = 200, description = "The changed team."))
)]
async fn update_team(
    scope: Scope<Team, Update>,
    id: Path<TeamId>,
    seen: IfMatch,
    change: Change,
    patch: Body<TeamPatch>,
) -> Result<Changed<TeamView>> {
    let Body(patch) = patch;
    change
        .run(async |tx| {
            let team = change::update(tx, &scope, *id, &seen, &patch).await?;
            Reply::ok(&TeamView::of(team, tx.actor()))
        })
        .await
}
