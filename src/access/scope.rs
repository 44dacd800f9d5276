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
    sql_types::{Bool, Uuid},
};

use super::{
    actions::{Action, Read},
    caller::{Caller, TeamId, UserId},
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rows {
    None,
    Own(UserId),
    Team(TeamId),
    OwnAndKeyOfTeam(UserId, TeamId),
    All,
}

impl Rows {
    fn of(caller: &Caller, reach: Reach) -> Self {
        match reach {
            Reach::None => Self::None,
            Reach::Own => Self::Own(caller.user_id),
            Reach::Team if caller.role() == Role::KeyAccountManager => {
                Self::OwnAndKeyOfTeam(caller.user_id, caller.team_id)
            }
            Reach::Team => Self::Team(caller.team_id),
            Reach::All => Self::All,
        }
    }

    /// The same decision as [`Within`], for a row already read.
    fn cover(self, owner: UserId, team: TeamId, is_key: bool) -> bool {
        match self {
            Self::None => false,
            Self::Own(user) => owner == user,
            Self::Team(mine) => team == mine,
            Self::OwnAndKeyOfTeam(user, mine) => owner == user || (team == mine && is_key),
            Self::All => true,
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
        Within { rows: self.visible, table: PhantomData }
    }

    /// Whether the right covers what belongs to `owner` of `team`.
    pub fn covers(&self, owner: UserId, team: TeamId, is_key: bool) -> bool {
        self.allowed.cover(owner, team, is_key)
    }

    /// Refuses to give something to a user out of reach: oneself with `own`, the own team with `team`.
    ///
    /// # Errors
    /// 403 naming the permission.
    pub fn permit_owner(&self, owner: UserId, team: TeamId) -> Result<()> {
        let within = match self.allowed {
            Rows::None => false,
            Rows::Own(user) => owner == user,
            Rows::Team(mine) | Rows::OwnAndKeyOfTeam(_, mine) => team == mine,
            Rows::All => true,
        };
        if within { Ok(()) } else { Err(Error::forbidden(&permission::<R, A>())) }
    }

    /// Refuses a row that the caller may see but not do this to.
    ///
    /// # Errors
    /// 403 naming the permission.
    pub fn permit(&self, row: &impl Belongs) -> Result<()> {
        if self.covers(row.owner(), row.team(), row.is_key()) {
            return Ok(());
        }
        Err(Error::forbidden(&permission::<R, A>()))
    }
}

/// Whether `caller` may do `A` to `row`, without asking for a [`Scope`].
pub fn may<R: Belongs, A: Action>(caller: &Caller, row: &R) -> bool {
    let reach = caller.policy.reach(&permission::<R, A>());
    Rows::of(caller, reach).cover(row.owner(), row.team(), row.is_key())
}

/// Whether `caller` may do what `permission` names to what belongs to `owner`.
pub fn reaches(caller: &Caller, permission: &str, owner: UserId, team: TeamId, is_key: bool) -> bool {
    Rows::of(caller, caller.policy.reach(permission)).cover(owner, team, is_key)
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
        match &self.rows {
            Rows::All => out.push_sql("TRUE"),
            Rows::None => out.push_sql("FALSE"),
            Rows::Own(user) => equals::<R>(&mut out, R::OWNER, user.as_uuid())?,
            Rows::Team(team) => equals::<R>(&mut out, R::TEAM, team.as_uuid())?,
            Rows::OwnAndKeyOfTeam(user, team) => {
                out.push_sql("(");
                equals::<R>(&mut out, R::OWNER, user.as_uuid())?;
                out.push_sql(" OR (");
                equals::<R>(&mut out, R::TEAM, team.as_uuid())?;
                if let Some(key) = R::KEY {
                    out.push_sql(" AND ");
                    column::<R>(&mut out, key)?;
                }
                out.push_sql("))");
            }
        }
        Ok(())
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
