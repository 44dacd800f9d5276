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
/// 404, 412, 403 also for who would designate their own client, 409 when nothing would change, when it is archived or when its owner may not own key clients.
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
        let (state, allowed) = if is_key { ("key", "revoke-key") } else { ("ordinary", "designate-key") };
        return Err(Error::transition(state, &[allowed]));
    }
    if is_key {
        refuse_own(tx, &before)?;
        let owner = users::owner(tx, before.owner_id, "/owner_id").await?;
        refuse_ordinary_owner(tx, owner.role).await?;
    }
    let action = if is_key { "designated_key" } else { "revoked_key" };
    let after = Client { is_key, ..before.clone() };
    save(tx, action, &before, after).await
}

/// Whether a client is key is another person's judgement than its owner's.
fn refuse_own(tx: &Tx<'_>, client: &Client) -> Result<()> {
    if tx.user_id() != Some(client.owner_id) {
        return Ok(());
    }
    let refusal = Error::new(ProblemType::Forbidden).detail(
        "Nobody designates their own client as key. Ask a colleague who may.",
        "Никто не объявляет ключевым собственного клиента. Попросите коллегу с таким правом.",
    );
    Err(refusal.with("rule", "separation_of_duties"))
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
