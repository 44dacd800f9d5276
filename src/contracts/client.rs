//! The client of a contract: no business is begun with one that is lost or archived.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl};
use diesel_async::RunQueryDsl;

use super::model::{Contract, ContractId};
use crate::{
    access::{Action, Scope},
    change::Tx,
    clients::{self, ClientId, Standing},
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
