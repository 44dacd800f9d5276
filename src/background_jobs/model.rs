//! What a job is.

use diesel::prelude::{AsChangeset, Identifiable, Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumString, IntoStaticStr};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    access::{Belongs, Owned, Ownership, TeamId, UserId},
    db::{schema::jobs, stored_as_text},
    http::View,
    values::{Entity, Id, Instant, Prose, Resource, Text},
};

/// A job's identifier.
pub type JobId = Id<Job>;

/// The identifier of what a job works on.
pub type SubjectId = Id<SubjectLabel>;

/// Labels the identifiers of what jobs work on.
#[derive(Debug)]
pub enum SubjectLabel {}

/// Work that is done in the background on behalf of somebody.
#[derive(
    Clone, Debug, PartialEq, Queryable, Selectable, Insertable, Identifiable, AsChangeset, Serialize, ToSchema,
)]
#[diesel(table_name = jobs, treat_none_as_null = true, treat_none_as_default_value = false)]
#[schema(as = JobFields)]
pub struct Job {
    /// Identifier.
    pub id: JobId,
    /// Grows by one with each change of the state. Progress does not change it.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the job was asked for.
    pub created_at: Instant,
    /// When its state last changed.
    pub updated_at: Instant,
    /// Who asked for it, and with whose rights it is done.
    pub owner_id: UserId,
    /// The owner's team then.
    pub team_id: TeamId,
    /// What is done.
    pub kind: JobKind,
    /// The export or the import that it works on; all zeros for all clients.
    pub subject_id: SubjectId,
    /// How far it is.
    pub state: JobState,
    /// How many rows are done.
    #[schema(minimum = 0)]
    pub done: i64,
    /// How many rows there are, once that is known.
    #[schema(minimum = 0)]
    pub total: Option<i64>,
    /// How often it was begun since it last got on. After five it fails.
    #[schema(minimum = 0)]
    pub attempts: i64,
    /// Business: The stable code of why it failed, that of a problem type.
    pub error_code: Option<Text<100>>,
    /// Personal: Why it failed, in the owner's language.
    pub error_detail: Option<Prose>,
    /// When the server that does it last got on with it.
    pub heartbeat_at: Option<Instant>,
    /// When a server first took it up.
    pub started_at: Option<Instant>,
    /// When it ended, well or badly.
    pub finished_at: Option<Instant>,
}

/// A job as it is shown with what it works on.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Serialize, ToSchema)]
#[diesel(table_name = jobs)]
pub struct JobRef {
    /// Identifier.
    pub id: JobId,
    /// What is done.
    pub kind: JobKind,
    /// How far it is.
    pub state: JobState,
    /// How many rows are done.
    #[schema(minimum = 0)]
    pub done: i64,
    /// How many rows there are, once that is known.
    #[schema(minimum = 0)]
    pub total: Option<i64>,
    /// The stable code of why it failed.
    pub error_code: Option<Text<100>>,
    /// Why it failed, in the owner's language.
    pub error_detail: Option<Prose>,
}

/// What a job does.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    ToSchema,
    AsRefStr,
    EnumString,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[diesel(sql_type = diesel::sql_types::Text)]
pub enum JobKind {
    /// Writes the file of an export.
    Export,
    /// Finds out what an import would do.
    ImportCheck,
    /// Does what the check of an import has found.
    ImportApply,
    /// Takes back what an import has done.
    ImportUndo,
    /// Looks for clients that may be one.
    DuplicateScan,
}
stored_as_text!(JobKind);

/// How far a job is.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    ToSchema,
    AsRefStr,
    EnumString,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[diesel(sql_type = diesel::sql_types::Text)]
pub enum JobState {
    /// It waits for a server.
    Queued,
    /// A server does it.
    Running,
    /// It is done.
    Succeeded,
    /// It was given up; `error_code` says why.
    Failed,
    /// Somebody stopped it. What was done by then stays done.
    Cancelled,
}
stored_as_text!(JobState);

impl JobState {
    /// Whether the job is not over.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Queued | Self::Running)
    }
}

/// A step of a job's life that callers take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsRefStr, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Transition {
    /// Stop it.
    Cancel,
}

/// A job, and what the caller may do with it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Job, example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e70", "version": 2,
    "created_at": "2026-11-24T09:30:00Z", "updated_at": "2026-11-24T09:30:01Z",
    "owner_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "team_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31",
    "kind": "export", "subject_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e71", "state": "running", "done": 4000, "total": null,
    "attempts": 0, "error_code": null, "error_detail": null, "heartbeat_at": "2026-11-24T09:30:04Z",
    "started_at": "2026-11-24T09:30:01Z", "finished_at": null, "actions": ["cancel"]}))]
pub struct JobView {
    #[serde(flatten)]
    pub(super) job: Job,
    /// What the caller may do with the job now.
    pub(super) actions: Vec<&'static str>,
}

impl View for JobView {
    type Row = Job;

    fn row(&self) -> &Job {
        &self.job
    }
}

/// Which jobs to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct JobFilter {
    /// Only jobs of one of these owners.
    #[param(inline)]
    pub owner_id: Vec<UserId>,
    /// Only jobs of one of these kinds.
    #[param(inline)]
    pub kind: Vec<JobKind>,
    /// Only jobs in one of these states.
    #[param(inline)]
    pub state: Vec<JobState>,
    /// Only jobs that work on this export or import.
    #[param(inline)]
    pub subject_id: Option<SubjectId>,
}

impl Resource for Job {
    const NAME: &'static str = "jobs";
}

impl Entity for Job {
    fn uuid(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }
}

impl Owned for Job {
    const KEY: Option<&'static str> = None;
    const CLIENT: Option<&'static str> = None;
    const NEWEST: &'static str = "created_at";
}

impl Belongs for Job {
    fn ownership(&self) -> Option<Ownership> {
        Some(Ownership { owner: self.owner_id, team: self.team_id, is_key: true })
    }
}
