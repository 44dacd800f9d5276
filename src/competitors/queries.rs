//! Every query on competitors. They belong to nobody, so a right that reaches anywhere reaches all of them.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper, pg::Pg};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{Competitor, CompetitorFilter, CompetitorId, CompetitorSort, CompetitorTerms};
use crate::{
    access::{Action, Create, Read, Scope},
    change::{Patched, Row, Tx, unknown_reference},
    db::{Sql, schema::competitors},
    error::{Error, OnConstraint, Result},
    list::{ListQuery, Page, Sort, SortBy, SortValue, keyset},
    values::{Entity, Instant, Resource},
};

static SAVE: Sql = Sql::new();

/// The query for the rows of `filter`. The page and its total both use it.
fn filtered(filter: &CompetitorFilter) -> competitors::BoxedQuery<'static, Pg> {
    let mut query = competitors::table.into_boxed();
    if !filter.id.is_empty() {
        query = query.filter(competitors::id.eq_any(filter.id.clone()));
    }
    if let Some(is_active) = filter.is_active {
        query = query.filter(competitors::is_active.eq(is_active));
    }
    query
}

/// A page of the competitors.
///
/// # Errors
/// When the database fails.
pub async fn list(
    mut db: &AsyncPgConnection,
    _scope: &Scope<Competitor, Read>,
    query: &ListQuery<CompetitorFilter>,
) -> Result<Page<Competitor>> {
    let filter = &query.filter;
    let sort = filter.sort.unwrap_or(Sort { key: CompetitorSort::Name, descending: false });
    let order = SortBy::column(Competitor::NAME, sort.key.into(), sort.descending);
    let rows = keyset(filtered(filter), order, query.after.clone(), query.limit)
        .select(Competitor::as_select())
        .load(&mut db)
        .await?;
    let total = match query.total {
        true => Some(filtered(filter).count().get_result(&mut db).await?),
        false => None,
    };
    query.page(rows, total, |competitor: &Competitor| {
        let key = match sort.key {
            CompetitorSort::Name => SortValue::Text(competitor.terms.name.as_str().to_owned()),
            CompetitorSort::UpdatedAt => SortValue::Instant(competitor.updated_at),
        };
        (key, competitor.uuid())
    })
}

/// The competitor `id`.
///
/// # Errors
/// 404 when there is none.
pub async fn find(
    mut db: &AsyncPgConnection,
    _scope: &Scope<Competitor, Read>,
    id: CompetitorId,
) -> Result<Competitor> {
    let competitor = competitors::table.find(id).select(Competitor::as_select()).first(&mut db).await.optional()?;
    competitor.ok_or_else(Error::not_found)
}

/// Refuses the id of a competitor that does not exist.
///
/// # Errors
/// 422 at `pointer`.
pub async fn check_exists(tx: &mut Tx<'_>, id: CompetitorId, pointer: &str) -> Result<()> {
    let known: Option<CompetitorId> =
        competitors::table.find(id).select(competitors::id).first(&mut **tx).await.optional()?;
    known.map(drop).ok_or_else(|| unknown_reference(pointer))
}

/// Creates a competitor.
///
/// # Errors
/// 409 for a taken name.
pub async fn insert(tx: &mut Tx<'_>, _scope: &Scope<Competitor, Create>, terms: CompetitorTerms) -> Result<Competitor> {
    let now = tx.now();
    let competitor = Competitor { id: tx.new_id(), version: 1, created_at: now, updated_at: now, terms };
    competitor.refuse_taken(tx, None).await?;
    diesel::insert_into(competitors::table).values(&competitor).execute(&mut **tx).await.on_constraint(breached)?;
    tx.created(&competitor);
    Ok(competitor)
}

impl Row for Competitor {
    type Id = CompetitorId;

    async fn find_locked<A: Action>(
        tx: &mut Tx<'_>,
        _scope: &Scope<Self, A>,
        id: CompetitorId,
    ) -> Result<Option<Self>> {
        let row = competitors::table.find(id).select(Self::as_select()).for_no_key_update();
        Ok(row.first(&mut **tx).await.optional()?)
    }

    async fn write(&self, tx: &mut Tx<'_>) -> Result<()> {
        let update = SAVE.of(diesel::update(competitors::table.find(self.id)).set(self.clone()));
        update.execute(&mut **tx).await.on_constraint(breached)?;
        Ok(())
    }

    async fn refuse_taken(&self, tx: &mut Tx<'_>, before: Option<&Self>) -> Result<()> {
        if before.is_some_and(|before| before.terms.name == self.terms.name) {
            return Ok(());
        }
        let holder = competitors::table.filter(competitors::name.eq(&self.terms.name)).select(competitors::id);
        let holder: Option<CompetitorId> = holder.first(&mut **tx).await.optional()?;
        let may_see = tx.actor().scope::<Self, Read>().is_ok();
        holder.map_or(Ok(()), |id| Err(Error::taken("/name", may_see.then(|| id.uuid()))))
    }

    fn advance(&mut self, now: Instant) {
        self.version += 1;
        self.updated_at = now;
    }
}

impl Patched for Competitor {
    type Terms = CompetitorTerms;

    fn terms(&self) -> &CompetitorTerms {
        &self.terms
    }

    fn terms_mut(&mut self) -> &mut CompetitorTerms {
        &mut self.terms
    }
}

fn breached(constraint: &str) -> Option<Error> {
    (constraint == "competitors_name_key").then(|| Error::taken("/name", None))
}
