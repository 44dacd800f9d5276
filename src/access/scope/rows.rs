//! Which rows a right covers, by its reach and by the role, the team and the account teams of the caller, and by whom the
//! caller stands in for.

use std::sync::Arc;

use super::{Belongs, Ownership};
use crate::{
    access::{Absent, AccountTeams, Action, Caller, Reach, Read, Role, TeamId, UserId},
    values::Resource,
};

/// The rows that a right covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rows {
    None,
    Of(Belonging, AccountTeams, AbsentOwners),
    All,
}

/// The colleagues with whose rows a right may be used.
pub(super) type AbsentOwners = Arc<[UserId]>;

/// To whom rows belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Belonging {
    Own(UserId),
    Team(TeamId),
    OwnAndKeyOfTeam(UserId, TeamId),
}

impl Rows {
    /// The rows that the right to do `A` covers when it has this `reach`.
    pub(super) fn of<R: Resource, A: Action>(caller: &Caller, reach: Reach) -> Self {
        let helped = if A::BY_HELPERS { Arc::clone(&caller.account_teams) } else { Arc::default() };
        let absent = caller.absent_owners::<R, A>();
        match reach {
            Reach::None => Self::None,
            Reach::All => Self::All,
            Reach::Own => Self::Of(Belonging::Own(caller.user_id), helped, absent),
            Reach::Team => {
                Self::Of(Belonging::team_of::<A>(caller.role(), caller.user_id, caller.team_id), helped, absent)
            }
        }
    }

    /// The same decision as [`Within`](crate::access::Within), for a row already read.
    pub(super) fn cover(&self, row: &impl Belongs) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Of(belonging, helped, absent) => belonging.covers(row) || helps(helped, row) || is_of(absent, row),
        }
    }
}

/// Whether a right to read with this `reach` covers `row` for a user with this role and team, account teams aside.
pub(in crate::access) fn reads(reach: Reach, role: Role, (user, team): (UserId, TeamId), row: &impl Belongs) -> bool {
    match reach {
        Reach::None => false,
        Reach::Own => Belonging::Own(user).covers(row),
        Reach::Team => Belonging::team_of::<Read>(role, user, team).covers(row),
        Reach::All => true,
    }
}

/// Whether `row` is of a client among those of these account teams.
fn helps(teams: &AccountTeams, row: &impl Belongs) -> bool {
    row.client().is_some_and(|client| teams.contains(&client))
}

/// Whether `row` is of one of these owners.
fn is_of(owners: &[UserId], row: &impl Belongs) -> bool {
    !owners.is_empty() && row.ownership().is_some_and(|ownership| owners.contains(&ownership.owner))
}

impl Caller {
    /// The absent colleagues with whose `R` the caller may do `A`: the colleague may do it with their own.
    pub(super) fn absent_owners<R: Resource, A: Action>(&self) -> AbsentOwners {
        if self.absent.is_empty() || !R::BY_DEPUTIES {
            return Arc::default();
        }
        let may = |absent: &&Absent| absent.policy.reach_of(R::NAME, A::NAME) != Reach::None;
        self.absent.iter().filter(may).map(|absent| absent.user_id).collect()
    }

    /// Whether the caller stands in for the owner of `row`, who may do `action` with such a `resource`.
    fn stands_in_for<B: Belongs>(&self, resource: &str, action: &str, row: &B) -> bool {
        if self.absent.is_empty() || !B::BY_DEPUTIES {
            return false;
        }
        let owner = row.ownership().map(|ownership| ownership.owner);
        let absent = self.absent.iter().find(|absent| Some(absent.user_id) == owner);
        absent.is_some_and(|absent| absent.policy.reach_of(resource, action) != Reach::None)
    }

    /// Whether the right to do `A`, which is called `action` of this `resource`, covers `row`. Decides as [`Rows::cover`]
    /// does, but copies nothing of the caller, since it is called several times for each row of a page.
    pub(in crate::access) fn covers<A: Action>(&self, resource: &str, action: &str, row: &impl Belongs) -> bool {
        let belonging = match self.policy.reach_of(resource, action) {
            Reach::None => return false,
            Reach::All => return self.is_department_of(row),
            Reach::Own => Belonging::Own(self.user_id),
            Reach::Team => Belonging::team_of::<A>(self.role(), self.user_id, self.team_id),
        };
        let covered = belonging.covers(row)
            || (A::BY_HELPERS && helps(&self.account_teams, row))
            || self.stands_in_for(resource, action, row);
        covered && self.is_department_of(row)
    }

    /// Whether `row` is of the caller's departments, where the caller is bound to some.
    fn is_department_of(&self, row: &impl Belongs) -> bool {
        self.departments.as_ref().is_none_or(|departments| row.is_of_one(departments))
    }
}

impl Belonging {
    /// What the reach `team` covers for a user with this role and team, and the right to do `A`.
    fn team_of<A: Action>(role: Role, user: UserId, team: TeamId) -> Self {
        match role {
            Role::KeyAccountManager if !A::TO_WHOLE_TEAM => Self::OwnAndKeyOfTeam(user, team),
            Role::KeyAccountManager | Role::Manager | Role::Supervisor => Self::Team(team),
        }
    }

    fn covers(self, row: &impl Belongs) -> bool {
        row.ownership().is_none_or(|ownership| self.includes(ownership))
    }

    fn includes(self, Ownership { owner, team, is_key }: Ownership) -> bool {
        match self {
            Self::Own(user) => owner == user,
            Self::Team(mine) => team == mine,
            Self::OwnAndKeyOfTeam(user, mine) => owner == user || (team == mine && is_key),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use uuid::Uuid;

    use crate::{
        access::{
            Actor, Reach, Role, Scope, Update,
            scope::sample::{Fly, Row, caller},
        },
        values::Id,
    };

    /// Whether each reach covers five rows: the caller's own, a colleague's ordinary and key one, a stranger's, and one
    /// of a client whose account team the caller is on.
    #[test]
    fn a_right_covers_what_its_reach_says() {
        let joined = Uuid::now_v7();
        let cases = [
            (Role::Manager, Reach::None, [false, false, false, false, false]),
            (Role::Manager, Reach::Own, [true, false, false, false, true]),
            (Role::Manager, Reach::Team, [true, true, true, false, true]),
            (Role::KeyAccountManager, Reach::Own, [true, false, false, false, true]),
            (Role::KeyAccountManager, Reach::Team, [true, false, true, false, true]),
            (Role::Supervisor, Reach::Team, [true, true, true, false, true]),
            (Role::Supervisor, Reach::All, [true, true, true, true, true]),
        ];
        for (role, reach, expected) in cases {
            let caller = caller(role, reach, reach, &[joined]);
            let row = |owner, team, key, client| Row { client, owner, team, key };
            let (nobody, elsewhere, other) = (Id::generate(), Id::generate(), Uuid::now_v7());
            let rows = [
                row(caller.user_id, caller.team_id, false, other),
                row(nobody, caller.team_id, false, other),
                row(nobody, caller.team_id, true, other),
                row(nobody, elsewhere, true, other),
                row(nobody, elsewhere, false, joined),
            ];
            let actor = Actor::Caller(Arc::clone(&caller));
            assert_eq!(rows.map(|row| actor.may::<Row, Update>(&row)), expected, "{role:?} {reach:?}");
            assert!(rows.iter().all(|row| !actor.may::<Row, Fly>(row)), "{role:?} {reach:?}");
            assert!(
                rows.iter().all(|row| !Actor::Nobody.may::<Row, Update>(row) && Actor::System.may::<Row, Update>(row))
            );
            if let Ok(scope) = Scope::<Row, Update>::of(&caller) {
                assert_eq!(rows.map(|row| scope.permit(&row).is_ok()), expected, "{role:?} {reach:?}");
            }
        }
    }
}
