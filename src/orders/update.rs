//! Changes of orders that are no steps: all of a draft, and how an order is executed until it is.

use super::{
    bodies::{DraftPatch, ExpediteOrder, OrderPatch},
    contract, days,
    life::{Entry, take},
    lines,
    model::{EventChange, EventDetails, Order, OrderId, OrderTerms, OrderWithLines, Priority},
    queries::{lock, save},
    status::{OrderStatus, refusal},
};
use crate::{
    access::{Actor, Scope, Update},
    change::{Tx, check_custom, note_editor, patched},
    error::{Error, Result},
    http::{IfMatch, Parts, Patch},
    organization,
    values::{Instant, Invalid, Say},
};

/// Changes the fields of an order that `patch` names: all of a draft, and how it is executed until it is.
///
/// # Errors
/// 404, 403 also for `urgent` without the right to it, 412, 409 for what cannot be changed any more, 422 for values against the
/// rules.
pub async fn update(
    tx: &mut Tx<'_>,
    scope: &Scope<Order, Update>,
    id: OrderId,
    seen: &IfMatch,
    Parts(draft, patch): OrderPatch,
) -> Result<OrderWithLines> {
    let before = lock(tx, scope, id, seen).await?;
    if before.order.status != OrderStatus::Draft {
        return change_under_way(tx, &before, &draft, &patch).await;
    }
    if draft.due_at.is_some() {
        let say = Say::new("A draft is due nowhere yet.", "Черновик ещё нигде не ждут.");
        return Err(Error::field("/due_at", Invalid::Rule("not_with_status", say)));
    }
    let mut order = patched(&before.order, &patch)?;
    days::refuse_delivery(tx.today(), Some(&before.order.terms), &order.terms)?;
    if order.terms.contract_id != before.order.terms.contract_id {
        contract::refuse_currency(tx, &order).await?;
    }
    order.priority = draft.priority.unwrap_or(order.priority);
    permit_urgent(tx.actor(), &order, Some(before.order.priority))?;
    let mut after = match draft.lines {
        None => OrderWithLines { order, lines: before.lines.clone() },
        Some(new) => {
            let priced = lines::price(tx, new, Some(order.currency.clone()), false).await?;
            let order = order.by(organization::rules(tx).await?);
            lines::write(tx, order, priced.lines, &before.lines)?
        }
    };
    if after.lines != before.lines {
        lines::replace(tx, id, &after.lines).await?;
    }
    if after != before {
        note_editor(&mut after.order.editor_ids, after.order.author_id, tx.user_id());
    }
    save(tx, "updated", &before, after).await
}

/// Changes what can be changed of an order that is approved or under way: its priority, comment, due time, and what other systems
/// and the organisation's own fields say of it.
async fn change_under_way(
    tx: &mut Tx<'_>,
    before: &OrderWithLines,
    draft: &DraftPatch,
    patch: &Patch<OrderTerms>,
) -> Result<OrderWithLines> {
    let status = before.order.status;
    let mut order = patched(&before.order, patch)?;
    let kept = OrderTerms {
        comment: before.order.terms.comment.clone(),
        custom_fields: before.order.terms.custom_fields.clone(),
        external_ids: before.order.terms.external_ids.clone(),
        ..order.terms.clone()
    };
    let is_due = draft.due_at.is_some();
    if !status.can_be_changed()
        || draft.lines.is_some()
        || kept != before.order.terms
        || (is_due && !status.is_queued())
    {
        return Err(refusal(status));
    }
    order.priority = draft.priority.unwrap_or(order.priority);
    permit_urgent(tx.actor(), &order, Some(before.order.priority))?;
    if let Some(due_at) = draft.due_at {
        days::refuse_due(tx, due_at)?;
        order.due_at = Some(due_at);
    }
    check_custom(tx, &before.order, &order).await?;
    let after = OrderWithLines { order, lines: before.lines.clone() };
    let details = EventDetails { changes: changes(&before.order, &after.order), ..EventDetails::default() };
    if details.changes.is_empty() {
        return save(tx, "updated", before, after).await;
    }
    take(tx, before, after, Entry::of("changed").with(details)).await
}

/// What the history says of a change. A comment may tell of persons, so it is only named.
fn changes(before: &Order, after: &Order) -> Vec<EventChange> {
    let mut changes = Vec::new();
    let mut note = |field: &str, from, to| changes.push(EventChange { field: field.to_owned(), from, to });
    if before.priority != after.priority {
        let text = |priority: Priority| Some(priority.as_ref().to_owned());
        note("priority", text(before.priority), text(after.priority));
    }
    if before.due_at != after.due_at {
        let text = |at: Option<Instant>| at.map(|at| at.utc().to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true));
        note("due_at", text(before.due_at), text(after.due_at));
    }
    if before.terms.comment != after.terms.comment {
        note("comment", None, None);
    }
    changes
}

/// Refuses to put an order before all others without the right to it.
///
/// # Errors
/// 403.
pub fn permit_urgent(actor: &Actor, order: &Order, before: Option<Priority>) -> Result<()> {
    if order.priority != Priority::Urgent
        || before == Some(Priority::Urgent)
        || actor.may::<Order, ExpediteOrder>(order)
    {
        return Ok(());
    }
    Err(Error::forbidden(&Scope::<Order, ExpediteOrder>::permission()))
}
