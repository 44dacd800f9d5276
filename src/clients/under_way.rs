//! What is under way with a client, and keeps it from being archived or marked lost. Orders and contracts tell it of
//! themselves.

use std::collections::HashSet;

use diesel::{ExpressionMethods, QueryDsl, dsl::sql, sql_types::Bool};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::future::try_join;
use serde::Serialize;
use uuid::Uuid;

use super::model::ClientId;
use crate::{
    db::schema::{contracts, orders},
    error::Result,
};

/// The condition that an order is under way: it is no draft any more, and something is still to be done. It is worded as in
/// the index that serves the query.
pub const ORDERS: &str = "orders.status IN ('submitted', 'approved', 'handed_over', 'accepted', 'in_progress')";

/// The condition that a contract is under way: it is no draft any more, and it has not ended. It is worded as in the index
/// that serves the query.
pub const CONTRACTS: &str = "contracts.status IN ('in_review', 'approved', 'signed', 'active')";

/// How many orders, and how many contracts, are named at most.
pub const NAMED: i64 = 10;

/// The orders, or the contracts, of a client that are under way.
#[derive(Clone, Debug, Default)]
pub struct UnderWay {
    /// The first of those that the caller may see.
    pub named: Vec<Named>,
    /// How many the caller may see.
    pub seen: i64,
    /// How many there are.
    pub total: i64,
}

/// An order or a contract by its number.
#[derive(Clone, Debug, Serialize)]
pub struct Named {
    /// Identifier.
    pub id: Uuid,
    /// The number that people know it by.
    pub number: String,
}

/// The clients among `ids` with orders or contracts under way, in one query for each.
///
/// # Errors
/// When the database fails.
pub async fn busy(db: &AsyncPgConnection, ids: &[ClientId]) -> Result<HashSet<ClientId>> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let (mut for_orders, mut for_contracts) = (db, db);
    let orders = orders::table
        .filter(orders::client_id.eq_any(ids))
        .filter(sql::<Bool>(ORDERS))
        .select(orders::client_id)
        .distinct()
        .load::<ClientId>(&mut for_orders);
    let contracts = contracts::table
        .filter(contracts::client_id.eq_any(ids))
        .filter(sql::<Bool>(CONTRACTS))
        .select(contracts::client_id)
        .distinct()
        .load::<ClientId>(&mut for_contracts);
    let (orders, contracts) = try_join(orders, contracts).await?;
    Ok(orders.into_iter().chain(contracts).collect())
}
