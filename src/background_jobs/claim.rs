//! How a server takes a job up, holds it and lets it go. All of it is done by the system itself.

use chrono::Duration;
use diesel::{ExpressionMethods, QueryDsl, QueryableByName, sql_query, sql_types};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::model::{JobId, JobKind};
use crate::{
    access::{ApiKeyId, OnBehalf, SessionId, UserId},
    change::Tx,
    db::{Jsonb, schema::jobs},
    error::{Error, Result},
    values::{Instant, Language},
};

/// How long a server that does not get on keeps a job.
const LEASE: Duration = Duration::seconds(60);
/// How often a job is begun without getting on.
pub const MOST_ATTEMPTS: i64 = 5;
/// How long jobs that ended are kept.
const KEPT: Duration = Duration::days(90);

/// A job that this server does.
#[derive(Clone, Debug)]
pub struct Claimed {
    pub id: JobId,
    pub kind: JobKind,
    pub subject: Uuid,
    pub attempts: i64,
    pub who: OnBehalf,
    lease: Uuid,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = sql_types::Uuid)]
    id: JobId,
    #[diesel(sql_type = sql_types::Text)]
    kind: JobKind,
    #[diesel(sql_type = sql_types::Uuid)]
    subject_id: Uuid,
    #[diesel(sql_type = sql_types::BigInt)]
    attempts: i64,
    #[diesel(sql_type = sql_types::Uuid)]
    owner_id: UserId,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Uuid>)]
    session_id: Option<SessionId>,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Uuid>)]
    api_key_id: Option<ApiKeyId>,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Jsonb>)]
    scopes: Option<Jsonb<Vec<String>>>,
}

/// Takes up the job that waits longest, or one whose server has not got on for as long as a lease. Servers that ask at once
/// get different ones.
///
/// # Errors
/// When the database fails.
pub async fn claim(db: &mut AsyncPgConnection, now: Instant) -> Result<Option<Claimed>> {
    let lease = Uuid::now_v7();
    let query = sql_query(
        "UPDATE jobs SET state = 'running', lease = $1, leased_until = $2, heartbeat_at = $3, attempts = attempts + 1,
            started_at = coalesce(started_at, $3), updated_at = $3, version = version + 1
        WHERE id = (
            SELECT id FROM jobs
            WHERE (state = 'queued' AND due_at <= $3) OR (state = 'running' AND leased_until < $3 AND attempts < $4)
            ORDER BY due_at, id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
        ) RETURNING id, kind, subject_id, attempts, owner_id, session_id, api_key_id, scopes",
    )
    .bind::<sql_types::Uuid, _>(lease)
    .bind::<sql_types::Timestamptz, _>(now.after(LEASE))
    .bind::<sql_types::Timestamptz, _>(now)
    .bind::<sql_types::BigInt, _>(MOST_ATTEMPTS);
    let rows: Vec<Row> = query.load(db).await?;
    rows.into_iter().next().map(|row| claimed(row, lease)).transpose()
}

fn claimed(row: Row, lease: Uuid) -> Result<Claimed> {
    let scopes = row.scopes.map(|Jsonb(scopes)| scopes);
    let who = OnBehalf::known(row.owner_id, row.session_id, row.api_key_id, scopes);
    let who = who.ok_or_else(|| Error::internal("a job that nobody has asked for"))?;
    Ok(Claimed { id: row.id, kind: row.kind, subject: row.subject_id, attempts: row.attempts, who, lease })
}

/// Holds the job until the transaction ends. `None` when it is no longer this server's: it was cancelled, or another server has
/// taken it up. Otherwise how many rows are done, and of how many.
///
/// # Errors
/// When the database fails.
pub async fn hold(tx: &mut Tx<'_>, job: &Claimed) -> Result<Option<(i64, Option<i64>)>> {
    let mine = jobs::table.filter(jobs::id.eq(job.id)).filter(jobs::lease.eq(job.lease));
    let rows: Vec<(i64, Option<i64>)> =
        mine.select((jobs::done, jobs::total)).for_no_key_update().load(&mut **tx).await?;
    Ok(rows.into_iter().next())
}

/// Writes how far the held job is, and renews the lease.
///
/// # Errors
/// When the database fails.
pub async fn advance(tx: &mut Tx<'_>, job: &Claimed, done: i64, total: Option<i64>) -> Result<()> {
    let now = tx.now();
    let progress = (jobs::done.eq(done), jobs::total.eq(total), jobs::attempts.eq(0));
    let lease = (jobs::heartbeat_at.eq(now), jobs::leased_until.eq(now.after(LEASE)));
    diesel::update(jobs::table.find(job.id)).set((progress, lease)).execute(&mut **tx).await?;
    Ok(())
}

/// How a server lets a job go.
#[derive(Debug)]
pub enum Ending<'e> {
    /// It is done.
    Done,
    /// It is given up for this.
    Failed(&'e Error, Language),
    /// Another try is made at this moment.
    Again(Instant),
}

/// Lets the job go, if this server still has it.
///
/// # Errors
/// When the database fails.
pub async fn let_go(db: &mut AsyncPgConnection, job: &Claimed, now: Instant, ending: Ending<'_>) -> Result<()> {
    let (state, due_at, told) = match ending {
        Ending::Done => ("succeeded", None, None),
        Ending::Failed(error, language) => ("failed", None, Some(error.document(language, "", ""))),
        Ending::Again(at) => ("queued", Some(at), None),
    };
    let (code, detail) = told.map(|told| (told.code, told.detail)).unzip();
    sql_query(
        "UPDATE jobs SET state = $3, due_at = coalesce($4, due_at), finished_at = CASE WHEN $4 IS NULL THEN $5 END,
            error_code = $6, error_detail = $7, lease = NULL, leased_until = NULL, updated_at = $5, version = version + 1
        WHERE id = $1 AND lease = $2",
    )
    .bind::<sql_types::Uuid, _>(job.id)
    .bind::<sql_types::Uuid, _>(job.lease)
    .bind::<sql_types::Text, _>(state)
    .bind::<sql_types::Nullable<sql_types::Timestamptz>, _>(due_at)
    .bind::<sql_types::Timestamptz, _>(now)
    .bind::<sql_types::Nullable<sql_types::Text>, _>(code)
    .bind::<sql_types::Nullable<sql_types::Text>, _>(detail)
    .execute(db)
    .await?;
    Ok(())
}

/// Gives up the jobs that ended their servers time and again, and deletes those that ended long ago.
///
/// # Errors
/// When the database fails.
pub async fn sweep(db: &mut AsyncPgConnection, now: Instant) -> Result<()> {
    let poison = jobs::table
        .filter(jobs::state.eq("running"))
        .filter(jobs::leased_until.lt(now))
        .filter(jobs::attempts.ge(MOST_ATTEMPTS));
    let unleased = (jobs::lease.eq(None::<Uuid>), jobs::leased_until.eq(None::<Instant>));
    let ended = (jobs::state.eq("failed"), jobs::finished_at.eq(Some(now)), jobs::updated_at.eq(now));
    let error = (jobs::error_code.eq("internal"), jobs::error_detail.eq("No server could do it."));
    diesel::update(poison).set((unleased, ended, error)).execute(db).await?;
    diesel::delete(jobs::table.filter(jobs::finished_at.lt(now.after(-KEPT)))).execute(db).await?;
    Ok(())
}
