//! The steps of the life of an interaction: which right each needs, and its address.

use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use super::{
    life,
    model::{Completion, Interaction, InteractionId, Rescheduling},
    status::Transition,
    view::{InteractionView, changed},
};
use crate::{
    access::{Action, Scope, Update},
    change::{self, AnyStep, Reason, Tx},
    error::Result,
    http::{Endpoint, IfMatch, Routes, StepText},
};

type Step<A> = change::Step<Interaction, Transition, A>;

const COMPLETE: Step<Update> = Step::new(Transition::Complete);
const RESCHEDULE: Step<Update> = Step::new(Transition::Reschedule);
const CANCEL: Step<Update> = Step::new(Transition::Cancel);
const MISS: Step<Update> = Step::new(Transition::Miss);

/// The steps that callers take, each with the right that it needs.
pub const STEPS: [AnyStep<Interaction, Transition>; 4] = [COMPLETE.any(), RESCHEDULE.any(), CANCEL.any(), MISS.any()];

/// The operations that are steps.
pub fn routes(api: &mut Routes) {
    let steps = [
        step(
            COMPLETE,
            "complete_interaction",
            "Complete a planned interaction",
            "It took place. Plans the next step along with it where `next` says so, which needs `interactions:create` \
             too. Use it after a planned call or visit, with its outcome.",
            async |tx, scope, id, seen, body: Completion| {
                let (interaction, next) = life::complete(tx, scope, id, seen, body).await?;
                let next = next.map(|next| changed(tx, next));
                Ok(changed(tx, interaction).with_next(next))
            },
        ),
        step(
            RESCHEDULE,
            "reschedule_interaction",
            "Reschedule a planned interaction",
            "Plans it for another time. Use it when a planned call or visit is put off.",
            async |tx, scope, id, seen, body: Rescheduling| {
                life::reschedule(tx, scope, id, seen, body).await.map(|row| changed(tx, row))
            },
        ),
        step(
            CANCEL,
            "cancel_interaction",
            "Cancel a planned interaction",
            "It is called off. Use it when a planned call or visit is no longer wanted.",
            async |tx, scope, id, seen, body: Reason| {
                life::cancel(tx, scope, id, seen, &body).await.map(|row| changed(tx, row))
            },
        ),
        step(
            MISS,
            "miss_interaction",
            "Mark a planned interaction missed",
            "Its time passed, and it did not take place. Use it when the other side was not there, so that it does not look as if it were still to come.",
            async |tx, scope, id, seen, body: Reason| {
                life::miss(tx, scope, id, seen, &body).await.map(|row| changed(tx, row))
            },
        ),
    ];
    api.add("interactions", steps);
}

fn step<A: Action, B: DeserializeOwned + ToSchema + 'static>(
    step: Step<A>,
    id: &'static str,
    summary: &'static str,
    description: &'static str,
    work: impl AsyncFn(&mut Tx<'_>, &Scope<Interaction, A>, InteractionId, &IfMatch, B) -> Result<InteractionView>
    + Clone
    + 'static,
) -> Endpoint {
    step.endpoint(StepText { id, summary, description }, work)
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
