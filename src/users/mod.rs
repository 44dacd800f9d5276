//! The people who work here. Everyone sees their team; supervisors see and administer all.

pub mod consent;
mod model;
pub mod own_settings;
mod queries;
mod routes;
mod sign_in;

pub use model::{User, UserKind, UserRef, UserStatus, UserTerms, UserView};
pub use queries::{
    Owner, block, find_owner, find_to_administer, hold, insert, key_owners, owner, person, references,
    refuse_key_clients,
};
pub use routes::routes;
pub use sign_in::{FirstPassword, grow, sign_in_changed};
