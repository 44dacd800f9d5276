//! Organisations and persons that the company works with: the middle of everything. Managers see their own,
//! key-account managers also their team's key clients, supervisors all.

mod confidential;
mod model;
mod queries;
mod routes;
mod status;
mod transfer;
mod view;

pub use model::{Address, Client, ClientId, Kind, NewClient};
pub use queries::{find, hold, insert, step};
pub use routes::routes;
pub use status::{ClientStatus, Transition};
pub use transfer::designate;
