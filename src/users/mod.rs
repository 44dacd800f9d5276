//! The people who work here. Everyone sees their team; supervisors see and administer all.

mod credentials;
mod credentials_routes;
mod model;
mod queries;
mod routes;

pub use credentials::{FirstPassword, reset_password, sign_in_changed};
pub use model::{NewUser, User, UserRef, UserStatus, UserView};
pub use queries::{Owner, find_own, insert, key_owners, owner, references};
pub use routes::routes;
