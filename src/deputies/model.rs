//! What a deputy is.

use diesel::prelude::{AsChangeset, Identifiable, Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};
use strum::{AsRefStr, IntoStaticStr};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    access::{Belongs, Owned, Ownership, TeamId, UserId},
    db::schema::deputies,
    error::{Error, Result},
    values::{Day, Entity, Id, Instant, Resource},
};

/// The identifier of a deputy.
pub type DeputyId = Id<Deputy>;

/// Somebody who stands in for a colleague.
#[derive(
    Clone, Debug, PartialEq, Queryable, Selectable, Insertable, Identifiable, AsChangeset, Serialize, ToSchema,
)]
#[diesel(table_name = deputies, treat_none_as_null = true, treat_none_as_default_value = false)]
#[schema(as = DeputyFields)]
pub struct Deputy {
    /// Identifier.
    pub id: DeputyId,
    /// Grows by one with each change.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the deputy was named.
    pub created_at: Instant,
    /// When this was last changed.
    pub updated_at: Instant,
    /// Who is absent.
    pub user_id: UserId,
    /// The team of who is absent.
    pub team_id: TeamId,
    /// Who stands in for them.
    pub deputy_id: UserId,
    /// The first day, in the organisation's time zone.
    pub starts_on: Day,
    /// The last day, in the organisation's time zone.
    pub ends_on: Day,
    /// When it was ended before its last day.
    pub ended_at: Option<Instant>,
}

/// Who is to stand in for whom, and when.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"user_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30", "deputy_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31",
    "starts_on": "2031-07-07", "ends_on": "2031-07-20"}))]
pub struct NewDeputy {
    /// Who is absent; the caller when left out.
    pub user_id: Option<UserId>,
    /// Who stands in for them: a colleague of the caller's team, unless the caller's right reaches everywhere.
    pub deputy_id: UserId,
    /// The first day, in the organisation's time zone.
    pub starts_on: Day,
    /// The last day, in the organisation's time zone; not before today.
    pub ends_on: Day,
}

/// Whether a deputy stands in for somebody now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema, AsRefStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum DeputyStatus {
    /// The first day is still to come.
    Upcoming,
    /// Today is one of the days.
    InForce,
    /// The last day has passed, or it was ended before.
    Over,
}

/// What can be done with a deputy. Its name is the verb of its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsRefStr, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Transition {
    /// End it before its last day.
    End,
}

impl Deputy {
    /// Whether it is in force on the organisation's day `today`.
    pub fn status(&self, today: Day) -> DeputyStatus {
        match self {
            Self { ended_at: Some(_), .. } => DeputyStatus::Over,
            Self { ends_on, .. } if *ends_on < today => DeputyStatus::Over,
            Self { starts_on, .. } if *starts_on > today => DeputyStatus::Upcoming,
            _ => DeputyStatus::InForce,
        }
    }

    /// Refuses to end what is over.
    ///
    /// # Errors
    /// 409.
    pub fn refuse_over(&self, today: Day) -> Result<()> {
        match self.status(today) {
            DeputyStatus::Over => Err(Error::transition(DeputyStatus::Over.as_ref(), &[])),
            DeputyStatus::Upcoming | DeputyStatus::InForce => Ok(()),
        }
    }
}

/// Which deputies to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct DeputyFilter {
    /// Only those who stand in for one of these users.
    #[param(inline)]
    pub user_id: Vec<UserId>,
    /// Only where one of these users stands in.
    #[param(inline)]
    pub deputy_id: Vec<UserId>,
    /// Only those of this day, unless they were ended.
    #[param(inline)]
    pub on: Option<Day>,
}

impl Resource for Deputy {
    const NAME: &'static str = "deputies";
    // A deputy names no deputy for the colleague.
    const BY_DEPUTIES: bool = false;
}

impl Entity for Deputy {
    fn uuid(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }
}

impl Owned for Deputy {
    const OWNER: &'static str = "user_id";
    const KEY: Option<&'static str> = None;
    const CLIENT: Option<&'static str> = None;
    const NEWEST: &'static str = "created_at";
}

impl Belongs for Deputy {
    fn ownership(&self) -> Option<Ownership> {
        Some(Ownership { owner: self.user_id, team: self.team_id, is_key: true })
    }
}
