//! What every test stands on: a database, an app over it, callers, and answers that check themselves.

mod answer;
mod app;
mod contract;
mod database;
mod trace;
mod user;

pub use answer::Answer;
pub use app::TestApp;
pub use contract::document;
pub use database::empty as empty_database;
pub use user::TestUser;
