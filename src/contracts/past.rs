//! Contracts that had come some way before they were entered here.

use super::{
    events::{self, Step},
    model::{Contract, NewContract},
    queries::{draft, write},
    status::{ContractStatus, Transition},
};
use crate::{
    access::{Create, Scope, UserId},
    change::Tx,
    error::Result,
    values::{Day, Instant},
};

/// What happened to a contract before it was entered.
#[derive(Clone, Copy, Debug)]
pub struct Past {
    /// How far it came: a draft, in review, approved, or in force.
    pub status: ContractStatus,
    /// Who drafted it.
    pub author_id: UserId,
    /// Who approved it: someone other than the author, or `None` when it was within the author's limit.
    pub approved_by: Option<UserId>,
    /// When it was drafted and approved; the number is of this year.
    pub created_at: Instant,
    /// The day on which it was signed.
    pub signed_on: Day,
}

/// Enters a contract with its history as it was. One that is in force expires or is renewed by the clock when its last day
/// is past.
///
/// # Errors
/// As [`super::insert`].
pub async fn insert_past(
    tx: &mut Tx<'_>,
    scope: &Scope<Contract, Create>,
    new: NewContract,
    past: Past,
) -> Result<Contract> {
    let draft = draft(tx, scope, new, past.author_id, past.created_at).await?;
    let is_approved = !matches!(past.status, ContractStatus::Draft | ContractStatus::InReview);
    let contract = Contract {
        status: past.status,
        approved_by: past.approved_by.filter(|_| is_approved),
        approved_at: is_approved.then_some(past.created_at),
        signed_on: (past.status == ContractStatus::Active).then_some(past.signed_on),
        ..draft
    };
    let contract = write(tx, contract, past.created_at).await?;
    let steps = steps(past, contract.terms.starts_on.max(past.signed_on));
    let came_to = steps.iter().position(|step| step.to == past.status).map_or(0, |last| last + 1);
    for step in steps.into_iter().take(came_to) {
        events::write(tx, &contract, step, None).await?;
    }
    Ok(contract)
}

/// The steps after the draft, in their order.
fn steps(past: Past, active_on: Day) -> Vec<Step> {
    use ContractStatus::{Active, Approved, Draft, InReview, Signed};
    let author = Some(past.author_id);
    let (submitted, signed, active) = (past.created_at, past.signed_on.start(), active_on.start());
    let step = |step: Transition, at, actor, from, to| Step { at, actor, action: step.done(), from: Some(from), to };
    let mut steps = match past.approved_by {
        Some(approver) => vec![
            step(Transition::Submit, submitted, author, Draft, InReview),
            step(Transition::Approve, submitted, Some(approver), InReview, Approved),
        ],
        None => vec![step(Transition::Submit, submitted, author, Draft, Approved)],
    };
    steps.push(step(Transition::Sign, signed.max(submitted), author, Approved, Signed));
    steps.push(step(Transition::Activate, active.max(submitted), None, Signed, Active));
    steps
}
