//! The conditions of a saved view.

use diesel::{BoolExpressionMethods, ExpressionMethods, OptionalExtension, QueryDsl, pg::Pg};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::Condition;
use crate::{
    access::{Actor, Owned, Read, Scope, TeamId, Within},
    db::{Jsonb, schema::saved_views},
    error::{Error, FieldError, ProblemType, Result},
    values::{Id, Invalid, Resource},
};

/// A saved view, as far as a list of clients knows it.
#[derive(Debug)]
pub enum Saved {}

/// The identifier of a saved view.
pub type SavedViewId = Id<Saved>;

impl Resource for Saved {
    const NAME: &'static str = "saved_views";
}

impl Owned for Saved {
    const KEY: Option<&'static str> = None;
    const CLIENT: Option<&'static str> = None;
}

/// A query for saved views.
pub type SavedViews = saved_views::BoxedQuery<'static, Pg>;

/// The saved views within reach, and those that are shared with the team of `actor`.
pub fn readable<R: Owned>(within: Within<R>, actor: &Actor) -> SavedViews {
    let teams: Vec<TeamId> = match actor {
        Actor::Caller(caller) => vec![caller.team_id],
        Actor::System | Actor::Nobody => Vec::new(),
    };
    let shared = saved_views::is_shared.and(saved_views::team_id.eq_any(teams));
    saved_views::table.filter(within.or(shared)).into_boxed()
}

/// The conditions of the saved view `id`.
///
/// # Errors
/// 403 without the right to read saved views, 400 naming the parameter when there is no such view that `actor` may read.
pub async fn conditions_of(mut db: &AsyncPgConnection, actor: &Actor, id: SavedViewId) -> Result<Vec<Condition>> {
    let scope: Scope<Saved, Read> = actor.scope()?;
    let view = readable(scope.visible(), actor).filter(saved_views::id.eq(id)).select(saved_views::conditions);
    let found: Option<Jsonb<Vec<Condition>>> = view.first(&mut db).await.optional()?;
    let unknown = || FieldError::new("view_id", Invalid::UnknownReference);
    let found = found.ok_or_else(|| Error::new(ProblemType::InvalidParameter).with_fields(vec![unknown()]))?;
    Ok(found.0)
}
