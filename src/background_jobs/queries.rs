//! Every query of callers on jobs.

use std::collections::HashMap;

use diesel::{ExpressionMethods, Insertable, OptionalExtension, QueryDsl, SelectableHelper, pg::Pg};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::model::{Job, JobFilter, JobId, JobKind, JobRef, JobState, JobView, Transition};
use crate::{
    access::{Action, Actor, ApiKeyId, OnBehalf, Read, Scope, SessionId, TeamId, Update, UserId, Within},
    change::{Row, Tx, lock, save},
    db::{Jsonb, Sql, columns_of, schema::jobs},
    error::{Error, OnConstraint, ProblemType, Result},
    http::IfMatch,
    list::{ListQuery, Page, SortBy, SortValue, keyset_within},
    values::{Entity, Instant, Resource},
};

type Boxed = jobs::BoxedQuery<'static, Pg>;

/// A job as it is queued.
#[derive(Insertable)]
#[diesel(table_name = jobs, treat_none_as_default_value = false)]
struct NewJob {
    id: JobId,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
    owner_id: UserId,
    team_id: TeamId,
    kind: JobKind,
    subject_id: Uuid,
    state: JobState,
    done: i64,
    attempts: i64,
    due_at: Instant,
    session_id: Option<SessionId>,
    api_key_id: Option<ApiKeyId>,
    scopes: Option<Jsonb<Vec<String>>>,
}

fn filtered(within: Within<Job>, filter: &JobFilter) -> Boxed {
    let mut query = jobs::table.filter(within).into_boxed();
    if !filter.owner_id.is_empty() {
        query = query.filter(jobs::owner_id.eq_any(filter.owner_id.clone()));
    }
    if !filter.kind.is_empty() {
        query = query.filter(jobs::kind.eq_any(filter.kind.clone()));
    }
    if !filter.state.is_empty() {
        query = query.filter(jobs::state.eq_any(filter.state.clone()));
    }
    if let Some(subject) = filter.subject_id {
        query = query.filter(jobs::subject_id.eq(subject.uuid()));
    }
    query
}

/// A page of the jobs within reach, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    mut db: &AsyncPgConnection,
    scope: &Scope<Job, Read>,
    query: &ListQuery<JobFilter>,
) -> Result<Page<JobView>> {
    let order = SortBy::column(Job::NAME, "created_at", true);
    let rows = |within| filtered(within, &query.filter);
    let rows: Vec<Job> = keyset_within(scope, rows, order, query.after.clone(), query.limit)
        .select(columns_of::<Job>())
        .load(&mut db)
        .await?;
    let total = match query.total {
        true => Some(filtered(scope.visible(), &query.filter).count().get_result(&mut db).await?),
        false => None,
    };
    let page = query.page(rows, total, |job: &Job| (SortValue::Instant(job.created_at), job.uuid()))?;
    Ok(page.map(|job| view(job, scope.actor())))
}

/// The job `id`, within reach.
///
/// # Errors
/// 404 when there is none.
pub async fn find(mut db: &AsyncPgConnection, scope: &Scope<Job, Read>, id: JobId) -> Result<Job> {
    let job = jobs::table.filter(jobs::id.eq(id)).filter(scope.visible()).select(columns_of::<Job>());
    job.first(&mut db).await.optional()?.ok_or_else(Error::not_found)
}

/// The job as `actor` sees it.
pub fn view(job: Job, actor: &Actor) -> JobView {
    let may_cancel = job.state.is_live() && actor.may::<Job, Update>(&job);
    JobView { actions: if may_cancel { vec!["cancel"] } else { Vec::new() }, job }
}

/// Queues a job of the caller that works on `subject`. Any server takes it up once the transaction is committed.
///
/// # Errors
/// 409 while another job works on the same, 401 without a caller.
pub async fn enqueue(tx: &mut Tx<'_>, kind: JobKind, subject: Uuid) -> Result<JobId> {
    let Actor::Caller(caller) = tx.actor() else { return Err(Error::new(ProblemType::Unauthorized)) };
    let (who, team_id) = (OnBehalf::of(caller), caller.team_id);
    let now = tx.now();
    let job = NewJob {
        id: tx.new_id(),
        version: 1,
        created_at: now,
        updated_at: now,
        owner_id: who.user,
        team_id,
        kind,
        subject_id: subject,
        state: JobState::Queued,
        done: 0,
        attempts: 0,
        due_at: now,
        session_id: who.session(),
        api_key_id: who.api_key(),
        scopes: who.scopes.map(Jsonb),
    };
    diesel::insert_into(jobs::table).values(&job).execute(&mut **tx).await.on_constraint(breached)?;
    Ok(job.id)
}

/// As [`enqueue`], for a job that nothing else tells of: it is recorded and answered itself. The one that works on `subject` already
/// is answered as well.
///
/// # Errors
/// As [`enqueue`], when another caller is faster by a moment.
pub async fn ask(tx: &mut Tx<'_>, kind: JobKind, subject: Uuid) -> Result<JobView> {
    let live = jobs::table
        .filter(jobs::subject_id.eq(subject))
        .filter(jobs::state.eq_any([JobState::Queued, JobState::Running]))
        .select(columns_of::<Job>());
    let live: Option<Job> = live.first(&mut **tx).await.optional()?;
    if let Some(live) = live {
        return Ok(view(live, tx.actor()));
    }
    let id = enqueue(tx, kind, subject).await?;
    let job: Job = jobs::table.find(id).select(columns_of::<Job>()).first(&mut **tx).await?;
    tx.created(&job);
    Ok(view(job, tx.actor()))
}

fn breached(constraint: &str) -> Option<Error> {
    (constraint == "jobs_live_key").then(working)
}

/// The error for what a job works on already.
pub fn working() -> Error {
    Error::new(ProblemType::Conflict).detail(
        "A job works on this already. Wait until it is done, or cancel it.",
        "Над этим уже работает задание. Дождитесь его завершения или отмените его.",
    )
}

/// The latest job of each of `subjects`, in one query. It checks no reach: what they work on was read within reach before.
///
/// # Errors
/// When the database fails.
pub async fn latest_of(mut db: &AsyncPgConnection, subjects: Vec<Uuid>) -> Result<HashMap<Uuid, JobRef>> {
    if subjects.is_empty() {
        return Ok(HashMap::new());
    }
    let latest = jobs::table
        .filter(jobs::subject_id.eq_any(subjects))
        .distinct_on(jobs::subject_id)
        .order((jobs::subject_id, jobs::created_at.desc(), jobs::id.desc()))
        .select((jobs::subject_id, JobRef::as_select()));
    let rows: Vec<(Uuid, JobRef)> = latest.load(&mut db).await?;
    Ok(rows.into_iter().collect())
}

/// Stops a job. What it has done by then stays done, and the server that does it goes no further.
///
/// # Errors
/// 404, 403, 412, 409 when it is over.
pub async fn cancel(tx: &mut Tx<'_>, scope: &Scope<Job, Update>, id: JobId, seen: &IfMatch) -> Result<Job> {
    let before = lock(tx, scope, id, seen).await?;
    if !before.state.is_live() {
        return Err(Error::transition(before.state.as_ref(), &[]));
    }
    let unleased = (jobs::lease.eq(None::<Uuid>), jobs::leased_until.eq(None::<Instant>));
    let ended = (jobs::state.eq(JobState::Cancelled), jobs::finished_at.eq(Some(tx.now())));
    diesel::update(jobs::table.find(id)).set((unleased, ended)).execute(&mut **tx).await?;
    let after = Job { state: JobState::Cancelled, finished_at: Some(tx.now()), ..before.clone() };
    save(tx, Transition::DONE, &before, after).await
}

impl Transition {
    /// What was done, for the record.
    const DONE: &'static str = "cancelled";
}

impl Row for Job {
    type Id = JobId;

    async fn find_locked<A: Action>(tx: &mut Tx<'_>, scope: &Scope<Self, A>, id: JobId) -> Result<Option<Self>> {
        let row = jobs::table.filter(jobs::id.eq(id)).filter(scope.visible()).select(columns_of::<Self>());
        Ok(row.for_no_key_update().first(&mut **tx).await.optional()?)
    }

    async fn write(&self, tx: &mut Tx<'_>) -> Result<()> {
        static SAVE: Sql = Sql::new();
        let update = SAVE.of(diesel::update(jobs::table.find(self.id)).set(self.clone()));
        update.execute(&mut **tx).await?;
        Ok(())
    }

    fn advance(&mut self, now: Instant) {
        self.version += 1;
        self.updated_at = now;
    }
}
