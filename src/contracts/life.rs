//! The steps that callers take, other than submission and approval.

use super::{
    client::hold_standing,
    events,
    model::{Contract, ContractId, Sign, Signature},
    status::{ContractStatus, Transition},
};
use crate::{
    access::{Action, Scope},
    change::{Tx, lock, save},
    error::{Error, Result},
    http::IfMatch,
    values::{Invalid, Say, Text},
};

/// Takes a step that changes nothing but the status. A contract that goes back to draft loses its approval.
///
/// # Errors
/// 404, 412, 403, 409 when the step is not possible from the present status.
pub async fn step<A: Action>(
    tx: &mut Tx<'_>,
    scope: &Scope<Contract, A>,
    id: ContractId,
    seen: &IfMatch,
    step: Transition,
    reason: Option<&Text<1000>>,
) -> Result<Contract> {
    let before = lock(tx, scope, id, seen).await?;
    let status = step.apply(before.status, false)?;
    let mut after = Contract { status, ..before.clone() };
    if status == ContractStatus::Draft {
        after.approved_by = None;
        after.approved_at = None;
        after.return_reason = reason.filter(|_| step == Transition::Return).cloned();
    }
    take(tx, step, &before, after, reason).await
}

/// Records that an approved contract was signed. It is in force from its first day on, at once when that day has come.
///
/// # Errors
/// As [`step`], 409 for a client that is lost or archived, and 422 for a day in the future.
pub async fn sign(
    tx: &mut Tx<'_>,
    scope: &Scope<Contract, Sign>,
    id: ContractId,
    seen: &IfMatch,
    signature: &Signature,
) -> Result<Contract> {
    let client = hold_standing(tx, scope, id).await?;
    let before = lock(tx, scope, id, seen).await?;
    let status = Transition::Sign.apply(before.status, false)?;
    client.refuse_gone()?;
    let today = tx.contract_day().await?;
    if signature.signed_on > today {
        let say = Say::new("The day is in the future.", "Этот день ещё не наступил.");
        return Err(Error::field("/signed_on", Invalid::Rule("in_future", say)));
    }
    let after = Contract { status, signed_on: Some(signature.signed_on), ..before.clone() };
    let signed = take(tx, Transition::Sign, &before, after, None).await?;
    if signed.terms.starts_on > today {
        return Ok(signed);
    }
    let status = Transition::Activate.apply(signed.status, false)?;
    let active = Contract { status, ..signed.clone() };
    take(tx, Transition::Activate, &signed, active, None).await
}

/// Writes a step, its row in the history and its reason.
///
/// # Errors
/// When the database fails.
pub async fn take(
    tx: &mut Tx<'_>,
    step: Transition,
    before: &Contract,
    after: Contract,
    reason: Option<&Text<1000>>,
) -> Result<Contract> {
    let after = save(tx, step.done(), before, after).await?;
    if let Some(reason) = reason {
        tx.because(reason.as_str());
    }
    events::record(tx, step.done(), Some(before.status), &after, reason).await?;
    Ok(after)
}
