//! Erasures: the personal data of a client or of a person at one is replaced wherever it is held, figures and contracts stay, and
//! a deed tells what was erased, when, why and by whom.
//!
//! What Postgres keeps of rows that were replaced goes with its next vacuum, and what is in backups with them.

mod erase;
mod model;
mod queries;
mod routes;

pub use erase::contact as erase_contact;
pub use model::{Erasure, ErasureId, NewErasure};
pub use routes::routes;
