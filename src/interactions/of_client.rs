//! What is shown of interactions on the page of their client.

use diesel::{
    ExpressionMethods, QueryDsl,
    dsl::sql,
    sql_types::{BigInt, Bool},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{
    filter::InteractionIncludes,
    model::Interaction,
    status::InteractionStatus,
    view::{InteractionView, views},
};
use crate::{
    access::Actor,
    clients::ClientId,
    db::{columns_of, schema::interactions},
    error::Result,
    values::Instant,
};

/// Most interactions of a kind on a page.
const MOST: i64 = 20;

/// The planned interactions with a client that `actor` may read, the most urgent one first.
///
/// # Errors
/// As [`Actor::scope_with_clients`].
pub async fn open_of_client(
    mut db: &AsyncPgConnection,
    actor: &Actor,
    client: ClientId,
    now: Instant,
) -> Result<Vec<InteractionView>> {
    let scope = actor.scope_with_clients::<Interaction>()?;
    // The status is a literal in the SQL, not a parameter, so that the planner can use the partial index.
    let rows = interactions::table
        .filter(interactions::client_id.eq(client))
        .filter(sql::<Bool>("interactions.status = 'planned'"))
        .filter(scope.visible())
        .order((interactions::at, interactions::id))
        .limit(MOST)
        .select(columns_of::<Interaction>())
        .load(&mut db)
        .await?;
    views(db, rows, &InteractionIncludes::default(), actor, now).await
}

/// The interactions with a client that `actor` may read and that are not planned any more, the latest first.
///
/// # Errors
/// As [`Actor::scope_with_clients`].
pub async fn last_of_client(
    mut db: &AsyncPgConnection,
    actor: &Actor,
    client: ClientId,
    now: Instant,
) -> Result<Vec<InteractionView>> {
    let scope = actor.scope_with_clients::<Interaction>()?;
    let rows = interactions::table
        .filter(interactions::client_id.eq(client))
        .filter(interactions::status.ne(InteractionStatus::Planned))
        .filter(scope.visible())
        .order((interactions::at.desc(), interactions::id.desc()))
        .limit(MOST)
        .select(columns_of::<Interaction>())
        .load(&mut db)
        .await?;
    views(db, rows, &InteractionIncludes::default(), actor, now).await
}

/// How many interactions with a client `actor` may read, and how many of them are planned.
///
/// # Errors
/// As [`Actor::scope_with_clients`].
pub async fn count_of_client(mut db: &AsyncPgConnection, actor: &Actor, client: ClientId) -> Result<(i64, i64)> {
    let scope = actor.scope_with_clients::<Interaction>()?;
    let rows = interactions::table.filter(interactions::client_id.eq(client)).filter(scope.visible());
    let counts = (sql::<BigInt>("count(*)"), sql::<BigInt>("count(*) FILTER (WHERE interactions.status = 'planned')"));
    Ok(rows.select(counts).first(&mut db).await?)
}
