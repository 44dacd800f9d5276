//! Every query on orders.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;
use strum::IntoEnumIterator;
use utoipa::ToSchema;

use super::{
    bodies::{NewOrder, OrderPatch},
    filter::{HistoryFilter, OrderFilter, OrderSort, QueueFilter, filtered},
    life::{Entry, note},
    lines,
    model::{Order, OrderEvent, OrderId, OrderNumber, OrderTerms, OrderWithLines, Priority},
    status::{OrderStatus, QUEUED, refusal},
};
use crate::{
    access::{Action, Create, Read, Scope, Update},
    change::{
        self, Patched, Row, Tx, begin_custom, check_custom, note_editor, patched, refuse_held, unknown_reference,
    },
    clients,
    db::{
        Jsonb, Sql, columns_of,
        schema::{order_events, orders},
    },
    departments::{self, DepartmentId},
    error::{Error, OnConstraint, Result},
    http::{IfMatch, Parts},
    list::{By, ByCustom, ListQuery, Page, Sort, SortBy, SortKey, SortValue, Spelling, keyset, keyset_within},
    values::{CurrencyCode, Entity, Instant, Invalid, Resource, Sum, Total},
};

static INSERT: Sql = Sql::new();
static SAVE: Sql = Sql::new();

/// A page of the orders within reach.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: &AsyncPgConnection,
    scope: &Scope<Order, Read>,
    query: &ListQuery<OrderFilter>,
) -> Result<Page<Order>> {
    let filter = &query.filter;
    let custom = ByCustom::asked::<Order>(scope.actor(), &filter.custom_field, filter.custom_sort.as_ref())?;
    let by = By::asked(filter.sort, filter.q.as_ref(), Sort { key: OrderSort::UpdatedAt, descending: true })
        .or_custom(&custom);
    let order = by.order(Order::NAME, column);
    let load = async |spelling| {
        let page = keyset_within(
            scope,
            |within| custom.narrow(filtered(within, filter, spelling)),
            order.spelled(spelling),
            query.after.clone(),
            query.limit,
        );
        page.select(columns_of::<Order>()).load(&mut &*db).await
    };
    let found = query.spelled(filter.q.as_ref(), load).await?;
    let total = match query.total {
        true => Some(custom.counted(filtered(scope.visible(), filter, found.1)).count().get_result(&mut &*db).await?),
        false => None,
    };
    query.page_of_search(found, total, |order: &Order| (by.key(|sort| value(sort, order)), order.uuid()))
}

/// The next orders within reach after the one with the id `after`, in the order of their ids: for what goes through all.
///
/// # Errors
/// When the database fails.
pub async fn chunk(
    mut db: &AsyncPgConnection,
    scope: &Scope<Order, Read>,
    filter: &OrderFilter,
    after: OrderId,
    limit: i64,
) -> Result<Vec<Order>> {
    let custom = ByCustom::asked::<Order>(scope.actor(), &filter.custom_field, None)?;
    let rows = custom.narrow(filtered(scope.visible(), filter, Spelling::AsWritten));
    let rows = rows.filter(orders::id.gt(after)).order(orders::id).limit(limit).select(columns_of::<Order>());
    Ok(rows.load(&mut db).await?)
}

fn column(sort: OrderSort) -> SortKey {
    match sort {
        OrderSort::UpdatedAt => SortKey::Column("updated_at"),
        OrderSort::OrderedOn => SortKey::Column("ordered_on"),
    }
}

fn value(sort: OrderSort, order: &Order) -> SortValue {
    match sort {
        OrderSort::UpdatedAt => SortValue::Instant(order.updated_at),
        OrderSort::OrderedOn => SortValue::Day(order.ordered_on),
    }
}

/// How many orders there are, and what they come to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"count": 830, "currencies": [{"currency": "USD", "count": 830, "net_total": "1265793.04",
    "tax_total": "0.00", "total": "1265793.04"}]}))]
pub struct OrderSummary {
    /// How many orders there are.
    #[schema(minimum = 0)]
    pub count: i64,
    /// The sums of each currency, sorted by its code.
    #[schema(max_items = 200)]
    pub currencies: Vec<CurrencySummary>,
}

/// What the orders in one currency come to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"currency": "USD", "count": 830, "net_total": "1265793.04", "tax_total": "0.00",
    "total": "1265793.04"}))]
pub struct CurrencySummary {
    /// The currency.
    pub currency: CurrencyCode,
    /// How many orders there are.
    #[schema(minimum = 0)]
    pub count: i64,
    /// The sum of their net totals, rounded once.
    pub net_total: Sum,
    /// The sum of their taxes, rounded once.
    pub tax_total: Sum,
    /// The sum of their totals, rounded once.
    pub total: Sum,
}

/// The sums over the orders that the list gives with the same filters. Without a status, rejected and cancelled orders are left
/// out: nothing comes of them.
///
/// # Errors
/// When the database fails.
pub async fn summary(
    mut db: &AsyncPgConnection,
    scope: &Scope<Order, Read>,
    filter: &OrderFilter,
) -> Result<OrderSummary> {
    use diesel::dsl::{count_star, sum};
    type Row = (CurrencyCode, i64, Option<Decimal>, Option<Decimal>, Option<Decimal>);
    let custom = ByCustom::asked::<Order>(scope.actor(), &filter.custom_field, None)?;
    let spelling = spelling(db, scope, filter, &custom).await?;
    let rows = custom.narrow(filtered(scope.visible(), filter, spelling));
    let rows: Vec<Row> = orders::table
        .filter(orders::id.eq_any(rows.select(orders::id)))
        .filter(orders::status.eq_any(summed(filter)))
        .group_by(orders::currency)
        .order(orders::currency)
        .select((orders::currency, count_star(), sum(orders::net_total), sum(orders::tax_total), sum(orders::total)))
        .load(&mut db)
        .await?;
    let currencies = rows
        .into_iter()
        .map(|(currency, count, net_total, tax_total, total)| {
            let [net_total, tax_total, total] = [rounded(net_total)?, rounded(tax_total)?, rounded(total)?];
            Ok(CurrencySummary { currency, count, net_total, tax_total, total })
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(OrderSummary { count: currencies.iter().map(|currency| currency.count).sum(), currencies })
}

/// The statuses of the orders to sum.
fn summed(filter: &OrderFilter) -> Vec<OrderStatus> {
    match filter.status.as_slice() {
        [] => OrderStatus::iter().filter(|status| !status.is_void()).collect(),
        asked => asked.to_vec(),
    }
}

/// How exactly the list finds the words of `filter`.
async fn spelling(
    mut db: &AsyncPgConnection,
    scope: &Scope<Order, Read>,
    filter: &OrderFilter,
    custom: &ByCustom,
) -> Result<Spelling> {
    if filter.q.is_none() {
        return Ok(Spelling::AsWritten);
    }
    let as_written = custom.narrow(filtered(scope.visible(), filter, Spelling::AsWritten));
    let first: Option<OrderId> = as_written.select(orders::id).first(&mut db).await.optional()?;
    Ok(if first.is_some() { Spelling::AsWritten } else { Spelling::Nearly })
}

fn rounded(sum: Option<Decimal>) -> Result<Sum> {
    let sum = sum.unwrap_or_default().round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    Sum::new(sum).map_err(Error::internal)
}

/// A page of a department's queue: priority first, then key clients, then what is due first.
///
/// # Errors
/// 404 for a department that does not exist.
pub async fn queue(
    mut db: &AsyncPgConnection,
    scope: &Scope<Order, Read>,
    department: DepartmentId,
    query: &ListQuery<QueueFilter>,
) -> Result<Page<Order>> {
    departments::check_exists(db, department).await?;
    let queued = || {
        orders::table
            .filter(scope.visible())
            .filter(orders::department_id.eq(department))
            .filter(diesel::dsl::sql::<diesel::sql_types::Bool>(QUEUED))
            .into_boxed()
    };
    let sequence = SortBy::columns(Order::NAME, &["queue_rank", "due_at"]);
    let rows: Vec<(Order, i16)> = keyset(queued(), sequence, query.after.clone(), query.limit)
        .select((Order::as_select(), orders::queue_rank))
        .load(&mut db)
        .await?;
    let total = match query.total {
        true => Some(queued().count().get_result(&mut db).await?),
        false => None,
    };
    let page = query.page(rows, total, |(order, rank)| {
        let due = order.due_at.map(SortValue::Instant);
        let key = [Some(SortValue::Number(i64::from(*rank))), due].into_iter().flatten().collect();
        (SortValue::Several(key), order.uuid())
    })?;
    Ok(page.map(|(order, _)| order))
}

/// A page of an order's history, newest first.
///
/// # Errors
/// 404 for an order out of reach.
pub async fn history(
    mut db: &AsyncPgConnection,
    scope: &Scope<Order, Read>,
    id: OrderId,
    query: &ListQuery<HistoryFilter>,
) -> Result<Page<OrderEvent>> {
    find(db, scope, id).await?;
    let events = || order_events::table.filter(order_events::order_id.eq(id)).into_boxed();
    let sequence = SortBy::column("order_events", "at", true);
    let rows = keyset(events(), sequence, query.after.clone(), query.limit)
        .select(OrderEvent::as_select())
        .load(&mut db)
        .await?;
    let total = match query.total {
        true => Some(events().count().get_result(&mut db).await?),
        false => None,
    };
    query.page(rows, total, |event: &OrderEvent| (SortValue::Instant(event.at), event.id.uuid()))
}

/// The order `id`, within reach, without its lines.
///
/// # Errors
/// 404 when there is none.
pub async fn find(mut db: &AsyncPgConnection, scope: &Scope<Order, Read>, id: OrderId) -> Result<Order> {
    orders::table
        .filter(orders::id.eq(id))
        .filter(scope.visible())
        .select(columns_of::<Order>())
        .first(&mut db)
        .await
        .optional()?
        .ok_or_else(Error::not_found)
}

/// Drafts an order.
///
/// # Errors
/// 403 for a client out of the right's reach, 409 for one that is lost or archived, 422 for values against the rules.
pub async fn insert(tx: &mut Tx<'_>, scope: &Scope<Order, Create>, new: NewOrder) -> Result<OrderWithLines> {
    let Parts(new, terms) = new;
    let client = clients::hold_for_business(tx, new.client_id, "/client_id").await?;
    scope.permit(&client)?;
    let author_id = tx.user_id();
    let author_id = author_id.ok_or_else(|| Error::field("/author_id", Invalid::Required))?;
    let priced = lines::price(tx, new.lines, new.currency, false).await?;
    let now = tx.now();
    let mut order = Order {
        id: tx.new_id(),
        version: 1,
        created_at: now,
        updated_at: now,
        client_id: client.id,
        owner_id: client.owner_id,
        team_id: client.team_id,
        is_key: client.is_key,
        number: next_number(tx).await?,
        author_id,
        editor_ids: Jsonb(Vec::new()),
        return_reason: None,
        exceeded: Jsonb(Vec::new()),
        status: OrderStatus::Draft,
        priority: new.priority.unwrap_or_else(|| Priority::initial(client.is_key)),
        currency: priced.currency,
        ordered_on: tx.today(),
        net_total: Total::least(),
        tax_total: Total::least(),
        total: Total::least(),
        department_id: None,
        due_at: None,
        submitted_at: None,
        approved_by: None,
        handed_over_at: None,
        fulfilled_at: None,
        terms,
    };
    begin_custom(tx, &mut order).await?;
    order.refuse_taken(tx, None).await?;
    let draft = lines::write(tx, order, priced.lines, &[])?;
    let insert = INSERT.of(diesel::insert_into(orders::table).values(&draft.order));
    insert.execute(&mut **tx).await.on_constraint(breached)?;
    lines::insert(tx, &draft.lines).await?;
    note(tx, &draft.order, None, Entry::of("created")).await?;
    tx.created(&draft);
    Ok(draft)
}

diesel::define_sql_function! {
    /// The next value of a sequence.
    fn nextval(sequence: diesel::sql_types::Text) -> diesel::sql_types::BigInt;
}

/// A number that no other order has. It comes from a sequence, so that changes need not wait for each other; a change
/// that fails leaves a gap.
///
/// # Errors
/// When the database fails.
pub async fn next_number(tx: &mut Tx<'_>) -> Result<OrderNumber> {
    use chrono::Datelike;
    let next: i64 = diesel::select(nextval("order_numbers")).get_result(&mut **tx).await?;
    let year = tx.now().utc().year();
    OrderNumber::parse(&format!("O-{year}-{next:06}")).map_err(Error::internal)
}

/// Changes the fields of a draft that `patch` names.
///
/// # Errors
/// 404, 403, 412, 409 when it is not a draft, 422 for values against the rules.
pub async fn update(
    tx: &mut Tx<'_>,
    scope: &Scope<Order, Update>,
    id: OrderId,
    seen: &IfMatch,
    Parts(draft, patch): OrderPatch,
) -> Result<OrderWithLines> {
    let before = lock(tx, scope, id, seen).await?;
    if before.order.status != OrderStatus::Draft {
        return Err(refusal(before.order.status));
    }
    let mut order = patched(&before.order, &patch)?;
    order.priority = draft.priority.unwrap_or(order.priority);
    let mut after = match draft.lines {
        None => OrderWithLines { order, lines: before.lines.clone() },
        Some(new) => {
            let priced = lines::price(tx, new, Some(order.currency.clone()), false).await?;
            lines::write(tx, order, priced.lines, &before.lines)?
        }
    };
    if after.lines != before.lines {
        lines::replace(tx, id, &after.lines).await?;
    }
    if after != before {
        note_editor(&mut after.order.editor_ids, after.order.author_id, tx.user_id());
    }
    save(tx, "updated", &before, after).await
}

/// The order `id` with its lines, as [`change::lock`] gives it. The lines change only under the lock of their order.
///
/// # Errors
/// 404, 403, 412, in this order.
pub async fn lock<A: Action>(
    tx: &mut Tx<'_>,
    scope: &Scope<Order, A>,
    id: OrderId,
    seen: &IfMatch,
) -> Result<OrderWithLines> {
    let order = change::lock(tx, scope, id, seen).await?;
    let lines = lines::of(tx, std::slice::from_ref(&order)).await?.remove(&id).unwrap_or_default();
    Ok(OrderWithLines { order, lines })
}

/// Writes `after`, whose lines are written already, and records what `action` changed. Does nothing when nothing
/// changed.
///
/// # Errors
/// 422 for a contract that the client does not have.
pub async fn save(
    tx: &mut Tx<'_>,
    action: &'static str,
    before: &OrderWithLines,
    mut after: OrderWithLines,
) -> Result<OrderWithLines> {
    if *before == after {
        return Ok(after);
    }
    after.order.refuse_taken(tx, Some(&before.order)).await?;
    after.order.advance(tx.now());
    after.order.write(tx).await?;
    tx.changed(action, before, &after);
    Ok(after)
}

impl Row for Order {
    type Id = OrderId;

    async fn find_locked<A: Action>(tx: &mut Tx<'_>, scope: &Scope<Self, A>, id: OrderId) -> Result<Option<Self>> {
        let row = orders::table.filter(orders::id.eq(id)).filter(scope.visible()).select(columns_of::<Self>());
        Ok(row.for_no_key_update().first(&mut **tx).await.optional()?)
    }

    async fn write(&self, tx: &mut Tx<'_>) -> Result<()> {
        let update = SAVE.of(diesel::update(orders::table.find(self.id)).set(self.clone()));
        update.execute(&mut **tx).await.on_constraint(breached)?;
        Ok(())
    }

    async fn check_values(&self, tx: &mut Tx<'_>, before: &Self) -> Result<()> {
        check_custom(tx, before, self).await
    }

    async fn refuse_taken(&self, tx: &mut Tx<'_>, before: Option<&Self>) -> Result<()> {
        refuse_held(tx, before, self).await
    }

    fn advance(&mut self, now: Instant) {
        self.version += 1;
        self.updated_at = now;
    }
}

impl Patched for Order {
    type Terms = OrderTerms;

    fn terms(&self) -> &OrderTerms {
        &self.terms
    }

    fn terms_mut(&mut self) -> &mut OrderTerms {
        &mut self.terms
    }
}

/// The error for a breached constraint.
pub fn breached(constraint: &str) -> Option<Error> {
    match constraint {
        "orders_number_key" => Some(Error::taken("/number", None)),
        "orders_contract_id_fkey" => Some(unknown_reference("/contract_id")),
        "orders_author_id_fkey" => Some(unknown_reference("/author_id")),
        "orders_department_id_fkey" => Some(unknown_reference("/department_id")),
        _ => None,
    }
}
