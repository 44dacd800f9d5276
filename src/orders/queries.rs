//! Every query on orders.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{
    bodies::NewOrder,
    contract, days,
    filter::{HistoryFilter, OrderFilter, OrderSort, QueueFilter, filtered},
    life::{Entry, note},
    lines,
    model::{Order, OrderEvent, OrderId, OrderNumber, OrderTerms, OrderWithLines, Priority},
    status::OrderStatus,
    update::permit_urgent,
};
use crate::{
    access::{Action, Create, Read, Scope},
    change::{self, Patched, Row, Tx, begin_custom, check_custom, refuse_held, unknown_reference},
    clients::{self, Client},
    db::{Jsonb, Sql, columns_of, schema::order_events, wide::orders},
    departments::{self, DepartmentId, QUEUED},
    error::{Error, OnConstraint, Result},
    http::{IfMatch, Parts},
    list::{By, ByCustom, ListQuery, Page, Sort, SortBy, SortKey, SortValue, Spelling, keyset, keyset_within},
    organization,
    pricing::Rules,
    values::{CurrencyCode, Entity, Instant, Invalid, Resource, Total},
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
        let waiting = orders::table
            .filter(scope.visible())
            .filter(orders::department_id.eq(department))
            .filter(diesel::dsl::sql::<diesel::sql_types::Bool>(QUEUED));
        query.filter.narrow(waiting.into_boxed())
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

/// An order and a page of its history, newest first.
///
/// # Errors
/// 404 for an order out of reach.
pub async fn history(
    mut db: &AsyncPgConnection,
    scope: &Scope<Order, Read>,
    id: OrderId,
    query: &ListQuery<HistoryFilter>,
) -> Result<(Order, Page<OrderEvent>)> {
    let order = find(db, scope, id).await?;
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
    let page = query.page(rows, total, |event: &OrderEvent| (SortValue::Instant(event.at), event.id.uuid()))?;
    Ok((order, page))
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
    let priced = lines::price(tx, new.lines, new.currency, false).await?;
    let mut order = draft(tx, &client, new.priority, priced.currency, terms).await?;
    permit_urgent(tx.actor(), &order, None)?;
    days::refuse_delivery(tx.today(), None, &order.terms)?;
    contract::refuse_currency(tx, &order).await?;
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

/// The draft of an order, still without lines.
async fn draft(
    tx: &mut Tx<'_>,
    client: &Client,
    priority: Option<Priority>,
    currency: CurrencyCode,
    terms: OrderTerms,
) -> Result<Order> {
    let author_id = tx.user_id();
    let author_id = author_id.ok_or_else(|| Error::field("/author_id", Invalid::Required))?;
    let now = tx.now();
    let Rules { rounding, rounded_per, prices_include_tax } = organization::rules(tx).await?;
    Ok(Order {
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
        priority: priority.unwrap_or_else(|| Priority::initial(client.is_key)),
        currency,
        rounding,
        rounded_per,
        prices_include_tax,
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
        question: None,
        cancellation: None,
        terms,
    })
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
