//! The rows that another system knows, as a condition of a list.

use std::marker::PhantomData;

use diesel::{
    Expression, QueryResult,
    expression::{AppearsOnTable, ValidGrouping, is_aggregate},
    pg::Pg,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::Bool,
};

use crate::values::{Resource, Text};

/// The condition that a row of `R`'s table has an id of another system.
#[derive(Clone, Debug)]
pub struct Known<R> {
    source: Option<Text<50>>,
    id: Option<Text<100>>,
    of: PhantomData<fn() -> R>,
}

/// The rows with an id from `source`, with the id `id` of any source, or with this id of this source. `None` when neither is
/// asked for.
pub fn known<R: Resource>(source: Option<&Text<50>>, id: Option<&Text<100>>) -> Option<Known<R>> {
    let is_asked = source.is_some() || id.is_some();
    is_asked.then(|| Known { source: source.cloned(), id: id.cloned(), of: PhantomData })
}

impl<R: Resource> QueryFragment<Pg> for Known<R> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_identifier(R::NAME)?;
        out.push_sql(".id IN (SELECT row_id FROM external_ids WHERE resource = '");
        out.push_sql(R::NAME);
        out.push_sql("'");
        if let Some(source) = &self.source {
            out.push_sql(" AND external_ids.source = ");
            out.push_bind_param::<diesel::sql_types::Text, _>(source)?;
        }
        if let Some(id) = &self.id {
            out.push_sql(" AND external_ids.external_id = ");
            out.push_bind_param::<diesel::sql_types::Text, _>(id)?;
        }
        out.push_sql(")");
        Ok(())
    }
}

impl<R> Expression for Known<R> {
    type SqlType = Bool;
}
impl<R, QS> AppearsOnTable<QS> for Known<R> {}
impl<R, GB> ValidGrouping<GB> for Known<R> {
    type IsAggregate = is_aggregate::No;
}
impl<R> QueryId for Known<R> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
