//! The steps of an import, each at an address of its own. A job does what they begin.

use super::{
    model::{Import, Transition},
    queries::{begin, view},
};
use crate::{
    access::Update,
    change::{self, Reason},
    http::{Endpoint, Routes, StepText},
};

type Step = change::Step<Import, Transition, Update>;

/// The operations that are steps.
pub fn routes(api: &mut Routes) {
    let steps = [
        step(
            Transition::Check,
            "check_import",
            "Check an import",
            "A job finds out the fate of each row, and changes nothing: see `/v1/imports/{id}/rows`. Use it as the dry run before \
             the import is applied.",
        ),
        step(
            Transition::Apply,
            "apply_import",
            "Apply an import",
            "A job does what the check has found, with progress. When it is stopped, the rows that are done stay done, and it goes \
             on with the others when it is applied again. Use it once the fates are as they should be.",
        ),
        step(
            Transition::Undo,
            "undo_import",
            "Take an import back",
            "A job archives the clients that were made, takes the products out of sale, cancels the past orders and empties the \
             fields that were filled, where nothing was changed since; `undo` of each row says whether it could. Use it when the wrong file was imported.",
        ),
    ];
    api.add("imports", steps);
}

fn step(transition: Transition, id: &'static str, summary: &'static str, description: &'static str) -> Endpoint {
    let text = StepText { id, summary, description };
    Step::new(transition).endpoint(text, async move |tx, scope, id, seen, reason: Reason| {
        let import = begin(tx, scope, id, seen, transition).await?;
        reason.record(tx);
        view(tx, import, tx.actor()).await
    })
}
