//! Search by fragments: every word must occur somewhere in the `search` column, which has a trigram index.

use diesel::{
    Expression, QueryResult,
    expression::{AppearsOnTable, ValidGrouping, is_aggregate},
    pg::Pg,
    query_builder::{AstPass, QueryFragment, QueryId},
    query_dsl::methods::FilterDsl,
    sql_types::{Bool, Text},
};

use crate::values::Text as Bounded;

/// What `q` may be: 1 to 200 characters.
pub type Words = Bounded<200>;

/// The most words that are searched for; more would not narrow the answer.
const MAX_WORDS: usize = 10;

/// Keeps the rows of `table` in which every word of `words` occurs.
pub fn search<Q: FilterDsl<Contains, Output = Q>>(mut query: Q, table: &'static str, words: &Words) -> Q {
    for word in words.as_str().split_whitespace().take(MAX_WORDS) {
        query = query.filter(Contains { table, pattern: pattern(word) });
    }
    query
}

/// A `LIKE` pattern for `word` anywhere, with its own wildcards taken literally.
fn pattern(word: &str) -> String {
    let literal = word.to_lowercase().replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    format!("%{literal}%")
}

/// The condition that the `search` column of a table matches a pattern.
#[derive(Debug)]
pub struct Contains {
    table: &'static str,
    pattern: String,
}

impl QueryFragment<Pg> for Contains {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_identifier(self.table)?;
        out.push_sql(".search LIKE ");
        out.push_bind_param::<Text, _>(&self.pattern)
    }
}

impl Expression for Contains {
    type SqlType = Bool;
}
impl<QS> AppearsOnTable<QS> for Contains {}
impl<GB> ValidGrouping<GB> for Contains {
    type IsAggregate = is_aggregate::No;
}
impl QueryId for Contains {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn wildcards_are_taken_literally() {
        assert_eq!(pattern(r"50%_\"), r"%50\%\_\\%");
        assert_eq!(pattern("РОМАШКА"), "%ромашка%");
    }
}
