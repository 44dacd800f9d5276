//! Who works with a client, and whether it is key: the two decide each other.

use super::{
    bodies::Transfer,
    model::{Client, ClientId, DesignateKey, TransferClient},
    queries::{lock, save},
};
use crate::{
    access::{Role, Scope, policy::may_own_key_clients},
    account_teams,
    change::Tx,
    error::{Error, ProblemType, Result},
    http::IfMatch,
    interactions, users,
};

/// Gives a client to another owner; everything of the client comes within the new owner's reach, and what the old owner
/// had planned with it becomes the new owner's task.
///
/// # Errors
/// 404, 412, 403 for a client or an owner out of reach, 409 for a key client to someone who may not own one, 422 for an
/// owner who does not exist.
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
    if before.is_key {
        refuse_ordinary_owner(tx, owner.role).await?;
    }
    let after = Client { owner_id: owner.id, team_id: owner.team_id, ..before.clone() };
    let unchanged = before.owner_id == after.owner_id;
    let after = save(tx, "transferred", &before, after).await?;
    if !unchanged {
        tx.because(transfer.reason.as_str());
        account_teams::leave(tx, id, after.owner_id).await?;
        interactions::hand_over(tx, id, before.owner_id, after.owner_id).await?;
    }
    Ok(after)
}

/// Designates a client as key, or revokes that.
///
/// # Errors
/// 404, 412, 403, 409 when it is so already, when it is archived or when its owner may not own key clients.
pub async fn designate(
    tx: &mut Tx<'_>,
    scope: &Scope<Client, DesignateKey>,
    id: ClientId,
    seen: &IfMatch,
    is_key: bool,
) -> Result<Client> {
    let before = lock(tx, scope, id, seen).await?;
    before.refuse_archived()?;
    if before.is_key == is_key {
        let (state, allowed) = if is_key { ("key", "revoke_key") } else { ("ordinary", "designate_key") };
        return Err(Error::transition(state, &[allowed]));
    }
    if is_key {
        let owner = users::owner(tx, before.owner_id, "/owner_id").await?;
        refuse_ordinary_owner(tx, owner.role).await?;
    }
    let action = if is_key { "designated_key" } else { "revoked_key" };
    let after = Client { is_key, ..before.clone() };
    save(tx, action, &before, after).await
}

async fn refuse_ordinary_owner(tx: &mut Tx<'_>, role: Role) -> Result<()> {
    if may_own_key_clients(tx, role).await? {
        return Ok(());
    }
    Err(Error::new(ProblemType::Conflict)
        .detail("The owner's role may not own key clients.", "Роль владельца не позволяет вести ключевых клиентов."))
}
