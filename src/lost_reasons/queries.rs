//! Every query on the reasons for losing clients. They belong to nobody, so a right that reaches anywhere reaches all of them.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper, pg::Pg};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{LostReason, LostReasonFilter, LostReasonId, LostReasonSort, LostReasonTerms};
use crate::{
    access::{Action, Create, Read, Scope},
    change::{Patched, Row, Tx, unknown_reference},
    db::{Sql, schema::lost_reasons},
    error::{Error, OnConstraint, Result},
    list::{ListQuery, Page, Sort, SortBy, SortValue, keyset},
    values::{Entity, Instant, Invalid, Resource, Say},
};

static SAVE: Sql = Sql::new();

/// The query for the rows of `filter`. The page and its total both use it.
fn filtered(filter: &LostReasonFilter) -> lost_reasons::BoxedQuery<'static, Pg> {
    let mut query = lost_reasons::table.into_boxed();
    if !filter.id.is_empty() {
        query = query.filter(lost_reasons::id.eq_any(filter.id.clone()));
    }
    if let Some(is_active) = filter.is_active {
        query = query.filter(lost_reasons::is_active.eq(is_active));
    }
    query
}

/// A page of the reasons.
///
/// # Errors
/// When the database fails.
pub async fn list(
    mut db: &AsyncPgConnection,
    _scope: &Scope<LostReason, Read>,
    query: &ListQuery<LostReasonFilter>,
) -> Result<Page<LostReason>> {
    let filter = &query.filter;
    let sort = filter.sort.unwrap_or(Sort { key: LostReasonSort::Position, descending: false });
    let order = SortBy::column(LostReason::NAME, sort.key.into(), sort.descending);
    let rows = keyset(filtered(filter), order, query.after.clone(), query.limit)
        .select(LostReason::as_select())
        .load(&mut db)
        .await?;
    let total = match query.total {
        true => Some(filtered(filter).count().get_result(&mut db).await?),
        false => None,
    };
    query.page(rows, total, |reason: &LostReason| {
        let key = match sort.key {
            LostReasonSort::Position => SortValue::Number(reason.terms.position.into()),
            LostReasonSort::Name => SortValue::Text(reason.terms.name.as_str().to_owned()),
            LostReasonSort::UpdatedAt => SortValue::Instant(reason.updated_at),
        };
        (key, reason.uuid())
    })
}

/// The reason `id`.
///
/// # Errors
/// 404 when there is none.
pub async fn find(
    mut db: &AsyncPgConnection,
    _scope: &Scope<LostReason, Read>,
    id: LostReasonId,
) -> Result<LostReason> {
    let reason = lost_reasons::table.find(id).select(LostReason::as_select()).first(&mut db).await.optional()?;
    reason.ok_or_else(Error::not_found)
}

/// The reason that is given for the loss of a client, locked so that it stays in use until the transaction ends.
///
/// # Errors
/// 422 at `pointer` when there is no such reason or it is out of use.
pub async fn find_active(tx: &mut Tx<'_>, id: LostReasonId, pointer: &str) -> Result<LostReason> {
    let reason: LostReason = lost_reasons::table
        .find(id)
        .select(LostReason::as_select())
        .for_share()
        .first(&mut **tx)
        .await
        .optional()?
        .ok_or_else(|| unknown_reference(pointer))?;
    if reason.terms.is_active {
        return Ok(reason);
    }
    let say =
        Say::new("This reason is out of use. Give another one.", "Эта причина больше не используется. Укажите другую.");
    Err(Error::field(pointer, Invalid::Rule("inactive_lost_reason", say)))
}

/// Creates a reason.
///
/// # Errors
/// 409 for a taken name.
pub async fn insert(tx: &mut Tx<'_>, _scope: &Scope<LostReason, Create>, terms: LostReasonTerms) -> Result<LostReason> {
    let now = tx.now();
    let reason = LostReason { id: tx.new_id(), version: 1, created_at: now, updated_at: now, terms };
    reason.refuse_taken(tx, None).await?;
    diesel::insert_into(lost_reasons::table).values(&reason).execute(&mut **tx).await.on_constraint(breached)?;
    tx.created(&reason);
    Ok(reason)
}

impl Row for LostReason {
    type Id = LostReasonId;

    async fn find_locked<A: Action>(
        tx: &mut Tx<'_>,
        _scope: &Scope<Self, A>,
        id: LostReasonId,
    ) -> Result<Option<Self>> {
        let row = lost_reasons::table.find(id).select(Self::as_select()).for_no_key_update();
        Ok(row.first(&mut **tx).await.optional()?)
    }

    async fn write(&self, tx: &mut Tx<'_>) -> Result<()> {
        let update = SAVE.of(diesel::update(lost_reasons::table.find(self.id)).set(self.clone()));
        update.execute(&mut **tx).await.on_constraint(breached)?;
        Ok(())
    }

    async fn refuse_taken(&self, tx: &mut Tx<'_>, before: Option<&Self>) -> Result<()> {
        if before.is_some_and(|before| before.terms.name == self.terms.name) {
            return Ok(());
        }
        let holder = lost_reasons::table.filter(lost_reasons::name.eq(&self.terms.name)).select(lost_reasons::id);
        let holder: Option<LostReasonId> = holder.first(&mut **tx).await.optional()?;
        let may_see = tx.actor().scope::<Self, Read>().is_ok();
        holder.map_or(Ok(()), |id| Err(Error::taken("/name", may_see.then(|| id.uuid()))))
    }

    fn advance(&mut self, now: Instant) {
        self.version += 1;
        self.updated_at = now;
    }
}

impl Patched for LostReason {
    type Terms = LostReasonTerms;

    fn terms(&self) -> &LostReasonTerms {
        &self.terms
    }

    fn terms_mut(&mut self) -> &mut LostReasonTerms {
        &mut self.terms
    }
}

fn breached(constraint: &str) -> Option<Error> {
    (constraint == "lost_reasons_name_key").then(|| Error::taken("/name", None))
}
