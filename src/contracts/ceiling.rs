//! What may be ordered under a contract: while it is in force, in its currency, up to its amount.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, dsl::sum};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::{
    model::{Contract, ContractId},
    status::ContractStatus,
};
use crate::{
    access::Read,
    change::{Tx, unknown_reference},
    clients::ClientId,
    db::{
        columns_of,
        schema::{contracts, orders},
    },
    error::{Error, FieldError, Result},
    values::{CurrencyCode, Day, Invalid, Say},
};

/// The statuses of orders that do not count towards the ceiling.
const NOT_ORDERED: [&str; 3] = ["draft", "rejected", "cancelled"];

/// Locks the contract of an order until the transaction ends, so that two orders cannot exceed its ceiling together,
/// and checks that an order of this client in this currency on this day can be under it. `adding` is the order's sum
/// before tax; `except_order` is the order itself when it is stored already, so that it is not counted twice.
///
/// # Errors
/// 422 at `pointer` when there is no such contract of this client within reach, when it is not active, of another
/// currency or not in force on the order's `day`, and when less than `adding` is left of its amount.
pub async fn hold_for_order(
    tx: &mut Tx<'_>,
    contract_id: ContractId,
    client_id: ClientId,
    (currency, day): (&CurrencyCode, Day),
    adding: Decimal,
    except_order: Option<Uuid>,
    pointer: &str,
) -> Result<()> {
    let contract = lock(tx, contract_id, client_id).await?.ok_or_else(|| unknown_reference(pointer))?;
    let mut breaches = breaches(&contract, day, currency);
    let mut short = None;
    if contract.terms.currency == *currency {
        let left = contract.terms.amount.value() - ordered_total(tx, contract.id, except_order).await?;
        short = (adding > left).then(|| money(left));
    }
    if let Some(left) = &short {
        breaches.push(ceiling(left, &contract.terms.currency));
    }
    if breaches.is_empty() {
        return Ok(());
    }
    let error = Error::fields(breaches.into_iter().map(|breach| FieldError::new(pointer, breach)).collect());
    Err(short.into_iter().fold(error, |error, left| error.with("left", left)))
}

async fn lock(tx: &mut Tx<'_>, id: ContractId, client: ClientId) -> Result<Option<Contract>> {
    let scope = tx.scope::<Contract, Read>()?;
    let contract = contracts::table
        .filter(contracts::id.eq(id))
        .filter(contracts::client_id.eq(client))
        .filter(scope.visible())
        .select(columns_of::<Contract>())
        .for_no_key_update()
        .first(&mut **tx)
        .await
        .optional()?;
    Ok(contract)
}

fn breaches(contract: &Contract, day: Day, currency: &CurrencyCode) -> Vec<Invalid> {
    let mut breaches = Vec::new();
    if contract.status != ContractStatus::Active {
        let say = Say::new("The contract is not active.", "Договор не действует.");
        breaches.push(Invalid::Rule("contract_not_active", say));
    }
    if contract.terms.currency != *currency {
        let currency = contract.terms.currency.as_str();
        let say =
            Say::new(format!("The currency of the contract is {currency}."), format!("Валюта договора — {currency}."));
        breaches.push(Invalid::Rule("contract_currency", say));
    }
    if day < contract.terms.starts_on || contract.terms.ends_on.is_some_and(|last| day > last) {
        let say = Say::new(
            "The day of the order is outside the contract's days.",
            "День заказа вне срока действия договора.",
        );
        breaches.push(Invalid::Rule("contract_dates", say));
    }
    breaches
}

fn ceiling(left: &str, currency: &CurrencyCode) -> Invalid {
    let currency = currency.as_str();
    let say = Say::new(
        format!("Only {left} {currency} is left of the amount of the contract."),
        format!("От суммы договора осталось {left} {currency}."),
    );
    Invalid::Rule("contract_ceiling", say)
}

/// `left` as text, with at least two decimals. Zero when more than the ceiling was ordered.
fn money(left: Decimal) -> String {
    let mut left = left.max(Decimal::ZERO).normalize();
    left.rescale(left.scale().max(2));
    left.to_string()
}

/// What has been ordered under the contract, before tax.
///
/// # Errors
/// When the database fails.
pub async fn ordered_total(mut db: &AsyncPgConnection, id: ContractId, except: Option<Uuid>) -> Result<Decimal> {
    let mut ordered = orders::table
        .filter(orders::contract_id.eq(id))
        .filter(orders::status.ne_all(NOT_ORDERED))
        .select(sum(orders::net_total))
        .into_boxed();
    if let Some(order) = except {
        ordered = ordered.filter(orders::id.ne(order));
    }
    let total: Option<Decimal> = ordered.first(&mut db).await?;
    Ok(total.unwrap_or_default())
}
