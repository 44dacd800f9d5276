//! What a caller sends about an order.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    model::{OrderLineId, OrderNumber, OrderTerms, Priority},
    record::PastStatus,
};
use crate::{
    access::{Action, UserId},
    clients::ClientId,
    departments::DepartmentId,
    http::{Parts, Patch},
    products::ProductId,
    values::{Amount, CurrencyCode, Day, FulfilledQuantity, Instant, Percent, Quantity, Text, bounds},
};

/// An order to be drafted.
pub type NewOrder = Parts<OrderStart, OrderTerms>;

/// What callers give only when they draft an order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewOrder, description = "An order to be drafted.", example = json!({"client_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "requested_delivery_on": "2031-12-10",
    "lines": [{"product_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30", "quantity": "12", "discount_percent": "5"}]}))]
pub struct OrderStart {
    /// Who orders.
    pub client_id: ClientId,
    /// The currency of the order, in which all its products must be priced; the products' currency when left out.
    pub currency: Option<CurrencyCode>,
    /// How urgent the order is; `high` for a key client and `normal` for others when left out.
    pub priority: Option<Priority>,
    /// What is ordered: 1 to 200 lines.
    #[schema(min_items = 1, max_items = 200)]
    pub lines: Vec<NewOrderLine>,
}

/// A line to be ordered.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"product_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30", "quantity": "12", "unit_price": "100.00",
    "discount_percent": "5", "tax_rate": "20"}))]
pub struct NewOrderLine {
    /// What is ordered. Give either this or `sku`.
    pub product_id: Option<ProductId>,
    /// Business: The stock keeping unit of what is ordered, in place of `product_id`.
    pub sku: Option<Text<50>>,
    /// How much is ordered.
    pub quantity: Quantity,
    /// What one unit costs before discount and tax; the product's base price when left out.
    pub unit_price: Option<Amount>,
    /// What is taken off; nothing when left out.
    pub discount_percent: Option<Percent>,
    /// The rate of the tax; the product's when left out.
    pub tax_rate: Option<Percent>,
    /// Business: Why the tax is not that of the product, such as a delivery abroad. An order is submitted only with a reason for
    /// each such line.
    pub tax_reason: Option<Text<200>>,
}

/// The fields of a draft to change.
pub type OrderPatch = Parts<DraftPatch, Patch<OrderTerms>>;

/// The fields of a draft that are written in another form than an order has them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrderPatch)]
pub struct DraftPatch {
    /// How urgent the order is. `urgent` needs the right to expedite orders.
    #[serde(default, deserialize_with = "bounds::not_null")]
    #[schema(nullable = false)]
    pub priority: Option<Priority>,
    /// When the department is to be done. Only of an order in a department's queue.
    #[serde(default, deserialize_with = "bounds::not_null")]
    #[schema(nullable = false)]
    pub due_at: Option<Instant>,
    /// What is ordered: 1 to 200 lines. They replace all lines of the draft.
    #[serde(default, deserialize_with = "bounds::not_null")]
    #[schema(nullable = false, min_items = 1, max_items = 200)]
    pub lines: Option<Vec<NewOrderLine>>,
}

/// A past order to be recorded with its real dates.
pub type NewPastOrder = Parts<PastOrderStart, OrderTerms>;

/// What callers give only when they record a past order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPastOrder, description = "A past order to be recorded with its real dates.", example = json!({"client_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "number": "1996-17", "ordered_on": "2026-07-04",
    "fulfilled_on": "2026-07-16", "lines": [{"product_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30", "quantity": "12",
    "unit_price": "14.00", "tax_rate": "0"}]}))]
pub struct PastOrderStart {
    /// Who ordered.
    pub client_id: ClientId,
    /// The currency of the order, in which all its products must be priced; the products' currency when left out.
    pub currency: Option<CurrencyCode>,
    /// How urgent the order was; `high` for a key client and `normal` for others when left out.
    pub priority: Option<Priority>,
    /// What was ordered: 1 to 200 lines. A product may be inactive by now.
    #[schema(min_items = 1, max_items = 200)]
    pub lines: Vec<NewOrderLine>,
    /// The number that the order had; a new one when left out. The form of new numbers, such as O-2026-000123, is
    /// reserved.
    pub number: Option<OrderNumber>,
    /// The day of the order, not in the future.
    pub ordered_on: Day,
    /// How far the order came; `closed` when left out.
    pub status: Option<PastStatus>,
    /// The day on which it was fulfilled, from `ordered_on` to today; the day of the order when left out. Not with the
    /// status `approved`.
    pub fulfilled_on: Option<Day>,
    /// Who executed the order.
    pub department_id: Option<DepartmentId>,
    /// Who wrote the order; the caller when left out.
    pub author_id: Option<UserId>,
}

/// Who is to execute an order, and until when.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"department_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "due_at": "2031-12-01T15:00:00Z"}))]
pub struct HandOver {
    /// The department, which must be active.
    pub department_id: DepartmentId,
    /// When the department is to be done; in the future.
    pub due_at: Instant,
    /// What the department should know; kept in the history.
    pub reason: Option<Text<1000>>,
}

/// What is delivered now.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lines": [{"line_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "quantity": "5"}]}))]
pub struct Fulfilment {
    /// The lines of which something is delivered: 1 to 200.
    #[schema(min_items = 1, max_items = 200)]
    pub lines: Vec<FulfilledLine>,
    /// What is to be said about it; kept in the history.
    pub reason: Option<Text<1000>>,
    /// Business: The paper that goes with it, such as the number of a delivery note; kept in the history.
    pub document: Option<Text<100>>,
}

/// What is delivered in truth.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lines": [{"line_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "fulfilled_quantity": "4"}],
    "reason": "One box was counted twice"}))]
pub struct Correction {
    /// The lines that were noted wrongly: 1 to 200.
    #[schema(min_items = 1, max_items = 200)]
    pub lines: Vec<CorrectedLine>,
    /// Why it is corrected; kept in the history.
    pub reason: Text<1000>,
}

/// How much of one line is delivered in truth.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"line_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "fulfilled_quantity": "4"}))]
pub struct CorrectedLine {
    /// The line.
    pub line_id: OrderLineId,
    /// How much of it is delivered in all: at most what was ordered, and not less than what came back.
    pub fulfilled_quantity: FulfilledQuantity,
}

/// What comes back from the client.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"lines": [{"line_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "quantity": "1"}],
    "reason": "The box is broken"}))]
pub struct GoodsReturn {
    /// The lines of which something comes back: 1 to 200.
    #[schema(min_items = 1, max_items = 200)]
    pub lines: Vec<FulfilledLine>,
    /// Why; kept in the history.
    pub reason: Text<1000>,
    /// Business: The paper that goes with it; kept in the history.
    pub document: Option<Text<100>>,
}

/// How much of one line is delivered now.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"line_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "quantity": "5"}))]
pub struct FulfilledLine {
    /// The line.
    pub line_id: OrderLineId,
    /// How much is delivered now, at most what remains; or how much comes back, at most what was delivered.
    pub quantity: Quantity,
}

/// Approve or reject an order.
#[derive(Debug)]
pub enum ApproveOrder {}
impl Action for ApproveOrder {
    const NAME: &'static str = "approve";
}

/// Hand an order to a department.
#[derive(Debug)]
pub enum HandOverOrder {}
impl Action for HandOverOrder {
    const NAME: &'static str = "hand_over";
}

/// Work on an order in a department.
#[derive(Debug)]
pub enum ExecuteOrder {}
impl Action for ExecuteOrder {
    const NAME: &'static str = "execute";
}

/// Put an order before all others.
#[derive(Debug)]
pub enum ExpediteOrder {}
impl Action for ExpediteOrder {
    const NAME: &'static str = "expedite";
}

/// Record a past order.
#[derive(Debug)]
pub enum RecordOrder {}
impl Action for RecordOrder {
    const NAME: &'static str = "record";
}
