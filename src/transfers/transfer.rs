//! What a transfer does.

use super::model::Transfer;
use crate::{
    access::Scope,
    account_teams,
    change::{Tx, lock, save},
    clients::{self, Client, ClientId, TransferClient},
    error::Result,
    http::IfMatch,
    interactions, users,
};

/// Gives a client to another owner. Everything that belongs to the client comes within the new owner's reach, and what
/// the old owner had planned with it becomes the new owner's task.
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
    let unchanged = before.owner_id == after.owner_id;
    let after = save(tx, "transferred", &before, after).await?;
    if !unchanged {
        tx.because(transfer.reason.as_str());
        account_teams::leave(tx, id, after.owner_id).await?;
        interactions::hand_over(tx, id, before.owner_id, after.owner_id).await?;
    }
    Ok(after)
}
