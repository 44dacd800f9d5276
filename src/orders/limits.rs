//! What an order needs approval for, and who may approve it: one table of rules, whose bounds are data of the role's policy.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumString};
use utoipa::ToSchema;

use super::{circumstances::Circumstances, model::Order};
use crate::{
    access::{Actor, Limits, Reach},
    change::Work,
    error::{Error, ProblemType, Result},
    values::{Amount, Percent},
};

/// What an order can need approval for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, AsRefStr, EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[schema(as = OrderLimit)]
#[expect(clippy::enum_variant_names, reason = "a credit limit is called so")]
pub enum Limit {
    /// The net total is above the role's largest order.
    MaxOrderAmount,
    /// Together with what the client ordered lately without a second person, it is above what the role may pass.
    OrderPeriod,
    /// The discount on a line, or how far its price was cut by hand, is above the role's largest discount.
    MaxDiscountPercent,
    /// A line is priced further above the list price than the role may.
    MaxIncreasePercent,
    /// A line is priced below its product's minimum. Only who may know that minimum is told.
    MinPrice,
    /// A line has another tax than its product.
    TaxRate,
    /// A product went off sale after the order was drafted.
    OffSale,
    /// The client would owe more than its credit limit. Only who may know that limit is told.
    CreditLimit,
    /// The order's currency has no exchange rate, so it cannot be compared with a limit.
    ExchangeRate,
    /// The net total is above what one person of the role passes alone.
    SelfApprovalUpTo,
}

/// What the rules look at. Amounts are in the organisation's currency.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Facts {
    /// The largest discount on a line: its discount percentage, or how far its net price is below the list price, whichever is
    /// more. A price that was lowered by hand is a discount, too.
    pub discount: Decimal,
    /// How far a line's net price is above the list price at most, in percent.
    pub increase: Decimal,
    /// Whether a line is priced below its product's minimum.
    pub below_minimum: bool,
    /// Whether a line has another tax than its product.
    pub other_tax: bool,
    /// Whether a product is off sale.
    pub off_sale: bool,
    /// The net total; `None` without an exchange rate.
    pub amount: Option<Decimal>,
    /// The net total with those of the client's last orders that one person alone passed.
    pub lately: Option<Decimal>,
    /// Whether the client would owe more than its credit limit.
    pub over_credit: bool,
}

type Rule = (Limit, fn(&Facts, &Limits) -> bool);

/// Whether an order needs approval for each of the limits when somebody with these limits submits it.
const RULES: [Rule; 10] = [
    (Limit::MaxOrderAmount, |facts, limits| above(facts.amount, limits.max_order_amount)),
    (Limit::OrderPeriod, |facts, limits| limits.order_period_days > 0 && adds_up(facts, limits)),
    (Limit::MaxDiscountPercent, |facts, limits| beyond(facts.discount, limits.max_discount_percent)),
    (Limit::MaxIncreasePercent, |facts, limits| beyond(facts.increase, limits.max_increase_percent)),
    (Limit::MinPrice, |facts, _| facts.below_minimum),
    (Limit::TaxRate, |facts, limits| facts.other_tax && !limits.may_change_tax),
    (Limit::OffSale, |facts, limits| facts.off_sale && !limits.may_sell_inactive),
    (Limit::CreditLimit, |facts, limits| facts.over_credit && !limits.may_exceed_credit),
    (Limit::ExchangeRate, |facts, limits| {
        facts.amount.is_none() && (limits.max_order_amount.is_some() || limits.self_approval_up_to.is_some())
    }),
    (Limit::SelfApprovalUpTo, |facts, limits| above(facts.amount, limits.self_approval_up_to)),
];

fn above(value: Option<Decimal>, most: Option<Amount>) -> bool {
    value.zip(most).is_some_and(|(value, most)| value > most.value())
}

fn beyond(value: Decimal, most: Option<Percent>) -> bool {
    most.is_some_and(|most| value > most.value())
}

/// Whether an order within a limit passes it together with others.
fn adds_up(facts: &Facts, limits: &Limits) -> bool {
    let passes = |most| above(facts.lately, most) && !above(facts.amount, most);
    passes(limits.max_order_amount) || passes(limits.self_approval_up_to)
}

impl Facts {
    /// What the order needs approval for when somebody with these `limits` submits it.
    pub fn exceeded(&self, limits: &Limits) -> Vec<Limit> {
        RULES.iter().filter(|(_, applies)| applies(self, limits)).map(|(limit, _)| *limit).collect()
    }

    /// The limits that keep somebody with these `limits` from approving it. They are the second person. Who may give any
    /// discount may also approve any price.
    pub fn beyond(&self, limits: &Limits) -> Vec<Limit> {
        let mut exceeded = self.exceeded(limits);
        exceeded.retain(|limit| match limit {
            Limit::SelfApprovalUpTo | Limit::OrderPeriod => false,
            Limit::MinPrice => limits.max_discount_percent.is_some(),
            Limit::ExchangeRate => limits.max_order_amount.is_some(),
            _ => true,
        });
        exceeded
    }
}

impl Limit {
    /// Those that not everybody may know.
    pub const SECRET: [Self; 2] = [Self::MinPrice, Self::CreditLimit];

    /// Those of `limits` that `actor` may know of `order`. Who could watch the others would find secrets by trying.
    pub fn known_to(actor: &Actor, order: &Order, limits: &[Self]) -> Vec<Self> {
        limits.iter().copied().filter(|limit| limit.is_known_to(actor, order)).collect()
    }

    fn is_known_to(self, actor: &Actor, order: &Order) -> bool {
        match self {
            Self::MinPrice => actor.reach("products:read_confidential") > Reach::None,
            Self::CreditLimit => actor.reaches("clients:read_confidential", order),
            _ => true,
        }
    }
}

/// Refuses an approval by somebody who wrote, edited or submitted the order, or whose limits do not cover it.
///
/// # Errors
/// 403, naming the rule or the limit.
pub fn permit_approval(order: &Order, circumstances: &Circumstances, actor: &Actor) -> Result<()> {
    let limits = beyond_approver(order, circumstances, actor)?;
    if limits.is_empty() {
        return Ok(());
    }
    match Limit::known_to(actor, order, &limits).as_slice() {
        [] => Err(Error::new(ProblemType::LimitExceeded).detail(
            "Somebody with wider limits has to decide about this order.",
            "Решение по этому заказу принимает сотрудник с более широкими лимитами.",
        )),
        known @ [first, ..] => Err(Error::new(ProblemType::LimitExceeded).with("limit", first).with("limits", known)),
    }
}

/// Whether the step `approve` is offered to `actor`. A limit that they may not know does not count.
pub fn offers_approval(order: &Order, circumstances: &Circumstances, actor: &Actor) -> bool {
    beyond_approver(order, circumstances, actor).is_ok_and(|limits| Limit::known_to(actor, order, &limits).is_empty())
}

fn beyond_approver(order: &Order, circumstances: &Circumstances, actor: &Actor) -> Result<Vec<Limit>> {
    let Some(caller) = actor.limited_by()? else { return Ok(Vec::new()) };
    let submitter = circumstances.submitted_by;
    Work { author: order.author_id, editors: &order.editor_ids.0, submitter }.refuse_own(caller)?;
    // What the client owes is as it was found at the submission.
    let over_credit = order.exceeded.0.contains(&Limit::CreditLimit);
    let facts = Facts { over_credit, ..circumstances.facts };
    Ok(facts.beyond(&caller.policy.limits))
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::{Facts, Limit};
    use crate::{
        access::{Limits, Policy, Role},
        values::{Amount, Percent},
    };

    fn amount(text: &str) -> Option<Amount> {
        Amount::new(number(text)).ok()
    }

    fn percent(text: &str) -> Option<Percent> {
        Percent::new(number(text)).ok()
    }

    fn number(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    /// The limits of somebody whom nothing limits.
    fn free() -> Limits {
        Limits { self_approval_up_to: None, ..Policy::initial(Role::Supervisor).limits }
    }

    fn bound(discount: &str, order: &str) -> Limits {
        Limits { max_discount_percent: percent(discount), max_order_amount: amount(order), ..free() }
    }

    fn of(amount: &str) -> Facts {
        Facts { amount: Some(number(amount)), lately: Some(number(amount)), ..Facts::default() }
    }

    #[test]
    fn each_limit_holds_up_to_itself() {
        let limits = bound("5", "1000");
        assert_eq!(of("1000.0000").exceeded(&limits), []);
        assert_eq!(of("1000.0001").exceeded(&limits), [Limit::MaxOrderAmount]);
        assert_eq!(Facts { discount: number("5"), ..of("1") }.exceeded(&limits), []);
        assert_eq!(Facts { discount: number("5.01"), ..of("1") }.exceeded(&limits), [Limit::MaxDiscountPercent]);
        let limits = Limits { max_increase_percent: percent("10"), ..free() };
        assert_eq!(Facts { increase: number("10"), ..of("1") }.exceeded(&limits), []);
        assert_eq!(Facts { increase: number("10.01"), ..of("1") }.exceeded(&limits), [Limit::MaxIncreasePercent]);
        assert_eq!(Facts { below_minimum: true, ..of("1") }.exceeded(&free()), [Limit::MinPrice]);
    }

    #[test]
    fn several_orders_are_one_that_is_split() {
        let limits = Limits { order_period_days: 1, ..bound("5", "1000") };
        let fourth = Facts { amount: Some(number("400")), lately: Some(number("1000.01")), ..Facts::default() };
        assert_eq!(fourth.exceeded(&limits), [Limit::OrderPeriod]);
        assert_eq!(fourth.exceeded(&Limits { order_period_days: 0, ..limits }), []);
        assert_eq!(fourth.beyond(&limits), [], "a second person");
        let alone = Limits { self_approval_up_to: amount("1000"), ..free() };
        assert_eq!(fourth.exceeded(&alone), [Limit::OrderPeriod]);
    }

    #[test]
    fn one_person_alone_passes_no_more_than_the_policy_says() {
        let limits = Limits { self_approval_up_to: amount("1000"), ..free() };
        assert_eq!(of("1000").exceeded(&limits), []);
        assert_eq!(of("1000.0001").exceeded(&limits), [Limit::SelfApprovalUpTo]);
        assert_eq!(of("1000.0001").beyond(&limits), [], "a second person");
    }

    #[test]
    fn what_has_no_rate_is_compared_with_no_limit() {
        let unknown = Facts::default();
        assert_eq!(unknown.exceeded(&free()), []);
        assert_eq!(unknown.exceeded(&bound("5", "1000")), [Limit::ExchangeRate]);
        assert_eq!(unknown.beyond(&bound("5", "1000")), [Limit::ExchangeRate]);
        let alone = Limits { self_approval_up_to: amount("1000"), ..free() };
        assert_eq!((unknown.exceeded(&alone), unknown.beyond(&alone)), (vec![Limit::ExchangeRate], vec![]));
    }

    #[test]
    fn what_a_role_may_do_is_in_its_policy() {
        let facts = Facts { other_tax: true, off_sale: true, over_credit: true, ..of("1") };
        assert_eq!(facts.exceeded(&free()), []);
        let none = Limits { may_change_tax: false, may_sell_inactive: false, may_exceed_credit: false, ..free() };
        assert_eq!(facts.exceeded(&none), [Limit::TaxRate, Limit::OffSale, Limit::CreditLimit]);
        assert_eq!(facts.beyond(&none), facts.exceeded(&none));
    }

    #[test]
    fn only_who_may_give_any_discount_agrees_to_any_price() {
        let cheap = Facts { below_minimum: true, ..of("1") };
        assert_eq!(cheap.beyond(&free()), []);
        assert_eq!(cheap.beyond(&bound("50", "1000")), [Limit::MinPrice]);
    }
}
