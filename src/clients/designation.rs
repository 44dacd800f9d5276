//! Whether a client is key: its owner's role must allow it.

use super::model::{Client, ClientId, DesignateKey};
use crate::{
    access::{Role, Scope, policy::may_own_key_clients},
    change::{Tx, lock, save},
    error::{Error, ProblemType, Result},
    http::IfMatch,
    users,
};

/// Designates a client as key, or revokes the designation.
///
/// # Errors
/// 404, 412, 403, 409 when nothing would change, when it is archived or when its owner may not own key clients.
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

/// Refuses an owner whose role may not own key clients.
///
/// # Errors
/// 409.
pub async fn refuse_ordinary_owner(tx: &mut Tx<'_>, role: Role) -> Result<()> {
    if may_own_key_clients(tx, role).await? {
        return Ok(());
    }
    Err(Error::new(ProblemType::Conflict)
        .detail("The owner's role may not own key clients.", "Роль владельца не позволяет вести ключевых клиентов."))
}
