//! What a team is.

use diesel::prelude::{AsChangeset, Identifiable, Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};
use strum::{EnumString, VariantNames};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    access::{Actor, Belongs, Ownership, TeamId, Update},
    db::schema::teams,
    http::{Patch, PatchText, Terms, View},
    list::Sort,
    values::{Entity, Instant, Line, Resource},
};

/// A team of users.
#[derive(
    Clone, Debug, PartialEq, Queryable, Selectable, Insertable, Identifiable, AsChangeset, Serialize, ToSchema,
)]
#[diesel(table_name = teams)]
#[schema(as = TeamFields)]
pub struct Team {
    /// Identifier.
    pub id: TeamId,
    /// Grows by one with each change.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the team was created.
    pub created_at: Instant,
    /// When the team was last changed.
    pub updated_at: Instant,
    /// The fields that callers write.
    #[diesel(embed)]
    #[serde(flatten)]
    pub terms: TeamTerms,
}

/// A team to be created.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize, ToSchema)]
#[diesel(table_name = teams, treat_none_as_null = true, treat_none_as_default_value = false)]
#[serde(deny_unknown_fields)]
#[schema(as = NewTeam, example = json!({"name": "North"}))]
pub struct TeamTerms {
    /// Business: Its name; no two teams share one.
    pub name: Line,
}

/// The fields of a team to change.
pub type TeamPatch = Patch<TeamTerms>;

impl Terms for TeamTerms {
    const PATCH: PatchText = PatchText {
        name: "TeamPatch",
        description: "The fields of a team to change.",
        example: r#"{"name": "North and East"}"#,
    };
}

impl Resource for Team {
    const NAME: &'static str = "teams";
}

impl Entity for Team {
    fn uuid(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }
}

impl Belongs for Team {
    fn ownership(&self) -> Option<Ownership> {
        None
    }
}

/// A team, and what the caller may do with it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Team, example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30", "version": 1,
    "created_at": "2026-11-24T09:30:00Z", "updated_at": "2026-11-24T09:30:00Z", "name": "North", "actions": ["update"]}))]
pub struct TeamView {
    #[serde(flatten)]
    team: Team,
    /// What the caller may do with the team now.
    actions: Vec<&'static str>,
}

impl TeamView {
    /// `team` as `actor` sees it.
    pub fn of(team: Team, actor: &Actor) -> Self {
        let may_update = actor.may::<Team, Update>(&team);
        Self { team, actions: if may_update { vec!["update"] } else { Vec::new() } }
    }
}

impl View for TeamView {
    type Row = Team;

    fn row(&self) -> &Team {
        &self.team
    }
}

/// How to list teams.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct TeamFilter {
    /// Only the teams with one of these ids, at most 200.
    #[param(inline)]
    pub id: Vec<TeamId>,
    /// The order; `name` when left out.
    #[param(inline)]
    pub sort: Option<TeamSorting>,
}

/// The order of a list of teams.
pub type TeamSorting = Sort<TeamSort>;

/// What teams can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum TeamSort {
    /// The team's name.
    Name,
    /// When the team was last changed.
    UpdatedAt,
}
