//! What orders come to, in all and in groups.

use std::collections::HashMap;

use diesel::{
    ExpressionMethods, QueryDsl, QueryResult,
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{Array, BigInt, Nullable, Numeric, Text, Uuid as SqlUuid},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};
use strum::IntoEnumIterator;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    filter::{OrderFilter, filtered},
    model::{Order, OrderId},
    status::OrderStatus,
};
use crate::{
    access::{Actor, Read, Scope},
    clients::Client,
    db::{
        schema::{clients, products, teams, users},
        wide::orders,
    },
    error::{Error, Result},
    list::{ByCustom, Spelling},
    products::ProductId,
    values::{CurrencyCode, Sum},
};

/// Most groups of an answer.
const MOST: usize = 200;

/// How to sum orders.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct SummaryParams {
    /// What makes groups; none are made when left out.
    #[param(inline)]
    pub by: Option<Grouping>,
}

/// What makes groups of orders, or of their lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OrderGrouping)]
pub enum Grouping {
    /// The month of the order.
    Month,
    /// Who orders.
    Client,
    /// The product of a line: an order counts in the group of each of its products.
    Product,
    /// The category of a line's product.
    Category,
    /// Who works with the client.
    Owner,
    /// The owner's team.
    Team,
}

impl Grouping {
    /// The key of a group in SQL.
    fn key(self) -> &'static str {
        match self {
            Self::Month => "to_char(orders.ordered_on, 'YYYY-MM')",
            Self::Client => "orders.client_id::text",
            Self::Product => "order_lines.product_id::text",
            Self::Category => "products.category",
            Self::Owner => "orders.owner_id::text",
            Self::Team => "orders.team_id::text",
        }
    }

    fn is_of_lines(self) -> bool {
        matches!(self, Self::Product | Self::Category)
    }
}

/// How many orders there are, and what they come to. With the filter `product_id`, the sums are those of the lines of these
/// products.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"count": 830, "currencies": [{"currency": "USD", "count": 830, "net_total": "1265793.04",
    "tax_total": "0.00", "total": "1265793.04"}], "by": "month", "groups": [{"key": "1998-04", "label": null, "currency": "USD",
    "count": 74, "net_total": "123798.68", "tax_total": "0.00", "total": "123798.68"}], "has_more_groups": true}))]
pub struct OrderSummary {
    /// All of them.
    #[serde(flatten)]
    pub totals: OrderTotals,
    /// What makes the groups.
    by: Option<Grouping>,
    /// The 200 groups with the largest net totals, one for each key and currency; months in their order.
    #[schema(max_items = 200)]
    groups: Vec<OrderGroup>,
    /// Whether there are more groups.
    has_more_groups: bool,
}

/// How many orders there are, and what they come to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"count": 830, "currencies": [{"currency": "USD", "count": 830, "net_total": "1265793.04",
    "tax_total": "0.00", "total": "1265793.04"}]}))]
pub struct OrderTotals {
    /// How many orders there are.
    #[schema(minimum = 0)]
    count: i64,
    /// The sums of each currency, sorted by its code.
    #[schema(max_items = 200)]
    currencies: Vec<CurrencySummary>,
}

/// What the orders in one currency come to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"currency": "USD", "count": 830, "net_total": "1265793.04", "tax_total": "0.00",
    "total": "1265793.04"}))]
pub struct CurrencySummary {
    /// The currency.
    pub currency: CurrencyCode,
    /// How many orders there are.
    #[schema(minimum = 0)]
    pub count: i64,
    /// The sum of their net totals, rounded once.
    pub net_total: Sum,
    /// The sum of their taxes, rounded once.
    pub tax_total: Sum,
    /// The sum of their totals, rounded once.
    pub total: Sum,
}

/// What the orders, or the lines, of one group come to in one currency.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderGroup {
    /// What they have in common, as a filter of the list takes it; `null` for products without a category.
    key: Option<String>,
    /// The name of what the key refers to, where it is an id.
    label: Option<String>,
    /// The sums.
    #[serde(flatten)]
    sums: CurrencySummary,
}

type Row = (Option<String>, CurrencyCode, i64, Decimal, Decimal);

/// The sums over the orders that the list gives with the same filters. Without a status, drafts, rejected and cancelled orders
/// are left out: nothing has come of them.
///
/// # Errors
/// When the database fails.
pub async fn summary(
    db: &AsyncPgConnection,
    scope: &Scope<Order, Read>,
    filter: &OrderFilter,
    by: Option<Grouping>,
) -> Result<OrderSummary> {
    let custom = ByCustom::asked::<Order>(scope.actor(), &filter.custom_field, None)?;
    let spelling = spelling(db, scope, filter, &custom).await?;
    let sums = async |by| {
        let rows = custom.narrow(filtered(scope.visible(), filter, spelling));
        let ids = rows.filter(orders::status.eq_any(summed(filter))).select(orders::id);
        Sums { ids, by, products: filter.product_id.clone() }.load::<Row>(&mut &*db).await
    };
    let all: Vec<OrderGroup> = sums(None).await?.into_iter().map(group_of).collect::<Result<_>>()?;
    let currencies: Vec<CurrencySummary> = all.into_iter().map(|group| group.sums).collect();
    let mut groups: Vec<OrderGroup> = match by {
        Some(_) => sums(by).await?.into_iter().map(group_of).collect::<Result<_>>()?,
        None => Vec::new(),
    };
    let has_more_groups = groups.len() > MOST;
    groups.truncate(MOST);
    if by == Some(Grouping::Month) {
        groups.sort_by(|one, other| one.key.cmp(&other.key));
    }
    let labels = labels(db, scope.actor(), by, groups.iter().filter_map(|group| group.key.as_deref())).await?;
    for group in &mut groups {
        group.label = group.key.as_ref().and_then(|key| labels.get(key).cloned());
    }
    let count = currencies.iter().map(|currency| currency.count).sum();
    Ok(OrderSummary { totals: OrderTotals { count, currencies }, by, groups, has_more_groups })
}

fn group_of((key, currency, count, net, tax): Row) -> Result<OrderGroup> {
    let sums = CurrencySummary {
        currency,
        count,
        net_total: rounded(net)?,
        tax_total: rounded(tax)?,
        total: rounded(net + tax)?,
    };
    Ok(OrderGroup { key, label: None, sums })
}

/// The statuses of the orders to sum.
fn summed(filter: &OrderFilter) -> Vec<OrderStatus> {
    match filter.status.as_slice() {
        [] => OrderStatus::iter().filter(|status| !status.is_void() && *status != OrderStatus::Draft).collect(),
        asked => asked.to_vec(),
    }
}

/// How exactly the list finds the words of `filter`.
async fn spelling(
    mut db: &AsyncPgConnection,
    scope: &Scope<Order, Read>,
    filter: &OrderFilter,
    custom: &ByCustom,
) -> Result<Spelling> {
    use diesel::OptionalExtension;
    if filter.q.is_none() {
        return Ok(Spelling::AsWritten);
    }
    let as_written = custom.narrow(filtered(scope.visible(), filter, Spelling::AsWritten));
    let first: Option<OrderId> = as_written.select(orders::id).first(&mut db).await.optional()?;
    Ok(if first.is_some() { Spelling::AsWritten } else { Spelling::Nearly })
}

fn rounded(sum: Decimal) -> Result<Sum> {
    Sum::new(sum.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)).map_err(Error::internal)
}

/// The names of what the keys refer to, of clients only of those that `actor` may see.
async fn labels(
    mut db: &AsyncPgConnection,
    actor: &Actor,
    by: Option<Grouping>,
    keys: impl Iterator<Item = &str>,
) -> Result<HashMap<String, String>> {
    let ids: Vec<Uuid> = keys.filter_map(|key| key.parse().ok()).collect();
    let named: Vec<(Uuid, String)> = match by {
        Some(Grouping::Client) => {
            let Ok(scope) = actor.scope::<Client, Read>() else { return Ok(HashMap::new()) };
            let visible = clients::table.filter(clients::id.eq_any(ids)).filter(scope.visible());
            visible.select((clients::id, clients::name)).load(&mut db).await?
        }
        Some(Grouping::Product) => {
            products::table
                .filter(products::id.eq_any(ids))
                .select((products::id, products::name))
                .load(&mut db)
                .await?
        }
        Some(Grouping::Owner) => {
            users::table.filter(users::id.eq_any(ids)).select((users::id, users::name)).load(&mut db).await?
        }
        Some(Grouping::Team) => {
            teams::table.filter(teams::id.eq_any(ids)).select((teams::id, teams::name)).load(&mut db).await?
        }
        _ => Vec::new(),
    };
    Ok(named.into_iter().map(|(id, name)| (id.to_string(), name)).collect())
}

/// The sums of the orders with these ids, or of their lines of some products.
struct Sums<Ids> {
    ids: Ids,
    by: Option<Grouping>,
    products: Vec<ProductId>,
}

impl<Ids: QueryFragment<Pg>> QueryFragment<Pg> for Sums<Ids> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let of_lines = self.by.is_some_and(Grouping::is_of_lines) || !self.products.is_empty();
        let (net, tax, joined) = match of_lines {
            true => ("order_lines.net_amount", "order_lines.tax_amount", LINES),
            false => ("orders.net_total", "orders.tax_total", ""),
        };
        out.push_sql("SELECT ");
        out.push_sql(self.by.map_or("NULL::text", Grouping::key));
        out.push_sql(", orders.currency, count(DISTINCT orders.id), sum(");
        out.push_sql(net);
        out.push_sql("), sum(");
        out.push_sql(tax);
        out.push_sql(") FROM orders");
        out.push_sql(joined);
        out.push_sql(" WHERE orders.id IN (");
        self.ids.walk_ast(out.reborrow())?;
        out.push_sql(")");
        if !self.products.is_empty() {
            out.push_sql(" AND order_lines.product_id = ANY(");
            out.push_bind_param::<Array<SqlUuid>, _>(&self.products)?;
            out.push_sql(")");
        }
        out.push_sql(" GROUP BY 1, 2 ORDER BY ");
        out.push_sql(if self.by.is_some() { "4 DESC, 1, 2" } else { "2" });
        out.push_sql(" LIMIT ");
        out.push_sql(&(MOST + 1).to_string());
        Ok(())
    }
}

/// What is joined to sum the lines of orders.
const LINES: &str =
    " JOIN order_lines ON order_lines.order_id = orders.id JOIN products ON products.id = order_lines.product_id";

impl<Ids> Query for Sums<Ids> {
    type SqlType = (Nullable<Text>, Text, BigInt, Numeric, Numeric);
}

impl<Ids> QueryId for Sums<Ids> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
