//! Contracts that had come some way before they were entered here.

use chrono::Datelike;

use super::{
    events::{self, Step},
    model::{Contract, ContractNumber, ContractStart, NewContract, NewPastContract, PastContractStart, RecordContract},
    numbers,
    queries::{draft, write},
    status::{ContractStatus, Transition},
};
use crate::{
    access::{Create, Scope, UserId},
    change::{Row, Tx},
    error::{Error, FieldError, Result},
    http::Parts,
    values::{Day, Instant, Invalid, Say},
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

/// Records a contract that was signed before it was entered here. Of its life, only that it was recorded is known.
///
/// # Errors
/// As [`super::insert`], and 409 for a number that another contract has, 422 for a day that cannot be.
pub async fn record(
    tx: &mut Tx<'_>,
    scope: &Scope<Contract, RecordContract>,
    Parts(past, terms): NewPastContract,
) -> Result<Contract> {
    past.check(tx.contract_day().await?)?;
    let author = past.author_id.or_else(|| tx.user_id());
    let author = author.ok_or_else(|| Error::field("/author_id", Invalid::Required))?;
    let now = tx.now();
    let draft = draft(tx, scope, Parts(ContractStart { client_id: past.client_id }, terms), author, now).await?;
    draft.refuse_taken(tx, None).await?;
    let number = match past.number {
        Some(number) => ContractNumber::parse(number.as_str()).map_err(Error::internal)?,
        None => numbers::next(tx, past.signed_on.date().year()).await?,
    };
    let status = past.status.unwrap_or_default().into();
    let contract = Contract { number: Some(number), status, signed_on: Some(past.signed_on), ..draft };
    let recorded = Step { at: now, actor: tx.user_id(), action: "recorded", from: None, to: status };
    write(tx, contract, recorded, None).await
}

impl PastContractStart {
    fn check(&self, today: Day) -> Result<()> {
        let mut errors = Vec::new();
        if self.signed_on > today {
            errors.push(FieldError::new("/signed_on", Invalid::TooLarge(today.to_string())));
        }
        if self.number.as_ref().is_some_and(|number| numbers::is_reserved(number.as_str())) {
            let say = Say::new("This form is for new numbers only.", "Такой вид оставлен для новых номеров.");
            errors.push(FieldError::new("/number", Invalid::Rule("reserved", say)));
        }
        if errors.is_empty() { Ok(()) } else { Err(Error::fields(errors)) }
    }
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
        submitted_on: (past.status != ContractStatus::Draft).then_some(past.created_at.day()),
        ..draft
    };
    let number = match is_approved {
        true => Some(numbers::next(tx, past.created_at.utc().year()).await?),
        false => None,
    };
    let contract = Contract { number, ..contract };
    let created = Step {
        at: past.created_at,
        actor: Some(past.author_id),
        action: "created",
        from: None,
        to: ContractStatus::Draft,
    };
    let contract = write(tx, contract, created, None).await?;
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
