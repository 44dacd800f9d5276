//! Looks at a caller's rights again, in the transaction of a change.

use std::sync::Arc;

use actix_web::{HttpRequest, web::Data};

use crate::{
    access::{Actor, Caller, Callers, Epoch, Identified, recent},
    error::{Error, ProblemType, Result},
    http::{caller, part},
};

/// Refuses the change of `request` when the rights of its caller have changed since they were looked up, or have ended.
/// `epoch` is the present one: when the caller is known since then, nothing can have changed.
///
/// # Errors
/// 401 when the caller's session or key is over, 403 when they have something else to do first, 409 when they may do other
/// things than before.
pub async fn confirm(actor: &Actor, request: &HttpRequest, epoch: Epoch) -> Result<()> {
    match actor {
        // Boxed, because its state would otherwise be part of the future of every change.
        Actor::Caller(known) if known.epoch < epoch => Box::pin(look_again(known, request, epoch)).await,
        Actor::Caller(_) | Actor::System | Actor::Nobody => Ok(()),
    }
}

async fn look_again(known: &Arc<Caller>, request: &HttpRequest, epoch: Epoch) -> Result<()> {
    let callers: Data<Callers> = part(request)?;
    callers.saw(epoch);
    let now = match caller::identify(request).await {
        Some(Identified::Caller(now)) => now,
        Some(Identified::Unavailable(cause)) => return Err(Error::unavailable(cause)),
        Some(Identified::Refused) | None => return Err(recent::over()),
    };
    now.restriction.map_or(Ok(()), |restriction| restriction.admit(request.path()))?;
    // A field that was defined meanwhile may be one that the change lacks.
    let is_same = now.user_id == known.user_id
        && now.rights_digest()? == known.rights_digest()?
        && now.custom.digest() == known.custom.digest();
    if is_same { Ok(()) } else { Err(Error::new(ProblemType::RightsChanged)) }
}
