//! What the steps of an interaction's life do.

use super::{
    insert::follow_up,
    model::{Completion, Interaction, InteractionId, InteractionTerms, Rescheduling},
    outreach,
    queries::lock_with_client,
    status::Transition,
};
use crate::{
    access::{Create, Scope, Update},
    change::{Reason, Tx, save},
    clients,
    error::{Error, Result},
    http::IfMatch,
};

/// Notes that a planned interaction took place, and plans the next one if it is given.
///
/// # Errors
/// 404, 403, 412, 409 when it is not planned, when the person may not be approached, or when a next one is given and the
/// client is archived, 422 for values against the rules.
pub async fn complete(
    tx: &mut Tx<'_>,
    scope: &Scope<Interaction, Update>,
    id: InteractionId,
    seen: &IfMatch,
    done: Completion,
) -> Result<(Interaction, Option<Interaction>)> {
    let (client, before) = lock_with_client(tx, scope, id, seen).await?;
    let status = Transition::Complete.apply(before.status, before.has_passed(tx.now()))?;
    if done.next.is_some() {
        client.refuse_archived()?;
    }
    let terms = InteractionTerms {
        duration_seconds: done.duration_seconds.or(before.terms.duration_seconds),
        summary: done.summary.or_else(|| before.terms.summary.clone()),
        outcome: done.outcome,
        ..before.terms.clone()
    };
    let occurred_at = done.occurred_at.or(Some(tx.now()));
    let after = Interaction { status, occurred_at, terms, ..before.clone() };
    let breaches = after.breaches(tx.now());
    if !breaches.is_empty() {
        return Err(Error::fields(breaches));
    }
    outreach::permit(tx, &after, "").await?;
    let after = save(tx, Transition::Complete.done(), &before, after).await?;
    let next = match done.next {
        Some(next) => {
            let scope = tx.scope::<Interaction, Create>()?;
            scope.permit(&client)?;
            Some(follow_up(tx, &scope, &client, &after, next).await?)
        }
        None => None,
    };
    clients::touch(tx, &client).await?;
    Ok((after, next))
}

/// Plans an interaction for another time.
///
/// # Errors
/// 404, 403, 412, 409 when it is not planned.
pub async fn reschedule(
    tx: &mut Tx<'_>,
    scope: &Scope<Interaction, Update>,
    id: InteractionId,
    seen: &IfMatch,
    to: Rescheduling,
) -> Result<Interaction> {
    let scheduled_at = Some(to.scheduled_at);
    let with = |before: &Interaction| Interaction { scheduled_at, ..before.clone() };
    step(tx, scope, id, seen, Transition::Reschedule, with, &Reason { reason: to.reason }).await
}

/// Calls an interaction off.
///
/// # Errors
/// 404, 403, 412, 409 when it is not planned.
pub async fn cancel(
    tx: &mut Tx<'_>,
    scope: &Scope<Interaction, Update>,
    id: InteractionId,
    seen: &IfMatch,
    reason: &Reason,
) -> Result<Interaction> {
    step(tx, scope, id, seen, Transition::Cancel, Clone::clone, reason).await
}

/// Notes that an interaction did not take place though its time has passed.
///
/// # Errors
/// 404, 403, 412, 409 when it is not planned or its time has not passed.
pub async fn miss(
    tx: &mut Tx<'_>,
    scope: &Scope<Interaction, Update>,
    id: InteractionId,
    seen: &IfMatch,
    reason: &Reason,
) -> Result<Interaction> {
    step(tx, scope, id, seen, Transition::Miss, Clone::clone, reason).await
}

async fn step(
    tx: &mut Tx<'_>,
    scope: &Scope<Interaction, Update>,
    id: InteractionId,
    seen: &IfMatch,
    transition: Transition,
    with: impl FnOnce(&Interaction) -> Interaction,
    reason: &Reason,
) -> Result<Interaction> {
    let (client, before) = lock_with_client(tx, scope, id, seen).await?;
    let status = transition.apply(before.status, before.has_passed(tx.now()))?;
    let after = Interaction { status, ..with(&before) };
    if outreach::is_new(&before, &after) {
        outreach::permit(tx, &after, "").await?;
    }
    let after = save(tx, transition.done(), &before, after).await?;
    if after.version != before.version {
        reason.record(tx);
        clients::touch(tx, &client).await?;
    }
    Ok(after)
}
