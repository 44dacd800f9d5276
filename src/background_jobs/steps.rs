//! What callers do to a job, at an address of its own.

use super::{
    model::{Job, Transition},
    queries,
};
use crate::{
    access::Update,
    change::{self, Reason},
    http::{Routes, StepText},
};

const CANCEL: change::Step<Job, Transition, Update> = change::Step::new(Transition::Cancel);

/// The operations that are steps.
pub fn routes(api: &mut Routes) {
    let text = StepText {
        id: "cancel_job",
        summary: "Cancel a job",
        description: "The job goes no further; what it has done by then stays done. Use it when a file or an import is needed no more.",
    };
    let cancel = CANCEL.endpoint(text, async |tx, scope, id, seen, reason: Reason| {
        let job = queries::cancel(tx, scope, id, seen).await?;
        reason.record(tx);
        Ok(queries::view(job, tx.actor()))
    });
    api.add("jobs", [cancel]);
}
