//! The condition that a row is within reach, as SQL.

use std::{iter, marker::PhantomData};

use diesel::{
    Expression, QueryResult,
    expression::{AppearsOnTable, ValidGrouping, is_aggregate},
    pg::Pg,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::{Array, Bool, Uuid},
};

use super::{AccountTeams, Departments, TeamId, UserId};
use crate::values::Resource;

/// A table whose rows belong to a user and that user's team.
pub trait Owned: Resource {
    /// The column with the owner's id.
    const OWNER: &'static str = "owner_id";
    /// The column with the owner's team.
    const TEAM: &'static str = "team_id";
    /// The column that says whether a row is of a key client. Without it, the reach `team` of a key-account manager
    /// covers the whole team.
    const KEY: Option<&'static str> = Some("is_key");
    /// The column with the client. The members of the client's account team count the row as their own; without this
    /// column, only the owner does.
    const CLIENT: Option<&'static str> = Some("client_id");
    /// The column with the department that executes the row, for callers who are bound to departments.
    const DEPARTMENT: Option<&'static str> = None;
    /// The column that orders the rows in the index by owner and in the index by team.
    const NEWEST: &'static str = "updated_at";
}

/// Rows that belong together, and that one index finds.
#[derive(Clone, Debug)]
pub enum Part {
    /// The rows of an owner.
    Owner(UserId),
    /// The rows of a team.
    Team(TeamId),
    /// The rows of a team that are of key clients, as this column says.
    KeyOfTeam(&'static str, TeamId),
    /// The rows for which this column names one of these clients: those whose account teams a user is on.
    Clients(&'static str, AccountTeams),
}

#[derive(Debug)]
enum Condition {
    Always,
    AnyOf(Vec<Part>),
}

/// The condition that a row of `R`'s table is covered: for `select`, `update` and `delete` alike.
///
/// Its SQL depends on the reach. A condition that tested the reach in SQL would keep Postgres from using the owner's
/// index.
#[derive(Debug)]
pub struct Within<R> {
    condition: Condition,
    /// The column of the department, and the departments of which a row must be.
    departments: Option<(&'static str, Departments)>,
    table: PhantomData<fn() -> R>,
}

impl<R: Owned> Within<R> {
    pub(super) fn all() -> Self {
        Self::when(Condition::Always)
    }

    /// Without parts, no row is within reach.
    pub(super) fn any_of(parts: impl IntoIterator<Item = Part>) -> Self {
        Self::when(Condition::AnyOf(parts.into_iter().collect()))
    }

    fn when(condition: Condition) -> Self {
        Self { condition, departments: None, table: PhantomData }
    }

    /// Only the rows of these departments, where they are executed by one.
    #[must_use]
    pub(super) fn of_departments(self, departments: Option<&Departments>) -> Self {
        let departments = R::DEPARTMENT.zip(departments.cloned());
        Self { departments, ..self }
    }

    /// The same rows in several parts, each of which has an index of its own; a row may be in more than one part.
    /// `None` when there are not several parts.
    pub fn parts(self) -> Option<Vec<Self>> {
        let Self { condition, departments, .. } = self;
        match condition {
            Condition::AnyOf(parts) if parts.len() > 1 => {
                let part = |part| Self { departments: departments.clone(), ..Self::any_of(iter::once(part)) };
                Some(parts.into_iter().map(part).collect())
            }
            _ => None,
        }
    }
}

impl<R: Owned> QueryFragment<Pg> for Within<R> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let Some((department, departments)) = &self.departments else { return self.condition.walk::<R>(&mut out) };
        out.push_sql("(");
        self.condition.walk::<R>(&mut out)?;
        out.push_sql(" AND ");
        among::<R>(&mut out, department, departments)?;
        out.push_sql(")");
        Ok(())
    }
}

impl Condition {
    fn walk<'b, R: Owned>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let parts = match self {
            Self::Always => {
                out.push_sql("TRUE");
                return Ok(());
            }
            Self::AnyOf(parts) => parts,
        };
        match parts.as_slice() {
            [] => out.push_sql("FALSE"),
            [part] => part.condition::<R>(out)?,
            [first, others @ ..] => {
                out.push_sql("(");
                first.condition::<R>(out)?;
                for part in others {
                    out.push_sql(" OR ");
                    part.condition::<R>(out)?;
                }
                out.push_sql(")");
            }
        }
        Ok(())
    }
}

impl Part {
    fn condition<'b, R: Owned>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match self {
            Self::Owner(user) => equals::<R>(out, R::OWNER, user.as_uuid()),
            Self::Team(team) => equals::<R>(out, R::TEAM, team.as_uuid()),
            Self::KeyOfTeam(key, team) => {
                out.push_sql("(");
                equals::<R>(out, R::TEAM, team.as_uuid())?;
                out.push_sql(" AND ");
                column::<R>(out, key)?;
                out.push_sql(")");
                Ok(())
            }
            Self::Clients(client, clients) => among::<R>(out, client, clients),
        }
    }
}

fn equals<'b, R: Owned>(out: &mut AstPass<'_, 'b, Pg>, name: &str, value: &'b uuid::Uuid) -> QueryResult<()> {
    column::<R>(out, name)?;
    out.push_sql(" = ");
    out.push_bind_param::<Uuid, _>(value)
}

fn among<'b, R: Owned>(out: &mut AstPass<'_, 'b, Pg>, name: &str, values: &'b [uuid::Uuid]) -> QueryResult<()> {
    column::<R>(out, name)?;
    out.push_sql(" = ANY(");
    out.push_bind_param::<Array<Uuid>, _>(values)?;
    out.push_sql(")");
    Ok(())
}

fn column<R: Owned>(out: &mut AstPass<'_, '_, Pg>, name: &str) -> QueryResult<()> {
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
