//! The steps of the life of a contract: which right each needs, and its address.

use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use super::{
    approval, life,
    model::{Approve, CompleteContract, Contract, ContractId, Sign, Signature, Terminate, TerminateContract},
    status::Transition,
    view::changed,
};
use crate::{
    access::{Action, Scope, Update},
    change::{self, AnyStep, Reason, RequiredReason, Tx},
    error::Result,
    http::{Endpoint, IfMatch, Routes, StepText},
};

type Step<A> = change::Step<Contract, Transition, A>;

const SUBMIT: Step<Update> = Step::new(Transition::Submit);
const APPROVE: Step<Approve> = Step::new(Transition::Approve);
const RETURN: Step<Approve> = Step::new(Transition::Return);
const WITHDRAW: Step<Update> = Step::new(Transition::Withdraw);
const SIGN: Step<Sign> = Step::new(Transition::Sign);
const COMPLETE: Step<Update> = Step::new(Transition::Complete);
const TERMINATE: Step<Terminate> = Step::new(Transition::Terminate);

/// The steps that callers take, each with the right that it needs.
pub const STEPS: [AnyStep<Contract, Transition>; 7] =
    [SUBMIT.any(), APPROVE.any(), RETURN.any(), WITHDRAW.any(), SIGN.any(), COMPLETE.any(), TERMINATE.any()];

/// The operations that are steps.
#[expect(clippy::too_many_lines, reason = "one entry for each step")]
pub fn routes(api: &mut Routes) {
    let steps = [
        step(
            SUBMIT,
            "submit_contract",
            "Submit a contract",
            "A draft within the caller's own limits, which are in the organisation's currency, is approved at once and gets its \
             number; any other waits for an approver, and what a service account submits always does. Not for a client that is lost or archived. Use it when the draft is ready for a decision.",
            async |tx, scope, id, seen, Reason { reason }| approval::submit(tx, scope, id, seen, reason.as_ref()).await,
        ),
        step(
            APPROVE,
            "approve_contract",
            "Approve a contract",
            "Never by who wrote or edited it or submitted it for review, and only within the caller's own limit; not for a client that is lost or archived. Use it to release a contract from review for signature.",
            async |tx, scope, id, seen, Reason { reason }| {
                approval::approve(tx, scope, id, seen, reason.as_ref()).await
            },
        ),
        step(
            RETURN,
            "return_contract",
            "Return a contract",
            "From review back to its author, with the reason. Use it when the author has to change something before an approval.",
            async |tx, scope, id, seen, RequiredReason { reason }| {
                life::step(tx, scope, id, seen, RETURN.transition, Some(&reason)).await
            },
        ),
        step(
            WITHDRAW,
            "withdraw_contract",
            "Withdraw a contract",
            "Takes a contract in review or approved back to draft; an approval is void. Use it to change a contract that was submitted too early.",
            async |tx, scope, id, seen, Reason { reason }| {
                life::step(tx, scope, id, seen, WITHDRAW.transition, reason.as_ref()).await
            },
        ),
        step(
            SIGN,
            "sign_contract",
            "Sign a contract",
            "Records that both sides have signed, on a day between the approval and the end of the contract, which names who \
             signs for each side. The contract is active from its first day on, at once when that is past. Not for a client that \
             is lost or archived. Use it when the signed paper is there.",
            async |tx, scope, id, seen, body: Signature| life::sign(tx, scope, id, seen, &body).await,
        ),
        step(
            COMPLETE,
            "complete_contract",
            "Complete a contract",
            "Everything agreed was done. While orders under the contract are under way it is refused and names them, unless \
             `let_finish` lets those that are handed over be finished. Use it when a contract has run its course.",
            async |tx, scope, id, seen, CompleteContract { reason, let_finish }| {
                life::end(tx, scope, id, seen, COMPLETE.transition, (reason.as_ref(), let_finish)).await
            },
        ),
        step(
            TERMINATE,
            "terminate_contract",
            "Terminate a contract",
            "Ends a signed or active contract early, with the reason. While orders under it are under way it is refused and names \
             them, unless `let_finish` lets those that are handed over be finished. Use it when one side ends the contract before its last day.",
            async |tx, scope, id, seen, TerminateContract { reason, let_finish }| {
                life::end(tx, scope, id, seen, TERMINATE.transition, (Some(&reason), let_finish)).await
            },
        ),
    ];
    api.add("contracts", steps);
}

fn step<A: Action, B: DeserializeOwned + ToSchema + 'static>(
    step: Step<A>,
    id: &'static str,
    summary: &'static str,
    description: &'static str,
    work: impl AsyncFn(&mut Tx<'_>, &Scope<Contract, A>, ContractId, &IfMatch, B) -> Result<Contract> + Clone + 'static,
) -> Endpoint {
    step.endpoint(StepText { id, summary, description }, async move |tx, scope, id, seen, body| {
        let contract = work(tx, scope, id, seen, body).await?;
        changed(tx, contract).await
    })
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::{STEPS, Transition};

    #[test]
    fn callers_can_take_every_step_of_the_state_machine_but_those_of_the_clock() {
        let steps: Vec<Transition> = STEPS.iter().map(|step| step.transition).collect();
        assert_eq!(steps, Transition::iter().filter(|step| !step.is_by_clock()).collect::<Vec<_>>());
    }
}
