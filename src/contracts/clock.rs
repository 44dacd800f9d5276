//! What happens to contracts as time passes: they come into force, go on for another term, or expire.

use diesel::{BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{
    amend::apply,
    life::take,
    model::{Contract, ContractId},
    status::{ContractStatus, Transition},
    term::renewed_until,
};
use crate::{
    change::{self, Tx},
    db::{columns_of, wide::contracts},
    error::Result,
    secrets::Secrets,
    values::{Day, Instant},
};

/// Most contracts of one status that a run moves on. The next run moves the others.
const MOST: i64 = 10_000;

/// Takes every step that is due by `now`, with days in the organisation's time zone. Returns how many steps were taken. Each is a
/// transaction of its own, so that a contract that fails does not hold up the others. One that another transaction has locked
/// is left for the next time.
///
/// # Errors
/// When the database fails, also for one of the contracts: the others have been moved on then.
pub async fn advance(db: &mut AsyncPgConnection, secrets: &Secrets, now: Instant) -> Result<usize> {
    let (mut steps, mut failure) = (0, None);
    for status in [ContractStatus::Signed, ContractStatus::Active] {
        let due = change::by_system(db, secrets, now, async |tx| {
            let today = tx.contract_day().await?;
            Ok((today, due(tx, status, today).await?))
        });
        let (today, due) = due.await?;
        for id in due {
            let moved = change::by_system(db, secrets, now, async |tx| move_on(tx, id, status, today).await).await;
            match moved {
                Ok(moved) => steps += usize::from(moved),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
    }
    failure.map_or(Ok(steps), Err)
}

async fn due(tx: &mut Tx<'_>, status: ContractStatus, today: Day) -> Result<Vec<ContractId>> {
    let of_status = contracts::table.filter(contracts::status.eq(status)).select(contracts::id).limit(MOST);
    let due = match status {
        ContractStatus::Signed => {
            let begun = contracts::effective_on.is_null().or(contracts::effective_on.le(today));
            of_status.filter(contracts::starts_on.le(today)).filter(begun).order(contracts::starts_on).load(tx).await
        }
        _ => of_status.filter(contracts::ends_on.lt(today)).order(contracts::ends_on).load(tx).await,
    };
    Ok(due?)
}

/// Takes the step that is due of the contract `id`, if it is still due. Returns whether it was taken.
async fn move_on(tx: &mut Tx<'_>, id: ContractId, status: ContractStatus, today: Day) -> Result<bool> {
    let row = contracts::table.find(id).filter(contracts::status.eq(status)).select(columns_of::<Contract>());
    let contract: Option<Contract> = row.for_no_key_update().skip_locked().first(&mut **tx).await.optional()?;
    let Some(contract) = contract.filter(|contract| is_due(contract, today)) else { return Ok(false) };
    match status {
        ContractStatus::Signed if contract.amends_id.is_some() => apply(tx, contract).await.map(drop)?,
        ContractStatus::Signed => activate(tx, &contract).await?,
        _ => renew_or_expire(tx, &contract, today).await?,
    }
    Ok(true)
}

fn is_due(contract: &Contract, today: Day) -> bool {
    match contract.status {
        ContractStatus::Signed => contract.begins_on() <= today,
        _ => contract.terms.ends_on.is_some_and(|last| last < today),
    }
}

async fn activate(tx: &mut Tx<'_>, signed: &Contract) -> Result<()> {
    let status = Transition::Activate.apply(signed.status, false)?;
    let active = Contract { status, ..signed.clone() };
    take(tx, Transition::Activate, signed, active, None).await.map(drop)
}

async fn renew_or_expire(tx: &mut Tx<'_>, active: &Contract, today: Day) -> Result<()> {
    let renewed = active.initial_ends_on.filter(|_| active.terms.auto_renew);
    let renewed = renewed.and_then(|first_end| renewed_until(active.terms.starts_on, first_end, today));
    let step = if renewed.is_some() { Transition::Renew } else { Transition::Expire };
    let status = step.apply(active.status, false)?;
    let mut after = Contract { status, ..active.clone() };
    after.terms.ends_on = renewed.or(active.terms.ends_on);
    take(tx, step, active, after, None).await.map(drop)
}
