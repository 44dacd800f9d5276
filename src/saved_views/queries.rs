//! Every query on saved views.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{MOST_OF_USER, SavedView, SavedViewFilter, SavedViewSort, SavedViewTerms};
use crate::{
    access::{Action, Actor, Create, Delete, Read, Scope, TeamId, UserId},
    change::{Patched, Row, Tx, lock},
    clients::{SavedViewId, SavedViews, readable},
    db::{Sql, schema::saved_views},
    error::{Error, OnConstraint, ProblemType, Result},
    http::{IfMatch, Terms},
    list::{ListQuery, Page, Sort, SortBy, SortKey, SortValue, keyset},
    values::{Entity, Instant, Resource},
};

static INSERT: Sql = Sql::new();
static SAVE: Sql = Sql::new();

/// The query for the rows of `filter` that the caller may read. The page and its total both use it.
fn filtered(scope: &Scope<SavedView, Read>, filter: &SavedViewFilter) -> SavedViews {
    let mut query = readable(scope.visible(), scope.actor());
    if !filter.id.is_empty() {
        query = query.filter(saved_views::id.eq_any(filter.id.clone()));
    }
    if !filter.owner_id.is_empty() {
        query = query.filter(saved_views::owner_id.eq_any(filter.owner_id.clone()));
    }
    if let Some(is_shared) = filter.is_shared {
        query = query.filter(saved_views::is_shared.eq(is_shared));
    }
    query
}

/// A page of the views that the caller may read.
///
/// # Errors
/// When the database fails.
pub async fn list(
    mut db: &AsyncPgConnection,
    scope: &Scope<SavedView, Read>,
    query: &ListQuery<SavedViewFilter>,
) -> Result<Page<SavedView>> {
    let filter = &query.filter;
    let sort = filter.sort.unwrap_or(Sort { key: SavedViewSort::UpdatedAt, descending: true });
    let key = match sort.key {
        SavedViewSort::Name => SortKey::Name("name"),
        SavedViewSort::UpdatedAt => SortKey::Column("updated_at"),
    };
    let order = SortBy { table: SavedView::NAME, key, descending: sort.descending };
    let rows = keyset(filtered(scope, filter), order, query.after.clone(), query.limit);
    let rows = rows.select(SavedView::as_select()).load(&mut db).await?;
    let total = match query.total {
        true => Some(filtered(scope, filter).count().get_result(&mut db).await?),
        false => None,
    };
    query.page(rows, total, |view: &SavedView| {
        let key = match sort.key {
            SavedViewSort::Name => SortValue::Text(view.terms.name.as_str().to_owned()),
            SavedViewSort::UpdatedAt => SortValue::Instant(view.updated_at),
        };
        (key, view.uuid())
    })
}

/// The view `id`.
///
/// # Errors
/// 404 when there is none that the caller may read.
pub async fn find(mut db: &AsyncPgConnection, scope: &Scope<SavedView, Read>, id: SavedViewId) -> Result<SavedView> {
    let view = readable(scope.visible(), scope.actor()).filter(saved_views::id.eq(id));
    view.select(SavedView::as_select()).first(&mut db).await.optional()?.ok_or_else(Error::not_found)
}

/// Creates a view of the caller.
///
/// # Errors
/// 409 for a taken name, and when the caller has too many views; 422 for conditions beyond their bounds.
pub async fn insert(tx: &mut Tx<'_>, _scope: &Scope<SavedView, Create>, terms: SavedViewTerms) -> Result<SavedView> {
    terms.check()?;
    let Actor::Caller(caller) = tx.actor() else { return Err(Error::not_found()) };
    let owner = (caller.user_id, caller.team_id);
    record(tx, owner, terms).await
}

/// Creates a view of a user and their team.
///
/// # Errors
/// As [`insert`].
pub async fn record(
    tx: &mut Tx<'_>,
    (owner_id, team_id): (UserId, TeamId),
    terms: SavedViewTerms,
) -> Result<SavedView> {
    let now = tx.now();
    let view = SavedView { id: tx.new_id(), version: 1, created_at: now, updated_at: now, owner_id, team_id, terms };
    let theirs = saved_views::table.filter(saved_views::owner_id.eq(owner_id));
    if theirs.count().get_result::<i64>(&mut **tx).await? >= MOST_OF_USER {
        return Err(Error::new(ProblemType::Conflict).detail(
            "You have 200 saved views already. Delete one first.",
            "У вас уже 200 сохранённых представлений. Сначала удалите одно из них.",
        ));
    }
    view.refuse_taken(tx, None).await?;
    INSERT
        .of(diesel::insert_into(saved_views::table).values(&view))
        .execute(&mut **tx)
        .await
        .on_constraint(breached)?;
    tx.created(&view);
    Ok(view)
}

/// Deletes a view.
///
/// # Errors
/// 404, 403, 412.
pub async fn delete(tx: &mut Tx<'_>, scope: &Scope<SavedView, Delete>, id: SavedViewId, seen: &IfMatch) -> Result<()> {
    let view = lock(tx, scope, id, seen).await?;
    diesel::delete(saved_views::table.find(id)).execute(&mut **tx).await?;
    tx.deleted(&view);
    Ok(())
}

impl Row for SavedView {
    type Id = SavedViewId;

    async fn find_locked<A: Action>(tx: &mut Tx<'_>, scope: &Scope<Self, A>, id: SavedViewId) -> Result<Option<Self>> {
        let readable = readable(scope.visible(), scope.actor()).select(saved_views::id);
        let view = saved_views::table.find(id).filter(saved_views::id.eq_any(readable)).select(Self::as_select());
        Ok(view.for_no_key_update().first(&mut **tx).await.optional()?)
    }

    async fn write(&self, tx: &mut Tx<'_>) -> Result<()> {
        let update = SAVE.of(diesel::update(saved_views::table.find(self.id)).set(self.clone()));
        update.execute(&mut **tx).await.on_constraint(breached)?;
        Ok(())
    }

    async fn refuse_taken(&self, tx: &mut Tx<'_>, before: Option<&Self>) -> Result<()> {
        if before.is_some_and(|before| before.terms.name == self.terms.name) {
            return Ok(());
        }
        let holder = saved_views::table
            .filter(saved_views::owner_id.eq(self.owner_id))
            .filter(saved_views::name.eq(&self.terms.name))
            .select(saved_views::id);
        let holder: Option<SavedViewId> = holder.first(&mut **tx).await.optional()?;
        holder.map_or(Ok(()), |id| Err(Error::taken("/name", Some(id.uuid()))))
    }

    fn advance(&mut self, now: Instant) {
        self.version += 1;
        self.updated_at = now;
    }
}

impl Patched for SavedView {
    type Terms = SavedViewTerms;

    fn terms(&self) -> &SavedViewTerms {
        &self.terms
    }

    fn terms_mut(&mut self) -> &mut SavedViewTerms {
        &mut self.terms
    }
}

fn breached(constraint: &str) -> Option<Error> {
    (constraint == "saved_views_name_key").then(|| Error::taken("/name", None))
}
