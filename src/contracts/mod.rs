//! Contracts with clients. They are drafted, approved, signed, and in force between their first and last day. The
//! amount of a contract is the ceiling of the orders under it. Whoever reaches the client reaches its contracts.

mod amend;
mod approval;
mod ceiling;
mod client;
pub mod clock;
mod events;
mod external;
mod life;
mod live_orders;
mod model;
mod numbers;
mod of_client;
mod past;
mod queries;
mod routes;
mod status;
mod steps;
mod term;
mod view;

use crate::http::Routes;

pub use ceiling::{Ordering, hold_for_order, hold_in_force, refuse_currency};
pub use client::under_way;
pub use model::{Contract, ContractId, ContractPatch, ContractStart, ContractTerms, NewContract, Side, Signatory};
pub use of_client::{count_of_client, of_client};
pub use past::{Past, insert_past};
pub use queries::insert;
pub use status::ContractStatus;
pub use view::ContractView;

/// The operations on contracts.
pub fn routes(api: &mut Routes) {
    routes::routes(api);
    external::routes(api);
    steps::routes(api);
}
