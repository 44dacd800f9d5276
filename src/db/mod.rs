//! The database: connections, migrations, the local Postgres, and how Rust values are kept.

mod cached;
mod connect;
mod jsonb;
pub mod local;
pub mod migrations;
pub mod schema;
mod stored;

pub use cached::Cached;
pub use connect::{Db, PoolSettings, connect};
pub use jsonb::Jsonb;
pub(crate) use stored::stored_as_text;
