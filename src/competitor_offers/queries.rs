//! Every query on offers of competitors. They belong to nobody, so a right that reaches anywhere reaches all of them.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper, pg::Pg};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{
    CompetitorOffer, CompetitorOfferFilter, CompetitorOfferId, CompetitorOfferSort, CompetitorOfferTerms,
};
use crate::{
    access::{Action, Create, Read, Scope},
    change::{Patched, Row, Tx, unknown_reference},
    competitors,
    db::{Sql, schema::competitor_offers},
    error::{Error, OnConstraint, Result},
    http::Terms,
    list::{ListQuery, Page, Sort, SortBy, SortValue, keyset},
    products,
    values::{Entity, Instant, Resource},
};

static SAVE: Sql = Sql::new();

/// The query for the rows of `filter`. The page and its total both use it.
fn filtered(filter: &CompetitorOfferFilter) -> competitor_offers::BoxedQuery<'static, Pg> {
    let mut query = competitor_offers::table.into_boxed();
    if !filter.id.is_empty() {
        query = query.filter(competitor_offers::id.eq_any(filter.id.clone()));
    }
    if !filter.product_id.is_empty() {
        query = query.filter(competitor_offers::product_id.eq_any(filter.product_id.clone()));
    }
    if !filter.competitor_id.is_empty() {
        query = query.filter(competitor_offers::competitor_id.eq_any(filter.competitor_id.clone()));
    }
    if let Some(is_active) = filter.is_active {
        query = query.filter(competitor_offers::is_active.eq(is_active));
    }
    query
}

/// A page of the offers.
///
/// # Errors
/// When the database fails.
pub async fn list(
    mut db: &AsyncPgConnection,
    _scope: &Scope<CompetitorOffer, Read>,
    query: &ListQuery<CompetitorOfferFilter>,
) -> Result<Page<CompetitorOffer>> {
    let filter = &query.filter;
    let sort = filter.sort.unwrap_or(Sort { key: CompetitorOfferSort::UpdatedAt, descending: true });
    let order = SortBy::column(CompetitorOffer::NAME, sort.key.into(), sort.descending);
    let rows = keyset(filtered(filter), order, query.after.clone(), query.limit)
        .select(CompetitorOffer::as_select())
        .load(&mut db)
        .await?;
    let total = match query.total {
        true => Some(filtered(filter).count().get_result(&mut db).await?),
        false => None,
    };
    query.page(rows, total, |offer: &CompetitorOffer| (SortValue::Instant(offer.updated_at), offer.uuid()))
}

/// The offer `id`.
///
/// # Errors
/// 404 when there is none.
pub async fn find(
    mut db: &AsyncPgConnection,
    _scope: &Scope<CompetitorOffer, Read>,
    id: CompetitorOfferId,
) -> Result<CompetitorOffer> {
    let offer =
        competitor_offers::table.find(id).select(CompetitorOffer::as_select()).first(&mut db).await.optional()?;
    offer.ok_or_else(Error::not_found)
}

/// Enters an offer.
///
/// # Errors
/// 409 when the competitor has an offer of this name for the product, 422 for a product or a competitor that does not exist.
pub async fn insert(
    tx: &mut Tx<'_>,
    _scope: &Scope<CompetitorOffer, Create>,
    terms: CompetitorOfferTerms,
) -> Result<CompetitorOffer> {
    let now = tx.now();
    let offer = CompetitorOffer { id: tx.new_id(), version: 1, created_at: now, updated_at: now, terms };
    offer.terms.check()?;
    offer.check_references(tx).await?;
    offer.refuse_taken(tx, None).await?;
    diesel::insert_into(competitor_offers::table).values(&offer).execute(&mut **tx).await.on_constraint(breached)?;
    tx.created(&offer);
    Ok(offer)
}

impl CompetitorOffer {
    async fn check_references(&self, tx: &mut Tx<'_>) -> Result<()> {
        competitors::check_exists(tx, self.terms.competitor_id, "/competitor_id").await?;
        let known = products::find_all(tx, vec![self.terms.product_id], Vec::new()).await?;
        if known.is_empty() { Err(unknown_reference("/product_id")) } else { Ok(()) }
    }
}

impl Row for CompetitorOffer {
    type Id = CompetitorOfferId;

    async fn find_locked<A: Action>(
        tx: &mut Tx<'_>,
        _scope: &Scope<Self, A>,
        id: CompetitorOfferId,
    ) -> Result<Option<Self>> {
        let row = competitor_offers::table.find(id).select(Self::as_select()).for_no_key_update();
        Ok(row.first(&mut **tx).await.optional()?)
    }

    async fn write(&self, tx: &mut Tx<'_>) -> Result<()> {
        let update = SAVE.of(diesel::update(competitor_offers::table.find(self.id)).set(self.clone()));
        update.execute(&mut **tx).await.on_constraint(breached)?;
        Ok(())
    }

    async fn check_values(&self, tx: &mut Tx<'_>, before: &Self) -> Result<()> {
        let of = |offer: &Self| (offer.terms.product_id, offer.terms.competitor_id);
        if of(self) == of(before) { Ok(()) } else { self.check_references(tx).await }
    }

    async fn refuse_taken(&self, tx: &mut Tx<'_>, before: Option<&Self>) -> Result<()> {
        let key = |offer: &Self| (offer.terms.product_id, offer.terms.competitor_id, offer.terms.name.clone());
        if before.is_some_and(|before| key(before) == key(self)) {
            return Ok(());
        }
        let holder = competitor_offers::table
            .filter(competitor_offers::product_id.eq(self.terms.product_id))
            .filter(competitor_offers::competitor_id.eq(self.terms.competitor_id))
            .filter(competitor_offers::name.eq(&self.terms.name))
            .select(competitor_offers::id);
        let holder: Option<CompetitorOfferId> = holder.first(&mut **tx).await.optional()?;
        let may_see = tx.actor().scope::<Self, Read>().is_ok();
        holder.map_or(Ok(()), |id| Err(Error::taken("/name", may_see.then(|| id.uuid()))))
    }

    fn advance(&mut self, now: Instant) {
        self.version += 1;
        self.updated_at = now;
    }
}

impl Patched for CompetitorOffer {
    type Terms = CompetitorOfferTerms;

    fn terms(&self) -> &CompetitorOfferTerms {
        &self.terms
    }

    fn terms_mut(&mut self) -> &mut CompetitorOfferTerms {
        &mut self.terms
    }
}

fn breached(constraint: &str) -> Option<Error> {
    (constraint == "competitor_offers_name_key").then(|| Error::taken("/name", None))
}
