//! Interactions between the company and a client, done and planned. The planned ones are the manager's tasks. An
//! interaction is within reach when its client is.

mod due;
mod external;
mod filter;
mod hand_over;
mod insert;
mod kinds;
mod life;
mod model;
mod of_client;
mod outreach;
mod queries;
mod routes;
mod status;
mod steps;
mod view;

use crate::http::Routes;

pub use hand_over::{clients_with_planned, count_planned, count_planned_with, hand_over};
pub use insert::insert;
pub use kinds::{Channel, Direction, Outcome, Purpose};
pub use model::{
    Interaction, InteractionId, InteractionPatch, InteractionStart, InteractionTerms, NewInteraction, NextInteraction,
};
pub use of_client::{count_of_client, last_of_client, open_of_client};
pub use status::InteractionStatus;
pub use view::InteractionView;

/// The operations on interactions.
pub fn routes(api: &mut Routes) {
    routes::routes(api);
    external::routes(api);
    steps::routes(api);
}
