//! The SQL of a statement that is the same each time, built once.

use std::sync::OnceLock;

use diesel::{
    QueryResult,
    pg::{Pg, PgQueryBuilder},
    query_builder::{AstPass, Query, QueryBuilder, QueryFragment, QueryId},
};

/// The text of one statement of the program. Each statement has one of its own.
///
/// Diesel builds the text of a statement each time that it is sent, and walks through it twice more to see whether it
/// may be prepared. For an `INSERT` of many columns, this is a good part of the server's work for a change. Diesel does
/// not prepare a statement that is built from a changeset, because its text may vary. Such a statement is parsed and
/// planned each time, which more than halves the throughput.
#[derive(Debug)]
pub struct Sql(OnceLock<String>);

impl Sql {
    /// An empty text, which the first use fills in.
    #[expect(clippy::new_without_default, reason = "for statics")]
    pub const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// `statement`, which has this text whatever its values are. It is prepared once per connection.
    pub const fn of<S>(&'static self, statement: S) -> Known<S> {
        Known { text: self, statement }
    }

    fn text(&self, statement: &impl QueryFragment<Pg>) -> QueryResult<&str> {
        let text = match self.0.get() {
            Some(text) => text,
            None => {
                let text = text_of(statement)?;
                self.0.get_or_init(|| text)
            }
        };
        debug_assert_eq!(*text, text_of(statement)?, "two statements share one text");
        Ok(text)
    }
}

fn text_of(statement: &impl QueryFragment<Pg>) -> QueryResult<String> {
    let mut builder = PgQueryBuilder::default();
    statement.to_sql(&mut builder, &Pg)?;
    Ok(builder.finish())
}

/// A statement whose text is known.
#[derive(Clone, Copy, Debug)]
pub struct Known<S> {
    text: &'static Sql,
    statement: S,
}

impl<S: QueryFragment<Pg>> QueryFragment<Pg> for Known<S> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.statement.walk_ast(out)
    }

    fn to_sql(&self, out: &mut PgQueryBuilder, _: &Pg) -> QueryResult<()> {
        out.push_sql(self.text.text(&self.statement)?);
        Ok(())
    }

    fn is_safe_to_cache_prepared(&self, _: &Pg) -> QueryResult<bool> {
        Ok(true)
    }

    fn is_noop(&self, _: &Pg) -> QueryResult<bool> {
        Ok(false)
    }
}

impl<S> QueryId for Known<S> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<S: Query> Query for Known<S> {
    type SqlType = S::SqlType;
}

#[cfg(test)]
mod tests {
    use diesel::{ExpressionMethods, QueryDsl, pg::Pg, query_builder::QueryFragment};

    use super::{Sql, text_of};
    use crate::db::schema::clients;

    #[test]
    fn a_statement_has_the_text_that_diesel_gives_it() {
        static RENAME: Sql = Sql::new();
        for version in [2_i64, 3] {
            let update =
                || diesel::update(clients::table.filter(clients::version.eq(version))).set(clients::name.eq("x"));
            let known = RENAME.of(update());
            assert_eq!(text_of(&known).unwrap(), text_of(&update()).unwrap());
            assert!(known.is_safe_to_cache_prepared(&Pg).unwrap());
        }
    }

    #[test]
    #[should_panic(expected = "two statements share one text")]
    #[cfg(debug_assertions)]
    fn two_statements_cannot_share_a_text() {
        static SHARED: Sql = Sql::new();
        text_of(&SHARED.of(diesel::delete(clients::table))).unwrap();
        text_of(&SHARED.of(diesel::delete(clients::table.filter(clients::is_key)))).unwrap();
    }
}
