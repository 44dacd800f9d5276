//! What a request for access is.

use diesel::prelude::{AsChangeset, Identifiable, Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumString, IntoStaticStr};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    access::{Action, Belongs, Owned, Ownership, TeamId, UserId},
    clients::ClientId,
    db::{schema::access_requests, stored_as_text},
    error::{Error, Result},
    values::{Email, Entity, Id, Instant, Line, Phone, Resource, TaxId},
};

/// The identifier of a request for access.
pub type AccessRequestId = Id<AccessRequest>;

/// Somebody's request for access to a client.
#[derive(
    Clone, Debug, PartialEq, Queryable, Selectable, Insertable, Identifiable, AsChangeset, Serialize, ToSchema,
)]
#[diesel(table_name = access_requests, treat_none_as_null = true, treat_none_as_default_value = false)]
#[schema(as = AccessRequestFields)]
pub struct AccessRequest {
    /// Identifier.
    pub id: AccessRequestId,
    /// Grows by one with each change.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When access was asked for.
    pub created_at: Instant,
    /// When the request was last changed.
    pub updated_at: Instant,
    /// The client.
    pub client_id: ClientId,
    /// Who works with the client.
    pub owner_id: UserId,
    /// The owner's team.
    pub team_id: TeamId,
    /// Whether the client is designated as key.
    pub is_key: bool,
    /// Who asks.
    pub requester_id: UserId,
    /// Personal: Why they ask.
    pub reason: Line,
    /// What became of it.
    pub status: AccessRequestStatus,
    /// Who decided.
    pub decided_by: Option<UserId>,
    /// When it was decided.
    pub decided_at: Option<Instant>,
    /// Personal: What the requester is told.
    pub answer: Option<Line>,
}

/// What became of a request for access.
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
    IntoStaticStr,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[diesel(sql_type = diesel::sql_types::Text)]
pub enum AccessRequestStatus {
    /// Nobody has decided yet.
    Open,
    /// The requester is on the client's account team.
    Granted,
    /// The client stays with who has it.
    Declined,
}
stored_as_text!(AccessRequestStatus);

/// A decision on a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsRefStr, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Decision {
    /// Grant access.
    Grant,
    /// Decline it.
    Decline,
}

impl Decision {
    /// What becomes of the request.
    pub fn status(self) -> AccessRequestStatus {
        match self {
            Self::Grant => AccessRequestStatus::Granted,
            Self::Decline => AccessRequestStatus::Declined,
        }
    }
}

/// What is known of a client out of reach, and why access to it is needed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"phone": "+49 30 0074321", "reason": "They asked us for an offer at the fair."}))]
pub struct NewAccessRequest {
    /// The client's taxpayer number.
    pub tax_id: Option<TaxId>,
    /// A telephone number of the client.
    pub phone: Option<Phone>,
    /// An e-mail address of the client.
    pub email: Option<Email>,
    /// Personal: Why access is needed; the client's owner reads it.
    pub reason: Line,
}

/// What the requester is told with a decision.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"answer": "Please talk to me first."}))]
pub struct DecisionBody {
    /// Personal: What the requester is told.
    pub answer: Option<Line>,
}

/// Decide on requests for access to a client.
#[derive(Debug)]
pub enum Decide {}
impl Action for Decide {
    const NAME: &'static str = "decide";
    const BY_HELPERS: bool = false;
}

/// Which requests to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct AccessRequestFilter {
    /// Only requests of which one of these became.
    #[param(inline)]
    pub status: Vec<AccessRequestStatus>,
    /// Only the caller's own requests, or only those of others.
    pub own: Option<bool>,
}

impl AccessRequest {
    /// Refuses to decide a second time.
    ///
    /// # Errors
    /// 409.
    pub fn refuse_decided(&self) -> Result<()> {
        match self.status {
            AccessRequestStatus::Open => Ok(()),
            decided => Err(Error::transition(decided.as_ref(), &[])),
        }
    }
}

impl Resource for AccessRequest {
    const NAME: &'static str = "access_requests";
}

impl Entity for AccessRequest {
    fn uuid(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn path(&self) -> String {
        format!("/v1/access-requests/{}", self.id)
    }
}

impl Owned for AccessRequest {
    const NEWEST: &'static str = "created_at";
}

impl Belongs for AccessRequest {
    fn ownership(&self) -> Option<Ownership> {
        Some(Ownership { owner: self.owner_id, team: self.team_id, is_key: self.is_key })
    }
}
