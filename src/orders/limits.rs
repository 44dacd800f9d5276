//! Who may approve an order: the limits of the role policy, and the minimum prices below which an order needs approval.

use std::collections::HashMap;

use chrono::Duration;
use diesel::{ExpressionMethods, PgJsonbExpressionMethods, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::json;
use strum::{AsRefStr, EnumString};
use utoipa::ToSchema;

use super::{
    model::{Order, OrderId},
    money::net_price,
    status::OrderStatus,
};
use crate::{
    access::{Actor, Reach, UserId, policy},
    change::{Tx, Work},
    db::schema::{order_events, order_lines, products},
    error::{Error, ProblemType, Result, Standing},
    values::{Amount, FulfilledQuantity, Percent},
};

/// A limit that an order can exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, AsRefStr, EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schema(as = OrderLimit)]
pub enum Limit {
    /// The net total is above the role's largest order.
    MaxOrderAmount,
    /// The discount on a line is above the role's largest discount.
    MaxDiscountPercent,
    /// A line is priced below its product's minimum. Only who may know that minimum is told.
    MinPrice,
    /// The net total is above what one person of the role passes alone.
    SelfApprovalUpTo,
}

impl Limit {
    /// The limits of these that `actor` may know. Who could watch the others would find the minimum prices by trying.
    pub fn known_to(actor: &Actor, limits: &[Self]) -> Vec<Self> {
        let knows_prices = actor.reach("products:read_confidential") > Reach::None;
        limits.iter().copied().filter(|limit| *limit != Self::MinPrice || knows_prices).collect()
    }
}

/// What decides, besides the status of an order, which steps it can take.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Circumstances {
    /// The largest discount on a line: its discount percentage, or how far its net price is below the list price,
    /// whichever is more. A price that was lowered by hand is a discount, too.
    discount: Decimal,
    /// Whether a line is priced below its product's minimum.
    below_minimum: bool,
    /// Whether something is fulfilled.
    pub begun: bool,
    /// Who last submitted the order for approval.
    submitted_by: Option<UserId>,
}

/// The values of a line that the circumstances of its order depend on.
struct Facts {
    discount_percent: Percent,
    unit_price: Amount,
    fulfilled_quantity: FulfilledQuantity,
    base_price: Amount,
    min_price: Option<Amount>,
}

impl Circumstances {
    fn add(&mut self, line: &Facts) {
        let price = net_price(line.unit_price, line.discount_percent);
        let list = line.base_price.value();
        let cut = (list - price).checked_div(list).unwrap_or_default() * Decimal::ONE_HUNDRED;
        self.discount = self.discount.max(line.discount_percent.value()).max(cut);
        self.below_minimum |= line.min_price.is_some_and(|least| price < least.value());
        self.begun |= !line.fulfilled_quantity.value().is_zero();
    }

    /// The limits that an order of `net_total` exceeds when someone with these `limits` submits it.
    pub fn exceeded(&self, net_total: Decimal, limits: &policy::Limits) -> Vec<Limit> {
        let over = |limit: Option<Decimal>, value: Decimal| limit.is_some_and(|limit| value > limit);
        let checks = [
            (Limit::MaxOrderAmount, over(limits.max_order_amount.map(Amount::value), net_total)),
            (Limit::MaxDiscountPercent, over(limits.max_discount_percent.map(Percent::value), self.discount)),
            (Limit::MinPrice, self.below_minimum),
            (Limit::SelfApprovalUpTo, !limits.one_passes(net_total)),
        ];
        checks.into_iter().filter(|(_, over)| *over).map(|(limit, _)| limit).collect()
    }

    /// The limits that keep someone with these `limits` from approving it. Someone who may give any discount may also
    /// approve any price.
    pub fn beyond(&self, net_total: Decimal, limits: &policy::Limits) -> Vec<Limit> {
        let mut exceeded = self.exceeded(net_total, limits);
        exceeded.retain(|limit| *limit != Limit::SelfApprovalUpTo);
        if limits.max_discount_percent.is_none() {
            exceeded.retain(|limit| *limit != Limit::MinPrice);
        }
        exceeded
    }
}

/// Refuses an approval by somebody who wrote, edited or submitted the order, or whose limits do not cover it.
///
/// # Errors
/// 403, naming the rule or the limit.
pub fn permit_approval(order: &Order, circumstances: &Circumstances, actor: &Actor) -> Result<()> {
    refuse(actor, &beyond_approver(order, circumstances, actor)?)
}

/// Whether the step `approve` is offered to `actor`. A limit that they may not know does not count.
pub fn offers_approval(order: &Order, circumstances: &Circumstances, actor: &Actor) -> bool {
    beyond_approver(order, circumstances, actor).is_ok_and(|limits| Limit::known_to(actor, &limits).is_empty())
}

fn beyond_approver(order: &Order, circumstances: &Circumstances, actor: &Actor) -> Result<Vec<Limit>> {
    let Some(caller) = actor.limited_by()? else { return Ok(Vec::new()) };
    let submitter = circumstances.submitted_by;
    Work { author: order.author_id, editors: &order.editor_ids.0, submitter }.refuse_own(caller)?;
    Ok(circumstances.beyond(order.net_total.value(), &caller.policy.limits))
}

/// Refuses an order that would need approval for a limit of the caller's role. An order that needs it only for a price
/// passes: whether it does must not show until it is submitted.
///
/// # Errors
/// 403, naming the limit.
pub fn permit_unapproved(order: &Order, circumstances: &Circumstances, actor: &Actor) -> Result<()> {
    let mut exceeded = exceeded(order, circumstances, actor)?;
    exceeded.retain(|limit| *limit != Limit::MinPrice);
    refuse(actor, &exceeded)
}

/// The limits that the order exceeds when `actor` submits it.
///
/// # Errors
/// 401 for somebody who is not signed in.
pub fn exceeded(order: &Order, circumstances: &Circumstances, actor: &Actor) -> Result<Vec<Limit>> {
    let Some(caller) = actor.limited_by()? else { return Ok(Vec::new()) };
    Ok(circumstances.exceeded(order.net_total.value(), &caller.policy.limits))
}

fn refuse(actor: &Actor, limits: &[Limit]) -> Result<()> {
    if limits.is_empty() {
        return Ok(());
    }
    match Limit::known_to(actor, limits).as_slice() {
        [] => Err(Error::new(ProblemType::LimitExceeded).detail(
            "Somebody with wider limits has to decide about this order.",
            "Решение по этому заказу принимает сотрудник с более широкими лимитами.",
        )),
        known @ [first, ..] => Err(Error::new(ProblemType::LimitExceeded).with("limit", first).with("limits", known)),
    }
}

/// How many orders priced below a minimum one user submits within an hour at most. Each of them tells that some minimum is
/// higher than its prices, so without a bound one could find every minimum.
const BELOW_MINIMUM_AN_HOUR: u32 = 10;

/// Refuses any submission by a user who has submitted too many orders below minimum prices within the last hour. It is
/// refused whatever its prices are, so that the refusal tells nothing of them.
///
/// # Errors
/// 429.
pub async fn refuse_probing(tx: &mut Tx<'_>) -> Result<()> {
    let Some(user) = tx.user_id() else { return Ok(()) };
    let since = tx.now().after(-Duration::hours(1));
    let below: i64 = order_events::table
        .filter(order_events::actor_id.eq(user))
        .filter(order_events::at.gt(since))
        .filter(order_events::exceeded.contains(json!([Limit::MinPrice])))
        .count()
        .get_result(&mut **tx)
        .await?;
    if below < i64::from(BELOW_MINIMUM_AN_HOUR) {
        return Ok(());
    }
    let limit =
        Standing { policy: "below_minimum", quota: BELOW_MINIMUM_AN_HOUR, window: 3600, remaining: 0, reset: 3600 };
    Err(limit.refusal().detail(
        "You submitted too many orders within an hour whose prices need approval. Wait for an hour.",
        "За час вы отправили слишком много заказов, цены которых требуют согласования. Подождите час.",
    ))
}

/// The circumstances of the `orders` whose steps depend on them, in two queries. Orders in other statuses are left out.
///
/// # Errors
/// When the database fails.
pub async fn circumstances<'o>(
    db: &AsyncPgConnection,
    orders: impl IntoIterator<Item = &'o Order>,
) -> Result<HashMap<OrderId, Circumstances>> {
    let matters =
        |order: &&Order| matches!(order.status, OrderStatus::Draft | OrderStatus::Submitted | OrderStatus::InProgress);
    let ids: Vec<OrderId> = orders.into_iter().filter(matters).map(|order| order.id).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    load(db, ids).await
}

/// The circumstances of one order.
///
/// # Errors
/// When the database fails.
pub async fn circumstances_of(db: &AsyncPgConnection, id: OrderId) -> Result<Circumstances> {
    Ok(load(db, vec![id]).await?.remove(&id).unwrap_or_default())
}

type Row = (OrderId, Percent, Amount, FulfilledQuantity, Amount, Option<Amount>);

async fn load(mut db: &AsyncPgConnection, ids: Vec<OrderId>) -> Result<HashMap<OrderId, Circumstances>> {
    let rows: Vec<Row> = order_lines::table
        .inner_join(products::table)
        .filter(order_lines::order_id.eq_any(&ids))
        .select((
            order_lines::order_id,
            order_lines::discount_percent,
            order_lines::unit_price,
            order_lines::fulfilled_quantity,
            products::base_price,
            products::min_price,
        ))
        .load(&mut db)
        .await?;
    let mut all: HashMap<OrderId, Circumstances> = HashMap::new();
    for (id, discount_percent, unit_price, fulfilled_quantity, base_price, min_price) in rows {
        let line = Facts { discount_percent, unit_price, fulfilled_quantity, base_price, min_price };
        all.entry(id).or_default().add(&line);
    }
    for (id, submitted_by) in submitters(db, &ids).await? {
        all.entry(id).or_default().submitted_by = submitted_by;
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

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::{Circumstances, Facts, Limit};
    use crate::{
        access::{DuplicatesTell, Limits},
        values::{Amount, FulfilledQuantity, Percent},
    };

    fn amount(text: &str) -> Amount {
        Amount::new(text.parse().unwrap()).unwrap()
    }

    fn percent(text: &str) -> Percent {
        Percent::new(text.parse().unwrap()).unwrap()
    }

    fn line(price: &str, discount: &str, least: Option<&str>) -> Circumstances {
        let mut circumstances = Circumstances::default();
        circumstances.add(&Facts {
            discount_percent: percent(discount),
            unit_price: amount(price),
            fulfilled_quantity: FulfilledQuantity::new(Decimal::ZERO).unwrap(),
            base_price: amount("100"),
            min_price: least.map(amount),
        });
        circumstances
    }

    const FREE: Limits = Limits {
        max_discount_percent: None,
        max_contract_amount: None,
        max_order_amount: None,
        self_approval_up_to: None,
        may_own_key_clients: true,
        second_factor_required: false,
        duplicates_tell: DuplicatesTell::Owner,
    };

    fn bound(discount: &str, order: &str) -> Limits {
        Limits { max_discount_percent: Some(percent(discount)), max_order_amount: Some(amount(order)), ..FREE }
    }

    #[test]
    fn each_limit_holds_up_to_itself() {
        let limits = bound("5", "1000");
        let exceeded =
            |circumstances: Circumstances, net: &str| circumstances.exceeded(net.parse::<Decimal>().unwrap(), &limits);
        assert_eq!(exceeded(line("100", "5", None), "1000.0000"), []);
        assert_eq!(exceeded(line("100", "0", None), "1000.0001"), [Limit::MaxOrderAmount]);
        assert_eq!(exceeded(line("100", "5.01", None), "1"), [Limit::MaxDiscountPercent]);
        assert_eq!(exceeded(line("100", "5", Some("95")), "1"), []);
        assert_eq!(exceeded(line("100", "5", Some("95.01")), "1"), [Limit::MinPrice]);
    }

    #[test]
    fn a_price_cut_by_hand_is_a_discount() {
        let limits = bound("5", "1000");
        assert_eq!(line("95", "0", None).exceeded(Decimal::ONE, &limits), []);
        assert_eq!(line("94.99", "0", None).exceeded(Decimal::ONE, &limits), [Limit::MaxDiscountPercent]);
        assert_eq!(line("96", "4", None).exceeded(Decimal::ONE, &limits), [Limit::MaxDiscountPercent]);
        assert_eq!(line("120", "5", None).exceeded(Decimal::ONE, &limits), []);
    }

    #[test]
    fn one_person_alone_passes_no_more_than_the_policy_says() {
        let limits = Limits { self_approval_up_to: Some(amount("1000")), ..FREE };
        let order = line("100", "0", None);
        assert_eq!(order.exceeded("1000".parse().unwrap(), &limits), []);
        assert_eq!(order.exceeded("1000.0001".parse().unwrap(), &limits), [Limit::SelfApprovalUpTo]);
        assert_eq!(order.beyond("1000.0001".parse().unwrap(), &limits), [], "a second person");
    }

    #[test]
    fn only_who_may_give_any_discount_agrees_to_any_price() {
        let cheap = line("100", "5", Some("99"));
        assert_eq!(cheap.exceeded(Decimal::ONE, &FREE), [Limit::MinPrice]);
        assert_eq!(cheap.beyond(Decimal::ONE, &FREE), []);
        assert_eq!(cheap.beyond(Decimal::ONE, &bound("50", "1000")), [Limit::MinPrice]);
    }
}
