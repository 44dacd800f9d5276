//! The client of a contract: no business is begun with one that is lost or archived.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, dsl::sql, sql_types::Bool};
use diesel_async::RunQueryDsl;

use super::model::{Contract, ContractId};
use crate::{
    access::{Action, Read, Scope},
    change::Tx,
    clients::{
        self, ClientId, Standing,
        under_way::{self, NAMED, Named, UnderWay},
    },
    db::schema::contracts,
    error::{Error, Result},
};

/// How the company stands with the client of the contract `id`. Until the transaction ends, the client is neither archived
/// nor marked lost. To be called before the contract is locked.
///
/// # Errors
/// 404.
pub async fn hold_standing<A: Action>(tx: &mut Tx<'_>, scope: &Scope<Contract, A>, id: ContractId) -> Result<Standing> {
    let visible = contracts::table.filter(contracts::id.eq(id)).filter(scope.visible());
    let client: Option<ClientId> = visible.select(contracts::client_id).first(&mut **tx).await.optional()?;
    clients::hold_standing(tx, client.ok_or_else(Error::not_found)?).await
}

/// The contracts that are under way with the client.
///
/// # Errors
/// When the database fails.
pub async fn under_way(tx: &mut Tx<'_>, client: ClientId) -> Result<UnderWay> {
    let all = || contracts::table.filter(contracts::client_id.eq(client)).filter(sql::<Bool>(under_way::CONTRACTS));
    let total: i64 = all().count().get_result(&mut **tx).await?;
    let scope = tx.scope::<Contract, Read>().ok().filter(|_| total > 0);
    let Some(scope) = scope else { return Ok(UnderWay { total, ..UnderWay::default() }) };
    let seen = all().filter(scope.visible()).count().get_result(&mut **tx).await?;
    let first = all().filter(scope.visible()).order(contracts::id).limit(NAMED);
    let first = first.select((contracts::id, contracts::number, contracts::title));
    let first: Vec<(ContractId, Option<String>, String)> = first.load(&mut **tx).await?;
    // What is still in review has no number yet.
    let named = first.into_iter().map(|(id, number, title)| Named { id: id.uuid(), number: number.unwrap_or(title) });
    Ok(UnderWay { named: named.collect(), seen, total })
}
