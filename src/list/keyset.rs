//! Keyset paging: the next page begins after the last row of this one, found through an index.
//!
//! Column names reach these fragments only as `&'static str`, from the slices' sort enums; values are always bound.

use diesel::{
    Expression, QueryResult,
    expression::{AppearsOnTable, ValidGrouping, is_aggregate},
    pg::Pg,
    query_builder::{AstPass, QueryFragment, QueryId},
    query_dsl::methods::{FilterDsl, LimitDsl, OrderDsl},
    sql_types::{Bool, Date, Int8, Text, Timestamptz},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{custom::CustomKey, moment::Moment, search::Spelling};
use crate::values::{Day, Instant};

/// What a list is ordered by, before the id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SortKey {
    /// A column that is never null.
    Column(&'static str),
    /// A column of names, in the order of a dictionary: ё beside е, capital beside small letters, 2 before 10.
    Name(&'static str),
    /// A column of moments that may be null.
    Moment(Moment),
    /// Several columns that are never null, all in the same direction.
    Columns(&'static [&'static str]),
    /// The value of a custom field.
    Custom(CustomKey),
    /// How well the `search` column matches the best of these texts, when they were found as exactly as this.
    Rank(Vec<String>, Spelling),
}

/// The order of a list: a key, its direction, then the id in the same direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortBy {
    /// The table that is listed.
    pub table: &'static str,
    /// The key.
    pub key: SortKey,
    /// Largest first.
    pub descending: bool,
}

impl SortBy {
    /// By a column that is never null.
    pub fn column(table: &'static str, column: &'static str, descending: bool) -> Self {
        Self { table, key: SortKey::Column(column), descending }
    }

    /// By a column of names, in the order of a dictionary.
    pub fn name(table: &'static str, column: &'static str, descending: bool) -> Self {
        Self { table, key: SortKey::Name(column), descending }
    }

    /// By several columns that are never null, one after the other, smallest first.
    pub fn columns(table: &'static str, columns: &'static [&'static str]) -> Self {
        Self { table, key: SortKey::Columns(columns), descending: false }
    }

    /// By how well the `search` column matches one of `phrases`, best first.
    pub fn rank(table: &'static str, phrases: &[String]) -> Self {
        Self { table, key: SortKey::Rank(phrases.to_vec(), Spelling::AsWritten), descending: true }
    }
}

/// The key of the last row of a page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum SortValue {
    /// A moment.
    #[serde(rename = "i")]
    Instant(Instant),
    /// No moment, where there may be none.
    #[serde(rename = "a")]
    Absent,
    /// A day.
    #[serde(rename = "d")]
    Day(Day),
    /// A text.
    #[serde(rename = "t")]
    Text(String),
    /// A whole number.
    #[serde(rename = "n")]
    Number(i64),
    /// A value for each of several columns.
    #[serde(rename = "s")]
    Several(Vec<SortValue>),
    /// The row's rank or its value of a custom field, looked up again by its id.
    #[serde(rename = "r")]
    Rank,
}

/// Where a page begins: after this row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct After {
    /// The row's key.
    #[serde(rename = "k")]
    pub key: SortValue,
    /// The row's id.
    pub id: Uuid,
    /// How exactly the words of the search were found so far.
    #[serde(rename = "s", default)]
    pub spelling: Spelling,
    /// What else the rows depend on: the digest of a body.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
}

/// Orders `query`, begins it after `after`, and takes one row more than `limit` to see whether there is a next page.
pub fn keyset<Q>(query: Q, order: SortBy, after: Option<After>, limit: u16) -> Q
where
    Q: FilterDsl<Beyond, Output = Q> + OrderDsl<SortBy, Output = Q> + LimitDsl<Output = Q>,
{
    let query = match after {
        Some(after) => FilterDsl::filter(query, Beyond { order: order.clone(), after }),
        None => query,
    };
    LimitDsl::limit(OrderDsl::order(query, order), i64::from(limit) + 1)
}

/// The condition that a row comes after another in the order of a [`SortBy`].
#[derive(Clone, Debug)]
pub struct Beyond {
    order: SortBy,
    after: After,
}

impl From<Option<Instant>> for SortValue {
    fn from(moment: Option<Instant>) -> Self {
        moment.map_or(Self::Absent, Self::Instant)
    }
}

impl SortBy {
    /// The key, with `direction` after each of its columns.
    fn push_key<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>, direction: &str) -> QueryResult<()> {
        match &self.key {
            SortKey::Column(column) => push_column(out, self.table, column)?,
            SortKey::Moment(moment) => moment.push(out)?,
            SortKey::Columns(columns) => {
                for (position, column) in columns.iter().enumerate() {
                    if position > 0 {
                        out.push_sql(direction);
                        out.push_sql(", ");
                    }
                    push_column(out, self.table, column)?;
                }
            }
            SortKey::Name(column) => {
                push_column(out, self.table, column)?;
                out.push_sql(" COLLATE names");
            }
            SortKey::Custom(key) => key.push_of_row(out, |out| push_column(out, self.table, "id"))?,
            SortKey::Rank(phrases, spelling) => self.push_rank(out, phrases, *spelling)?,
        }
        out.push_sql(direction);
        Ok(())
    }
}

impl SortBy {
    /// How well a row matches the best of `phrases`. Words that were found as they are written can be in very many rows, so
    /// their rank must be cheap: a phrase counts most at the beginning of the names, then anywhere in the names, then
    /// elsewhere, and the shorter of two rows comes first.
    fn push_rank<'b>(
        &'b self,
        out: &mut AstPass<'_, 'b, Pg>,
        phrases: &'b [String],
        spelling: Spelling,
    ) -> QueryResult<()> {
        out.push_sql("greatest(0.0::float8");
        for phrase in phrases {
            match spelling {
                Spelling::AsWritten => self.push_places(out, phrase)?,
                Spelling::Nearly => self.push_similarity(out, phrase)?,
            }
        }
        out.push_sql(") - length(");
        push_column(out, self.table, "search")?;
        out.push_sql(") / 100000.0::float8");
        Ok(())
    }

    fn push_places<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>, phrase: &'b str) -> QueryResult<()> {
        out.push_sql(", (0.0");
        for (weight, before, behind) in [("4", "' '", "' %'"), ("2", "'% '", "' %|%|%'"), ("1", "'% '", "' %'")] {
            out.push_sql(" + CASE WHEN ");
            push_column(out, self.table, "search")?;
            out.push_sql(" LIKE (");
            out.push_sql(before);
            out.push_sql(" || ");
            out.push_bind_param::<Text, _>(phrase)?;
            out.push_sql(" || ");
            out.push_sql(behind);
            out.push_sql(") THEN ");
            out.push_sql(weight);
            out.push_sql(" ELSE 0 END");
        }
        out.push_sql(")::float8");
        Ok(())
    }

    fn push_similarity<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>, phrase: &'b str) -> QueryResult<()> {
        out.push_sql(", word_similarity(");
        out.push_bind_param::<Text, _>(phrase)?;
        out.push_sql(", ");
        push_column(out, self.table, "search")?;
        out.push_sql(")::float8");
        Ok(())
    }

    /// The same order; a rank is that of words found as exactly as `spelling` says.
    #[must_use]
    pub fn spelled(&self, spelling: Spelling) -> Self {
        let key = match &self.key {
            // A wrong letter is forgiven in words as they were typed, not as they were meant.
            SortKey::Rank(phrases, _) if spelling == Spelling::Nearly => {
                SortKey::Rank(phrases.iter().take(1).cloned().collect(), spelling)
            }
            SortKey::Rank(phrases, _) => SortKey::Rank(phrases.clone(), spelling),
            other => other.clone(),
        };
        Self { key, ..self.clone() }
    }
}

fn push_column(out: &mut AstPass<'_, '_, Pg>, table: &str, column: &str) -> QueryResult<()> {
    out.push_identifier(table)?;
    out.push_sql(".");
    out.push_identifier(column)
}

impl QueryFragment<Pg> for SortBy {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let direction = if self.descending { " DESC" } else { "" };
        self.push_key(&mut out, direction)?;
        out.push_sql(", ");
        push_column(&mut out, self.table, "id")?;
        out.push_sql(direction);
        Ok(())
    }
}

impl Beyond {
    fn push_value<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>, value: &'b SortValue) -> QueryResult<()> {
        match value {
            SortValue::Instant(instant) => out.push_bind_param::<Timestamptz, _>(instant)?,
            SortValue::Absent => out.push_sql(match self.order.key {
                SortKey::Moment(moment) => moment.absent.moment(),
                _ => "NULL",
            }),
            SortValue::Day(day) => out.push_bind_param::<Date, _>(day)?,
            SortValue::Text(text) => out.push_bind_param::<Text, _>(text)?,
            SortValue::Number(number) => out.push_bind_param::<Int8, _>(number)?,
            SortValue::Several(values) => {
                for (position, value) in values.iter().enumerate() {
                    if position > 0 {
                        out.push_sql(", ");
                    }
                    self.push_value(out, value)?;
                }
            }
            SortValue::Rank => {
                out.push_sql("(SELECT ");
                self.order.push_key(out, "")?;
                out.push_sql(" FROM ");
                out.push_identifier(self.order.table)?;
                out.push_sql(" WHERE id = ");
                out.push_bind_param::<diesel::sql_types::Uuid, _>(&self.after.id)?;
                out.push_sql(")");
            }
        }
        Ok(())
    }
}

impl QueryFragment<Pg> for Beyond {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let Self { order, after } = self;
        out.push_sql("(");
        order.push_key(&mut out, "")?;
        out.push_sql(", ");
        push_column(&mut out, order.table, "id")?;
        out.push_sql(if order.descending { ") < (" } else { ") > (" });
        self.push_value(&mut out, &after.key)?;
        out.push_sql(", ");
        out.push_bind_param::<diesel::sql_types::Uuid, _>(&after.id)?;
        out.push_sql(")");
        Ok(())
    }
}

impl Expression for SortBy {
    type SqlType = Bool;
}
impl Expression for Beyond {
    type SqlType = Bool;
}
impl<QS> AppearsOnTable<QS> for SortBy {}
impl<QS> AppearsOnTable<QS> for Beyond {}
impl<GB> ValidGrouping<GB> for Beyond {
    type IsAggregate = is_aggregate::No;
}
// The SQL of these types depends on their values, so Diesel must look at it to find the prepared statement.
impl QueryId for SortBy {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
impl QueryId for Beyond {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
