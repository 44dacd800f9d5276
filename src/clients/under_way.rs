//! What is under way with a client, and keeps it from being archived or marked lost. Orders and contracts tell it of
//! themselves.

use serde::Serialize;
use uuid::Uuid;

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
