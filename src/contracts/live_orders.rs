//! The orders under a contract that are under way: what happens to them is to be said before the contract ends.

use diesel::{ExpressionMethods, QueryDsl, dsl::sql, sql_types::Bool};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::model::Contract;
use crate::{
    change::Tx,
    clients::under_way::{NAMED, Named, ORDERS},
    db::schema::orders,
    error::{Error, ProblemType, Result},
};

/// Refuses to end a contract while orders under it are under way, unless `let_finish`. The caller has locked the contract, so that
/// none gets under way meanwhile.
///
/// # Errors
/// 409 naming those that the caller may see.
pub async fn refuse_live(tx: &mut Tx<'_>, contract: &Contract, let_finish: bool) -> Result<()> {
    let live = || orders::table.filter(orders::contract_id.eq(contract.id)).filter(sql::<Bool>(ORDERS));
    let count: i64 = if let_finish { 0 } else { live().count().get_result(&mut **tx).await? };
    if count == 0 {
        return Ok(());
    }
    let refusal = Error::new(ProblemType::Conflict).detail(
        format!("Orders under this contract are under way ({count}). Finish or cancel them, or say `let_finish`."),
        format!("По этому договору ещё идут заказы ({count}). Завершите или отмените их либо укажите `let_finish`."),
    );
    if !tx.actor().reaches("orders:read", contract) {
        return Err(refusal);
    }
    let first = live().order(orders::id).limit(NAMED).select((orders::id, orders::number));
    let first: Vec<(Uuid, String)> = first.load(&mut **tx).await?;
    let named: Vec<Named> = first.into_iter().map(|(id, number)| Named { id, number }).collect();
    Err(refusal.with("orders", &named).with("order_count", count))
}
