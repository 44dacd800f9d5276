//! The basis of every test: a database, an app over it, callers, and answers that check themselves.

mod answer;
mod app;
mod contract;
mod database;
mod log;
mod schemas;
mod served;
mod throw_away;
mod trace;
mod user;

pub use answer::Answer;
pub use app::TestApp;
pub use contract::{document, resolve};
pub use database::{MASTER, as_server, empty as empty_database, start_of_time};
pub use log::Log;
pub use schemas::validator;
pub use served::{Connection, Served};
pub use user::{PASSWORD, TestUser};
