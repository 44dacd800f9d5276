//! What decides, besides the status of an order, which steps it can take and what it needs approval for.

use std::collections::HashMap;

use diesel::{
    ExpressionMethods, QueryDsl, Queryable, QueryableByName,
    sql_types::{Bool, Date, Integer, Nullable, Numeric, Text, Uuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use rust_decimal::Decimal;

use super::{
    limits::{Facts, Limit},
    model::{Order, OrderId},
    status::{OrderStatus, Transition},
};
use crate::{
    access::{Limits, UserId},
    change::Tx,
    db::{
        Sql, lock_values_until_commit,
        schema::{order_events, order_lines, orders, products},
    },
    error::{Error, FieldError, Result, Standing},
    exchange_rates::in_own_currency,
    pricing::net_price,
    values::{Amount, FulfilledQuantity, Invalid, Percent, Say, Text as Bounded},
};

/// What decides, besides the status of an order, which steps it can take.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Circumstances {
    /// What its prices and its amount are like.
    pub facts: Facts,
    /// Whether something is fulfilled.
    pub begun: bool,
    /// Who last submitted the order for approval.
    pub submitted_by: Option<UserId>,
    /// The places of the lines whose tax is not the product's, without a reason.
    unexplained: Vec<i16>,
}

/// The values of a line that the circumstances of its order depend on.
#[derive(Queryable)]
struct LineRow {
    order_id: OrderId,
    position: i16,
    unit_price: Amount,
    discount_percent: Percent,
    tax_rate: Percent,
    tax_reason: Option<Bounded<200>>,
    fulfilled_quantity: FulfilledQuantity,
    base_price: Amount,
    min_price: Option<Amount>,
    usual_tax: Percent,
    is_active: bool,
}

impl Circumstances {
    fn add(&mut self, line: &LineRow) {
        let price = net_price(line.unit_price, line.discount_percent);
        let list = line.base_price.value();
        let off = |difference: Decimal| difference.checked_div(list).map(|part| part * Decimal::ONE_HUNDRED);
        let facts = &mut self.facts;
        let cut = off(list - price).unwrap_or_default();
        facts.discount = facts.discount.max(line.discount_percent.value()).max(cut);
        // Whatever is asked for what costs nothing is without measure above the list.
        let increase = off(price - list).unwrap_or(if price > list { Decimal::MAX } else { Decimal::ZERO });
        facts.increase = facts.increase.max(increase);
        facts.below_minimum |= line.min_price.is_some_and(|least| price < least.value());
        facts.off_sale |= !line.is_active;
        if line.tax_rate != line.usual_tax {
            facts.other_tax = true;
            self.unexplained.extend(line.tax_reason.is_none().then_some(line.position));
        }
        self.begun |= !line.fulfilled_quantity.value().is_zero();
    }

    /// Refuses an order with a line whose tax is not that of its product, for no reason.
    ///
    /// # Errors
    /// 422 at each such line.
    pub fn refuse_unexplained_taxes(&self) -> Result<()> {
        if self.unexplained.is_empty() {
            return Ok(());
        }
        let say = || {
            Say::new("The tax is not that of the product: say why.", "Налог не такой, как у товара: укажите причину.")
        };
        let errors = self.unexplained.iter().map(|position| {
            let pointer = format!("/lines/{}/tax_reason", position.saturating_sub(1));
            FieldError::new(pointer, Invalid::Rule("tax_reason", say()))
        });
        Err(Error::fields(errors.collect()))
    }
}

/// The circumstances of the `orders` whose steps depend on them, in a constant number of queries. Orders in other statuses are
/// left out.
///
/// # Errors
/// When the database fails.
pub async fn circumstances<'o>(
    db: &AsyncPgConnection,
    orders: impl IntoIterator<Item = &'o Order>,
) -> Result<HashMap<OrderId, Circumstances>> {
    let matters = |order: &&Order| {
        matches!(order.status, OrderStatus::Submitted | OrderStatus::InProgress | OrderStatus::Cancelled)
    };
    let ids: Vec<OrderId> = orders.into_iter().filter(matters).map(|order| order.id).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut all = of_lines(db, &ids).await?;
    for (id, submitted_by) in submitters(db, &ids).await? {
        all.entry(id).or_default().submitted_by = submitted_by;
    }
    for (id, amount) in amounts(db, &ids).await? {
        all.entry(id).or_default().facts.amount = amount;
    }
    Ok(all)
}

/// The circumstances of one order.
///
/// # Errors
/// When the database fails.
pub async fn circumstances_of(db: &AsyncPgConnection, order: &Order) -> Result<Circumstances> {
    Ok(circumstances(db, [order]).await?.remove(&order.id).unwrap_or_default())
}

async fn of_lines(mut db: &AsyncPgConnection, ids: &[OrderId]) -> Result<HashMap<OrderId, Circumstances>> {
    let rows: Vec<LineRow> = order_lines::table
        .inner_join(products::table)
        .filter(order_lines::order_id.eq_any(ids))
        .order((order_lines::order_id, order_lines::position))
        .select((
            order_lines::order_id,
            order_lines::position,
            order_lines::unit_price,
            order_lines::discount_percent,
            order_lines::tax_rate,
            order_lines::tax_reason,
            order_lines::fulfilled_quantity,
            products::base_price,
            products::min_price,
            products::tax_rate,
            products::is_active,
        ))
        .load(&mut db)
        .await?;
    let mut all: HashMap<OrderId, Circumstances> = HashMap::new();
    for line in &rows {
        all.entry(line.order_id).or_default().add(line);
    }
    Ok(all)
}

/// Who last submitted each of the orders for approval.
async fn submitters(mut db: &AsyncPgConnection, ids: &[OrderId]) -> Result<Vec<(OrderId, Option<UserId>)>> {
    let submitters = order_events::table
        .filter(order_events::order_id.eq_any(ids))
        .filter(order_events::to_status.eq(OrderStatus::Submitted))
        .distinct_on(order_events::order_id)
        .order((order_events::order_id, order_events::at.desc(), order_events::id.desc()))
        .select((order_events::order_id, order_events::actor_id))
        .load(&mut db)
        .await?;
    Ok(submitters)
}

/// What each of the orders comes to in the organisation's currency, by the rate of its day.
async fn amounts(mut db: &AsyncPgConnection, ids: &[OrderId]) -> Result<Vec<(OrderId, Option<Decimal>)>> {
    let amount = in_own_currency(orders::net_total, orders::currency, orders::ordered_on);
    Ok(orders::table.filter(orders::id.eq_any(ids)).select((orders::id, amount)).load(&mut db).await?)
}

/// The circumstances of `order`, which is about to be submitted by somebody with these `limits`. The client is locked, so that two
/// of its orders do not share what a limit leaves.
///
/// # Errors
/// When the database fails.
pub async fn at_submission(tx: &mut Tx<'_>, order: &Order, limits: &Limits) -> Result<Circumstances> {
    let mut circumstances = of_lines(tx, &[order.id]).await?.remove(&order.id).unwrap_or_default();
    let Owed { amount, total, credit_limit, lately, unsettled, is_unknown } =
        owed(tx, order, limits.order_period_days).await?;
    circumstances.facts.amount = amount;
    circumstances.facts.lately = amount.zip(lately).map(|(amount, lately)| amount + lately);
    circumstances.facts.over_credit = credit_limit.is_some_and(|limit| {
        let after = total.zip(unsettled).map(|(total, unsettled)| total + unsettled);
        is_unknown || after.is_none_or(|after| after > limit)
    });
    Ok(circumstances)
}

/// What a client owes and ordered lately, in the organisation's currency.
#[derive(QueryableByName)]
struct Owed {
    /// The net total of the order itself.
    #[diesel(sql_type = Nullable<Numeric>)]
    amount: Option<Decimal>,
    /// What the order itself comes to, with tax.
    #[diesel(sql_type = Nullable<Numeric>)]
    total: Option<Decimal>,
    #[diesel(sql_type = Nullable<Numeric>)]
    credit_limit: Option<Decimal>,
    /// The net totals of the other orders within the last days that one person alone passed.
    #[diesel(sql_type = Nullable<Numeric>)]
    lately: Option<Decimal>,
    /// The totals of the other orders that are not settled.
    #[diesel(sql_type = Nullable<Numeric>)]
    unsettled: Option<Decimal>,
    /// Whether one of those has no exchange rate.
    #[diesel(sql_type = Bool)]
    is_unknown: bool,
}

async fn owed(tx: &mut Tx<'_>, order: &Order, days: i32) -> Result<Owed> {
    static OWED: Sql = Sql::new();
    let query = diesel::sql_query(
        "SELECT in_own_currency($3, $5, $6) AS amount, in_own_currency($4, $5, $6) AS total, clients.credit_limit,
             lately.amount AS lately, open.amount AS unsettled, coalesce(open.is_unknown, false) AS is_unknown
         FROM clients,
             LATERAL (
                 SELECT coalesce(sum(in_own_currency(net_total, currency, ordered_on)), 0) AS amount FROM orders
                 WHERE client_id = clients.id AND id <> $2 AND ordered_on > $6 - $7
                     AND status NOT IN ('draft', 'submitted', 'rejected', 'cancelled') AND exceeded = '[]'
                     AND approved_by IS NOT NULL
             ) AS lately,
             LATERAL (
                 SELECT coalesce(sum(each.amount), 0) AS amount, bool_or(each.amount IS NULL) AS is_unknown
                 FROM (
                     SELECT in_own_currency(total, currency, ordered_on) AS amount FROM orders
                     WHERE client_id = clients.id AND id <> $2 AND clients.credit_limit IS NOT NULL
                         AND status IN ('submitted', 'approved', 'handed_over', 'accepted', 'in_progress', 'fulfilled')
                 ) AS each
             ) AS open
         WHERE clients.id = $1",
    );
    let query = query
        .bind::<Uuid, _>(order.client_id)
        .bind::<Uuid, _>(order.id)
        .bind::<Numeric, _>(order.net_total)
        .bind::<Numeric, _>(order.total)
        .bind::<Text, _>(&order.currency)
        .bind::<Date, _>(order.ordered_on)
        .bind::<Integer, _>(days);
    Ok(OWED.of(query).get_result(&mut **tx).await?)
}

/// How many orders that need approval one user submits within an hour at most. Each of them may tell that a secret limit is below it,
/// so without a bound one could find every one of them.
const WAITING_AN_HOUR: u32 = 30;

/// Refuses any submission by a user who has submitted too many orders within the last hour that needed approval, for whatever
/// reason, unless they may know all limits. It is refused whatever the order is like, so that the refusal tells nothing of it.
///
/// # Errors
/// 429.
pub async fn refuse_probing(tx: &mut Tx<'_>, order: &Order) -> Result<()> {
    let Some(user) = tx.user_id() else { return Ok(()) };
    if Limit::SECRET == *Limit::known_to(tx.actor(), order, &Limit::SECRET) {
        return Ok(());
    }
    // One after the other, so that submissions at the same time do not all find the same number.
    lock_values_until_commit(tx, vec![format!("submissions by {}", user.uuid())]).await?;
    let since = tx.now().after(-chrono::Duration::hours(1));
    let waiting: i64 = order_events::table
        .filter(order_events::actor_id.eq(user))
        .filter(order_events::at.gt(since))
        .filter(order_events::action.eq(Transition::Submit.done()))
        .filter(order_events::to_status.eq(OrderStatus::Submitted))
        .count()
        .get_result(&mut **tx)
        .await?;
    if waiting < i64::from(WAITING_AN_HOUR) {
        return Ok(());
    }
    let limit = Standing { policy: "secret_limits", quota: WAITING_AN_HOUR, window: 3600, remaining: 0, reset: 3600 };
    Err(limit.refusal().detail(
        "You submitted too many orders within an hour that need approval. Wait for an hour.",
        "За час вы отправили слишком много заказов, которые требуют согласования. Подождите час.",
    ))
}
