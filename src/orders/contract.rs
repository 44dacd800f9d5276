//! The rules of the contract that an order is under.

use super::model::Order;
use crate::{change::Tx, contracts, error::Result};

/// Holds the contract of `order`, when it is under one, to its rules.
///
/// # Errors
/// As [`contracts::hold_for_order`].
pub async fn hold(tx: &mut Tx<'_>, order: &Order) -> Result<()> {
    let Some(contract_id) = order.contract_id else { return Ok(()) };
    let day = (&order.currency, order.ordered_on);
    let except = Some(order.id.uuid());
    let adding = order.net_total.value();
    contracts::hold_for_order(tx, contract_id, order.client_id, day, adding, except, "/contract_id").await
}
