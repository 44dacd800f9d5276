//! The organisation's own fields: what they are, and the values that rows have of them. Supervisors define them; see the slice
//! `custom_fields`.

mod check;
mod compare;
mod definition;
mod kind;
mod values;

pub use check::{Custom, Given, Reference, breaches, checked, with_defaults};
pub use compare::{Comparable, comparable};
pub use definition::{Choice, Definition, Definitions, load};
pub use kind::{CustomKind, CustomResource};
pub use values::{CustomValue, CustomValues};
