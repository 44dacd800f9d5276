//! Does the jobs that wait, one after the other.

use std::{collections::HashMap, rc::Rc};

use actix_web::web::Data;
use chrono::Duration;
use futures_util::future::LocalBoxFuture;

use super::{
    claim::{self, Claimed, Ending, MOST_ATTEMPTS},
    model::JobKind,
    run::{Run, Stopped},
};
use crate::{
    clock::Clock,
    db::Db,
    error::{Error, ProblemType, Result},
    files::Files,
    lifecycle::Lifecycle,
    secrets::Secrets,
    values::Language,
};

/// What does one kind of job.
type Handler = Rc<dyn Fn(Run) -> LocalBoxFuture<'static, Result<(), Stopped>>>;

/// What every job needs.
#[derive(Clone)]
pub struct Means {
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Data<Clock>,
    /// What signs the record.
    pub secrets: Data<Secrets>,
    /// Where files are kept.
    pub files: Data<Files>,
    /// Whether the server is about to end.
    pub lifecycle: Data<Lifecycle>,
}

/// Does the jobs that wait.
#[derive(Clone)]
pub struct Worker {
    means: Means,
    handlers: HashMap<JobKind, Handler>,
}

impl Worker {
    /// One that can do nothing yet.
    pub fn new(means: Means) -> Self {
        Self { means, handlers: HashMap::new() }
    }

    /// The same, which does jobs of `kind` by `work`.
    #[must_use]
    pub fn with(mut self, kind: JobKind, work: impl AsyncFn(Run) -> Result<(), Stopped> + 'static) -> Self {
        let work = Rc::new(work);
        let handler = move |run| -> LocalBoxFuture<'static, Result<(), Stopped>> {
            let work = Rc::clone(&work);
            Box::pin(async move { work(run).await })
        };
        self.handlers.insert(kind, Rc::new(handler));
        self
    }

    /// Does all jobs that are due, and returns how many were begun.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn work(&self) -> Result<usize> {
        let mut begun = 0;
        while !self.means.lifecycle.is_stopping() {
            let claimed = claim::claim(&mut *self.means.db.connect().await?, self.means.clock.now()).await?;
            let Some(job) = claimed else { break };
            begun += 1;
            self.do_one(job).await?;
        }
        Ok(begun)
    }

    async fn do_one(&self, job: Claimed) -> Result<()> {
        let Means { db, clock, secrets, files, lifecycle } = self.means.clone();
        let run = Run { job: job.clone(), db: db.clone(), clock: clock.clone(), secrets, files, lifecycle };
        let done = match self.handlers.get(&job.kind) {
            Some(handler) => handler(run).await,
            None => Err(Stopped::Failed(Error::internal("no server does such jobs"))),
        };
        let now = clock.now();
        let ending = match &done {
            Ok(()) => Ending::Done,
            Err(Stopped::Taken) => return Ok(()),
            Err(Stopped::ServerEnds) => Ending::Again(now),
            Err(Stopped::Failed(error)) if may_pass(error) && job.attempts < MOST_ATTEMPTS => {
                tracing::warn!(job = %job.id, %error, attempts = job.attempts, "a job has to wait");
                Ending::Again(now.after(backoff(job.attempts)))
            }
            Err(Stopped::Failed(error)) => {
                tracing::warn!(job = %job.id, %error, "a job failed");
                Ending::Failed(error, self.language(&job).await)
            }
        };
        claim::let_go(&mut *db.connect().await?, &job, now, ending).await
    }

    /// The language in which the owner of the job is told why it failed.
    async fn language(&self, job: &Claimed) -> Language {
        let Ok(db) = self.means.db.connect().await else { return Language::En };
        let owner = job.who.caller(&db, self.means.clock.now()).await.ok().flatten();
        owner.map_or(Language::En, |owner| owner.locale.language)
    }
}

/// Whether another try may succeed.
fn may_pass(error: &Error) -> bool {
    error.problem() == ProblemType::RightsChanged
        || error.retry_after_seconds().is_some()
        || error.problem().status().is_server_error()
}

/// 2, 4, 8, 16 seconds.
fn backoff(attempts: i64) -> Duration {
    Duration::seconds(1 << attempts.clamp(1, 6))
}
