//! How much of what is expected is known: of one client, and of the clients of each owner or team.

use diesel::{
    Expression, QueryResult,
    expression::{AppearsOnTable, SelectableExpression, ValidGrouping, is_aggregate},
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{Array, BigInt, Nullable, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::{
    expected::Expected,
    filter::ClientFilter,
    filtered::Wanted,
    model::{Client, Kind},
    summary::{Grouping, labels},
};
use crate::{
    access::{Read, Scope},
    custom::{Custom, Definition},
    error::{Error, Result},
    list::Spelling,
};

/// Most groups of an answer.
const MOST: i64 = 200;

/// How to sum up the completeness of clients.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CompletenessParams {
    /// What makes the groups; `owner` when left out.
    #[serde(default)]
    #[param(inline)]
    pub by: Holder,
}

/// Whose clients make a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CompletenessGrouping)]
pub enum Holder {
    /// Those of each owner.
    #[default]
    Owner,
    /// Those of each team.
    Team,
}

/// What is known of a client.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"expected": 5, "filled": 4, "percent": 80, "missing": ["industry"]}))]
pub struct ClientCompleteness {
    /// How many fields are expected.
    #[schema(minimum = 0)]
    pub expected: i64,
    /// How many of them have a value.
    #[schema(minimum = 0)]
    pub filled: i64,
    /// The share of them, rounded down; 100 when nothing is expected.
    #[schema(minimum = 0, maximum = 100)]
    pub percent: i64,
    /// The names of the others; the organisation's own fields with `custom_fields.` before them.
    #[schema(max_items = 200)]
    pub missing: Vec<String>,
}

/// What is known of the clients of each owner or team.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"by": "owner", "groups": [{"key": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "label": "Anna Petrova",
    "clients": 41, "complete": 30, "percent": 92}]}))]
pub struct CompletenessSummary {
    /// What makes the groups.
    by: Holder,
    /// The groups, the least complete first, at most 200.
    #[schema(max_items = 200)]
    groups: Vec<CompletenessGroup>,
}

/// What is known of the clients of a group.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompletenessGroup {
    /// The id of the owner or of the team.
    key: String,
    /// Their name.
    label: Option<String>,
    /// How many clients there are.
    #[schema(minimum = 1)]
    clients: i64,
    /// How many of them lack nothing.
    #[schema(minimum = 0)]
    complete: i64,
    /// The share of the expected fields that have a value, rounded down.
    #[schema(minimum = 0, maximum = 100)]
    percent: i64,
}

/// What is known of `client`.
///
/// # Errors
/// Only internal ones.
pub fn of_client(client: &Client, expected: &Expected) -> Result<ClientCompleteness> {
    let row = serde_json::to_value(&client.terms).map_err(Error::internal)?;
    let lacks = |name: &str| row.get(name).is_none_or(Value::is_null);
    let fixed = expected.fixed(client.kind);
    let mut missing: Vec<String> =
        fixed.iter().map(|field| field.as_ref().to_owned()).filter(|name| lacks(name)).collect();
    let own: Vec<&Definition> = expected.own().iter().filter(|field| field.is_required_of(&client.given())).collect();
    let lacks_own = |field: &&&Definition| client.given().open.get(field.name.as_str()).is_none();
    missing.extend(own.iter().filter(lacks_own).map(|field| format!("custom_fields.{}", field.name.as_str())));
    let count = i64::try_from(fixed.len() + own.len()).map_err(Error::internal)?;
    let filled = count - i64::try_from(missing.len()).map_err(Error::internal)?;
    Ok(ClientCompleteness { expected: count, filled, percent: percent(filled, count), missing })
}

fn percent(filled: i64, expected: i64) -> i64 {
    (100 * filled).checked_div(expected).unwrap_or(100)
}

/// What is known of the clients that the list gives with the same filters.
///
/// # Errors
/// As [`Wanted::by`].
pub async fn summary(
    db: &AsyncPgConnection,
    scope: &Scope<Client, Read>,
    filter: &ClientFilter,
    by: Holder,
) -> Result<CompletenessSummary> {
    let expected = Expected::load(db, scope.actor()).await?;
    let wanted = Wanted::by(db, scope.actor(), filter, Vec::new()).await?;
    let load = async |spelling| {
        let counted = (
            Counted { expected: expected.clone(), missing: false },
            Counted { expected: expected.clone(), missing: true },
        );
        let rows = wanted.rows(scope.visible(), &wanted.spelled(db, spelling).await?);
        Grouped(diesel::QueryDsl::select(rows, (Key(by), counted.0, counted.1))).load::<Row>(&mut &*db).await
    };
    let mut rows: Vec<Row> = load(Spelling::AsWritten).await?;
    if rows.is_empty() && filter.q.is_some() {
        rows = load(Spelling::Nearly).await?;
    }
    let grouping = match by {
        Holder::Owner => Grouping::Owner,
        Holder::Team => Grouping::Team,
    };
    let labels = labels(db, grouping, rows.iter().filter_map(|(key, ..)| key.as_deref())).await?;
    let group = |(key, clients, complete, expected, missing): Row| {
        let key = key.unwrap_or_default();
        let percent = percent(expected - missing, expected);
        CompletenessGroup { label: labels.get(&key).cloned(), key, clients, complete, percent }
    };
    Ok(CompletenessSummary { by, groups: rows.into_iter().map(group).collect() })
}

/// The key of a group, its clients, how many of them are complete, and how many fields are expected and missing in all.
type Row = (Option<String>, i64, i64, i64, i64);

/// The key of a row's group.
#[derive(Clone, Copy, Debug)]
struct Key(Holder);

impl QueryFragment<Pg> for Key {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(match self.0 {
            Holder::Owner => "clients.owner_id::text",
            Holder::Team => "clients.team_id::text",
        });
        Ok(())
    }
}

/// How many fields are expected of a row or, of these, missing.
#[derive(Clone, Debug)]
struct Counted {
    expected: Expected,
    missing: bool,
}

impl QueryFragment<Pg> for Counted {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("(CASE clients.kind");
        for kind in [Kind::Organization, Kind::Person] {
            out.push_sql(match kind {
                Kind::Organization => " WHEN 'organization' THEN 0",
                Kind::Person => " WHEN 'person' THEN 0",
            });
            for field in self.expected.fixed(kind) {
                out.push_sql(" + ");
                if self.missing {
                    out.push_sql("(clients.");
                    out.push_identifier(field.as_ref())?;
                    out.push_sql(" IS NULL)::integer");
                } else {
                    out.push_sql("1");
                }
            }
        }
        out.push_sql(" END");
        for field in self.expected.own() {
            out.push_sql(" + (");
            push_expectation(&mut out, field)?;
            if self.missing {
                out.push_sql(" AND NOT clients.custom_fields ? ");
                out.push_bind_param::<Text, _>(field.name.as_str())?;
            }
            out.push_sql(")::integer");
        }
        out.push_sql(")::bigint");
        Ok(())
    }
}

/// Whether a row needs a value of an own field.
fn push_expectation<'b>(out: &mut AstPass<'_, 'b, Pg>, field: &'b Definition) -> QueryResult<()> {
    if field.is_required {
        out.push_sql("TRUE");
        return Ok(());
    }
    out.push_sql("(clients.kind = ANY(");
    out.push_bind_param::<Array<Text>, _>(&field.required_for_kinds.0)?;
    out.push_sql(") OR clients.status = ANY(");
    out.push_bind_param::<Array<Text>, _>(&field.required_in_statuses.0)?;
    out.push_sql("))");
    Ok(())
}

/// The groups of the rows of `Q`, the least complete first.
struct Grouped<Q>(Q);

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Grouped<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT key, count(*), count(*) FILTER (WHERE missing = 0), sum(expected)::bigint, sum(missing)::bigint FROM (");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(") AS counted (key, expected, missing) GROUP BY key");
        out.push_sql(" ORDER BY sum(missing) / greatest(sum(expected), 1) DESC, key LIMIT ");
        out.push_bind_param::<BigInt, _>(&MOST)
    }
}

impl<Q> Query for Grouped<Q> {
    type SqlType = (Nullable<Text>, BigInt, BigInt, BigInt, BigInt);
}
impl Expression for Key {
    type SqlType = Text;
}
impl Expression for Counted {
    type SqlType = BigInt;
}
impl<QS> AppearsOnTable<QS> for Key {}
impl<QS> AppearsOnTable<QS> for Counted {}
impl<QS> SelectableExpression<QS> for Key {}
impl<QS> SelectableExpression<QS> for Counted {}
impl<GB> ValidGrouping<GB> for Key {
    type IsAggregate = is_aggregate::No;
}
impl<GB> ValidGrouping<GB> for Counted {
    type IsAggregate = is_aggregate::No;
}
// The SQL of these types depends on their values, so Diesel must look at it to find the prepared statement.
impl QueryId for Key {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
impl QueryId for Counted {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
impl<Q> QueryId for Grouped<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
