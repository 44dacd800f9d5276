//! Every query on teams.

use diesel::{OptionalExtension, QueryDsl, SelectableHelper};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{NewTeam, Team, TeamFilter, TeamPatch, TeamSort};
use crate::{
    access::{Create, Read, Scope, TeamId, Update},
    change::Tx,
    db::{Sql, schema::teams},
    error::{Error, OnConstraint, Result},
    http::IfMatch,
    list::{KeyValue, ListQuery, Order, Page, Sort, keyset},
    values::{Entity, Id, Invalid, Resource, patch::change},
};

static SAVE: Sql = Sql::new();

/// A page of all teams.
///
/// # Errors
/// The database's.
pub async fn list(
    mut db: &AsyncPgConnection,
    _scope: &Scope<Team, Read>,
    query: &ListQuery<TeamFilter>,
) -> Result<Page<Team>> {
    let sort = query.filter.sort.unwrap_or(Sort { key: TeamSort::Name, descending: false });
    let column = match sort.key {
        TeamSort::Name => "name",
        TeamSort::UpdatedAt => "updated_at",
    };
    let order = Order::column(Team::NAME, column, sort.descending);
    let rows = keyset(teams::table.into_boxed(), order, query.after.clone(), query.limit)
        .select(Team::as_select())
        .load(&mut db)
        .await?;
    let total = match query.total {
        true => Some(teams::table.count().get_result(&mut db).await?),
        false => None,
    };
    query.page(rows, total, |team: &Team| {
        let key = match sort.key {
            TeamSort::Name => KeyValue::Text(team.name.as_str().to_owned()),
            TeamSort::UpdatedAt => KeyValue::Instant(team.updated_at),
        };
        (key, team.uuid())
    })
}

/// The team `id`.
///
/// # Errors
/// 404 when there is none.
pub async fn find(mut db: &AsyncPgConnection, _scope: &Scope<Team, Read>, id: TeamId) -> Result<Team> {
    let team = teams::table.find(id).select(Team::as_select()).first(&mut db).await.optional()?;
    team.ok_or_else(Error::not_found)
}

/// Creates a team.
///
/// # Errors
/// 422 for a taken name.
pub async fn insert(tx: &mut Tx<'_>, _scope: &Scope<Team, Create>, new: NewTeam) -> Result<Team> {
    let now = tx.now();
    let team = Team { id: Id::generate(), version: 1, created_at: now, updated_at: now, name: new.name };
    diesel::insert_into(teams::table).values(&team).execute(&mut **tx).await.on_constraint(breached)?;
    tx.created(&team);
    Ok(team)
}

/// Changes what `patch` names.
///
/// # Errors
/// 404, 412, or 422 for a taken name.
pub async fn update(
    tx: &mut Tx<'_>,
    _scope: &Scope<Team, Update>,
    id: TeamId,
    seen: &IfMatch,
    patch: TeamPatch,
) -> Result<Team> {
    let before: Team = teams::table
        .find(id)
        .select(Team::as_select())
        .for_no_key_update()
        .first(&mut **tx)
        .await
        .optional()?
        .ok_or_else(Error::not_found)?;
    seen.check(before.version)?;
    let mut after = before.clone();
    change(&mut after.name, patch.name);
    if after == before {
        return Ok(before);
    }
    after.version += 1;
    after.updated_at = tx.now();
    let update = diesel::update(teams::table.find(id)).set(after.clone());
    SAVE.of(update).execute(&mut **tx).await.on_constraint(breached)?;
    tx.changed("updated", &before, &after);
    Ok(after)
}

fn breached(constraint: &str) -> Option<Error> {
    (constraint == "teams_name_key").then(|| Error::field("/name", Invalid::Taken))
}
