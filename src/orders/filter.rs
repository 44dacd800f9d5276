//! Which orders to list and to sum, and how to answer them.

use diesel::{ExpressionMethods, QueryDsl, pg::Pg};
use serde::Deserialize;
use strum::{EnumString, VariantNames};
use utoipa::IntoParams;

use super::{
    model::{Order, OrderId, Priority},
    status::OrderStatus,
};
use crate::{
    access::{UserId, Within},
    clients::ClientId,
    contracts::ContractId,
    db::schema::{order_lines, orders},
    departments::DepartmentId,
    external_ids,
    list::{CustomFilter, CustomSort, Sort, Spelling, Words, search},
    products::ProductId,
    values::{CurrencyCode, Day, Instant, Resource, Text},
};

/// Which orders to list, and how.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct OrderFilter {
    /// Only the orders with one of these ids, at most 200.
    #[param(inline)]
    pub id: Vec<OrderId>,
    /// Only orders of one of these clients.
    #[param(inline)]
    pub client_id: Vec<ClientId>,
    /// Only orders under one of these contracts.
    #[param(inline)]
    pub contract_id: Vec<ContractId>,
    /// Only orders of the clients of one of these owners.
    #[param(inline)]
    pub owner_id: Vec<UserId>,
    /// Only orders that one of these users wrote.
    #[param(inline)]
    pub author_id: Vec<UserId>,
    /// Only orders handed to one of these departments.
    #[param(inline)]
    pub department_id: Vec<DepartmentId>,
    /// Only orders with one of these statuses.
    #[param(inline)]
    pub status: Vec<OrderStatus>,
    /// Only orders with one of these priorities.
    #[param(inline)]
    pub priority: Vec<Priority>,
    /// Only orders in one of these currencies.
    #[param(inline)]
    pub currency: Vec<CurrencyCode>,
    /// Only orders with a line of one of these products.
    #[param(inline)]
    pub product_id: Vec<ProductId>,
    /// Only orders of this day or later.
    #[param(inline)]
    pub ordered_on_from: Option<Day>,
    /// Only orders of days before this one.
    #[param(inline)]
    pub ordered_on_to: Option<Day>,
    /// Only orders that this other system knows.
    #[param(inline)]
    pub external_source: Option<Text<50>>,
    /// Only orders with this id in another system.
    #[param(inline)]
    pub external_id: Option<Text<100>>,
    /// Only orders changed at or after this moment.
    #[param(inline)]
    pub updated_at_from: Option<Instant>,
    /// Only orders changed before this moment.
    #[param(inline)]
    pub updated_at_to: Option<Instant>,
    /// Every word must occur in the number or the comment. Best matches first, a thousand at most, unless `sort` says
    /// otherwise.
    #[param(inline)]
    pub q: Option<search::Words>,
    /// Only orders whose custom fields have such values, at most ten conditions: `beds=120`, and of numbers, amounts and days also
    /// `beds>=100` and `beds<200`. The fields must be indexed.
    #[param(inline)]
    pub custom_field: Vec<CustomFilter>,
    /// The order of a custom field in place of `sort`: its name, with `-` before it for largest first. It must be indexed; orders
    /// without a value are left out.
    #[param(inline)]
    pub custom_sort: Option<CustomSort>,
    /// The order; `-updated_at` when left out.
    #[param(inline)]
    pub sort: Option<OrderSorting>,
    /// Related resources to put in: one parameter each, or all in one, separated by commas.
    #[param(inline)]
    pub include: OrderIncludes,
}

/// How to answer one order.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct OrderParams {
    /// Related resources to put in: one parameter each, or all in one, separated by commas. The lines are always there.
    #[param(inline)]
    pub include: OrderIncludes,
    /// Only these fields; the others are absent then. One parameter each, or all in one, separated by commas.
    #[param(inline, value_type = Option<Vec<String>>, max_items = 100)]
    pub fields: Option<String>,
}

/// How to answer a department's queue.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct QueueFilter {
    /// Only orders with one of these statuses: `handed_over`, `accepted` or `in_progress`.
    #[param(inline)]
    pub status: Vec<OrderStatus>,
    /// Only orders of one of these clients.
    #[param(inline)]
    pub client_id: Vec<ClientId>,
    /// Only orders with one of these priorities.
    #[param(inline)]
    pub priority: Vec<Priority>,
    /// Only orders that are due at this moment or later.
    #[param(inline)]
    pub due_at_from: Option<Instant>,
    /// Only orders that are due before this moment: with the present one, those that are overdue.
    #[param(inline)]
    pub due_at_to: Option<Instant>,
    /// Related resources to put in: one parameter each, or all in one, separated by commas.
    #[param(inline)]
    pub include: OrderIncludes,
}

impl QueueFilter {
    /// Those of `query` that are asked for.
    pub fn narrow(&self, mut query: Boxed) -> Boxed {
        if !self.status.is_empty() {
            query = query.filter(orders::status.eq_any(self.status.clone()));
        }
        if !self.client_id.is_empty() {
            query = query.filter(orders::client_id.eq_any(self.client_id.clone()));
        }
        if !self.priority.is_empty() {
            query = query.filter(orders::priority.eq_any(self.priority.clone()));
        }
        if let Some(from) = self.due_at_from {
            query = query.filter(orders::due_at.ge(from));
        }
        if let Some(to) = self.due_at_to {
            query = query.filter(orders::due_at.lt(to));
        }
        query
    }
}

/// The filters of an order's history: there are none.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct HistoryFilter {}

/// The order of a list of orders.
pub type OrderSorting = Sort<OrderSort>;

/// What orders can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum OrderSort {
    /// When the order was last changed.
    UpdatedAt,
    /// The day of the order.
    OrderedOn,
}

/// What to put into an order.
pub type OrderIncludes = Words<OrderInclude>;

/// What can be put into an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum OrderInclude {
    /// The client.
    Client,
    /// Who works with the client.
    Owner,
    /// The department that executes it.
    Department,
    /// The lines.
    Lines,
}

/// A query of orders, to be sorted and paged.
pub type Boxed = orders::BoxedQuery<'static, Pg>;

/// The query for the rows of `filter` within reach. The page, its total and the sums all use it.
pub fn filtered(within: Within<Order>, filter: &OrderFilter, spelling: Spelling) -> Boxed {
    let mut query = orders::table.filter(within).into_boxed();
    if !filter.id.is_empty() {
        query = query.filter(orders::id.eq_any(filter.id.clone()));
    }
    if !filter.client_id.is_empty() {
        query = query.filter(orders::client_id.eq_any(filter.client_id.clone()));
    }
    if !filter.contract_id.is_empty() {
        query = query.filter(orders::contract_id.eq_any(filter.contract_id.clone()));
    }
    if !filter.owner_id.is_empty() {
        query = query.filter(orders::owner_id.eq_any(filter.owner_id.clone()));
    }
    if !filter.author_id.is_empty() {
        query = query.filter(orders::author_id.eq_any(filter.author_id.clone()));
    }
    if !filter.department_id.is_empty() {
        query = query.filter(orders::department_id.eq_any(filter.department_id.clone()));
    }
    query = of_kind(query, filter);
    query = in_time(query, filter);
    match &filter.q {
        Some(words) => search(query, Order::NAME, words, spelling),
        None => query,
    }
}

fn of_kind(mut query: Boxed, filter: &OrderFilter) -> Boxed {
    if !filter.status.is_empty() {
        query = query.filter(orders::status.eq_any(filter.status.clone()));
    }
    if !filter.priority.is_empty() {
        query = query.filter(orders::priority.eq_any(filter.priority.clone()));
    }
    if !filter.currency.is_empty() {
        query = query.filter(orders::currency.eq_any(filter.currency.clone()));
    }
    if !filter.product_id.is_empty() {
        let with = order_lines::table
            .filter(order_lines::product_id.eq_any(filter.product_id.clone()))
            .select(order_lines::order_id);
        query = query.filter(orders::id.eq_any(with));
    }
    query
}

fn in_time(mut query: Boxed, filter: &OrderFilter) -> Boxed {
    if let Some(from) = filter.ordered_on_from {
        query = query.filter(orders::ordered_on.ge(from));
    }
    if let Some(to) = filter.ordered_on_to {
        query = query.filter(orders::ordered_on.lt(to));
    }
    if let Some(known) = external_ids::known::<Order>(filter.external_source.as_ref(), filter.external_id.as_ref()) {
        query = query.filter(known);
    }
    if let Some(from) = filter.updated_at_from {
        query = query.filter(orders::updated_at.ge(from));
    }
    if let Some(to) = filter.updated_at_to {
        query = query.filter(orders::updated_at.lt(to));
    }
    query
}
