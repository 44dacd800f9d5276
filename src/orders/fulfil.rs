//! Fulfilment, line by line: in parts, and never more than was ordered.

use std::collections::HashSet;

use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::RunQueryDsl;

use super::{
    bodies::{ExecuteOrder, FulfilledLine, Fulfilment},
    client::lock_client,
    life::{Entry, take},
    lines::check_count,
    model::{Order, OrderId, OrderLine, OrderWithLines},
    queries::lock,
    status::{OrderStatus, Transition},
};
use crate::{
    access::Scope,
    change::Tx,
    clients,
    db::schema::order_lines,
    error::{Error, FieldError, Result},
    http::IfMatch,
    values::{FulfilledQuantity, Invalid, Say},
};

/// Notes what is delivered now. When nothing remains, the order is fulfilled, and a client that was not active yet, or no
/// longer, becomes active.
///
/// # Errors
/// 404, 403, 412, 409 unless it is accepted or in progress, 422 for a line that the order does not have and for more
/// than remains.
pub async fn fulfil(
    tx: &mut Tx<'_>,
    scope: &Scope<Order, ExecuteOrder>,
    id: OrderId,
    seen: &IfMatch,
    body: Fulfilment,
) -> Result<OrderWithLines> {
    let client = lock_client(tx, scope, id).await?;
    let before = lock(tx, scope, id, seen).await?;
    Transition::Fulfil.apply(before.order.status, false)?;
    check_count(&body.lines)?;
    let mut after = before.clone();
    deliver(&mut after.lines, &body.lines)?;

    let whole = after.lines.iter().all(OrderLine::is_complete);
    after.order.status = Transition::Fulfil.apply(before.order.status, whole)?;
    if after.order.status == OrderStatus::Fulfilled {
        after.order.fulfilled_at = Some(tx.now());
    }
    for line in after.lines.iter().filter(|line| !before.lines.contains(line)) {
        diesel::update(order_lines::table.find(line.id))
            .set(order_lines::fulfilled_quantity.eq(line.fulfilled_quantity))
            .execute(&mut **tx)
            .await?;
    }
    let after = take(tx, &before, after, Entry::because(Transition::Fulfil, body.reason)).await?;
    if after.order.status == OrderStatus::Fulfilled {
        clients::activate_buyer(tx, &client).await?;
    }
    Ok(after)
}

/// Adds the `delivered` quantities to `lines`.
///
/// # Errors
/// 422 with each line that is unknown or named twice, and each quantity that is more than remains.
fn deliver(lines: &mut [OrderLine], delivered: &[FulfilledLine]) -> Result<()> {
    let mut errors = Vec::new();
    let mut named = HashSet::new();
    for (index, part) in delivered.iter().enumerate() {
        let field = |name: &str| format!("/lines/{index}/{name}");
        let Some(line) = lines.iter_mut().find(|line| line.id == part.line_id) else {
            errors.push(FieldError::new(field("line_id"), Invalid::UnknownReference));
            continue;
        };
        if !named.insert(part.line_id) {
            let say = Say::new("The line is named twice.", "Строка указана дважды.");
            errors.push(FieldError::new(field("line_id"), Invalid::Rule("duplicate", say)));
            continue;
        }
        let remains = line.quantity.value() - line.fulfilled_quantity.value();
        if part.quantity.value() > remains {
            errors.push(FieldError::new(field("quantity"), Invalid::TooLarge(remains.to_string())));
            continue;
        }
        let done = line.fulfilled_quantity.value() + part.quantity.value();
        line.fulfilled_quantity = FulfilledQuantity::new(done).map_err(Error::internal)?;
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::fields(errors)) }
}
