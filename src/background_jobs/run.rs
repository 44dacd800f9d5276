//! One job, while a server does it.

use actix_web::web::Data;

use super::claim::{self, Claimed};
use crate::{
    change::{self, Tx},
    clock::Clock,
    db::Db,
    error::{Error, Result},
    files::Files,
    lifecycle::Lifecycle,
    secrets::Secrets,
    values::Instant,
};
use uuid::Uuid;

/// A job that this server does, with what it needs for it.
#[derive(Clone)]
pub struct Run {
    pub(super) job: Claimed,
    pub(super) db: Db,
    pub(super) clock: Data<Clock>,
    pub(super) secrets: Data<Secrets>,
    pub(super) files: Data<Files>,
    pub(super) lifecycle: Data<Lifecycle>,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How many rows are done.
    pub done: i64,
    /// How many rows there are, once that is known.
    pub total: Option<i64>,
}

/// Why a server goes no further with a job.
#[derive(Debug)]
pub enum Stopped {
    /// It was cancelled, or another server has taken it up.
    Taken,
    /// The server is about to end.
    ServerEnds,
    /// It cannot be done, or not now.
    Failed(Error),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Run {
    /// The export or the import that the job works on.
    pub fn subject(&self) -> Uuid {
        self.job.subject
    }

    /// The present moment.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Where files are kept.
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// Does the next part of the job in one transaction, with the rights that its owner has now. The progress that `work`
    /// notes is committed together with what it does, so nothing is done twice, and the job stays this server's.
    ///
    /// # Errors
    /// The errors of `work`, or why the server goes no further.
    pub async fn chunk<T>(
        &self,
        work: impl AsyncFnOnce(&mut Tx<'_>, &mut Progress) -> Result<T>,
    ) -> Result<T, Stopped> {
        if self.lifecycle.is_stopping() {
            return Err(Stopped::ServerEnds);
        }
        let done = change::on_behalf(&self.db, &self.secrets, self.clock.now(), &self.job.who, async |tx| {
            let Some((done, total)) = claim::hold(tx, &self.job).await? else { return Ok(None) };
            let mut progress = Progress { done, total };
            let value = work(tx, &mut progress).await?;
            claim::advance(tx, &self.job, progress.done, progress.total).await?;
            Ok(Some(value))
        });
        done.await?.ok_or(Stopped::Taken)
    }
}
