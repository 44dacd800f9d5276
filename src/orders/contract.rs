//! The rules of the contract that an order is under.

use diesel::{
    ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper,
    prelude::{Queryable, Selectable},
};
use diesel_async::RunQueryDsl;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{model::Order, references::ContractId, status::OrderStatus};
use crate::{
    clients::ClientId,
    db::schema::{contracts, orders},
    error::{Error, Result, Say},
    rest::{
        change::{Tx, unknown_reference},
        invalid::Invalid,
        number::Amount,
        text::CurrencyCode,
        time::Day,
    },
};

/// Holds the contract of `order`, when it is under one, to its rules.
///
/// # Errors
/// As [`hold_for_order`].
pub async fn hold(tx: &mut Tx<'_>, order: &Order) -> Result<()> {
    let Some(contract_id) = order.contract_id else { return Ok(()) };
    let day = (&order.currency, order.ordered_on);
    let except = Some(order.id.uuid());
    hold_for_order(tx, contract_id, order.client_id, day, order.net_total.value(), except, "/contract_id").await
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = contracts)]
struct Terms {
    status: String,
    amount: Amount,
    currency: CurrencyCode,
    starts_on: Day,
    ends_on: Option<Day>,
}

/// Locks the contract, so that no other order is counted meanwhile, and checks that an order of this client in this
/// currency on this day can be under it: that it is active and in force, and that its orders with `adding` come to no
/// more than its amount. `except_order` is not counted.
///
/// # Errors
/// 422 at `pointer`.
pub async fn hold_for_order(
    tx: &mut Tx<'_>,
    contract_id: ContractId,
    client_id: ClientId,
    (currency, day): (&CurrencyCode, Day),
    adding: Decimal,
    except_order: Option<Uuid>,
    pointer: &str,
) -> Result<()> {
    let terms: Terms = contracts::table
        .filter(contracts::id.eq(contract_id))
        .filter(contracts::client_id.eq(client_id))
        .select(Terms::as_select())
        .for_no_key_update()
        .first(&mut **tx)
        .await
        .optional()?
        .ok_or_else(|| unknown_reference(pointer))?;
    if let Some(breach) = terms.breach(currency, day) {
        return Err(Error::field(pointer, breach));
    }
    let left = terms.amount.value() - ordered(tx, contract_id, except_order).await?;
    if adding <= left {
        return Ok(());
    }
    let say = Say::new(
        format!("The contract's amount leaves {left} for orders."),
        format!("Сумма договора оставляет на заказы {left}."),
    );
    Err(Error::field(pointer, Invalid::Rule("contract_ceiling", say)))
}

impl Terms {
    fn breach(&self, currency: &CurrencyCode, day: Day) -> Option<Invalid> {
        let rule = |code, en: &'static str, ru: &'static str| Some(Invalid::Rule(code, Say::new(en, ru)));
        if self.status != "active" {
            return rule("contract_not_active", "The contract is not active.", "Договор не действует.");
        }
        if day < self.starts_on || self.ends_on.is_some_and(|end| day > end) {
            let ru = "Договор не действует в день заказа.";
            return rule("contract_not_in_force", "The contract is not in force on the day of the order.", ru);
        }
        if self.currency != *currency {
            return rule("currency_mismatch", "The contract is in another currency.", "Договор в другой валюте.");
        }
        None
    }
}

/// What the contract's orders come to, but for those that are not valid: drafts, rejected and cancelled ones.
async fn ordered(tx: &mut Tx<'_>, contract_id: ContractId, except_order: Option<Uuid>) -> Result<Decimal> {
    let not_counted = [OrderStatus::Draft, OrderStatus::Rejected, OrderStatus::Cancelled];
    let sum: Option<Decimal> = orders::table
        .filter(orders::contract_id.eq(contract_id))
        .filter(orders::status.ne_all(not_counted))
        .filter(orders::id.ne(except_order.unwrap_or_default()))
        .select(diesel::dsl::sum(orders::net_total))
        .first(&mut **tx)
        .await?;
    Ok(sum.unwrap_or_default())
}
