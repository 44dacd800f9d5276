//! What a departure does.

use super::{model::Loss, unfinished::refuse_unfinished};
use crate::{
    access::Scope,
    change::{Tx, lock, save},
    clients::{Archive, Client, ClientId, Transition},
    error::Result,
    http::IfMatch,
    lost_reasons,
};

/// Marks a client lost.
///
/// # Errors
/// 404, 412, 403, 409 when the step is not possible from the present status or something is under way with the client, 422
/// for a reason that cannot be given.
pub async fn mark_lost(
    tx: &mut Tx<'_>,
    scope: &Scope<Client, Archive>,
    id: ClientId,
    seen: &IfMatch,
    loss: &Loss,
) -> Result<Client> {
    let before = lock(tx, scope, id, seen).await?;
    let status = Transition::MarkLost.apply(before.status, before.archived_from)?;
    refuse_unfinished(tx, before.id).await?;
    let reason = lost_reasons::find_active(tx, loss.lost_reason_id, "/lost_reason_id").await?;
    let lost_at = Some(tx.now());
    let after = Client { status, lost_reason_id: Some(reason.id), lost_at, ..before.clone() };
    save(tx, Transition::MarkLost.done(), &before, after).await
}

/// Archives a client.
///
/// # Errors
/// 404, 412, 403, 409 when it is archived already or something is under way with it.
pub async fn archive(tx: &mut Tx<'_>, scope: &Scope<Client, Archive>, id: ClientId, seen: &IfMatch) -> Result<Client> {
    let before = lock(tx, scope, id, seen).await?;
    let status = Transition::Archive.apply(before.status, before.archived_from)?;
    refuse_unfinished(tx, before.id).await?;
    let after = Client { status, archived_from: Some(before.status), ..before.clone() };
    save(tx, Transition::Archive.done(), &before, after).await
}
