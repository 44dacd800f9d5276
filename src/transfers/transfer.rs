//! What a transfer of one client does.

use super::{give::give, model::Transfer};
use crate::{
    access::Scope,
    change::{Tx, lock},
    clients::{self, Client, ClientId, TransferClient, Why},
    error::{Error, Result},
    http::IfMatch,
    users,
};

/// Gives a client to another owner.
///
/// # Errors
/// 404, 412, 403 for a client or an owner out of reach, 409 for an archived client and for a key client to someone who
/// may not own one, 422 for an owner who does not exist, is not active or could not see the client.
pub async fn transfer(
    tx: &mut Tx<'_>,
    scope: &Scope<Client, TransferClient>,
    id: ClientId,
    seen: &IfMatch,
    transfer: Transfer,
) -> Result<Client> {
    let before = lock(tx, scope, id, seen).await?;
    before.refuse_archived()?;
    let owner = users::owner(tx, transfer.owner_id, "/owner_id").await?;
    scope.permit_recipient(owner.team_id)?;
    scope.refuse_taking(before.owner_id, owner.id)?;
    if before.is_key {
        clients::refuse_ordinary_owner(tx, owner.role).await?;
    }
    let after = Client { owner_id: owner.id, team_id: owner.team_id, ..before.clone() };
    clients::refuse_blind(tx, owner.id, &after, "/owner_id").await?;
    if before.owner_id == owner.id {
        return Ok(before);
    }
    let why = Why { reason: Some(transfer.reason), note: transfer.note };
    let from = before.owner_id;
    give(tx, vec![before], from, owner, &why).await?.pop().ok_or_else(Error::not_found)
}
