//! The proof that a caller may do something, and to which rows.
//!
//! A query of a slice takes a [`Scope`], which is made from a [`Caller`] or for the system itself. There is no way to
//! the rows without one.

mod ownership;
mod rows;

use std::{
    future::{Ready, ready},
    iter,
    marker::PhantomData,
    sync::Arc,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload};

pub use self::ownership::{Belongs, Ownership};
pub(super) use self::rows::reads;
use self::rows::{Belonging, Rows};
use super::{Action, Actor, Caller, Departments, Owned, Part, Reach, Read, TeamId, UserId, Within};
use crate::{
    error::{Error, Result},
    values::Resource,
};

/// The right to do `A` to resources `R`.
pub struct Scope<R, A> {
    actor: Actor,
    visible: Rows,
    allowed: Rows,
    proof: PhantomData<fn() -> (R, A)>,
}

impl<R: Resource, A: Action> Scope<R, A> {
    /// The name of the right, such as `clients:read`.
    pub fn permission() -> String {
        format!("{}:{}", R::NAME, A::NAME)
    }

    /// The right of `caller`, when there is one at all.
    ///
    /// # Errors
    /// 403 naming the permission.
    pub fn of(caller: &Arc<Caller>) -> Result<Self> {
        let allowed = Rows::of::<R, A>(caller, caller.policy.reach_of(R::NAME, A::NAME));
        if allowed == Rows::None {
            return Err(Error::forbidden(&Self::permission()));
        }
        let visible = match caller.policy.reach_of(R::NAME, Read::NAME) {
            Reach::Team if A::TO_WHOLE_TEAM => {
                let absent = caller.absent_owners::<R, Read>();
                Rows::Of(Belonging::Team(caller.team_id), Arc::clone(&caller.account_teams), absent)
            }
            reach => Rows::of::<R, Read>(caller, reach),
        };
        Ok(Self { actor: Actor::Caller(Arc::clone(caller)), visible, allowed, proof: PhantomData })
    }

    /// The right of the system itself, for work that no request asked for.
    pub fn system() -> Self {
        Self { actor: Actor::System, visible: Rows::All, allowed: Rows::All, proof: PhantomData }
    }

    /// Who has the right.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The departments that the caller is bound to.
    fn departments(&self) -> Option<&Departments> {
        match &self.actor {
            Actor::Caller(caller) => caller.departments.as_ref(),
            Actor::System | Actor::Nobody => None,
        }
    }

    /// Whether the right covers every row.
    pub fn covers_all(&self) -> bool {
        self.allowed == Rows::All
    }

    /// Refuses a row that the caller may see but not do this to.
    ///
    /// # Errors
    /// 403 naming the permission.
    pub fn permit(&self, row: &impl Belongs) -> Result<()> {
        if self.allowed.cover(row) && self.departments().is_none_or(|departments| row.is_of_one(departments)) {
            return Ok(());
        }
        Err(Error::forbidden(&Self::permission()))
    }
}

impl<R: Owned, A: Action> Scope<R, A> {
    /// The rows that exist for the caller: those they may read. For the `where` of every query.
    pub fn visible(&self) -> Within<R> {
        self.readable().of_departments(self.departments())
    }

    fn readable(&self) -> Within<R> {
        Self::within(&self.visible)
    }

    /// The rows that the right covers, among those that exist for the caller: for conditions on members that need a right of
    /// their own.
    pub fn covered(&self) -> Within<R> {
        Self::within(&self.allowed).of_departments(self.departments())
    }

    fn within(rows: &Rows) -> Within<R> {
        let (belonging, teams, absent) = match rows {
            Rows::All => return Within::all(),
            Rows::None => return Within::any_of([]),
            Rows::Of(belonging, teams, absent) => (belonging, teams, absent),
        };
        let clients = R::CLIENT.filter(|_| !teams.is_empty());
        let joined = clients.map(|column| Part::Clients(column, Arc::clone(teams)));
        // A part for each owner, since an index has the newest rows of one owner.
        let joined = joined.into_iter().chain(absent.iter().copied().map(Part::Owner));
        match *belonging {
            Belonging::Own(user) => Within::any_of(iter::once(Part::Owner(user)).chain(joined)),
            Belonging::Team(team) => Within::any_of(iter::once(Part::Team(team)).chain(joined)),
            Belonging::OwnAndKeyOfTeam(user, team) => {
                let of_team = R::KEY.map_or(Part::Team(team), |column| Part::KeyOfTeam(column, team));
                Within::any_of([Part::Owner(user), of_team].into_iter().chain(joined))
            }
        }
    }

    /// Refuses to make something for a user whom the right does not reach: `own` reaches only the caller and those whom they
    /// stand in for, `team` the caller's team.
    ///
    /// # Errors
    /// 403 naming the permission.
    pub fn permit_owner(&self, owner: UserId, team: TeamId) -> Result<()> {
        let within = match &self.allowed {
            Rows::None => false,
            Rows::Of(_, _, absent) if absent.contains(&owner) => true,
            Rows::Of(Belonging::Own(user), ..) => owner == *user,
            Rows::Of(Belonging::Team(mine) | Belonging::OwnAndKeyOfTeam(_, mine), ..) => team == *mine,
            Rows::All => true,
        };
        if within { Ok(()) } else { Err(Error::forbidden(&Self::permission())) }
    }

    /// Refuses to hand something over to a user of another team, unless the right reaches everywhere. Even a caller
    /// with the reach `own` may hand it over to a colleague.
    ///
    /// # Errors
    /// 403 naming the permission.
    pub fn permit_recipient(&self, team: TeamId) -> Result<()> {
        let is_colleague = matches!(&self.actor, Actor::Caller(caller) if caller.team_id == team);
        if is_colleague || self.covers_all() { Ok(()) } else { Err(Error::forbidden(&Self::permission())) }
    }

    /// Refuses to give to the caller themselves what `owner` has, unless the right reaches everywhere.
    ///
    /// # Errors
    /// 403 naming the permission.
    pub fn refuse_taking(&self, owner: UserId, recipient: UserId) -> Result<()> {
        let takes = self.actor.user_id() == Some(recipient) && owner != recipient;
        if takes && !self.covers_all() { Err(Error::forbidden(&Self::permission())) } else { Ok(()) }
    }
}

impl<R: Resource, A: Action> FromRequest for Scope<R, A> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Caller::of(request).and_then(|caller| Self::of(&caller)))
    }
}

#[cfg(test)]
mod sample;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use diesel::{QueryDsl, debug_query, pg::Pg};
    use uuid::Uuid;

    use super::{
        Scope,
        sample::{Row, caller},
    };
    use crate::{
        access::{Actor, Caller, Reach, Read, Role, TeamId, Update, UserId},
        db::schema::contacts,
        values::Id,
    };

    fn sql(caller: &Arc<Caller>) -> String {
        let scope = Scope::<Row, Read>::of(caller).unwrap();
        let query = contacts::table.filter(scope.visible()).select(contacts::id);
        debug_query::<Pg, _>(&query).to_string()
    }

    #[test]
    fn without_the_right_there_is_no_scope() {
        let reader = caller(Role::Manager, Reach::All, Reach::None, &[]);
        assert!(Scope::<Row, Update>::of(&reader).is_err());
        assert!(Scope::<Row, Read>::of(&reader).unwrap().covers_all());
        let own = caller(Role::Manager, Reach::Own, Reach::Own, &[]);
        assert!(!Scope::<Row, Read>::of(&own).unwrap().covers_all());
        assert_eq!(Scope::<Row, Read>::of(&own).unwrap().actor().user_id(), Some(own.user_id));
        let system = Scope::<Row, Update>::system();
        assert!(system.covers_all() && matches!(system.actor(), Actor::System));
    }

    /// A caller who may update all rows, but read only their own, does not see more because of that.
    #[test]
    fn what_is_visible_is_what_may_be_read() {
        let odd = caller(Role::Manager, Reach::Own, Reach::All, &[]);
        let scope = Scope::<Row, Update>::of(&odd).unwrap();
        let query = contacts::table.filter(scope.visible()).select(contacts::id);
        let text = debug_query::<Pg, _>(&query).to_string();
        assert!(text.contains(r#""contacts"."owner_id" = $1"#), "{text}");
    }

    #[test]
    fn the_condition_is_as_short_as_the_reach() {
        let condition = |role, reach, teams: &[Uuid]| {
            let text = sql(&caller(role, reach, reach, teams));
            let text = text.split(" WHERE ").nth(1).unwrap().split(" -- ").next().unwrap().to_owned();
            text.trim_matches(['(', ')']).to_owned()
        };
        let joined = [Uuid::now_v7()];
        assert_eq!(condition(Role::Supervisor, Reach::All, &joined), "TRUE");
        assert_eq!(condition(Role::Manager, Reach::Own, &[]), r#""contacts"."owner_id" = $1"#);
        assert_eq!(condition(Role::Manager, Reach::Team, &[]), r#""contacts"."team_id" = $1"#);
        let keys = r#""contacts"."owner_id" = $1 OR ("contacts"."team_id" = $2 AND "contacts"."is_key""#;
        assert_eq!(condition(Role::KeyAccountManager, Reach::Team, &[]), keys);
        let member = r#""contacts"."owner_id" = $1 OR "contacts"."client_id" = ANY($2"#;
        assert_eq!(condition(Role::Manager, Reach::Own, &joined), member);
    }

    #[test]
    fn things_are_made_for_and_given_to_whom_the_right_reaches() {
        let (nobody, elsewhere): (UserId, TeamId) = (Id::generate(), Id::generate());
        let cases = [
            (Role::Manager, Reach::Own, [true, false, false], [true, false]),
            (Role::Manager, Reach::Team, [true, true, false], [true, false]),
            (Role::KeyAccountManager, Reach::Team, [true, true, false], [true, false]),
            (Role::Supervisor, Reach::All, [true, true, true], [true, true]),
        ];
        for (role, reach, owners, recipients) in cases {
            let caller = caller(role, reach, reach, &[]);
            let scope = Scope::<Row, Update>::of(&caller).unwrap();
            let may_own = [(caller.user_id, caller.team_id), (nobody, caller.team_id), (nobody, elsewhere)];
            assert_eq!(
                may_own.map(|(user, team)| scope.permit_owner(user, team).is_ok()),
                owners,
                "{role:?} {reach:?}"
            );
            let may_get = [caller.team_id, elsewhere].map(|team| scope.permit_recipient(team).is_ok());
            assert_eq!(may_get, recipients, "{role:?} {reach:?}");
        }
        assert!(Scope::<Row, Update>::system().permit_recipient(elsewhere).is_ok());
    }
}
