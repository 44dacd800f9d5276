//! The rules of the contract that an order is under.

use super::model::Order;
use crate::{change::Tx, contracts, error::Result};

/// Locks the contract of `order`, if it is under one, and checks the rules of the contract.
///
/// # Errors
/// As [`contracts::hold_for_order`].
pub async fn hold(tx: &mut Tx<'_>, order: &Order) -> Result<()> {
    let Some(contract_id) = order.terms.contract_id else { return Ok(()) };
    let day = (&order.currency, order.ordered_on);
    let except = Some(order.id.uuid());
    let adding = order.net_total.value();
    contracts::hold_for_order(tx, contract_id, order.client_id, day, adding, except, "/contract_id").await
}
