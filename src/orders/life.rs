//! What the steps of an order's life do: what each needs, what it changes, and its entry in the history.

use diesel_async::RunQueryDsl;

use super::{
    bodies::{ApproveOrder, HandOver, HandOverOrder},
    circumstances::{at_submission, circumstances_of, refuse_probing},
    client::{hold_standing, lock_client},
    contract, days,
    limits::{self, Limit},
    lines::{self, LineTerms},
    model::{Asked, EventDetails, Order, OrderEvent, OrderId, OrderWithLines},
    queries::{lock, save},
    status::{OrderStatus, Transition, refusal},
};
use crate::{
    access::{Action, Scope, Update},
    change::Tx,
    clients::Standing,
    db::{Jsonb, Sql, schema::order_events},
    departments,
    error::{Error, ProblemType, Result},
    http::IfMatch,
    organization,
    pricing::{Rounding, Rules},
    values::{Id, Text},
};

static INSERT: Sql = Sql::new();

/// What the history says about a step, besides the statuses.
#[derive(Debug)]
pub struct Entry {
    action: &'static str,
    reason: Option<Text<1000>>,
    exceeded: Vec<Limit>,
    details: EventDetails,
}

impl Entry {
    /// A step without a reason and without exceeded limits.
    pub fn of(action: &'static str) -> Self {
        Self { action, reason: None, exceeded: Vec::new(), details: EventDetails::default() }
    }

    /// The same step with its figures.
    pub fn with(self, details: EventDetails) -> Self {
        Self { details, ..self }
    }

    /// The step of `transition`, and the reason for it.
    pub fn because(transition: Transition, reason: Option<Text<1000>>) -> Self {
        Self { reason, ..Self::of(transition.done()) }
    }
}

/// Writes a row of the history: `step` took `order` from the status `from` to its present one.
///
/// # Errors
/// When the database fails.
pub async fn note(tx: &mut Tx<'_>, order: &Order, from: Option<OrderStatus>, step: Entry) -> Result<()> {
    let event = OrderEvent {
        id: Id::generate(),
        order_id: order.id,
        client_id: order.client_id,
        at: tx.now(),
        actor_id: tx.user_id(),
        action: step.action.to_owned(),
        from_status: from,
        to_status: order.status,
        reason: step.reason,
        exceeded: Jsonb(step.exceeded),
        details: Jsonb(step.details),
    };
    INSERT.of(diesel::insert_into(order_events::table).values(event)).execute(&mut **tx).await?;
    Ok(())
}

/// Writes `after`, which `step` made of `before`, with its audit record and its row in the history.
///
/// # Errors
/// When the database fails.
pub async fn take(
    tx: &mut Tx<'_>,
    before: &OrderWithLines,
    after: OrderWithLines,
    step: Entry,
) -> Result<OrderWithLines> {
    let after = save(tx, step.action, before, after).await?;
    if let Some(reason) = &step.reason {
        tx.because(reason.as_str());
    }
    note(tx, &after.order, Some(before.order.status), step).await?;
    Ok(after)
}

/// Submits a draft. Within the caller's limits it is approved at once. Otherwise the history names the limits that it
/// exceeds.
///
/// # Errors
/// 404, 403, 412, 409 when it is not a draft and for a client that is lost or archived, 422 when the rules of its contract do
/// not hold and for another tax than the product's without a reason, 429 for somebody who tries out secret limits.
pub async fn submit(
    tx: &mut Tx<'_>,
    scope: &Scope<Order, Update>,
    id: OrderId,
    seen: &IfMatch,
    reason: Option<Text<1000>>,
) -> Result<OrderWithLines> {
    let client = lock_client(tx, scope, id).await?;
    let before = lock(tx, scope, id, seen).await?;
    Transition::Submit.apply(before.order.status, false)?;
    Standing::of(&client).refuse_gone()?;
    put_forward(tx, &before, reason).await
}

/// Submits the draft `before`, whose client is locked. It waits for approval when it exceeds limits, and is approved otherwise.
async fn put_forward(tx: &mut Tx<'_>, before: &OrderWithLines, reason: Option<Text<1000>>) -> Result<OrderWithLines> {
    refuse_probing(tx, &before.order).await?;
    let mut after = payable(tx, before).await?;
    after.order.ordered_on = tx.contract_day().await?;
    after.order.submitted_at = Some(tx.now());
    after.order.return_reason = None;
    contract::hold(tx, &after.order).await?;
    let exceeded = exceeded(tx, &after.order).await?;
    after.order.exceeded = Jsonb(exceeded.clone());
    after.order.status = Transition::Submit.apply(before.order.status, exceeded.is_empty())?;
    if after.order.status == OrderStatus::Approved {
        after.order.approved_by = tx.user_id();
    }
    let step = Entry { exceeded, ..Entry::because(Transition::Submit, reason) };
    take(tx, before, after, step).await
}

/// `draft` with amounts that can be paid. A draft may be from before amounts were rounded.
async fn payable(tx: &mut Tx<'_>, draft: &OrderWithLines) -> Result<OrderWithLines> {
    if draft.order.rounding != Rounding::None {
        return Ok(draft.clone());
    }
    let Rules { rounding, rounded_per, .. } = organization::rules(tx).await?;
    let order = Order { rounding, rounded_per, ..draft.order.clone() };
    let terms = draft.lines.iter().cloned().map(LineTerms::from).collect();
    let payable = lines::write(tx, order, terms, &draft.lines)?;
    if payable.lines != draft.lines {
        lines::replace(tx, payable.order.id, &payable.lines).await?;
    }
    Ok(payable)
}

/// What the order needs approval for when the caller submits it.
async fn exceeded(tx: &mut Tx<'_>, order: &Order) -> Result<Vec<Limit>> {
    let Some(caller) = tx.actor().limited_by()?.cloned() else { return Ok(Vec::new()) };
    let circumstances = at_submission(tx, order, &caller.policy.limits).await?;
    circumstances.refuse_unexplained_taxes()?;
    Ok(circumstances.facts.exceeded(&caller.policy.limits))
}

/// Asks something about an order, or answers it: a question of the department, or a cancellation that needs its word.
///
/// # Errors
/// 404, 403, 412, 409 when the step is not possible.
pub async fn talk<A: Action>(
    tx: &mut Tx<'_>,
    scope: &Scope<Order, A>,
    id: OrderId,
    seen: &IfMatch,
    transition: Transition,
    reason: Option<Text<1000>>,
) -> Result<OrderWithLines> {
    let before = lock(tx, scope, id, seen).await?;
    let status = transition.apply(before.order.status, true)?;
    if !is_open(transition, &before.order) {
        return Err(refusal(before.order.status));
    }
    let asked = reason.clone().map(|reason| Jsonb(Asked { by: tx.user_id(), at: tx.now(), reason }));
    let mut after = before.clone();
    after.order.status = status;
    match transition {
        Transition::Ask => after.order.question = asked,
        Transition::Answer => after.order.question = None,
        Transition::RequestCancellation => after.order.cancellation = asked,
        _ => after.order.cancellation = None,
    }
    take(tx, &before, after, Entry::because(transition, reason)).await
}

/// Whether what was asked about `order`, or was not, lets it take a step that its status allows.
pub fn is_open(transition: Transition, order: &Order) -> bool {
    match transition {
        Transition::Ask => order.question.is_none(),
        Transition::Answer => order.question.is_some(),
        Transition::RequestCancellation => order.cancellation.is_none(),
        Transition::ConfirmCancellation | Transition::DeclineCancellation => order.cancellation.is_some(),
        _ => true,
    }
}

/// Approves a submitted order.
///
/// # Errors
/// 404, 412, 403 for who wrote, edited or submitted it and for a caller whose limits are too low, 409 when it
/// is not submitted and for a client that is lost or archived, 422 when the rules of its contract do not hold.
pub async fn approve(
    tx: &mut Tx<'_>,
    scope: &Scope<Order, ApproveOrder>,
    id: OrderId,
    seen: &IfMatch,
    reason: Option<Text<1000>>,
) -> Result<OrderWithLines> {
    let client = hold_standing(tx, scope, id).await?;
    let before = lock(tx, scope, id, seen).await?;
    let status = Transition::Approve.apply(before.order.status, true)?;
    client.refuse_gone()?;
    let circumstances = circumstances_of(tx, &before.order).await?;
    limits::permit_approval(&before.order, &circumstances, tx.actor())?;
    contract::hold(tx, &before.order).await?;
    let mut after = before.clone();
    after.order.status = status;
    after.order.approved_by = tx.user_id();
    take(tx, &before, after, Entry::because(Transition::Approve, reason)).await
}

/// Hands an approved order to a department, where it waits in the queue. A draft is submitted first. When it needs approval, it
/// stays submitted and waits for that.
///
/// # Errors
/// 404, 412, 403, 409 when it is neither a draft nor approved and for a client that is lost or archived, 422 when the rules of
/// its contract do not hold, for a department that is not active and for a time that cannot be.
pub async fn hand_over(
    tx: &mut Tx<'_>,
    scope: &Scope<Order, HandOverOrder>,
    id: OrderId,
    seen: &IfMatch,
    body: HandOver,
) -> Result<OrderWithLines> {
    let client = lock_client(tx, scope, id).await?;
    let mut before = lock(tx, scope, id, seen).await?;
    let status = Transition::HandOver.apply(before.order.status, true)?;
    Standing::of(&client).refuse_gone()?;
    departments::find_active(tx, body.department_id, "/department_id").await?;
    days::refuse_due(tx, body.due_at)?;
    if before.order.status == OrderStatus::Draft {
        tx.scope::<Order, Update>()?.permit(&before.order)?;
        before = put_forward(tx, &before, None).await?;
        if before.order.status == OrderStatus::Submitted {
            return Ok(before);
        }
    } else {
        contract::hold_in_force(tx, &before.order).await?;
    }
    let mut after = before.clone();
    after.order.status = status;
    after.order.department_id = Some(body.department_id);
    after.order.due_at = Some(body.due_at);
    after.order.handed_over_at = Some(tx.now());
    after.order.return_reason = None;
    take(tx, &before, after, Entry::because(Transition::HandOver, body.reason)).await
}

/// Takes a step that needs nothing more than the right to it: withdraw, reject, reopen, accept, start, return, close or cancel.
///
/// # Errors
/// 404, 403, 412, 409 when the step is not possible.
pub async fn step<A: Action>(
    tx: &mut Tx<'_>,
    scope: &Scope<Order, A>,
    id: OrderId,
    seen: &IfMatch,
    transition: Transition,
    reason: Option<Text<1000>>,
) -> Result<OrderWithLines> {
    let before = lock(tx, scope, id, seen).await?;
    let mut after = before.clone();
    after.order.status = transition.apply(before.order.status, true)?;
    if matches!(transition, Transition::Reject | Transition::Return) {
        after.order.return_reason.clone_from(&reason);
    }
    match transition {
        Transition::Reopen => after.order.submitted_at = None,
        Transition::Withdraw => {
            after.order.submitted_at = None;
            after.order.exceeded = Jsonb::default();
        }
        Transition::Return => {
            refuse_begun(&before)?;
            after.order.question = None;
            after.order.cancellation = None;
            after.order.department_id = None;
            after.order.due_at = None;
            after.order.handed_over_at = None;
        }
        _ => {}
    }
    take(tx, &before, after, Entry::because(transition, reason)).await
}

/// Refuses to return an order of which something is delivered.
fn refuse_begun(order: &OrderWithLines) -> Result<()> {
    if order.lines.iter().all(|line| line.fulfilled_quantity.value().is_zero()) {
        return Ok(());
    }
    Err(Error::new(ProblemType::InvalidState)
        .detail(
            "A part of the order is fulfilled: it cannot be returned. Fulfil the rest, or have it cancelled.",
            "Часть заказа уже исполнена: вернуть его нельзя. Исполните остаток или запросите отмену заказа.",
        )
        .with("state", order.order.status)
        .with("allowed", ["fulfil", "request-cancellation"]))
}
