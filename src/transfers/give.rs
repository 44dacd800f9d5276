//! What every transfer does, be it of one client or of many.

use crate::{
    access::UserId,
    account_teams,
    change::{Tx, save},
    clients::{self, Client, ClientId, Why},
    error::Result,
    interactions,
    users::Owner,
};

/// Gives `clients` of the owner `from` to `receiver`. Everything that belongs to them comes within the new owner's reach, and
/// what the old owner had planned with them becomes the new owner's task. The caller has locked the clients and has checked
/// that they may go.
///
/// # Errors
/// When the database fails.
pub async fn give(
    tx: &mut Tx<'_>,
    clients: Vec<Client>,
    from: UserId,
    receiver: Owner,
    why: &Why,
) -> Result<Vec<Client>> {
    let ids: Vec<ClientId> = clients.iter().map(|client| client.id).collect();
    let mut given = Vec::with_capacity(clients.len());
    for before in clients {
        let after = Client { owner_id: receiver.id, team_id: receiver.team_id, ..before.clone() };
        given.push(save(tx, "transferred", &before, after).await?);
        if let Some(reason) = &why.reason {
            tx.because(reason.as_str());
        }
    }
    clients::follow(tx, &ids, receiver.id, why).await?;
    account_teams::leave(tx, &ids, receiver.id).await?;
    interactions::hand_over(tx, &ids, from, receiver.id).await?;
    Ok(given)
}
