//! Every query on products. They belong to nobody, so a right that reaches anywhere reaches all of them.

use diesel::{
    AggregateExpressionMethods, BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl,
    dsl::{count, sql},
    pg::Pg,
    sql_types::{Bool, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{Product, ProductFilter, ProductId, ProductSort, ProductTerms};
use crate::{
    access::{Action, Actor, Create, Read, ReadConfidential, Scope},
    change::{Patched, Row, Tx, begin_custom, check_custom, permit_confidential, refuse_held},
    db::{
        Sql, columns_of,
        schema::{order_lines, orders, products},
    },
    error::{Error, OnConstraint, ProblemType, Result},
    external_ids,
    list::{By, ByCustom, ListQuery, Page, Sort, SortKey, SortValue, Spelling, keyset_custom, search},
    values::{self, Entity, Instant, Invalid, Resource, Say},
};

static SAVE: Sql = Sql::new();

type Boxed = products::BoxedQuery<'static, Pg>;

/// The query for the rows of `filter`. The page and its total both use it.
fn filtered(filter: &ProductFilter, spelling: Spelling) -> Boxed {
    let mut query = products::table.into_boxed();
    if !filter.id.is_empty() {
        query = query.filter(products::id.eq_any(filter.id.clone()));
    }
    if !filter.kind.is_empty() {
        query = query.filter(products::kind.eq_any(filter.kind.clone()));
    }
    if !filter.category.is_empty() {
        query = query.filter(products::category.eq_any(filter.category.clone()));
    }
    if let Some(is_active) = filter.is_active {
        query = query.filter(products::is_active.eq(is_active));
    }
    if !filter.sku.is_empty() {
        query = query.filter(products::sku.eq_any(filter.sku.clone()));
    }
    if let Some(known) = external_ids::known::<Product>(filter.external_source.as_ref(), filter.external_id.as_ref()) {
        query = query.filter(known);
    }
    if let Some(from) = filter.updated_at_from {
        query = query.filter(products::updated_at.ge(from));
    }
    if let Some(to) = filter.updated_at_to {
        query = query.filter(products::updated_at.lt(to));
    }
    match &filter.q {
        Some(words) => search(query, Product::NAME, words, spelling),
        None => query,
    }
}

/// A page of the products.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: &AsyncPgConnection,
    scope: &Scope<Product, Read>,
    query: &ListQuery<ProductFilter>,
) -> Result<Page<Product>> {
    let filter = &query.filter;
    let custom = ByCustom::asked::<Product>(scope.actor(), &filter.custom_field, filter.custom_sort.as_ref())?;
    let by = By::asked(filter.sort, filter.q.as_ref(), Sort { key: ProductSort::Name, descending: false })
        .or_custom(&custom);
    let order = by.order(Product::NAME, column);
    let load = async |spelling| {
        let rows = || custom.narrow(filtered(filter, spelling));
        let page = keyset_custom(Product::NAME, rows, order.spelled(spelling), query.after.clone(), query.limit);
        page.select(columns_of::<Product>()).load(&mut &*db).await
    };
    let found = query.spelled(filter.q.as_ref(), load).await?;
    let total = match query.total {
        true => Some(custom.counted(filtered(filter, found.1)).count().get_result(&mut &*db).await?),
        false => None,
    };
    query.page_of_search(found, total, |product: &Product| (by.key(|sort| value(sort, product)), product.uuid()))
}

/// The next products after the one with the id `after`, in the order of their ids: for what goes through all.
///
/// # Errors
/// When the database fails.
pub async fn chunk(
    mut db: &AsyncPgConnection,
    scope: &Scope<Product, Read>,
    filter: &ProductFilter,
    after: ProductId,
    limit: i64,
) -> Result<Vec<Product>> {
    let custom = ByCustom::asked::<Product>(scope.actor(), &filter.custom_field, None)?;
    let rows = custom.narrow(filtered(filter, Spelling::AsWritten));
    let rows = rows.filter(products::id.gt(after)).order(products::id).limit(limit).select(columns_of::<Product>());
    Ok(rows.load(&mut db).await?)
}

fn column(sort: ProductSort) -> SortKey {
    match sort {
        ProductSort::Name => SortKey::Name("name"),
        ProductSort::UpdatedAt => SortKey::Column("updated_at"),
    }
}

fn value(sort: ProductSort, product: &Product) -> SortValue {
    match sort {
        ProductSort::Name => SortValue::Text(product.terms.name.as_str().to_owned()),
        ProductSort::UpdatedAt => SortValue::Instant(product.updated_at),
    }
}

/// The product `id`.
///
/// # Errors
/// 404 when there is none.
pub async fn find(mut db: &AsyncPgConnection, _scope: &Scope<Product, Read>, id: ProductId) -> Result<Product> {
    let product = products::table.find(id).select(columns_of::<Product>()).first(&mut db).await.optional()?;
    product.ok_or_else(Error::not_found)
}

/// The products that have one of `ids` or one of `skus`, in one query, for the lines of an order. They have their confidential
/// fields, so they must not be put into an answer.
///
/// # Errors
/// When the database fails.
pub async fn find_all(
    mut db: &AsyncPgConnection,
    ids: Vec<ProductId>,
    skus: Vec<values::Text<50>>,
) -> Result<Vec<Product>> {
    if ids.is_empty() && skus.is_empty() {
        return Ok(Vec::new());
    }
    let named = products::table.filter(products::id.eq_any(ids).or(products::sku.eq_any(skus)));
    Ok(named.select(columns_of::<Product>()).load(&mut db).await?)
}

/// Those of the products `ids` that are sold in whole units only.
///
/// # Errors
/// When the database fails.
pub async fn indivisible(mut db: &AsyncPgConnection, ids: Vec<ProductId>) -> Result<Vec<ProductId>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let whole = products::table.filter(products::id.eq_any(ids)).filter(diesel::dsl::not(products::is_divisible));
    Ok(whole.select(products::id).load(&mut db).await?)
}

/// Creates a product.
///
/// # Errors
/// 403 for a confidential member that the caller may not write, 409 for a taken stock keeping unit.
pub async fn insert(tx: &mut Tx<'_>, _scope: &Scope<Product, Create>, terms: ProductTerms) -> Result<Product> {
    let product = prepare(tx, terms).await?;
    diesel::insert_into(products::table).values(&product).execute(&mut **tx).await.on_constraint(breached)?;
    tx.created(&product);
    Ok(product)
}

/// The product that [`insert`] would write.
///
/// # Errors
/// As [`insert`].
pub async fn prepare(tx: &mut Tx<'_>, terms: ProductTerms) -> Result<Product> {
    let now = tx.now();
    let mut product =
        Product { id: tx.new_id(), version: 1, created_at: now, updated_at: now, hidden_changes: 0, terms };
    permit_confidential(tx.actor(), &product)?;
    refuse_dear(tx.actor(), &product)?;
    begin_custom(tx, &mut product).await?;
    product.refuse_taken(tx, None).await?;
    Ok(product)
}

/// Refuses a lowest price above the usual one. Only who may know the lowest price is told of it.
fn refuse_dear(actor: &Actor, product: &Product) -> Result<()> {
    let is_above = product.terms.min_price.is_some_and(|least| least.value() > product.terms.base_price.value());
    if !is_above || !actor.may::<Product, ReadConfidential>(product) {
        return Ok(());
    }
    let say = Say::new("The lowest price is above the usual one.", "Наименьшая цена выше обычной.");
    Err(Error::field("/min_price", Invalid::Rule("above_base_price", say)))
}

/// Refuses another currency while drafts have the product in the present one.
async fn refuse_drafts(tx: &mut Tx<'_>, id: ProductId) -> Result<()> {
    let drafts: i64 = order_lines::table
        .inner_join(orders::table)
        .filter(order_lines::product_id.eq(id))
        .filter(orders::status.eq_any(["draft", "submitted", "rejected"]))
        .select(count(orders::id).aggregate_distinct())
        .first(&mut **tx)
        .await?;
    if drafts == 0 {
        return Ok(());
    }
    let refusal = Error::new(ProblemType::Conflict).detail(
        format!("Orders that are not approved yet have this product in its present currency ({drafts})."),
        format!("В несогласованных заказах этот товар стоит в прежней валюте ({drafts})."),
    );
    Err(refusal.with("order_count", drafts))
}

impl Row for Product {
    type Id = ProductId;

    async fn find_locked<A: Action>(tx: &mut Tx<'_>, _scope: &Scope<Self, A>, id: ProductId) -> Result<Option<Self>> {
        let row = products::table.find(id).select(columns_of::<Product>()).for_no_key_update();
        Ok(row.first(&mut **tx).await.optional()?)
    }

    async fn write(&self, tx: &mut Tx<'_>) -> Result<()> {
        let update = SAVE.of(diesel::update(products::table.find(self.id)).set(self.clone()));
        update.execute(&mut **tx).await.on_constraint(breached)?;
        Ok(())
    }

    async fn check_values(&self, tx: &mut Tx<'_>, before: &Self) -> Result<()> {
        refuse_dear(tx.actor(), self)?;
        if self.terms.currency != before.terms.currency {
            refuse_drafts(tx, self.id).await?;
        }
        check_custom(tx, before, self).await
    }

    async fn refuse_taken(&self, tx: &mut Tx<'_>, before: Option<&Self>) -> Result<()> {
        refuse_held(tx, before, self).await?;
        if before.is_some_and(|before| before.terms.sku == self.terms.sku) {
            return Ok(());
        }
        // Two that differ by case only are one.
        let same = sql::<Bool>("lower(sku) = lower(").bind::<Text, _>(&self.terms.sku).sql(")");
        let holder = products::table.filter(same).filter(products::id.ne(self.id)).select(products::id);
        let holder: Option<ProductId> = holder.first(&mut **tx).await.optional()?;
        let may_see = tx.actor().scope::<Self, Read>().is_ok();
        holder.map_or(Ok(()), |id| Err(Error::taken("/sku", may_see.then(|| id.uuid()))))
    }

    fn advance(&mut self, now: Instant) {
        self.version += 1;
        self.updated_at = now;
    }

    fn advance_hidden(&mut self, _: Instant) {
        self.version += 1;
        self.hidden_changes += 1;
    }
}

impl Patched for Product {
    type Terms = ProductTerms;

    fn terms(&self) -> &ProductTerms {
        &self.terms
    }

    fn terms_mut(&mut self) -> &mut ProductTerms {
        &mut self.terms
    }
}

fn breached(constraint: &str) -> Option<Error> {
    matches!(constraint, "products_sku_key" | "products_sku_lower_key").then(|| Error::taken("/sku", None))
}
