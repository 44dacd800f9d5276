//! Fulfilment, line by line: in parts, never more than was ordered, corrected where it was noted wrongly, and taken back.

use std::collections::HashSet;

use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::RunQueryDsl;

use super::{
    bodies::{CorrectedLine, Correction, ExecuteOrder, FulfilledLine, Fulfilment, GoodsReturn},
    client::lock_client,
    contract,
    life::{Entry, take},
    lines::check_count,
    model::{EventDetails, EventLine, Order, OrderId, OrderLine, OrderLineId, OrderWithLines},
    queries::lock,
    status::{OrderStatus, Transition},
};
use crate::{
    access::Scope,
    change::Tx,
    clients::{self, Standing},
    db::schema::order_lines,
    departments,
    error::{Error, FieldError, ProblemType, Result},
    http::IfMatch,
    products,
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
    let mut after = before.clone();
    deliver(&mut after.lines, &body.lines)?;
    refuse_parts(tx, &before.lines, &after.lines).await?;
    let document = body.document;
    let after = settle(tx, Transition::Fulfil, &before, after)?;
    let details = EventDetails { lines: delivered(&before.lines, &after.lines), document, ..EventDetails::default() };
    write_quantities(tx, &before.lines, &after.lines).await?;
    let after = take(tx, &before, after, Entry::because(Transition::Fulfil, body.reason).with(details)).await?;
    if after.order.status == OrderStatus::Fulfilled {
        clients::activate_buyer(tx, &client).await?;
    }
    Ok(after)
}

/// Corrects what was noted as delivered. Both figures stay in the history. When something remains after all, an order that was
/// fulfilled is under way again; when nothing does, its client has become active.
///
/// # Errors
/// 404, 403, 412, 409 unless it is in progress or fulfilled, 422 for a line that the order does not have, for more than was
/// ordered and less than came back. An order that is to be under way again needs a department that is active, a contract that is
/// in force and a client that is neither lost nor archived: otherwise 409 and 422.
pub async fn correct(
    tx: &mut Tx<'_>,
    scope: &Scope<Order, ExecuteOrder>,
    id: OrderId,
    seen: &IfMatch,
    body: Correction,
) -> Result<OrderWithLines> {
    let client = lock_client(tx, scope, id).await?;
    let before = lock(tx, scope, id, seen).await?;
    Transition::Correct.apply(before.order.status, false)?;
    let mut after = before.clone();
    set(&mut after.lines, &body.lines)?;
    refuse_parts(tx, &before.lines, &after.lines).await?;
    let mut after = settle(tx, Transition::Correct, &before, after)?;
    if before.order.status == OrderStatus::Fulfilled && after.order.status != OrderStatus::Fulfilled {
        Standing::of(&client).refuse_gone()?;
        resume(tx, &mut after.order).await?;
    }
    let details = EventDetails { lines: delivered(&before.lines, &after.lines), ..EventDetails::default() };
    if details.lines.is_empty() {
        return Ok(before);
    }
    write_quantities(tx, &before.lines, &after.lines).await?;
    let entry = Entry::because(Transition::Correct, Some(body.reason)).with(details);
    let after = take(tx, &before, after, entry).await?;
    if after.order.status == OrderStatus::Fulfilled {
        clients::activate_buyer(tx, &client).await?;
    }
    Ok(after)
}

/// Lets a department execute an order again of which it was thought that nothing remains. One that was never due is due now.
async fn resume(tx: &mut Tx<'_>, order: &mut Order) -> Result<()> {
    let Some(department_id) = order.department_id else {
        return Err(Error::new(ProblemType::Conflict).detail(
            "No department has this order, so nothing of it can remain to be delivered.",
            "Этот заказ не передавали ни в один отдел, поэтому дослать остаток некому.",
        ));
    };
    departments::find_active(tx, department_id, "/department_id").await?;
    contract::hold_in_force(tx, order).await?;
    order.due_at = order.due_at.or(Some(tx.now()));
    Ok(())
}

/// Notes what came back from the client.
///
/// # Errors
/// 404, 403, 412, 409 unless it is in progress, fulfilled, closed or cancelled, 422 for a line that the order does not have and for more
/// than was delivered.
pub async fn take_back(
    tx: &mut Tx<'_>,
    scope: &Scope<Order, ExecuteOrder>,
    id: OrderId,
    seen: &IfMatch,
    body: GoodsReturn,
) -> Result<OrderWithLines> {
    let before = lock(tx, scope, id, seen).await?;
    Transition::TakeBack.apply(before.order.status, true)?;
    let mut after = before.clone();
    return_goods(&mut after.lines, &body.lines)?;
    refuse_parts(tx, &before.lines, &after.lines).await?;
    let lines = changes(&before.lines, &after.lines, |line| line.returned_quantity);
    let details = EventDetails { lines, document: body.document, ..EventDetails::default() };
    write_quantities(tx, &before.lines, &after.lines).await?;
    take(tx, &before, after, Entry::because(Transition::TakeBack, Some(body.reason)).with(details)).await
}

/// `after` with the status that its lines give it.
fn settle(
    tx: &Tx<'_>,
    transition: Transition,
    before: &OrderWithLines,
    mut after: OrderWithLines,
) -> Result<OrderWithLines> {
    let whole = after.lines.iter().all(OrderLine::is_complete);
    after.order.status = transition.apply(before.order.status, whole)?;
    if after.order.status == OrderStatus::Fulfilled {
        after.order.fulfilled_at = after.order.fulfilled_at.or(Some(tx.now()));
        after.order.question = None;
        after.order.cancellation = None;
    } else {
        after.order.fulfilled_at = None;
    }
    Ok(after)
}

/// Refuses parts of what is sold in whole units only.
async fn refuse_parts(tx: &mut Tx<'_>, before: &[OrderLine], after: &[OrderLine]) -> Result<()> {
    let in_parts = |line: &&OrderLine| {
        // A past order may have parts.
        if !line.quantity.value().fract().is_zero() {
            return false;
        }
        let quantities = [line.fulfilled_quantity, line.returned_quantity];
        quantities.iter().any(|quantity| !quantity.value().fract().is_zero())
    };
    let changed = after.iter().filter(|line| !before.contains(line)).filter(in_parts);
    let parts: Vec<_> = changed.map(|line| line.product_id).collect();
    let whole = products::indivisible(tx, parts).await?;
    if whole.is_empty() {
        return Ok(());
    }
    let say = Say::new("It is sold in whole units only.", "Продаётся только целыми единицами.");
    Err(Error::field("/lines", Invalid::Rule("indivisible", say)))
}

/// Stores how much of each line is delivered and came back.
///
/// # Errors
/// When the database fails.
pub async fn write_quantities(tx: &mut Tx<'_>, before: &[OrderLine], after: &[OrderLine]) -> Result<()> {
    for line in after.iter().filter(|line| !before.contains(line)) {
        let quantities = (
            order_lines::fulfilled_quantity.eq(line.fulfilled_quantity),
            order_lines::returned_quantity.eq(line.returned_quantity),
        );
        diesel::update(order_lines::table.find(line.id)).set(quantities).execute(&mut **tx).await?;
    }
    Ok(())
}

fn delivered(before: &[OrderLine], after: &[OrderLine]) -> Vec<EventLine> {
    changes(before, after, |line| line.fulfilled_quantity)
}

/// The lines of which `quantity` changed.
fn changes(
    before: &[OrderLine],
    after: &[OrderLine],
    quantity: impl Fn(&OrderLine) -> FulfilledQuantity,
) -> Vec<EventLine> {
    let both = before.iter().zip(after).filter(|(one, other)| quantity(one) != quantity(other));
    let line = |(before, after): (&OrderLine, &OrderLine)| EventLine {
        line_id: after.id,
        position: after.position,
        before: quantity(before),
        after: quantity(after),
    };
    both.map(line).collect()
}

/// Adds the `delivered` quantities to `lines`.
///
/// # Errors
/// 422 with each line that is unknown or named twice, and each quantity that is more than remains.
fn deliver(lines: &mut [OrderLine], delivered: &[FulfilledLine]) -> Result<()> {
    each(
        lines,
        delivered,
        |part| part.line_id,
        |line, part| {
            let remains = line.quantity.value() - line.fulfilled_quantity.value();
            if part.quantity.value() > remains {
                return Err(("quantity", Invalid::TooLarge(remains.to_string())));
            }
            let done = line.fulfilled_quantity.value() + part.quantity.value();
            line.fulfilled_quantity = FulfilledQuantity::new(done).map_err(|wrong| ("quantity", wrong))?;
            Ok(())
        },
    )
}

/// Sets what is delivered of `lines`.
///
/// # Errors
/// As [`deliver`], and 422 for less than came back.
fn set(lines: &mut [OrderLine], corrected: &[CorrectedLine]) -> Result<()> {
    each(
        lines,
        corrected,
        |part| part.line_id,
        |line, part| {
            let quantity = part.fulfilled_quantity.value();
            if quantity > line.quantity.value() {
                return Err(("fulfilled_quantity", Invalid::TooLarge(line.quantity.to_string())));
            }
            if quantity < line.returned_quantity.value() {
                return Err(("fulfilled_quantity", Invalid::TooSmall(line.returned_quantity.to_string())));
            }
            line.fulfilled_quantity = part.fulfilled_quantity;
            Ok(())
        },
    )
}

/// Adds what came back to `lines`.
///
/// # Errors
/// As [`deliver`].
fn return_goods(lines: &mut [OrderLine], returned: &[FulfilledLine]) -> Result<()> {
    each(
        lines,
        returned,
        |part| part.line_id,
        |line, part| {
            let remains = line.fulfilled_quantity.value() - line.returned_quantity.value();
            if part.quantity.value() > remains {
                return Err(("quantity", Invalid::TooLarge(remains.to_string())));
            }
            let back = line.returned_quantity.value() + part.quantity.value();
            line.returned_quantity = FulfilledQuantity::new(back).map_err(|wrong| ("quantity", wrong))?;
            Ok(())
        },
    )
}

/// Does `work` with each of `lines` that `parts` name.
fn each<P>(
    lines: &mut [OrderLine],
    parts: &[P],
    named: impl Fn(&P) -> OrderLineId,
    work: impl Fn(&mut OrderLine, &P) -> Result<(), (&'static str, Invalid)>,
) -> Result<()> {
    check_count(parts)?;
    let mut errors = Vec::new();
    let mut known = HashSet::new();
    for (index, part) in parts.iter().enumerate() {
        let field = |name: &str| format!("/lines/{index}/{name}");
        let Some(line) = lines.iter_mut().find(|line| line.id == named(part)) else {
            errors.push(FieldError::new(field("line_id"), Invalid::UnknownReference));
            continue;
        };
        if !known.insert(line.id) {
            let say = Say::new("The line is named twice.", "Строка указана дважды.");
            errors.push(FieldError::new(field("line_id"), Invalid::Rule("duplicate", say)));
            continue;
        }
        if let Err((name, wrong)) = work(line, part) {
            errors.push(FieldError::new(field(name), wrong));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::fields(errors)) }
}
