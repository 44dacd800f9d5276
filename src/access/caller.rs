//! The caller of a request: a person with a session, or a service account with an API key.

use std::{
    future::{Ready, ready},
    sync::Arc,
};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};
use aws_lc_rs::digest;
use uuid::Uuid;

use super::{ApiKeyId, Locale, Policy, Role, SessionId, TeamId, UserId, restriction::Restriction, rights_epoch::Epoch};
use crate::{
    custom::Definitions,
    error::{Error, ProblemType, Result},
};

/// The clients whose account teams a user is on.
pub type AccountTeams = Arc<[Uuid]>;

/// The colleagues whom a user stands in for today.
pub type AbsentColleagues = Arc<[Absent]>;

/// A colleague who is absent, and what they may do: their deputy does no more with their clients.
#[derive(Clone, Debug)]
pub struct Absent {
    /// The colleague.
    pub user_id: UserId,
    /// The policy of their role.
    pub policy: Arc<Policy>,
}

/// The departments that a service account works for.
pub type Departments = Arc<[Uuid]>;

/// What the organisation decides for all callers.
#[derive(Clone, Debug)]
pub(super) struct OfOrganization {
    /// Its time zone and language.
    pub(super) locale: Locale,
    /// Its own fields.
    pub(super) custom: Arc<Definitions>,
}

/// What a caller is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// The session of a person.
    Session(SessionId),
    /// An API key of a service account: the key itself, or a token that it was exchanged for.
    Key(ApiKeyId),
}

/// A user who is signed in, or a service account with its key.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The user.
    pub user_id: UserId,
    /// Their team.
    pub team_id: TeamId,
    /// What they are known by.
    pub credential: Credential,
    /// What they may do: the policy of their role, narrowed to the scopes of a service account.
    pub policy: Arc<Policy>,
    /// The clients that count as their own besides those that they own.
    pub account_teams: AccountTeams,
    /// The colleagues whom they stand in for today.
    pub absent: AbsentColleagues,
    /// The departments whose orders are all that they see of orders; `None` for a caller who is bound to none.
    pub departments: Option<Departments>,
    /// Their own time zone and language, or the organisation's.
    pub locale: Locale,
    /// The organisation's time zone and language.
    pub organization: Locale,
    /// The organisation's own fields.
    pub custom: Arc<Definitions>,
    /// What they have to do before anything else.
    pub restriction: Option<Restriction>,
    /// The epoch in which all of this was true.
    pub epoch: Epoch,
}

impl Caller {
    /// Their role.
    pub fn role(&self) -> Role {
        self.policy.role
    }

    /// Their session; a service account has none.
    pub fn session(&self) -> Option<SessionId> {
        match self.credential {
            Credential::Session(session) => Some(session),
            Credential::Key(_) => None,
        }
    }

    /// A digest of everything that decides what they may see and do: their role with its policy, narrowed by a key's
    /// scopes, their team, their account teams, their departments and whom they stand in for.
    ///
    /// # Errors
    /// Only internal ones.
    pub fn rights_digest(&self) -> Result<Vec<u8>> {
        let mut account_teams = self.account_teams.to_vec();
        account_teams.sort_unstable();
        let mut rights = digest::Context::new(&digest::SHA256);
        rights.update(self.policy.digest()?);
        // All ids have the same length, so that none can be mistaken for part of another.
        for id in std::iter::once(self.team_id.as_uuid()).chain(&account_teams) {
            rights.update(id.as_bytes());
        }
        if let Some(departments) = &self.departments {
            rights.update(b"departments");
            departments.iter().for_each(|id| rights.update(id.as_bytes()));
        }
        if !self.absent.is_empty() {
            rights.update(b"absent");
        }
        for absent in self.absent.iter() {
            rights.update(absent.user_id.as_uuid().as_bytes());
            rights.update(absent.policy.digest()?);
        }
        Ok(rights.finish().as_ref().to_vec())
    }

    /// The caller of `request`.
    ///
    /// # Errors
    /// 401 without a valid token, 403 for a caller who has something else to do first, or the error that kept the
    /// server from checking.
    pub fn of(request: &HttpRequest) -> Result<Arc<Self>> {
        match request.extensions().get::<Identified>() {
            Some(Identified::Caller(caller)) => {
                caller.restriction.map_or(Ok(()), |restriction| restriction.admit(request.path()))?;
                Ok(Arc::clone(caller))
            }
            Some(Identified::Refused) => Err(Error::new(ProblemType::Unauthorized).with("error", "invalid_token")),
            Some(Identified::Unavailable(cause)) => Err(Error::unavailable(cause)),
            None => Err(Error::new(ProblemType::Unauthorized)),
        }
    }
}

/// Any caller who is signed in, for operations that need no right.
#[derive(Clone, Debug)]
pub struct SignedIn(pub Arc<Caller>);

impl FromRequest for SignedIn {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Caller::of(request).map(Self))
    }
}

/// A caller who is a person, for operations that make no sense for a service account, such as changing a password.
#[derive(Clone, Debug)]
pub struct Person(pub Arc<Caller>);

impl Person {
    /// The caller of `request`.
    ///
    /// # Errors
    /// The errors of [`Caller::of`], and 403 for a service account.
    pub fn of(request: &HttpRequest) -> Result<Self> {
        let caller = Caller::of(request)?;
        match caller.credential {
            Credential::Session(_) => Ok(Self(caller)),
            Credential::Key(_) => Err(not_a_person()),
        }
    }
}

/// The error for a service account.
pub(crate) fn not_a_person() -> Error {
    Error::new(ProblemType::Forbidden).detail(
        "This is for persons; a service account has no such thing.",
        "Это только для людей; у служебной учётной записи такого нет.",
    )
}

impl FromRequest for Person {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

/// The result of checking the request's token; absent when there was none.
#[derive(Clone, Debug)]
pub enum Identified {
    /// A valid token of an active user.
    Caller(Arc<Caller>),
    /// A token that is not valid, or no longer valid.
    Refused,
    /// The database could not be asked.
    Unavailable(String),
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, sync::Arc};

    use uuid::Uuid;

    use super::{Absent, Caller, Credential, Locale};
    use crate::{
        access::{policy::Policy, role::Role},
        values::Id,
    };

    #[test]
    fn each_account_team_counts_among_the_rights_and_their_order_does_not() {
        let caller = Caller {
            user_id: Id::generate(),
            team_id: Id::generate(),
            credential: Credential::Session(Id::generate()),
            policy: Arc::new(Policy::initial(Role::Manager)),
            account_teams: [].into(),
            absent: [].into(),
            departments: None,
            locale: Locale::default(),
            organization: Locale::default(),
            custom: Arc::default(),
            restriction: None,
            epoch: 0,
        };
        let digest = |clients: &[u128]| {
            let account_teams = clients.iter().copied().map(Uuid::from_u128).collect();
            Caller { account_teams, ..caller.clone() }.rights_digest().unwrap()
        };
        let several: [&[u128]; 8] = [&[], &[1], &[2], &[3], &[1, 2], &[1, 3], &[2, 3], &[1, 2, 3]];
        assert_eq!(several.iter().map(|clients| digest(clients)).collect::<HashSet<_>>().len(), several.len());
        assert_eq!(digest(&[1, 2]), digest(&[2, 1]));
        assert_eq!(digest(&[1, 2, 3]), digest(&[3, 1, 2]));
        let absent = |role| Absent { user_id: Id::generate(), policy: Arc::new(Policy::initial(role)) };
        let of = |absent: Absent| Caller { absent: [absent].into(), ..caller.clone() }.rights_digest().unwrap();
        let (one, other) = (absent(Role::Manager), absent(Role::Manager));
        let promoted = Absent { policy: absent(Role::Supervisor).policy, ..one.clone() };
        let several = [digest(&[]), of(one.clone()), of(other), of(promoted)];
        assert_eq!(several.iter().collect::<HashSet<_>>().len(), several.len());
        assert_eq!(of(one.clone()), of(one));
        let moved = Caller { team_id: Id::generate(), ..caller.clone() };
        assert_ne!(moved.rights_digest().unwrap(), caller.rights_digest().unwrap());
    }
}
