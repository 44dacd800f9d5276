//! When a client gets another owner, the old owner's tasks with the client are handed over.

use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{model::Interaction, status::InteractionStatus};
use crate::{
    access::{Actor, Read, Scope, UserId},
    change::{Tx, save},
    clients::{ClientId, ClientStatus},
    db::{
        columns_of,
        schema::{clients, interactions},
    },
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

/// How many interactions `user` has planned with clients that are not archived.
///
/// # Errors
/// When the database fails.
pub async fn count_planned(mut db: &AsyncPgConnection, user: UserId) -> Result<i64> {
    let not_archived = clients::table.filter(clients::status.ne(ClientStatus::Archived)).select(clients::id);
    let planned = interactions::table
        .filter(interactions::user_id.eq(user))
        .filter(interactions::status.eq(InteractionStatus::Planned))
        .filter(interactions::client_id.eq_any(not_archived));
    Ok(planned.count().get_result(&mut db).await?)
}

/// The clients, of those that are not archived, with which `user` has planned interactions, in the order of their ids.
///
/// # Errors
/// When the database fails.
pub async fn clients_with_planned(mut db: &AsyncPgConnection, user: UserId) -> Result<Vec<ClientId>> {
    let not_archived = clients::table.filter(clients::status.ne(ClientStatus::Archived)).select(clients::id);
    let clients = interactions::table
        .filter(interactions::user_id.eq(user))
        .filter(interactions::status.eq(InteractionStatus::Planned))
        .filter(interactions::client_id.eq_any(not_archived))
        .order(interactions::client_id)
        .select(interactions::client_id)
        .distinct();
    Ok(clients.load(&mut db).await?)
}
