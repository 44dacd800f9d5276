//! Numbers without gaps: the row that counts a year's numbers stays locked until the transaction ends, and is rolled
//! back with it.

use chrono::Datelike;
use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::RunQueryDsl;

use super::model::{Contract, ContractId, ContractNumber};
use crate::{
    change::Tx,
    db::schema::{contract_numbers, contracts},
    error::{Error, Result},
};

/// `contract` with a number of this year, unless it has one from an approval that was withdrawn.
///
/// # Errors
/// When the database fails.
pub async fn numbered(tx: &mut Tx<'_>, contract: Contract) -> Result<Contract> {
    if contract.number.is_some() {
        return Ok(contract);
    }
    let number = match contract.amends_id {
        Some(id) => of_amendment(tx, id, contract.amendment).await?,
        None => next(tx, tx.contract_day().await?.date().year()).await?,
    };
    Ok(Contract { number: Some(number), ..contract })
}

/// The number of an amendment: that of its contract, and its own.
async fn of_amendment(tx: &mut Tx<'_>, id: ContractId, amendment: i32) -> Result<ContractNumber> {
    let number: Option<ContractNumber> = contracts::table.find(id).select(contracts::number).first(&mut **tx).await?;
    let number = number.ok_or_else(|| Error::internal("an amendment of a contract without a number"))?;
    ContractNumber::parse(&format!("{}/{amendment}", number.as_str())).map_err(Error::internal)
}

/// Whether the number has the form of the numbers of new contracts or of their amendments. One of them could get the same number
/// some day.
pub fn is_reserved(number: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let of_contract = number.split_once('/').map_or(number, |(contract, _)| contract);
    let parts: Vec<&str> = of_contract.split('-').collect();
    matches!(parts.as_slice(), ["C", year, count] if year.len() == 4 && count.len() >= 6 && digits(year) && digits(count))
}

/// The next number of `year`. Other transactions that need a number wait until this one ends, so it is taken just
/// before the contract is written.
///
/// # Errors
/// When the database fails.
pub async fn next(tx: &mut Tx<'_>, year: i32) -> Result<ContractNumber> {
    let last: i32 = diesel::insert_into(contract_numbers::table)
        .values((contract_numbers::year.eq(year), contract_numbers::last.eq(1)))
        .on_conflict(contract_numbers::year)
        .do_update()
        .set(contract_numbers::last.eq(contract_numbers::last + 1))
        .returning(contract_numbers::last)
        .get_result(&mut **tx)
        .await?;
    ContractNumber::parse(&format!("C-{year:04}-{last:06}")).map_err(Error::internal)
}
