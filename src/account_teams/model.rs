//! What an account team is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    access::{Action, Scope, UserId},
    clients::{Client, ClientId},
    http::View,
    users::UserRef,
    values::{Entity, Resource},
};

/// Most members of an account team.
pub const MAX_MEMBERS: usize = 50;
/// Most account teams that a user is on. Each of the user's queries names their clients, so there must be a bound.
pub const MAX_TEAMS_OF_USER: i64 = 500;

/// Decide who is on a client's account team.
#[derive(Debug)]
pub enum AssignTeam {}
impl Action for AssignTeam {
    const NAME: &'static str = "assign_team";
    const BY_HELPERS: bool = false;
}

/// The right to decide who is on a client's account team.
pub type Assign = Scope<Client, AssignTeam>;

/// The users on a client's account team. Changes of the team are part of the client's history.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AccountTeam {
    /// The client.
    pub client_id: ClientId,
    /// The client's version.
    pub version: i64,
    /// The members, in the order of their ids.
    #[serde(rename = "account_team")]
    pub members: Vec<UserId>,
}

impl Resource for AccountTeam {
    const NAME: &'static str = "clients";
}

impl Entity for AccountTeam {
    fn uuid(&self) -> Uuid {
        self.client_id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn client(&self) -> Option<Uuid> {
        Some(self.client_id.uuid())
    }

    fn path(&self) -> String {
        format!("/v1/clients/{}/account-team", self.client_id)
    }
}

/// The account team of a client.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AccountTeam, example = json!({"client_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "version": 4,
    "members": [{"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30", "name": "Anna Petrova"}], "actions": ["update"]}))]
pub struct AccountTeamView {
    #[serde(skip)]
    team: AccountTeam,
    /// The client.
    client_id: ClientId,
    /// The client's version: it grows with each change of the team, too.
    #[schema(minimum = 1)]
    version: i64,
    /// The users, besides the owner, for whom the client counts as their own.
    #[schema(max_items = 50)]
    members: Vec<UserRef>,
    /// What the caller may do with the team now.
    actions: Vec<&'static str>,
}

impl AccountTeamView {
    /// `team` with its `members`, for someone who may change it or not.
    pub fn new(team: AccountTeam, members: Vec<UserRef>, may_assign: bool) -> Self {
        let actions = if may_assign { vec!["update"] } else { Vec::new() };
        Self { client_id: team.client_id, version: team.version, team, members, actions }
    }
}

impl View for AccountTeamView {
    type Row = AccountTeam;

    fn row(&self) -> &AccountTeam {
        &self.team
    }
}

/// Who shall be on the team.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"user_ids": ["01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30"]}))]
pub struct NewAccountTeam {
    /// All members: active users, without the owner, each named once. Those not named leave the team.
    #[schema(max_items = 50)]
    pub user_ids: Vec<UserId>,
}
