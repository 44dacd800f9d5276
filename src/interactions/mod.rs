//! What passes between the company and a client, done and planned. Planned ones are the manager's tasks. Reached as the
//! client is.

mod due;
mod filter;
mod hand_over;
mod insert;
mod kinds;
mod model;
mod queries;
mod routes;
mod status;
mod steps;
mod view;

pub use hand_over::hand_over;
pub use insert::insert;
pub use kinds::{Channel, Direction, Outcome, Purpose};
pub use model::{Interaction, InteractionId, NewInteraction, NextInteraction};
pub use routes::routes;
pub use status::InteractionStatus;
