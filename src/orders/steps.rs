//! The steps of the life of an order: which right each needs, and its address.

use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use super::{
    bodies::{ApproveOrder, Correction, ExecuteOrder, Fulfilment, GoodsReturn, HandOver, HandOverOrder},
    fulfil::{correct, fulfil, take_back},
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
const WITHDRAW: Step<Update> = Step::new(Transition::Withdraw);
const APPROVE: Step<ApproveOrder> = Step::new(Transition::Approve);
const REJECT: Step<ApproveOrder> = Step::new(Transition::Reject);
const REOPEN: Step<Update> = Step::new(Transition::Reopen);
const HAND_OVER: Step<HandOverOrder> = Step::new(Transition::HandOver);
const ASK: Step<ExecuteOrder> = Step::new(Transition::Ask);
const ANSWER: Step<HandOverOrder> = Step::new(Transition::Answer);
const ACCEPT: Step<ExecuteOrder> = Step::new(Transition::Accept);
const START: Step<ExecuteOrder> = Step::new(Transition::Start);
const FULFIL: Step<ExecuteOrder> = Step::new(Transition::Fulfil);
const CORRECT: Step<ExecuteOrder> = Step::new(Transition::Correct);
const TAKE_BACK: Step<ExecuteOrder> = Step::new(Transition::TakeBack);
const RETURN: Step<ExecuteOrder> = Step::new(Transition::Return);
const CLOSE: Step<Update> = Step::new(Transition::Close);
const CANCEL: Step<Update> = Step::new(Transition::Cancel);
const REQUEST_CANCELLATION: Step<Update> = Step::new(Transition::RequestCancellation);
const CONFIRM_CANCELLATION: Step<ExecuteOrder> = Step::new(Transition::ConfirmCancellation);
const DECLINE_CANCELLATION: Step<ExecuteOrder> = Step::new(Transition::DeclineCancellation);

/// The steps that callers take, each with the right that it needs.
pub const STEPS: [AnyStep<Order, Transition>; 19] = [
    SUBMIT.any(),
    WITHDRAW.any(),
    APPROVE.any(),
    REJECT.any(),
    REOPEN.any(),
    HAND_OVER.any(),
    ASK.any(),
    ANSWER.any(),
    ACCEPT.any(),
    START.any(),
    FULFIL.any(),
    CORRECT.any(),
    TAKE_BACK.any(),
    RETURN.any(),
    CLOSE.any(),
    CANCEL.any(),
    REQUEST_CANCELLATION.any(),
    CONFIRM_CANCELLATION.any(),
    DECLINE_CANCELLATION.any(),
];

/// The operations that are steps.
#[expect(clippy::too_many_lines, reason = "one entry for each step")]
pub fn routes(api: &mut Routes) {
    let steps = [
        step(
            SUBMIT,
            "submit_order",
            "Submit an order",
            "Within the caller's limits the order is approved at once. Otherwise it waits for approval; `exceeded` names the limits \
             that the caller may know. Limits are in the organisation's currency. Some limits are secret, so who submits more than 30 orders \
             within an hour that need approval has to wait. The rules of its contract must hold, a line with another tax than its product needs a \
             `tax_reason`, and its client is neither lost nor archived. Use it when the draft is complete.",
            async |tx, scope, id, seen, Reason { reason }| life::submit(tx, scope, id, seen, reason).await,
        ),
        step(
            WITHDRAW,
            "withdraw_order",
            "Withdraw an order",
            "From submitted back to draft. Use it to change an order that was submitted too early.",
            async |tx, scope, id, seen, Reason { reason }| {
                life::step(tx, scope, id, seen, WITHDRAW.transition, reason).await
            },
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
             tells each step. A draft that needs approval is only submitted and waits for it, as `status` and `exceeded` tell. \
             Nothing is handed over for a client that is lost or archived, nor under a contract that is not in force. Use it to give the order to those who deliver it.",
            async |tx, scope, id, seen, body: HandOver| life::hand_over(tx, scope, id, seen, body).await,
        ),
        step(
            ASK,
            "ask_about_order",
            "Ask about an order",
            "Notes what the department needs to know, in `reason`; the order stays where it is, with the `question`. Use it in the department, when something is unclear before or during the work.",
            async |tx, scope, id, seen, RequiredReason { reason }| {
                life::talk(tx, scope, id, seen, ASK.transition, Some(reason)).await
            },
        ),
        step(
            ANSWER,
            "answer_about_order",
            "Answer a department's question",
            "The `question` is settled by `reason`; both stay in the history. Use it when the department waits for something to be cleared up.",
            async |tx, scope, id, seen, RequiredReason { reason }| {
                life::talk(tx, scope, id, seen, ANSWER.transition, Some(reason)).await
            },
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
            CORRECT,
            "correct_order_fulfilment",
            "Correct what was delivered",
            "Sets what is delivered of the lines that were noted wrongly; the former figures stay in the history. The order is fulfilled when nothing remains, and in progress otherwise, for which its department has to be active, its contract in force and its client neither lost nor archived. Figures that are right already change nothing. Use it in the department, when a delivery was noted wrongly.",
            async |tx, scope, id, seen, body: Correction| correct(tx, scope, id, seen, body).await,
        ),
        step(
            TAKE_BACK,
            "take_back_goods",
            "Take goods back",
            "Notes what came back from the client, at most what was delivered. The status stays, and what came back counts no more towards the ceiling of the contract. It can also come back from a cancelled order of which something was delivered. Use it in the department, when the client returns goods.",
            async |tx, scope, id, seen, body: GoodsReturn| take_back(tx, scope, id, seen, body).await,
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
            "From any status before the department has taken it on. After that the department's word is needed: see `request-cancellation`. Use it when the client no longer wants the order.",
            async |tx, scope, id, seen, RequiredReason { reason }| {
                life::step(tx, scope, id, seen, CANCEL.transition, Some(reason)).await
            },
        ),
        step(
            REQUEST_CANCELLATION,
            "request_order_cancellation",
            "Ask to cancel an order",
            "While the department works on the order, cancelling needs its word: the order has a `cancellation` until the department confirms or declines it. Use it when the client no longer wants what is being made.",
            async |tx, scope, id, seen, RequiredReason { reason }| {
                life::talk(tx, scope, id, seen, REQUEST_CANCELLATION.transition, Some(reason)).await
            },
        ),
        step(
            CONFIRM_CANCELLATION,
            "confirm_order_cancellation",
            "Agree to cancel an order",
            "The order is cancelled, and has no `cancellation` any more; what was delivered before counts towards its contract for ever. Use it in the department, when the work can be stopped.",
            async |tx, scope, id, seen, Reason { reason }| {
                life::talk(tx, scope, id, seen, CONFIRM_CANCELLATION.transition, reason).await
            },
        ),
        step(
            DECLINE_CANCELLATION,
            "decline_order_cancellation",
            "Refuse to cancel an order",
            "The order goes on. Use it in the department, when it is too late to stop the work.",
            async |tx, scope, id, seen, RequiredReason { reason }| {
                life::talk(tx, scope, id, seen, DECLINE_CANCELLATION.transition, Some(reason)).await
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
