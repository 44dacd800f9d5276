//! The steps of the life of an order: which right each needs, and its address.

use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use super::{
    bodies::{ApproveOrder, ExecuteOrder, Fulfilment, HandOver, HandOverOrder},
    fulfil::fulfil,
    life,
    model::{Order, OrderId, OrderWithLines},
    status::Transition,
    view,
};
use crate::{
    access::{Action, Scope, Update},
    change::{self, AnyStep, Reason, RequiredReason, Tx},
    error::Result,
    http::{Endpoint, IfMatch, Routes, StepText},
};

type Step<A> = change::Step<Order, Transition, A>;

const SUBMIT: Step<Update> = Step::new(Transition::Submit);
const APPROVE: Step<ApproveOrder> = Step::new(Transition::Approve);
const REJECT: Step<ApproveOrder> = Step::new(Transition::Reject);
const REOPEN: Step<Update> = Step::new(Transition::Reopen);
const HAND_OVER: Step<HandOverOrder> = Step::new(Transition::HandOver);
const ACCEPT: Step<ExecuteOrder> = Step::new(Transition::Accept);
const START: Step<ExecuteOrder> = Step::new(Transition::Start);
const FULFIL: Step<ExecuteOrder> = Step::new(Transition::Fulfil);
const RETURN: Step<ExecuteOrder> = Step::new(Transition::Return);
const CLOSE: Step<Update> = Step::new(Transition::Close);
const CANCEL: Step<Update> = Step::new(Transition::Cancel);

/// The steps that callers take, each with the right that it needs.
pub const STEPS: [AnyStep<Order, Transition>; 11] = [
    SUBMIT.any(),
    APPROVE.any(),
    REJECT.any(),
    REOPEN.any(),
    HAND_OVER.any(),
    ACCEPT.any(),
    START.any(),
    FULFIL.any(),
    RETURN.any(),
    CLOSE.any(),
    CANCEL.any(),
];

/// The operations that are steps.
#[expect(clippy::too_many_lines, reason = "one entry for each step")]
pub fn routes(api: &mut Routes) {
    let steps = [
        step(
            SUBMIT,
            "submit_order",
            "Submit an order",
            "Within the caller's limits the order is approved at once. Over them, and for a price that needs it, the order \
             waits for approval; `exceeded` names the limits that the caller may know. Too many submissions whose prices need \
             approval are refused for an hour. The rules of its contract must hold, and its client is neither lost nor archived. Use it when the draft is complete.",
            async |tx, scope, id, seen, Reason { reason }| life::submit(tx, scope, id, seen, reason).await,
        ),
        step(
            APPROVE,
            "approve_order",
            "Approve an order",
            "From submitted to approved, by someone who neither wrote nor edited nor submitted the order, and whose own limits \
             cover it, and not for a client that is lost or archived. Use it to let an order pass that is over its author's limits.",
            async |tx, scope, id, seen, Reason { reason }| life::approve(tx, scope, id, seen, reason).await,
        ),
        step(
            REJECT,
            "reject_order",
            "Reject an order",
            "From submitted to rejected. Use it when the order must not pass as it is; `reason` tells its author why.",
            async |tx, scope, id, seen, RequiredReason { reason }| {
                life::step(tx, scope, id, seen, REJECT.transition, Some(reason)).await
            },
        ),
        step(
            REOPEN,
            "reopen_order",
            "Reopen an order",
            "From rejected back to draft. Use it to correct a rejected order and submit it again.",
            async |tx, scope, id, seen, Reason { reason }| {
                life::step(tx, scope, id, seen, REOPEN.transition, reason).await
            },
        ),
        step(
            HAND_OVER,
            "hand_over_order",
            "Hand an order over",
            "From approved into a department's queue, with the time when it is due. A draft within the caller's \
             limits is submitted and so approved in the same request, which needs `orders:update` too; its history \
             tells each step. A draft over a limit of the caller's role is refused with the `limit`, and nothing is changed. A \
             draft whose prices need approval is only submitted and waits for it, as `status` tells. Nothing is handed over for a \
             client that is lost or archived. Use it to give the order to those who deliver it.",
            async |tx, scope, id, seen, body: HandOver| life::hand_over(tx, scope, id, seen, body).await,
        ),
        step(
            ACCEPT,
            "accept_order",
            "Accept an order",
            "From handed over to accepted: the department takes it on. Use it in the department, when it begins to be responsible for the order.",
            async |tx, scope, id, seen, Reason { reason }| {
                life::step(tx, scope, id, seen, ACCEPT.transition, reason).await
            },
        ),
        step(
            START,
            "start_order",
            "Start an order",
            "From accepted to in progress. Use it in the department, when work on the order begins.",
            async |tx, scope, id, seen, Reason { reason }| {
                life::step(tx, scope, id, seen, START.transition, reason).await
            },
        ),
        step(
            FULFIL,
            "fulfil_order",
            "Fulfil an order",
            "Notes what is delivered now, line by line, at most what remains. When nothing remains the order is \
             fulfilled; until then it is in progress. A client that was a lead, a prospect or dormant is active then. Use it in the department after each delivery.",
            async |tx, scope, id, seen, body: Fulfilment| fulfil(tx, scope, id, seen, body).await,
        ),
        step(
            RETURN,
            "return_order",
            "Return an order",
            "Out of the department's queue back to approved, while nothing of it is fulfilled. Use it in the department, when it cannot take the order on.",
            async |tx, scope, id, seen, RequiredReason { reason }| {
                life::step(tx, scope, id, seen, RETURN.transition, Some(reason)).await
            },
        ),
        step(
            CLOSE,
            "close_order",
            "Close an order",
            "From fulfilled to closed. Use it when everything about the order is settled, the payment too.",
            async |tx, scope, id, seen, Reason { reason }| {
                life::step(tx, scope, id, seen, CLOSE.transition, reason).await
            },
        ),
        step(
            CANCEL,
            "cancel_order",
            "Cancel an order",
            "From any status before fulfilled. Use it when the client no longer wants the order.",
            async |tx, scope, id, seen, RequiredReason { reason }| {
                life::step(tx, scope, id, seen, CANCEL.transition, Some(reason)).await
            },
        ),
    ];
    api.add("orders", steps);
}

fn step<A: Action, B: DeserializeOwned + ToSchema + 'static>(
    step: Step<A>,
    id: &'static str,
    summary: &'static str,
    description: &'static str,
    work: impl AsyncFn(&mut Tx<'_>, &Scope<Order, A>, OrderId, &IfMatch, B) -> Result<OrderWithLines> + Clone + 'static,
) -> Endpoint {
    step.endpoint(StepText { id, summary, description }, async move |tx, scope, id, seen, body| {
        let order = work(tx, scope, id, seen, body).await?;
        view::changed(tx, order).await
    })
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::{STEPS, Transition};

    #[test]
    fn callers_can_take_every_step_of_the_state_machine() {
        let steps: Vec<Transition> = STEPS.iter().map(|step| step.transition).collect();
        assert_eq!(steps, Transition::iter().collect::<Vec<_>>());
    }
}
