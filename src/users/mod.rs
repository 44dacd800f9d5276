//! The people who work here. Everyone sees their team; supervisors see and administer all.

mod credentials;
mod credentials_routes;
mod model;
mod queries;
mod routes;

pub use credentials::{FirstPassword, reset_password, sign_in_changed};
pub use model::{NewUser, User, UserKind, UserRef, UserStatus, UserView};
pub use queries::{Owner, find_own, find_to_administer, insert, key_owners, owner, references, refuse_key_clients};
pub use routes::routes;
