//! Numbers without gaps: the row that counts a year's numbers stays locked until the transaction ends, and is rolled
//! back with it.

use diesel::ExpressionMethods;
use diesel_async::RunQueryDsl;

use crate::{change::Tx, db::schema::contract_numbers, error::Result};

/// The next number of `year`. Other transactions that need a number wait until this one ends, so it is taken just
/// before the insert.
///
/// # Errors
/// When the database fails.
pub async fn next(tx: &mut Tx<'_>, year: i32) -> Result<String> {
    let last: i32 = diesel::insert_into(contract_numbers::table)
        .values((contract_numbers::year.eq(year), contract_numbers::last.eq(1)))
        .on_conflict(contract_numbers::year)
        .do_update()
        .set(contract_numbers::last.eq(contract_numbers::last + 1))
        .returning(contract_numbers::last)
        .get_result(&mut **tx)
        .await?;
    Ok(format!("C-{year:04}-{last:06}"))
}
