//! Every query on teams.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper, pg::Pg};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{Team, TeamFilter, TeamSort, TeamTerms};
use crate::{
    access::{Action, Create, Read, Scope, TeamId},
    change::{Patched, Row, Tx},
    db::{Sql, schema::teams},
    error::{Error, OnConstraint, Result},
    list::{ListQuery, Page, Sort, SortBy, SortKey, SortValue, keyset},
    values::{Entity, Instant, Resource},
};

static SAVE: Sql = Sql::new();

/// The query for the rows of `filter`. The page and its total both use it.
fn filtered(filter: &TeamFilter) -> teams::BoxedQuery<'static, Pg> {
    let query = teams::table.into_boxed();
    match filter.id.is_empty() {
        true => query,
        false => query.filter(teams::id.eq_any(filter.id.clone())),
    }
}

/// A page of all teams.
///
/// # Errors
/// When the database fails.
pub async fn list(
    mut db: &AsyncPgConnection,
    _scope: &Scope<Team, Read>,
    query: &ListQuery<TeamFilter>,
) -> Result<Page<Team>> {
    let sort = query.filter.sort.unwrap_or(Sort { key: TeamSort::Name, descending: false });
    let order = SortBy { table: Team::NAME, key: column(sort.key), descending: sort.descending };
    let rows = keyset(filtered(&query.filter), order, query.after.clone(), query.limit)
        .select(Team::as_select())
        .load(&mut db)
        .await?;
    let total = match query.total {
        true => Some(filtered(&query.filter).count().get_result(&mut db).await?),
        false => None,
    };
    query.page(rows, total, |team: &Team| {
        let key = match sort.key {
            TeamSort::Name => SortValue::Text(team.terms.name.as_str().to_owned()),
            TeamSort::UpdatedAt => SortValue::Instant(team.updated_at),
        };
        (key, team.uuid())
    })
}

fn column(sort: TeamSort) -> SortKey {
    match sort {
        TeamSort::Name => SortKey::Name("name"),
        TeamSort::UpdatedAt => SortKey::Column("updated_at"),
    }
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
/// 409 for a taken name.
pub async fn insert(tx: &mut Tx<'_>, _scope: &Scope<Team, Create>, terms: TeamTerms) -> Result<Team> {
    let now = tx.now();
    let team = Team { id: tx.new_id(), version: 1, created_at: now, updated_at: now, terms };
    team.refuse_taken(tx, None).await?;
    diesel::insert_into(teams::table).values(&team).execute(&mut **tx).await.on_constraint(breached)?;
    tx.created(&team);
    Ok(team)
}

impl Row for Team {
    type Id = TeamId;

    async fn find_locked<A: Action>(tx: &mut Tx<'_>, _scope: &Scope<Self, A>, id: TeamId) -> Result<Option<Self>> {
        let row = teams::table.find(id).select(Self::as_select()).for_no_key_update();
        Ok(row.first(&mut **tx).await.optional()?)
    }

    async fn write(&self, tx: &mut Tx<'_>) -> Result<()> {
        let update = SAVE.of(diesel::update(teams::table.find(self.id)).set(self.clone()));
        update.execute(&mut **tx).await.on_constraint(breached)?;
        Ok(())
    }

    async fn refuse_taken(&self, tx: &mut Tx<'_>, before: Option<&Self>) -> Result<()> {
        if before.is_some_and(|before| before.terms.name == self.terms.name) {
            return Ok(());
        }
        let holder = teams::table.filter(teams::name.eq(&self.terms.name)).select(teams::id);
        let holder: Option<TeamId> = holder.first(&mut **tx).await.optional()?;
        let may_see = tx.actor().scope::<Self, Read>().is_ok();
        holder.map_or(Ok(()), |id| Err(Error::taken("/name", may_see.then(|| id.uuid()))))
    }

    fn advance(&mut self, now: Instant) {
        self.version += 1;
        self.updated_at = now;
    }
}

impl Patched for Team {
    type Terms = TeamTerms;

    fn terms(&self) -> &TeamTerms {
        &self.terms
    }

    fn terms_mut(&mut self) -> &mut TeamTerms {
        &mut self.terms
    }
}

fn breached(constraint: &str) -> Option<Error> {
    (constraint == "teams_name_key").then(|| Error::taken("/name", None))
}
