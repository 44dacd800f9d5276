//! What an interaction refers to besides its client, its contact and its user.

use crate::rest::id::Id;

/// Of contracts.
#[derive(Debug)]
pub enum ContractLabel {}
/// A contract's identifier.
pub type ContractId = Id<ContractLabel>;

/// Of orders.
#[derive(Debug)]
pub enum OrderLabel {}
/// An order's identifier.
pub type OrderId = Id<OrderLabel>;
