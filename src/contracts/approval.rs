//! Who may approve a contract. A contract within the limits of the person who submits it is approved by the submission
//! itself. Any other is approved by someone who neither wrote nor edited nor submitted it.

use std::collections::HashMap;

use diesel::{ExpressionMethods, NullableExpressionMethods, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use rust_decimal::Decimal;

use super::{
    amend::refuse_ended,
    client::hold_standing,
    events,
    life::take,
    model::{Approve, Contract, ContractId},
    numbers::numbered,
    status::{ContractStatus, Transition},
};
use crate::{
    access::{Actor, Caller, Scope, Update, UserId},
    change::{Tx, Work, lock},
    db::schema::contracts,
    error::{Error, ProblemType, Result},
    exchange_rates::in_own_currency,
    http::IfMatch,
    values::{Day, Text},
};

/// Hands a draft to the approvers; within the caller's own limits it is approved at once.
///
/// # Errors
/// 404, 412, 403, 409 when it is not a draft, for a client that is lost or archived and for an amendment of a contract that has
/// ended.
pub async fn submit(
    tx: &mut Tx<'_>,
    scope: &Scope<Contract, Update>,
    id: ContractId,
    seen: &IfMatch,
    reason: Option<&Text<1000>>,
) -> Result<Contract> {
    let client = hold_standing(tx, scope, id).await?;
    let before = lock(tx, scope, id, seen).await?;
    Transition::Submit.apply(before.status, false)?;
    client.refuse_gone()?;
    refuse_ended(tx, &before).await?;
    let submitted_on = tx.contract_day().await?;
    let amount = amount_on(tx, &before, submitted_on).await?;
    let cleared = tx.actor().limited_by()?.is_none_or(|caller| passes_alone(caller, amount));
    let status = Transition::Submit.apply(before.status, cleared)?;
    let mut after = Contract { status, submitted_on: Some(submitted_on), return_reason: None, ..before.clone() };
    if status == ContractStatus::Approved {
        after = numbered(tx, Contract { approved_at: Some(tx.now()), ..after }).await?;
    }
    take(tx, Transition::Submit, &before, after, reason).await
}

/// Approves a contract in review.
///
/// # Errors
/// 404, 412, 403 for who wrote, edited or submitted it and for a caller whose limit is too low, 409 when it is not in
/// review, for a client that is lost or archived and for an amendment of a contract that has ended.
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
    refuse_ended(tx, &before).await?;
    let submission = submissions(tx, &[before.id]).await?.remove(&before.id).unwrap_or_default();
    check_approver(tx.actor(), &before, submission)?;
    let approved_by = tx.user_id();
    let after = Contract { status, approved_by, approved_at: Some(tx.now()), ..before.clone() };
    let after = numbered(tx, after).await?;
    take(tx, Transition::Approve, &before, after, reason).await
}

/// The last submission of a contract in review.
#[derive(Clone, Copy, Debug, Default)]
pub struct Submission {
    /// Who submitted it.
    pub by: Option<UserId>,
    /// Its amount in the organisation's currency.
    pub amount: Ceiling,
}

/// The amount of a contract in the organisation's currency.
#[derive(Clone, Copy, Debug, Default)]
pub enum Ceiling {
    /// So much.
    Of(Decimal),
    /// Nobody knows: there is no exchange rate, or the contract has no ceiling.
    #[default]
    Unknown,
}

/// The last submissions of the contracts `ids`, which are in review.
///
/// # Errors
/// When the database fails.
pub async fn submissions(mut db: &AsyncPgConnection, ids: &[ContractId]) -> Result<HashMap<ContractId, Submission>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let amount = in_own_currency(
        contracts::amount.assume_not_null(),
        contracts::currency,
        contracts::submitted_on.assume_not_null(),
    );
    let rows = contracts::table.filter(contracts::id.eq_any(ids)).select((contracts::id, amount));
    let amounts: Vec<(ContractId, Option<Decimal>)> = rows.load(&mut db).await?;
    let submitters = events::submitters(db, ids).await?;
    let submission = |(id, amount): (ContractId, Option<Decimal>)| {
        (id, Submission { by: submitters.get(&id).copied(), amount: amount.map_or(Ceiling::Unknown, Ceiling::Of) })
    };
    Ok(amounts.into_iter().map(submission).collect())
}

async fn amount_on(tx: &mut Tx<'_>, contract: &Contract, day: Day) -> Result<Ceiling> {
    let Some(amount) = contract.terms.amount else { return Ok(Ceiling::Unknown) };
    let amount: Option<Decimal> =
        diesel::select(in_own_currency(amount, &contract.terms.currency, day)).get_result(&mut **tx).await?;
    Ok(amount.map_or(Ceiling::Unknown, Ceiling::Of))
}

/// Checks whether `actor`, who has the right to approve, may approve this contract as it was submitted.
///
/// # Errors
/// 403 for its author, editors and submitter, and for an amount over the caller's own limit.
pub fn check_approver(actor: &Actor, contract: &Contract, submission: Submission) -> Result<()> {
    let Some(caller) = actor.limited_by()? else { return Ok(()) };
    let work = Work { author: contract.author_id, editors: &contract.editor_ids.0, submitter: submission.by };
    work.refuse_own(caller)?;
    if is_within_limit(caller, submission.amount) {
        return Ok(());
    }
    Err(Error::new(ProblemType::LimitExceeded)
        .detail("The amount of the contract is over your own limit.", "Сумма договора превышает ваш собственный лимит.")
        .with("limit", "max_contract_amount"))
}

/// Whether a submission by `caller` approves the contract. Only a person approves.
fn passes_alone(caller: &Caller, amount: Ceiling) -> bool {
    let limits = &caller.policy.limits;
    let alone = match amount {
        Ceiling::Of(amount) => limits.one_passes(amount),
        Ceiling::Unknown => limits.self_approval_up_to.is_none(),
    };
    alone && caller.session().is_some() && is_within_limit(caller, amount)
}

/// What has no known amount is within no limit.
fn is_within_limit(caller: &Caller, amount: Ceiling) -> bool {
    let limit = caller.policy.limits.max_contract_amount;
    limit.is_none_or(|limit| matches!(amount, Ceiling::Of(amount) if amount <= limit.value()))
}
