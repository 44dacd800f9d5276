//! Every query on exchange rates. They belong to nobody, so a right that reaches anywhere reaches all of them.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper, pg::Pg};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{ExchangeRate, ExchangeRateFilter, ExchangeRateId, ExchangeRateSort, ExchangeRateTerms};
use crate::{
    access::{Action, Create, Read, Scope},
    change::{Patched, Row, Tx},
    db::{Sql, schema::exchange_rates},
    error::{Error, OnConstraint, Result},
    list::{ListQuery, Page, Sort, SortBy, SortValue, keyset},
    organization,
    values::{Entity, Instant, Invalid, Resource, Say},
};

static SAVE: Sql = Sql::new();

/// The query for the rows of `filter`. The page and its total both use it.
fn filtered(filter: &ExchangeRateFilter) -> exchange_rates::BoxedQuery<'static, Pg> {
    let mut query = exchange_rates::table.into_boxed();
    if !filter.id.is_empty() {
        query = query.filter(exchange_rates::id.eq_any(filter.id.clone()));
    }
    if !filter.currency.is_empty() {
        query = query.filter(exchange_rates::currency.eq_any(filter.currency.clone()));
    }
    if let Some(from) = filter.starts_on_from {
        query = query.filter(exchange_rates::starts_on.ge(from));
    }
    if let Some(to) = filter.starts_on_to {
        query = query.filter(exchange_rates::starts_on.lt(to));
    }
    query
}

/// A page of the rates.
///
/// # Errors
/// When the database fails.
pub async fn list(
    mut db: &AsyncPgConnection,
    _scope: &Scope<ExchangeRate, Read>,
    query: &ListQuery<ExchangeRateFilter>,
) -> Result<Page<ExchangeRate>> {
    let filter = &query.filter;
    let sort = filter.sort.unwrap_or(Sort { key: ExchangeRateSort::StartsOn, descending: true });
    let order = SortBy::column(ExchangeRate::NAME, sort.key.into(), sort.descending);
    let rows = keyset(filtered(filter), order, query.after.clone(), query.limit)
        .select(ExchangeRate::as_select())
        .load(&mut db)
        .await?;
    let total = match query.total {
        true => Some(filtered(filter).count().get_result(&mut db).await?),
        false => None,
    };
    query.page(rows, total, |rate: &ExchangeRate| {
        let key = match sort.key {
            ExchangeRateSort::StartsOn => SortValue::Day(rate.terms.starts_on),
            ExchangeRateSort::UpdatedAt => SortValue::Instant(rate.updated_at),
        };
        (key, rate.uuid())
    })
}

/// The rate `id`.
///
/// # Errors
/// 404 when there is none.
pub async fn find(
    mut db: &AsyncPgConnection,
    _scope: &Scope<ExchangeRate, Read>,
    id: ExchangeRateId,
) -> Result<ExchangeRate> {
    let rate = exchange_rates::table.find(id).select(ExchangeRate::as_select()).first(&mut db).await.optional()?;
    rate.ok_or_else(Error::not_found)
}

/// Enters a rate to the organisation's currency.
///
/// # Errors
/// 409 for a currency that has a rate from this day on, 422 for the organisation's own currency.
pub async fn insert(
    tx: &mut Tx<'_>,
    _scope: &Scope<ExchangeRate, Create>,
    terms: ExchangeRateTerms,
) -> Result<ExchangeRate> {
    let now = tx.now();
    let to_currency = organization::currency(tx).await?;
    let rate = ExchangeRate { id: tx.new_id(), version: 1, created_at: now, updated_at: now, to_currency, terms };
    rate.refuse_own()?;
    rate.refuse_taken(tx, None).await?;
    diesel::insert_into(exchange_rates::table).values(&rate).execute(&mut **tx).await.on_constraint(breached)?;
    tx.created(&rate);
    Ok(rate)
}

impl ExchangeRate {
    fn refuse_own(&self) -> Result<()> {
        if self.terms.currency != self.to_currency {
            return Ok(());
        }
        let say = Say::new("This is the organisation's own currency.", "Это валюта самой организации.");
        Err(Error::field("/currency", Invalid::Rule("own_currency", say)))
    }
}

impl Row for ExchangeRate {
    type Id = ExchangeRateId;

    async fn find_locked<A: Action>(
        tx: &mut Tx<'_>,
        _scope: &Scope<Self, A>,
        id: ExchangeRateId,
    ) -> Result<Option<Self>> {
        let row = exchange_rates::table.find(id).select(Self::as_select()).for_no_key_update();
        Ok(row.first(&mut **tx).await.optional()?)
    }

    async fn write(&self, tx: &mut Tx<'_>) -> Result<()> {
        let update = SAVE.of(diesel::update(exchange_rates::table.find(self.id)).set(self.clone()));
        update.execute(&mut **tx).await.on_constraint(breached)?;
        Ok(())
    }

    async fn check_values(&self, _: &mut Tx<'_>, _: &Self) -> Result<()> {
        self.refuse_own()
    }

    async fn refuse_taken(&self, tx: &mut Tx<'_>, before: Option<&Self>) -> Result<()> {
        let key = |rate: &Self| (rate.terms.currency.clone(), rate.terms.starts_on);
        if before.is_some_and(|before| key(before) == key(self)) {
            return Ok(());
        }
        let holder = exchange_rates::table
            .filter(exchange_rates::currency.eq(&self.terms.currency))
            .filter(exchange_rates::to_currency.eq(&self.to_currency))
            .filter(exchange_rates::starts_on.eq(self.terms.starts_on))
            .select(exchange_rates::id);
        let holder: Option<ExchangeRateId> = holder.first(&mut **tx).await.optional()?;
        let may_see = tx.actor().scope::<Self, Read>().is_ok();
        holder.map_or(Ok(()), |id| Err(Error::taken("/starts_on", may_see.then(|| id.uuid()))))
    }

    fn advance(&mut self, now: Instant) {
        self.version += 1;
        self.updated_at = now;
    }
}

impl Patched for ExchangeRate {
    type Terms = ExchangeRateTerms;

    fn terms(&self) -> &ExchangeRateTerms {
        &self.terms
    }

    fn terms_mut(&mut self) -> &mut ExchangeRateTerms {
        &mut self.terms
    }
}

fn breached(constraint: &str) -> Option<Error> {
    (constraint == "exchange_rates_starts_on_key").then(|| Error::taken("/starts_on", None))
}
