//! What a row tells about itself, so that a right can cover it: its owner, its team and its departments.

use uuid::Uuid;

use crate::{
    access::{TeamId, UserId},
    values::Entity,
};

/// Who a row belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ownership {
    /// Who owns it.
    pub owner: UserId,
    /// The owner's team.
    pub team: TeamId,
    /// Whether it is of a key client.
    pub is_key: bool,
}

/// A kind of row. A right may cover only some rows of the kind.
pub trait Belongs: Entity {
    /// Who the row belongs to. `None` when it belongs to nobody: then a right of any reach covers it.
    fn ownership(&self) -> Option<Ownership>;

    /// How many of the row's versions changed nothing but confidential members.
    fn hidden_changes(&self) -> i64 {
        0
    }

    /// Shows another version than the row's own, to who may not see all changes.
    fn show_version(&mut self, _version: i64) {}

    /// Whether the row is of one of these departments. A row that no department executes is of every one.
    fn is_of_one(&self, _departments: &[Uuid]) -> bool {
        true
    }
}
