//! A column of moments that may be null, as one that never is: rows without a moment stand at one end of time. So an index has
//! their place in it, and a page can begin after them.

use diesel::{
    Expression, QueryResult,
    expression::{AppearsOnTable, ValidGrouping, is_aggregate},
    pg::Pg,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::{Bool, Timestamptz},
};

/// Where rows without a moment stand, smallest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// Before all others.
    First,
    /// After all others.
    Last,
}

/// A column of moments that may be null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Its table.
    pub table: &'static str,
    /// Its name.
    pub column: &'static str,
    /// Where rows without a moment stand.
    pub absent: Absent,
}

impl Absent {
    /// The moment in SQL that stands for none.
    pub(super) fn moment(self) -> &'static str {
        match self {
            Self::First => "'-infinity'::timestamptz",
            Self::Last => "'infinity'::timestamptz",
        }
    }
}

impl Moment {
    /// Writes the expression exactly as the indexes have it.
    ///
    /// # Errors
    /// None of its own.
    pub fn push(self, out: &mut AstPass<'_, '_, Pg>) -> QueryResult<()> {
        out.push_sql("coalesce(");
        out.push_identifier(self.table)?;
        out.push_sql(".");
        out.push_identifier(self.column)?;
        out.push_sql(", ");
        out.push_sql(self.absent.moment());
        out.push_sql(")");
        Ok(())
    }
}

impl Moment {
    /// The condition that a row has a moment, or that it has none. Written with the expression of the index, whose statistics
    /// tell how many rows have none.
    pub fn is_there(self, is_there: bool) -> Presence {
        Presence { moment: self, is_there }
    }
}

/// The condition that a row has a moment, or that it has none.
#[derive(Clone, Copy, Debug)]
pub struct Presence {
    moment: Moment,
    is_there: bool,
}

impl QueryFragment<Pg> for Presence {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.moment.push(&mut out)?;
        out.push_sql(match (self.is_there, self.moment.absent) {
            (true, Absent::First) => " > ",
            (true, Absent::Last) => " < ",
            (false, _) => " = ",
        });
        out.push_sql(self.moment.absent.moment());
        Ok(())
    }
}
impl Expression for Presence {
    type SqlType = Bool;
}
impl<QS> AppearsOnTable<QS> for Presence {}
impl<GB> ValidGrouping<GB> for Presence {
    type IsAggregate = is_aggregate::No;
}
// The SQL depends on the column.
impl QueryId for Presence {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl QueryFragment<Pg> for Moment {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.push(&mut out)
    }
}
impl Expression for Moment {
    type SqlType = Timestamptz;
}
impl<QS> AppearsOnTable<QS> for Moment {}
impl<GB> ValidGrouping<GB> for Moment {
    type IsAggregate = is_aggregate::No;
}
// The SQL depends on the column, so Diesel must look at it to find the prepared statement.
impl QueryId for Moment {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
