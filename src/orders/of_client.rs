//! What is shown of orders on the page of their client.

use diesel::{ExpressionMethods, QueryDsl, dsl::sql, sql_types::Bool};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{
    filter::{OrderFilter, OrderIncludes},
    model::Order,
    summary::{OrderTotals, summary},
    view::{OrderView, views},
};
use crate::{
    access::Actor,
    clients::{ClientId, under_way},
    db::{columns_of, schema::orders},
    error::Result,
};

/// Most orders on a page.
const MOST: i64 = 20;

/// The orders of a client that `actor` may read, the latest change first.
///
/// # Errors
/// As [`Actor::scope_with_clients`].
pub async fn of_client(mut db: &AsyncPgConnection, actor: &Actor, client: ClientId) -> Result<Vec<OrderView>> {
    let scope = actor.scope_with_clients::<Order>()?;
    let rows = orders::table
        .filter(orders::client_id.eq(client))
        .filter(scope.visible())
        .order((orders::updated_at.desc(), orders::id.desc()))
        .limit(MOST)
        .select(columns_of::<Order>())
        .load(&mut db)
        .await?;
    views(db, rows, &OrderIncludes::default(), actor).await
}

/// How many orders of a client `actor` may read, what they come to in each currency, and how many are under way.
///
/// # Errors
/// As [`Actor::scope_with_clients`].
pub async fn totals_of_client(
    mut db: &AsyncPgConnection,
    actor: &Actor,
    client: ClientId,
) -> Result<(OrderTotals, i64)> {
    let scope = actor.scope_with_clients::<Order>()?;
    let filter = OrderFilter { client_id: vec![client], ..OrderFilter::default() };
    let summary = summary(db, &scope, &filter, None).await?;
    let under_way = orders::table
        .filter(orders::client_id.eq(client))
        .filter(sql::<Bool>(under_way::ORDERS))
        .filter(scope.visible());
    Ok((summary.totals, under_way.count().get_result(&mut db).await?))
}
