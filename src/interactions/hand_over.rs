//! When a client gets another owner, the old owner's tasks with the client are handed over.

use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::RunQueryDsl;

use super::{model::Interaction, status::InteractionStatus};
use crate::{
    access::UserId,
    change::{Tx, save},
    clients::ClientId,
    db::{columns_of, schema::interactions},
    error::Result,
};

/// Assigns the interactions that `from` has planned with these clients to `to`. The caller has locked the clients that have
/// got a new owner, and has stored that.
///
/// # Errors
/// When the database fails.
pub async fn hand_over(tx: &mut Tx<'_>, client_ids: &[ClientId], from: UserId, to: UserId) -> Result<()> {
    let planned: Vec<Interaction> = interactions::table
        .filter(interactions::client_id.eq_any(client_ids))
        .filter(interactions::user_id.eq(from))
        .filter(interactions::status.eq(InteractionStatus::Planned))
        .order(interactions::id)
        .select(columns_of::<Interaction>())
        .for_no_key_update()
        .load(&mut **tx)
        .await?;
    for before in planned {
        let after = Interaction { user_id: to, ..before.clone() };
        save(tx, "handed_over", &before, after).await?;
    }
    Ok(())
}
