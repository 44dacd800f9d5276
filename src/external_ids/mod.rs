//! The ids by which other systems know a row, such as a client's number in the accounts. A row has any number of them, and an id
//! belongs to one row of a kind within its source.

mod known;
mod model;
mod queries;

pub use known::{Known, known};
pub use model::{ExternalId, repeated};
pub use queries::{Holder, holder, holders};
