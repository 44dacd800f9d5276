//! When a client gets another owner, the old owner's tasks with the client are handed over.

use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{model::Interaction, status::InteractionStatus};
use crate::{
    access::{Actor, Read, Scope, UserId},
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

/// How many interactions `user` has planned with these clients, without those that `actor` may not read.
///
/// # Errors
/// When the database fails.
pub async fn count_planned_with(
    mut db: &AsyncPgConnection,
    actor: &Actor,
    user: UserId,
    client_ids: &[ClientId],
) -> Result<i64> {
    let Ok(scope): Result<Scope<Interaction, Read>> = actor.scope() else { return Ok(0) };
    let planned = interactions::table
        .filter(scope.visible())
        .filter(interactions::client_id.eq_any(client_ids))
        .filter(interactions::user_id.eq(user))
        .filter(interactions::status.eq(InteractionStatus::Planned));
    Ok(planned.count().get_result(&mut db).await?)
}
