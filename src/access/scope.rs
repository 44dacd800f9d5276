//! The proof that a caller may do something, and to which rows.
//!
//! A query of a slice takes a [`Scope`], and only a [`Caller`] makes one: there is no way to the rows around it.

use std::{
    future::{Ready, ready},
    marker::PhantomData,
    sync::Arc,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use diesel::{
    Expression, QueryResult,
    expression::{AppearsOnTable, ValidGrouping, is_aggregate},
    pg::Pg,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::{Array, Bool, Uuid},
};

use super::{
    actions::{Action, Read},
    caller::{AccountTeams, Caller, TeamId, UserId},
    role::{Reach, Role},
};
use crate::{
    error::{Error, Result},
    rest::entity::{Entity, Resource},
};

/// A table whose rows belong to a user and that user's team.
pub trait Owned: Resource {
    /// The column with the owner's id.
    const OWNER: &'static str = "owner_id";
    /// The column with the owner's team.
    const TEAM: &'static str = "team_id";
    /// The column that tells key clients; without one, a key-account manager's team is the whole team.
    const KEY: Option<&'static str> = Some("is_key");
    /// The column with the client, whose account team it counts as own; without one, only the owner does.
    const CLIENT: Option<&'static str> = Some("client_id");
}

/// A row of an [`Owned`] table.
pub trait Belongs: Owned + Entity {
    /// Who owns it.
    fn owner(&self) -> UserId;
    /// The owner's team.
    fn team(&self) -> TeamId;
    /// Whether it is of a key client.
    fn is_key(&self) -> bool;
}

/// The rows that a right covers.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Rows {
    None,
    Of(Belonging, AccountTeams),
    All,
}

/// To whom rows belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Belonging {
    Own(UserId),
    Team(TeamId),
    OwnAndKeyOfTeam(UserId, TeamId),
}

impl Rows {
    fn of(caller: &Caller, reach: Reach) -> Self {
        let belonging = match reach {
            Reach::None => return Self::None,
            Reach::All => return Self::All,
            Reach::Own => Belonging::Own(caller.user_id),
            Reach::Team if caller.role() == Role::KeyAccountManager => {
                Belonging::OwnAndKeyOfTeam(caller.user_id, caller.team_id)
            }
            Reach::Team => Belonging::Team(caller.team_id),
        };
        Self::Of(belonging, Arc::clone(&caller.account_teams))
    }

    /// The same decision as [`Within`], for a row already read.
    fn cover(&self, row: &impl Belongs) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Of(belonging, teams) => {
                belonging.includes(row) || row.client().is_some_and(|client| teams.contains(&client))
            }
        }
    }
}

impl Belonging {
    fn includes(self, row: &impl Belongs) -> bool {
        match self {
            Self::Own(user) => row.owner() == user,
            Self::Team(mine) => row.team() == mine,
            Self::OwnAndKeyOfTeam(user, mine) => row.owner() == user || (row.team() == mine && row.is_key()),
        }
    }
}

/// The right to do `A` to resources `R`.
pub struct Scope<R, A> {
    caller: Option<Arc<Caller>>,
    visible: Rows,
    allowed: Rows,
    proof: PhantomData<fn() -> (R, A)>,
}

impl<R: Resource, A: Action> Scope<R, A> {
    /// The right of `caller`, when there is one at all.
    ///
    /// # Errors
    /// 403 naming the permission.
    pub fn of(caller: &Arc<Caller>) -> Result<Self> {
        let permission = permission::<R, A>();
        let allowed = Rows::of(caller, caller.policy.reach(&permission));
        if allowed == Rows::None {
            return Err(Error::forbidden(&permission));
        }
        let visible = Rows::of(caller, caller.policy.reach(&permission_to_read::<R>()));
        Ok(Self { caller: Some(Arc::clone(caller)), visible, allowed, proof: PhantomData })
    }

    /// The right of the system itself, for work that no request asked for.
    pub fn system() -> Self {
        Self { caller: None, visible: Rows::All, allowed: Rows::All, proof: PhantomData }
    }

    /// Who has the right; `None` is the system.
    pub fn caller(&self) -> Option<&Arc<Caller>> {
        self.caller.as_ref()
    }

    /// Whether the right covers every row.
    pub fn covers_all(&self) -> bool {
        self.allowed == Rows::All
    }
}

impl<R: Owned, A: Action> Scope<R, A> {
    /// The rows that exist for the caller: those they may read. For the `where` of every query.
    pub fn visible(&self) -> Within<R> {
        Within { rows: self.visible.clone(), table: PhantomData }
    }

    /// Refuses to make something for a user out of reach: oneself with `own`, the own team with `team`.
    ///
    /// # Errors
    /// 403 naming the permission.
    pub fn permit_owner(&self, owner: UserId, team: TeamId) -> Result<()> {
        let within = match self.allowed {
            Rows::None => false,
            Rows::Of(Belonging::Own(user), _) => owner == user,
            Rows::Of(Belonging::Team(mine) | Belonging::OwnAndKeyOfTeam(_, mine), _) => team == mine,
            Rows::All => true,
        };
        if within { Ok(()) } else { Err(Error::forbidden(&permission::<R, A>())) }
    }

    /// Refuses to hand something over to a user of another team, unless the right reaches everywhere: who may give only
    /// what is their own may still give it to a colleague.
    ///
    /// # Errors
    /// 403 naming the permission.
    pub fn permit_recipient(&self, team: TeamId) -> Result<()> {
        let is_colleague = self.caller().is_some_and(|caller| caller.team_id == team);
        if is_colleague || self.covers_all() { Ok(()) } else { Err(Error::forbidden(&permission::<R, A>())) }
    }

    /// Refuses a row that the caller may see but not do this to.
    ///
    /// # Errors
    /// 403 naming the permission.
    pub fn permit(&self, row: &impl Belongs) -> Result<()> {
        if self.allowed.cover(row) {
            return Ok(());
        }
        Err(Error::forbidden(&permission::<R, A>()))
    }
}

/// Whether `caller` may do `A` to `row`, without asking for a [`Scope`].
pub fn may<R: Belongs, A: Action>(caller: &Caller, row: &R) -> bool {
    reaches(caller, &permission::<R, A>(), row)
}

/// Whether `caller` may do what `permission` names to what belongs as `row` does.
pub fn reaches(caller: &Caller, permission: &str, row: &impl Belongs) -> bool {
    Rows::of(caller, caller.policy.reach(permission)).cover(row)
}

fn permission<R: Resource, A: Action>() -> String {
    format!("{}:{}", R::NAME, A::NAME)
}

fn permission_to_read<R: Resource>() -> String {
    permission::<R, Read>()
}

impl<R: Resource, A: Action> FromRequest for Scope<R, A> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Caller::of(request).and_then(|caller| Self::of(&caller)))
    }
}

/// The condition that a row of `R`'s table is covered: for `select`, `update` and `delete` alike.
///
/// Its SQL depends on the reach. A condition that tested the reach in SQL would keep Postgres from using the owner's
/// index.
#[derive(Debug)]
pub struct Within<R> {
    rows: Rows,
    table: PhantomData<fn() -> R>,
}

impl<R: Owned> QueryFragment<Pg> for Within<R> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let (belonging, teams) = match &self.rows {
            Rows::All => {
                out.push_sql("TRUE");
                return Ok(());
            }
            Rows::None => {
                out.push_sql("FALSE");
                return Ok(());
            }
            Rows::Of(belonging, teams) => (belonging, teams),
        };
        match R::CLIENT {
            Some(client) if !teams.is_empty() => {
                out.push_sql("(");
                belonging.condition::<R>(&mut out)?;
                out.push_sql(" OR ");
                column::<R>(&mut out, client)?;
                out.push_sql(" = ANY(");
                out.push_bind_param::<Array<Uuid>, _>(&**teams)?;
                out.push_sql("))");
                Ok(())
            }
            _ => belonging.condition::<R>(&mut out),
        }
    }
}

impl Belonging {
    fn condition<'b, R: Owned>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match self {
            Self::Own(user) => equals::<R>(out, R::OWNER, user.as_uuid()),
            Self::Team(team) => equals::<R>(out, R::TEAM, team.as_uuid()),
            Self::OwnAndKeyOfTeam(user, team) => {
                out.push_sql("(");
                equals::<R>(out, R::OWNER, user.as_uuid())?;
                out.push_sql(" OR (");
                equals::<R>(out, R::TEAM, team.as_uuid())?;
                if let Some(key) = R::KEY {
                    out.push_sql(" AND ");
                    column::<R>(out, key)?;
                }
                out.push_sql("))");
                Ok(())
            }
        }
    }
}

fn equals<'b, R: Resource>(out: &mut AstPass<'_, 'b, Pg>, name: &str, value: &'b uuid::Uuid) -> QueryResult<()> {
    column::<R>(out, name)?;
    out.push_sql(" = ");
    out.push_bind_param::<Uuid, _>(value)
}

fn column<R: Resource>(out: &mut AstPass<'_, '_, Pg>, name: &str) -> QueryResult<()> {
    out.push_identifier(R::NAME)?;
    out.push_sql(".");
    out.push_identifier(name)
}

impl<R> Expression for Within<R> {
    type SqlType = Bool;
}
impl<R, QS> AppearsOnTable<QS> for Within<R> {}
impl<R, GB> ValidGrouping<GB> for Within<R> {
    type IsAggregate = is_aggregate::No;
}
impl<R> QueryId for Within<R> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
