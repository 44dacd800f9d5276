//! Who may approve a contract. A contract within the limits of the person who submits it is approved by the submission
//! itself. Any other is approved by someone who neither wrote nor edited nor submitted it.

use rust_decimal::Decimal;

use super::{
    client::hold_standing,
    events,
    life::take,
    model::{Approve, Contract, ContractId},
    status::{ContractStatus, Transition},
};
use crate::{
    access::{Actor, Caller, Scope, Update, UserId},
    change::{Tx, Work, lock},
    error::{Error, ProblemType, Result},
    http::IfMatch,
    values::Text,
};

/// Hands a draft to the approvers; within the caller's own limits it is approved at once.
///
/// # Errors
/// 404, 412, 403, 409 when it is not a draft and for a client that is lost or archived.
pub async fn submit(
    tx: &mut Tx<'_>,
    scope: &Scope<Contract, Update>,
    id: ContractId,
    seen: &IfMatch,
    reason: Option<&Text<1000>>,
) -> Result<Contract> {
    let client = hold_standing(tx, scope, id).await?;
    let before = lock(tx, scope, id, seen).await?;
    let cleared = tx.actor().limited_by()?.is_none_or(|caller| passes_alone(caller, &before));
    let status = Transition::Submit.apply(before.status, cleared)?;
    client.refuse_gone()?;
    let approved_at = (status == ContractStatus::Approved).then(|| tx.now());
    let after = Contract { status, approved_at, return_reason: None, ..before.clone() };
    take(tx, Transition::Submit, &before, after, reason).await
}

/// Approves a contract in review.
///
/// # Errors
/// 404, 412, 403 for who wrote, edited or submitted it and for a caller whose limit is too low, 409 when it is not in
/// review and for a client that is lost or archived.
pub async fn approve(
    tx: &mut Tx<'_>,
    scope: &Scope<Contract, Approve>,
    id: ContractId,
    seen: &IfMatch,
    reason: Option<&Text<1000>>,
) -> Result<Contract> {
    let client = hold_standing(tx, scope, id).await?;
    let before = lock(tx, scope, id, seen).await?;
    let status = Transition::Approve.apply(before.status, false)?;
    client.refuse_gone()?;
    let submitter = events::submitters(tx, &[before.id]).await?.remove(&before.id);
    check_approver(tx.actor(), &before, submitter)?;
    let approved_by = tx.user_id();
    let after = Contract { status, approved_by, approved_at: Some(tx.now()), ..before.clone() };
    take(tx, Transition::Approve, &before, after, reason).await
}

/// Checks whether `actor`, who has the right to approve, may approve this contract, which `submitter` submitted.
///
/// # Errors
/// 403 for its author, editors and submitter, and for an amount over the caller's own limit.
pub fn check_approver(actor: &Actor, contract: &Contract, submitter: Option<UserId>) -> Result<()> {
    let Some(caller) = actor.limited_by()? else { return Ok(()) };
    Work { author: contract.author_id, editors: &contract.editor_ids.0, submitter }.refuse_own(caller)?;
    if is_within_limit(caller, contract) {
        return Ok(());
    }
    Err(Error::new(ProblemType::LimitExceeded)
        .detail("The amount of the contract is over your own limit.", "Сумма договора превышает ваш собственный лимит.")
        .with("limit", "max_contract_amount"))
}

/// Whether a submission by `caller` approves the contract. Only a person approves.
fn passes_alone(caller: &Caller, contract: &Contract) -> bool {
    let amount = contract.terms.amount.value();
    caller.session().is_some() && is_within_limit(caller, contract) && caller.policy.limits.one_passes(amount)
}

/// A limit of zero allows nothing, not even a contract with an amount of zero.
fn is_within_limit(caller: &Caller, contract: &Contract) -> bool {
    caller.policy.limits.max_contract_amount.is_none_or(|limit| {
        let limit = limit.value();
        limit > Decimal::ZERO && contract.terms.amount.value() <= limit
    })
}
