//! A kind of row and a caller for the tests of this folder.

use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Belongs, Ownership};
use crate::{
    access::{Action, Caller, Credential, Grants, Locale, Owned, Policy, Reach, Role, TeamId, UserId},
    values::{Entity, Id, Resource},
};

#[derive(Clone, Copy, Serialize, ToSchema)]
pub struct Row {
    pub client: Uuid,
    pub owner: UserId,
    pub team: TeamId,
    pub key: bool,
}

impl Resource for Row {
    const NAME: &'static str = "contacts";
}

/// A right that does not exist.
pub enum Fly {}
impl Action for Fly {
    const NAME: &'static str = "fly";
}

impl Entity for Row {
    fn uuid(&self) -> Uuid {
        self.client
    }
    fn version(&self) -> i64 {
        1
    }
    fn client(&self) -> Option<Uuid> {
        Some(self.client)
    }
}
impl Owned for Row {}
impl Belongs for Row {
    fn ownership(&self) -> Option<Ownership> {
        Some(Ownership { owner: self.owner, team: self.team, is_key: self.key })
    }
}

/// A caller whose rights to read and to update contacts have these reaches.
pub fn caller(role: Role, read: Reach, update: Reach, account_teams: &[Uuid]) -> Arc<Caller> {
    let stored: Grants = [("contacts:read".to_owned(), read), ("contacts:update".to_owned(), update)].into();
    Arc::new(Caller {
        user_id: Id::generate(),
        team_id: Id::generate(),
        credential: Credential::Session(Id::generate()),
        policy: Arc::new(Policy::new(role, Policy::initial(role).limits, &stored)),
        account_teams: account_teams.into(),
        absent: [].into(),
        departments: None,
        locale: Locale::default(),
        organization: Locale::default(),
        custom: Arc::default(),
        restriction: None,
        epoch: 0,
    })
}
