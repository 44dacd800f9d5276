//! What happens to contracts as time passes: they come into force, go on for another term, or expire.

use diesel::{BoolExpressionMethods, ExpressionMethods, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{
    amend::apply,
    life::take,
    model::Contract,
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

/// Most contracts of one transaction.
const BATCH: i64 = 100;

/// Takes every step that is due by `now`, with days in the organisation's time zone. Returns how many steps were taken. A
/// contract that another transaction has locked is left for the next time.
///
/// # Errors
/// When the database fails.
pub async fn advance(db: &mut AsyncPgConnection, secrets: &Secrets, now: Instant) -> Result<usize> {
    let mut steps = 0;
    for status in [ContractStatus::Signed, ContractStatus::Active] {
        loop {
            let taken = change::by_system(db, secrets, now, async |tx| batch(tx, status).await).await?;
            steps += taken;
            if taken == 0 {
                break;
            }
        }
    }
    Ok(steps)
}

async fn batch(tx: &mut Tx<'_>, status: ContractStatus) -> Result<usize> {
    let today = tx.contract_day().await?;
    let due = due(tx, status, today).await?;
    for contract in &due {
        match status {
            ContractStatus::Signed if contract.amends_id.is_some() => apply(tx, contract.clone()).await.map(drop)?,
            ContractStatus::Signed => activate(tx, contract).await?,
            _ => renew_or_expire(tx, contract, today).await?,
        }
    }
    Ok(due.len())
}

async fn due(tx: &mut Tx<'_>, status: ContractStatus, today: Day) -> Result<Vec<Contract>> {
    let of_status = contracts::table.filter(contracts::status.eq(status)).select(columns_of::<Contract>()).limit(BATCH);
    let locked = of_status.for_no_key_update().skip_locked();
    let due = match status {
        ContractStatus::Signed => {
            let begun = contracts::effective_on.is_null().or(contracts::effective_on.le(today));
            locked.filter(contracts::starts_on.le(today)).filter(begun).order(contracts::starts_on).load(tx).await
        }
        _ => locked.filter(contracts::ends_on.lt(today)).order(contracts::ends_on).load(tx).await,
    };
    Ok(due?)
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
