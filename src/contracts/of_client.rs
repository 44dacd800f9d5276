//! What is shown of contracts on the page of their client.

use diesel::{ExpressionMethods, QueryDsl, dsl::sql, sql_types::BigInt};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{
    model::{Contract, ContractIncludes},
    view::{ContractView, views},
};
use crate::{
    access::Actor,
    clients::{ClientId, under_way},
    db::{columns_of, schema::contracts},
    error::Result,
};

/// Most contracts on a page.
const MOST: i64 = 20;

/// The contracts with a client that `actor` may read, the latest change first.
///
/// # Errors
/// As [`Actor::scope_with_clients`].
pub async fn of_client(mut db: &AsyncPgConnection, actor: &Actor, client: ClientId) -> Result<Vec<ContractView>> {
    let scope = actor.scope_with_clients::<Contract>()?;
    let rows = contracts::table
        .filter(contracts::client_id.eq(client))
        .filter(scope.visible())
        .order((contracts::updated_at.desc(), contracts::id.desc()))
        .limit(MOST)
        .select(columns_of::<Contract>())
        .load(&mut db)
        .await?;
    views(db, rows, &ContractIncludes::default(), actor).await
}

/// How many contracts with a client `actor` may read, and how many of them are under way.
///
/// # Errors
/// As [`Actor::scope_with_clients`].
pub async fn count_of_client(mut db: &AsyncPgConnection, actor: &Actor, client: ClientId) -> Result<(i64, i64)> {
    let scope = actor.scope_with_clients::<Contract>()?;
    let rows = contracts::table.filter(contracts::client_id.eq(client)).filter(scope.visible());
    let under_way = format!("count(*) FILTER (WHERE {})", under_way::CONTRACTS);
    Ok(rows.select((sql::<BigInt>("count(*)"), sql::<BigInt>(&under_way))).first(&mut db).await?)
}
