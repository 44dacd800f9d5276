//! Departures: a client is marked lost or archived.

mod life;
mod model;
mod steps;

pub use life::archive;
pub use steps::routes;
