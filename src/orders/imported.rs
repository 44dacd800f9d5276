//! What an import needs of orders: which there are already, and how a past order is taken back.

use std::collections::HashMap;

use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{
    bodies::RecordOrder,
    fulfil::write_quantities,
    life::{Entry, take},
    model::{Order, OrderId, OrderNumber, OrderWithLines},
    queries::{lock, next_number},
    status::OrderStatus,
};
use crate::{
    access::{Read, Scope},
    change::Tx,
    db::{Jsonb, schema::orders},
    error::Result,
    http::IfMatch,
    values::FulfilledQuantity,
};

/// The orders with these numbers, by the number, also those out of reach: a number belongs to one order.
///
/// # Errors
/// When the database fails.
pub async fn numbered(mut db: &AsyncPgConnection, numbers: Vec<OrderNumber>) -> Result<HashMap<String, Uuid>> {
    let rows = orders::table.filter(orders::number.eq_any(numbers)).select((orders::number, orders::id));
    let rows: Vec<(OrderNumber, Uuid)> = rows.load(&mut db).await?;
    Ok(rows.into_iter().map(|(number, id)| (number.as_str().to_owned(), id)).collect())
}

/// The orders among `ids` within reach.
///
/// # Errors
/// When the database fails.
pub async fn within_reach(
    mut db: &AsyncPgConnection,
    scope: &Scope<Order, Read>,
    ids: Vec<OrderId>,
) -> Result<Vec<Uuid>> {
    let rows = orders::table.filter(scope.visible()).filter(orders::id.eq_any(ids)).select(orders::id);
    Ok(rows.load(&mut db).await?)
}

/// Takes back a past order that should not have been recorded: it is cancelled, so that nothing comes of it. Its number and its
/// ids in other systems are free again, for the order that they are of.
///
/// # Errors
/// 404, 403.
pub async fn take_back(tx: &mut Tx<'_>, scope: &Scope<Order, RecordOrder>, id: OrderId) -> Result<OrderWithLines> {
    let before = lock(tx, scope, id, &IfMatch::Any).await?;
    let mut after = before.clone();
    after.order.status = OrderStatus::Cancelled;
    after.order.number = next_number(tx).await?;
    after.order.terms.external_ids = Jsonb::default();
    // What was never delivered does not count towards a contract.
    for line in &mut after.lines {
        line.fulfilled_quantity = FulfilledQuantity::least();
        line.returned_quantity = FulfilledQuantity::least();
    }
    write_quantities(tx, &before.lines, &after.lines).await?;
    take(tx, &before, after, Entry::of("cancelled")).await
}
