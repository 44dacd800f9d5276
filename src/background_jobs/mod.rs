//! Work that any server does in the background on behalf of somebody: exports and imports. A job is kept in the database
//! until it is done, so that another server takes it up when the one that had it is gone. Everyone sees their own jobs,
//! supervisors all.

mod claim;
mod model;
mod queries;
mod routes;
mod run;
mod steps;
mod worker;

use crate::http::Routes;

pub use claim::sweep;
pub use model::{Job, JobId, JobKind, JobRef, JobState, JobView};
pub use queries::{ask, enqueue, latest_of, working};
pub use run::{Progress, Run, Stopped};
pub use worker::{Means, Worker};

/// The operations on jobs.
pub fn routes(api: &mut Routes) {
    routes::routes(api);
    steps::routes(api);
}
