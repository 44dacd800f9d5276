//! The steps with which a client departs.

use super::{life, model::Loss};
use crate::{
    change::Reason,
    clients::{ARCHIVE, MARK_LOST, changed},
    http::{Routes, StepText},
};

const LOST: StepText = StepText {
    id: "mark_client_lost",
    summary: "Mark a client lost",
    description: "From any status but archived to lost, for a reason from the list at `/v1/lost-reasons`; needs the right to \
                  archive. Refused while orders or contracts are under way with the client, which the refusal names. Use it \
                  when a client says no or goes to a competitor.",
};

const ARCHIVED: StepText = StepText {
    id: "archive_client",
    summary: "Archive a client",
    description: "Puts the client away: it is listed only when asked for, and nothing new can be added to it. Refused while \
                  orders or contracts are under way with the client, which the refusal names. Use it for doubles and for \
                  clients that nobody works with any more, in place of deletion.",
};

/// The operations with which a client departs.
pub fn routes(api: &mut Routes) {
    let lost = MARK_LOST.endpoint(LOST, async |tx, scope, id, seen, loss: Loss| {
        let client = life::mark_lost(tx, scope, id, seen, &loss).await?;
        Reason { reason: loss.reason }.record(tx);
        changed(tx, client).await
    });
    let archived = ARCHIVE.endpoint(ARCHIVED, async |tx, scope, id, seen, reason: Reason| {
        let client = life::archive(tx, scope, id, seen).await?;
        reason.record(tx);
        changed(tx, client).await
    });
    api.add("clients", [lost, archived]);
}
