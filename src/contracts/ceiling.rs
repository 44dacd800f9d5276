//! What may be ordered under a contract: while it is in force, in its currency, up to its amount.

use diesel::{
    ExpressionMethods, OptionalExtension, QueryDsl, QueryableByName,
    sql_types::{Bool, Nullable, Numeric, Uuid as SqlUuid},
};
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
    db::{Sql, columns_of, wide::contracts},
    error::{Error, FieldError, Result},
    values::{CurrencyCode, Day, Invalid, Say},
};

/// An order that is to be under a contract.
#[derive(Clone, Copy, Debug)]
pub struct Ordering<'o> {
    /// Who orders.
    pub client_id: ClientId,
    /// Its currency.
    pub currency: &'o CurrencyCode,
    /// Its day.
    pub day: Day,
    /// Its sum before tax.
    pub net: Decimal,
    /// Its sum with tax.
    pub total: Decimal,
    /// The order itself when it is stored already, so that it is not counted twice.
    pub id: Option<Uuid>,
}

/// Locks the contract of an order until the transaction ends, so that two orders cannot exceed its ceiling together,
/// and checks that the order can be under it.
///
/// # Errors
/// 422 at `pointer` when there is no such contract of this client within reach, when it is not active, of another
/// currency or not in force on the order's day, and when less than the order's sum is left of its amount.
pub async fn hold_for_order(
    tx: &mut Tx<'_>,
    contract_id: ContractId,
    order: Ordering<'_>,
    pointer: &str,
) -> Result<()> {
    let contract = lock(tx, contract_id, order.client_id).await?.ok_or_else(|| unknown_reference(pointer))?;
    let mut breaches: Vec<Invalid> = [not_active(&contract), other_currency(&contract, order.currency)]
        .into_iter()
        .flatten()
        .chain(out_of_days(&contract, order.day))
        .collect();
    let mut short = None;
    if let Some(amount) = contract.terms.amount.filter(|_| contract.terms.currency == *order.currency) {
        let left = amount.value() - ordered(tx, &contract, order.id).await?;
        let adding = if contract.terms.amount_includes_tax { order.total } else { order.net };
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

/// Checks that a draft can be under the contract later: its currency stays.
///
/// # Errors
/// 422 at `pointer` when there is no such contract of this client within reach, and when it has another currency.
pub async fn refuse_currency(
    tx: &mut Tx<'_>,
    contract_id: ContractId,
    client_id: ClientId,
    currency: &CurrencyCode,
    pointer: &str,
) -> Result<()> {
    let contract = lock(tx, contract_id, client_id).await?.ok_or_else(|| unknown_reference(pointer))?;
    other_currency(&contract, currency).map_or(Ok(()), |breach| Err(Error::field(pointer, breach)))
}

/// Locks the contract of an order until the transaction ends, and checks that it is in force.
///
/// # Errors
/// 422 at `pointer` when it is not.
pub async fn hold_in_force(tx: &mut Tx<'_>, contract_id: ContractId, client_id: ClientId, pointer: &str) -> Result<()> {
    let contract = lock(tx, contract_id, client_id).await?.ok_or_else(|| unknown_reference(pointer))?;
    not_active(&contract).map_or(Ok(()), |breach| Err(Error::field(pointer, breach)))
}

async fn lock(tx: &mut Tx<'_>, id: ContractId, client: ClientId) -> Result<Option<Contract>> {
    let scope = tx.scope::<Contract, Read>()?;
    let contract = contracts::table
        .filter(contracts::id.eq(id))
        .filter(contracts::client_id.eq(client))
        .filter(contracts::amends_id.is_null())
        .filter(scope.visible())
        .select(columns_of::<Contract>())
        .for_no_key_update()
        .first(&mut **tx)
        .await
        .optional()?;
    Ok(contract)
}

fn not_active(contract: &Contract) -> Option<Invalid> {
    let say = Say::new("The contract is not active.", "Договор не действует.");
    (contract.status != ContractStatus::Active).then_some(Invalid::Rule("contract_not_active", say))
}

fn other_currency(contract: &Contract, currency: &CurrencyCode) -> Option<Invalid> {
    if contract.terms.currency == *currency {
        return None;
    }
    let currency = contract.terms.currency.as_str();
    let say =
        Say::new(format!("The currency of the contract is {currency}."), format!("Валюта договора — {currency}."));
    Some(Invalid::Rule("contract_currency", say))
}

fn out_of_days(contract: &Contract, day: Day) -> Option<Invalid> {
    let is_within = day >= contract.terms.starts_on && contract.terms.ends_on.is_none_or(|last| day <= last);
    let say =
        Say::new("The day of the order is outside the contract's days.", "День заказа вне срока действия договора.");
    (!is_within).then_some(Invalid::Rule("contract_dates", say))
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

#[derive(QueryableByName)]
struct Ordered {
    #[diesel(sql_type = Numeric)]
    total: Decimal,
}

/// What has been ordered under the contract, with tax where its amount includes that. Of a cancelled order, what was delivered
/// before counts for ever; what came back does not count.
///
/// # Errors
/// When the database fails.
pub async fn ordered(mut db: &AsyncPgConnection, contract: &Contract, except: Option<Uuid>) -> Result<Decimal> {
    static ORDERED: Sql = Sql::new();
    let query = diesel::sql_query(
        "SELECT round(
             coalesce((
                 SELECT sum(CASE WHEN $2 THEN total ELSE net_total END) FROM orders
                 WHERE contract_id = $1 AND id IS DISTINCT FROM $3 AND status NOT IN ('draft', 'rejected', 'cancelled')
             ), 0) + coalesce((
                 SELECT sum((net_amount + CASE WHEN $2 THEN tax_amount ELSE 0 END)
                     * (CASE status WHEN 'cancelled' THEN fulfilled_quantity ELSE 0 END - returned_quantity) / quantity)
                 FROM orders JOIN order_lines ON order_lines.order_id = orders.id
                 WHERE contract_id = $1 AND orders.id IS DISTINCT FROM $3 AND fulfilled_quantity > 0
                     AND (status = 'cancelled' OR returned_quantity > 0)
             ), 0), 4) AS total",
    );
    let query = query
        .bind::<SqlUuid, _>(contract.id)
        .bind::<Bool, _>(contract.terms.amount_includes_tax)
        .bind::<Nullable<SqlUuid>, _>(except);
    let ordered: Ordered = ORDERED.of(query).get_result(&mut db).await?;
    Ok(ordered.total)
}
