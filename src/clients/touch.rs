//! When the last interaction with a client took place, and when the next one is due: computed from its interactions and
//! stored with the client.

use diesel::{
    BoolExpressionMethods, ExpressionMethods, OptionalExtension, PgExpressionMethods, QueryDsl, dsl::sql,
    sql_types::Bool,
};
use diesel_async::RunQueryDsl;

use super::{
    merged,
    model::{Client, ClientId},
};
use crate::{
    access::{Action, Read, Scope},
    change::Tx,
    db::{
        Sql, columns_of,
        schema::{clients, interactions},
    },
    error::{Error, Result},
};

static TOUCH: Sql = Sql::new();

/// Like [`super::hold`], for a caller that will [`touch`] the client. Nobody else can touch it until the transaction
/// ends.
///
/// # Errors
/// 422 at `pointer` when the caller cannot reach it, 409 when it is archived.
pub async fn hold_to_touch(tx: &mut Tx<'_>, id: ClientId, pointer: &str) -> Result<Client> {
    let scope = tx.scope::<Client, Read>()?;
    let Some(client) = lock(tx, &scope, id).await? else {
        return Err(merged::unknown(tx, &scope, id, pointer).await?);
    };
    client.refuse_archived()?;
    Ok(client)
}

/// Locks the client of a row within the caller's reach, so that the row can be changed, and the client along with it. To be
/// called before the row is locked: a transfer also locks the client first, and the other order could deadlock with it.
///
/// # Errors
/// Only internal errors.
pub async fn lock_to_touch(tx: &mut Tx<'_>, id: ClientId) -> Result<Client> {
    lock(tx, &Scope::system(), id).await?.ok_or_else(|| Error::internal("a row without its client"))
}

/// Locks the client so that nothing can be added to it either, until the transaction ends.
///
/// # Errors
/// 404.
pub async fn lock_alone<A: Action>(tx: &mut Tx<'_>, scope: &Scope<Client, A>, id: ClientId) -> Result<()> {
    let client = clients::table.filter(clients::id.eq(id)).filter(scope.visible()).select(clients::id);
    let locked: Option<ClientId> = client.for_update().first(&mut **tx).await.optional()?;
    locked.map(drop).ok_or_else(Error::not_found)
}

async fn lock(tx: &mut Tx<'_>, scope: &Scope<Client, Read>, id: ClientId) -> Result<Option<Client>> {
    let client = clients::table
        .filter(clients::id.eq(id))
        .filter(scope.visible())
        .select(columns_of::<Client>())
        .for_no_key_update()
        .first(&mut **tx)
        .await
        .optional()?;
    Ok(client)
}

/// Updates `last_interaction_at` and `next_interaction_at` of the locked client from its interactions. This is not a change
/// of the client: whoever has its form open can still save it. So it has no new version and no record of its own.
///
/// # Errors
/// When the database fails.
pub async fn touch(tx: &mut Tx<'_>, client: &Client) -> Result<()> {
    // The statuses are literals in the SQL, not parameters, so that the planner can use the partial index.
    let of_client = || interactions::table.filter(interactions::client_id.eq(client.id));
    let last = || {
        let done = of_client().filter(sql::<Bool>("interactions.status = 'done'"));
        done.order(interactions::at.desc()).select(interactions::at).limit(1).single_value()
    };
    let next = || {
        let planned = of_client().filter(sql::<Bool>("interactions.status = 'planned'"));
        planned.order(interactions::at).select(interactions::at).limit(1).single_value()
    };
    let stale =
        clients::last_interaction_at.is_distinct_from(last()).or(clients::next_interaction_at.is_distinct_from(next()));
    let update = diesel::update(clients::table.filter(clients::id.eq(client.id)).filter(stale))
        .set((clients::last_interaction_at.eq(last()), clients::next_interaction_at.eq(next())));
    TOUCH.of(update).execute(&mut **tx).await?;
    Ok(())
}
