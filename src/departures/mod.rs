//! Departures: a client is marked lost or archived, unless orders or contracts are under way with it. A departure asks
//! several slices, so it has a slice of its own above them.

mod life;
mod model;
mod steps;
mod unfinished;

pub use life::archive;
pub use steps::routes;
pub use unfinished::refuse_unfinished;
