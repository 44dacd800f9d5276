//! What clients order: from the draft through approval and hand-over to a department's queue and to fulfilment. An
//! order is within reach when its client is.

mod bodies;
mod circumstances;
mod client;
mod contract;
mod days;
mod external;
mod filter;
mod fulfil;
mod imported;
mod life;
mod limits;
mod lines;
mod model;
mod of_client;
mod queries;
mod record;
mod routes;
mod status;
mod steps;
mod summary;
mod update;
mod view;

use crate::http::Routes;

pub use bodies::{NewOrder, OrderPatch};
pub use bodies::{NewPastOrder, RecordOrder};
pub use client::under_way;
pub use filter::OrderFilter;
pub use imported::{numbered, take_back, within_reach};
pub use life::talk;
pub use lines::LineTerms;
pub use model::{Order, OrderId, OrderLine, OrderNumber, OrderTerms, OrderWithLines, Priority};
pub use of_client::{of_client, totals_of_client};
pub use queries::{chunk, find, next_number};
pub use record::{PastOrder, prepare, record, record_all};
pub use status::{OrderStatus, Transition};
pub use summary::{OrderSummary, OrderTotals};
pub use view::OrderView;

/// The operations on orders.
pub fn routes(api: &mut Routes) {
    routes::routes(api);
    external::routes(api);
    steps::routes(api);
}
