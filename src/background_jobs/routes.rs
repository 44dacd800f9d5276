//! `/v1/jobs`.

use actix_web::web::Path;

use super::{
    model::{Job, JobFilter, JobId, JobView},
    queries,
};
use crate::{
    access::{Read, Scope},
    db::{Cost, Db},
    error::Result,
    http::{OneParams, Query, Routes, Tagged, endpoint},
    list::{ListQuery, Page},
};

/// The operations on jobs that are not steps.
pub fn routes(api: &mut Routes) {
    api.add("jobs", [endpoint!(list_jobs), endpoint!(get_job)]);
}

/// List jobs
///
/// Use it to see what is being done in the background, and what became of it.
///
/// Newest first. Jobs that ended are kept for ninety days.
#[utoipa::path(
    get,
    path = "/v1/jobs",
    responses((status = 200, description = "A page of the jobs within reach."))
)]
async fn list_jobs(scope: Scope<Job, Read>, query: ListQuery<JobFilter>, db: Db) -> Result<Page<JobView>> {
    let db = db.reader(query.cost).await?;
    queries::list(&db, &scope, &query).await
}

/// Get a job
///
/// Use it to show how far a job is: ask again every second or so until its state is final.
#[utoipa::path(
    get,
    path = "/v1/jobs/{id}",
    responses((status = 200, description = "The job."))
)]
async fn get_job(scope: Scope<Job, Read>, id: Path<JobId>, query: Query<OneParams>, db: Db) -> Result<Tagged<JobView>> {
    let fields = query.0.fields()?;
    let db = db.reader(Cost::Small).await?;
    let job = queries::find(&db, &scope, *id).await?;
    Ok(Tagged::new(queries::view(job, scope.actor()), fields))
}
