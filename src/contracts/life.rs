//! The steps that callers take, other than submission and approval.

use chrono_tz::Tz;

use super::{
    amend::{apply, refuse_ended},
    client::hold_standing,
    events,
    live_orders::refuse_live,
    model::{Contract, ContractId, Side, Sign, Signature},
    status::{ContractStatus, Transition},
};
use crate::{
    access::{Action, Scope},
    change::{Tx, lock, save},
    error::{Error, FieldError, Result},
    http::IfMatch,
    values::{Day, Invalid, Say, Text},
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
/// As [`step`], 409 for a client that is lost or archived and for an amendment of a contract that has ended, and 422 for a signature that cannot be.
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
    refuse_ended(tx, &before).await?;
    let today = tx.contract_day().await?;
    check_signature(&before, signature.signed_on, today, tx.zone_of_contracts().await?)?;
    let after = Contract { status, signed_on: Some(signature.signed_on), ..before.clone() };
    let signed = take(tx, Transition::Sign, &before, after, None).await?;
    if signed.begins_on() > today {
        return Ok(signed);
    }
    if signed.amends_id.is_some() {
        return apply(tx, signed).await;
    }
    let status = Transition::Activate.apply(signed.status, false)?;
    let active = Contract { status, ..signed.clone() };
    take(tx, Transition::Activate, &signed, active, None).await
}

/// Refuses a signature that cannot be.
///
/// # Errors
/// 422 for a day in the future, before the approval or after the contract's end, and without somebody who signs for each side.
fn check_signature(contract: &Contract, signed_on: Day, today: Day, zone: Tz) -> Result<()> {
    let mut errors = Vec::new();
    let mut refuse = |pointer, code, say| errors.push(FieldError::new(pointer, Invalid::Rule(code, say)));
    if signed_on > today {
        refuse("/signed_on", "in_future", Say::new("The day is in the future.", "Этот день ещё не наступил."));
    }
    if contract.approved_at.is_some_and(|at| signed_on < at.day_in(zone)) {
        let say = Say::new(
            "The contract was not approved yet on this day. Record past contracts as such.",
            "В этот день договор ещё не был согласован. Прошлые договоры вносятся отдельно.",
        );
        refuse("/signed_on", "before_approval", say);
    }
    if contract.terms.ends_on.is_some_and(|last| signed_on > last) {
        refuse(
            "/signed_on",
            "after_end",
            Say::new("The contract has ended by this day.", "К этому дню договор уже закончился."),
        );
    }
    let signs = |side| contract.terms.signatories.0.iter().any(|signatory| signatory.side == side);
    if !signs(Side::Ours) || !signs(Side::Client) {
        let say = Say::new("Somebody has to sign for each side.", "С каждой стороны нужен подписант.");
        refuse("/signatories", "no_signatory", say);
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::fields(errors)) }
}

/// Ends a contract in force: completes or terminates it.
///
/// # Errors
/// As [`step`], and 409 while orders under it are under way, unless they may be finished.
pub async fn end<A: Action>(
    tx: &mut Tx<'_>,
    scope: &Scope<Contract, A>,
    id: ContractId,
    seen: &IfMatch,
    step: Transition,
    (reason, let_finish): (Option<&Text<1000>>, bool),
) -> Result<Contract> {
    let before = lock(tx, scope, id, seen).await?;
    let status = step.apply(before.status, false)?;
    refuse_live(tx, &before, let_finish).await?;
    let after = Contract { status, ..before.clone() };
    take(tx, step, &before, after, reason).await
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
