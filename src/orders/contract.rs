//! The rules of the contract that an order is under.

use super::model::Order;
use crate::{
    change::Tx,
    contracts::{self, Ordering},
    error::Result,
};

/// Refuses an order in another currency than that of its contract.
///
/// # Errors
/// 422 when there is no such contract of this client within reach, and when it has another currency.
pub async fn refuse_currency(tx: &mut Tx<'_>, order: &Order) -> Result<()> {
    let Some(contract_id) = order.terms.contract_id else { return Ok(()) };
    contracts::refuse_currency(tx, contract_id, order.client_id, &order.currency, "/contract_id").await
}

/// Locks the contract of `order`, if it is under one, and checks that it is in force.
///
/// # Errors
/// 422 when it is not.
pub async fn hold_in_force(tx: &mut Tx<'_>, order: &Order) -> Result<()> {
    let Some(contract_id) = order.terms.contract_id else { return Ok(()) };
    contracts::hold_in_force(tx, contract_id, order.client_id, "/contract_id").await
}

/// Locks the contract of `order`, if it is under one, and checks the rules of the contract.
///
/// # Errors
/// As [`contracts::hold_for_order`].
pub async fn hold(tx: &mut Tx<'_>, order: &Order) -> Result<()> {
    let Some(contract_id) = order.terms.contract_id else { return Ok(()) };
    let ordering = Ordering {
        client_id: order.client_id,
        currency: &order.currency,
        day: order.ordered_on,
        net: order.net_total.value(),
        total: order.total.value(),
        id: Some(order.id.uuid()),
    };
    contracts::hold_for_order(tx, contract_id, ordering, "/contract_id").await
}
