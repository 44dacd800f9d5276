//! The two decisions on a request for access, each at its own address.

use super::{
    model::{AccessRequest, Decide, Decision, DecisionBody},
    queries,
    view::view,
};
use crate::{
    change,
    http::{Endpoint, Routes, StepText},
};

type Step = change::Step<AccessRequest, Decision, Decide>;

const GRANT: Step = Step::new(Decision::Grant);
const DECLINE: Step = Step::new(Decision::Decline);

/// The operations that are decisions.
pub fn routes(api: &mut Routes) {
    let steps = [
        step(
            GRANT,
            "grant_access_request",
            "Grant access",
            "The requester joins the client's account team. Use it when both shall work with the client.",
        ),
        step(
            DECLINE,
            "decline_access_request",
            "Decline access",
            "The client stays with who has it; `answer` tells the requester why. Use it when the requester shall leave the client alone.",
        ),
    ];
    api.add("access requests", steps);
}

fn step(step: Step, id: &'static str, summary: &'static str, description: &'static str) -> Endpoint {
    let decision = step.transition;
    step.endpoint(StepText { id, summary, description }, async move |tx, scope, id, seen, body: DecisionBody| {
        let request = queries::decide(tx, scope, id, seen, decision, body).await?;
        view(tx, request, tx.actor()).await
    })
}
