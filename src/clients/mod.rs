//! Organisations and persons that the company works with: the middle of everything. Managers see their own,
//! key-account managers also their team's key clients, supervisors all.

mod bodies;
mod confidential;
mod filter;
mod model;
mod queries;
mod reference;
mod routes;
mod status;
mod touch;
mod transfer;
mod view;

pub use bodies::NewClient;
pub use model::{Address, Client, ClientId, Kind, Messenger, MessengerKind};
pub use queries::{find, grow, hold, insert, lock, refuse_archived, step};
pub use reference::{ClientRef, references};
pub use routes::routes;
pub use status::{ClientStatus, Transition};
pub use touch::{hold_to_touch, lock_to_touch, touch};
pub use transfer::designate;
