//! The steps of the life of a client: which right each needs, and its address.

use super::{
    model::{Archive, Client, ClientId},
    queries,
    status::Transition,
    view::changed,
};
use crate::{
    access::{Action, Scope, Update},
    change::{self, AnyStep, Reason, Tx},
    error::Result,
    http::{Endpoint, IfMatch, Routes, StepText},
};

/// A step of a client.
pub type Step<A> = change::Step<Client, Transition, A>;

const QUALIFY: Step<Update> = Step::new(Transition::Qualify);
const ACTIVATE: Step<Update> = Step::new(Transition::Activate);
const MARK_DORMANT: Step<Update> = Step::new(Transition::MarkDormant);
/// Taken with [`crate::departures`].
pub const MARK_LOST: Step<Archive> = Step::new(Transition::MarkLost);
/// Taken with [`crate::departures`].
pub const ARCHIVE: Step<Archive> = Step::new(Transition::Archive);
const RESTORE: Step<Archive> = Step::new(Transition::Restore);

/// The steps that callers take, each with the right that it needs.
pub const STEPS: [AnyStep<Client, Transition>; 6] =
    [QUALIFY.any(), ACTIVATE.any(), MARK_DORMANT.any(), MARK_LOST.any(), ARCHIVE.any(), RESTORE.any()];

/// The operations that are steps, but for those with which a client departs.
pub fn routes(api: &mut Routes) {
    let steps = [
        step(
            QUALIFY,
            "qualify_client",
            "Qualify a client",
            "From lead to prospect. Use it when a first talk has shown that the lead is worth pursuing.",
            queries::step,
        ),
        step(
            ACTIVATE,
            "activate_client",
            "Activate a client",
            "From lead, prospect, dormant or lost to active. Use it with the first contract or order, and when business resumes.",
            queries::step,
        ),
        step(
            MARK_DORMANT,
            "mark_client_dormant",
            "Mark a client dormant",
            "From active to dormant. Use it when a client has not ordered for long and may come back.",
            queries::step,
        ),
        step(
            RESTORE,
            "restore_client",
            "Restore a client",
            "Takes the client out of the archive, to the status that it had. Use it when a client was archived by mistake or comes back.",
            queries::restore,
        ),
    ];
    api.add("clients", steps);
}

fn step<A: Action>(
    step: Step<A>,
    id: &'static str,
    summary: &'static str,
    description: &'static str,
    work: impl AsyncFn(&mut Tx<'_>, &Scope<Client, A>, ClientId, &IfMatch, Transition) -> Result<Client> + Clone + 'static,
) -> Endpoint {
    let transition = step.transition;
    step.endpoint(StepText { id, summary, description }, async move |tx, scope, id, seen, reason: Reason| {
        let client = work(tx, scope, id, seen, transition).await?;
        reason.record(tx);
        changed(tx, client).await
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
