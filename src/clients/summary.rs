//! How many clients there are in each group.

use std::collections::HashMap;

use diesel::{
    ExpressionMethods, QueryDsl, QueryResult,
    dsl::sql,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{BigInt, Nullable, Text},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{filter::ClientFilter, filtered::Wanted, model::Client};
use crate::{
    access::{Read, Scope},
    db::schema::{lost_reasons, teams, users},
    error::Result,
    list::Spelling,
};

/// Most groups of an answer.
const MOST: usize = 200;

/// How to summarize clients.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SummaryParams {
    /// What makes the groups; `status` when left out.
    #[serde(default)]
    #[param(inline)]
    pub by: Grouping,
}

/// What makes the groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ClientGrouping)]
pub enum Grouping {
    /// The status.
    #[default]
    Status,
    /// Organisation or person.
    Kind,
    /// The owner.
    Owner,
    /// The owner's team.
    Team,
    /// The branch of business.
    Industry,
    /// Where the client came from.
    Source,
    /// The town.
    City,
    /// The country.
    Country,
    /// Key clients and others.
    IsKey,
    /// Why the client was lost.
    LostReason,
    /// Each tag: a client with several tags counts in each of their groups, one without tags in none.
    Tag,
}

impl Grouping {
    /// The key of a row's group in SQL.
    fn key(self) -> &'static str {
        match self {
            Self::Status => "clients.status",
            Self::Kind => "clients.kind",
            Self::Owner => "clients.owner_id::text",
            Self::Team => "clients.team_id::text",
            Self::Industry => "clients.industry",
            Self::Source => "clients.source",
            Self::City => "clients.address ->> 'city'",
            Self::Country => "clients.address ->> 'country'",
            Self::IsKey => "clients.is_key::text",
            Self::LostReason => "clients.lost_reason_id::text",
            Self::Tag => "unnest(clients.tags)",
        }
    }
}

/// How many clients there are in each group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"by": "owner", "groups": [{"key": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "label": "Anna Petrova",
    "count": 41}, {"key": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30", "label": "Boris Ivanov", "count": 7}], "others": 0}))]
pub struct ClientSummary {
    /// What makes the groups.
    by: Grouping,
    /// The 200 largest groups, the largest first.
    #[schema(max_items = 200)]
    groups: Vec<ClientGroup>,
    /// How many there are in all other groups.
    #[schema(minimum = 0)]
    others: i64,
}

/// A group of clients.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClientGroup {
    /// What its clients have in common, as a filter of the list takes it; `null` for those that have nothing there.
    key: Option<String>,
    /// The name of what the key refers to, where it is an id.
    label: Option<String>,
    /// How many clients there are.
    #[schema(minimum = 1)]
    count: i64,
}

/// The key of a group, how many rows it has, and how many all groups have.
type Row = (Option<String>, i64, i64);

/// The groups of the clients that the list gives with the same filters.
///
/// # Errors
/// As [`Wanted::by`].
pub async fn summary(
    db: &AsyncPgConnection,
    scope: &Scope<Client, Read>,
    filter: &ClientFilter,
    by: Grouping,
) -> Result<ClientSummary> {
    let wanted = Wanted::by(db, scope.actor(), filter, Vec::new()).await?;
    let load = async |spelling| {
        let rows = wanted.rows(scope.visible(), &wanted.spelled(db, spelling).await?);
        let keys = rows.select(sql::<Nullable<Text>>(by.key()));
        Grouped(keys).load::<Row>(&mut &*db).await
    };
    let mut rows = load(Spelling::AsWritten).await?;
    if rows.is_empty() && filter.q.is_some() {
        rows = load(Spelling::Nearly).await?;
    }
    let labels = labels(db, by, rows.iter().filter_map(|(key, ..)| key.as_deref())).await?;
    let all = rows.as_slice().first().map_or(0, |(_, _, all)| *all);
    let groups: Vec<ClientGroup> = rows
        .into_iter()
        .map(|(key, count, _)| ClientGroup { label: key.as_ref().and_then(|key| labels.get(key).cloned()), key, count })
        .collect();
    let others = all - groups.iter().map(|group| group.count).sum::<i64>();
    Ok(ClientSummary { by, groups, others })
}

/// The names of what the keys refer to.
///
/// # Errors
/// When the database fails.
pub async fn labels(
    mut db: &AsyncPgConnection,
    by: Grouping,
    keys: impl Iterator<Item = &str>,
) -> Result<HashMap<String, String>> {
    let ids: Vec<Uuid> = keys.filter_map(|key| key.parse().ok()).collect();
    let named: Vec<(Uuid, String)> = match by {
        Grouping::Owner => {
            users::table.filter(users::id.eq_any(ids)).select((users::id, users::name)).load(&mut db).await?
        }
        Grouping::Team => {
            teams::table.filter(teams::id.eq_any(ids)).select((teams::id, teams::name)).load(&mut db).await?
        }
        Grouping::LostReason => {
            let reasons = lost_reasons::table.filter(lost_reasons::id.eq_any(ids));
            reasons.select((lost_reasons::id, lost_reasons::name)).load(&mut db).await?
        }
        _ => Vec::new(),
    };
    Ok(named.into_iter().map(|(id, name)| (id.to_string(), name)).collect())
}

/// The groups of the rows of `Q`, which has one column: the largest first, and how many rows there are in all groups.
struct Grouped<Q>(Q);

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Grouped<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT key, count(*), (sum(count(*)) OVER ())::bigint FROM (");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(") AS grouped (key) GROUP BY key ORDER BY 2 DESC, 1 LIMIT ");
        out.push_sql(&MOST.to_string());
        Ok(())
    }
}

impl<Q> Query for Grouped<Q> {
    type SqlType = (Nullable<Text>, BigInt, BigInt);
}

impl<Q> QueryId for Grouped<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
