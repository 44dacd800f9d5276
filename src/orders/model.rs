//! What an order is.

use diesel::prelude::{AsChangeset, Associations, Identifiable, Insertable, Queryable, Selectable};
use serde::{Deserialize, Serialize};
use strum::{AsRefStr, EnumString};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{limits::Limit, status::OrderStatus};
use crate::{
    access::{Belongs, Owned, Ownership, TeamId, UserId},
    clients::ClientId,
    contracts::ContractId,
    custom::{Custom, CustomResource, CustomValues, Given},
    db::{
        Jsonb,
        schema::{order_events, order_lines},
        stored_as_text,
        wide::orders,
    },
    departments::DepartmentId,
    error::FieldError,
    external_ids::{self, ExternalId},
    http::{PatchText, Terms},
    pricing::{Amounts, RoundedPer, Rounding, Rules, sum},
    products::ProductId,
    values::{
        Amount, CurrencyCode, Day, Entity, FulfilledQuantity, Id, Instant, Line, Percent, Prose, Quantity, Resource,
        Text, Total, bounds,
    },
};

/// An order's identifier.
pub type OrderId = Id<Order>;
/// The identifier of an order's line.
pub type OrderLineId = Id<OrderLine>;
/// The identifier of a step in an order's history.
pub type OrderEventId = Id<OrderEvent>;

/// An order of a client, without its lines.
#[derive(
    Clone, Debug, PartialEq, Queryable, Selectable, Insertable, Identifiable, AsChangeset, Serialize, ToSchema,
)]
#[diesel(table_name = orders, treat_none_as_null = true, treat_none_as_default_value = false)]
#[schema(as = OrderFields)]
pub struct Order {
    /// Identifier.
    pub id: OrderId,
    /// Grows by one with each change.
    #[schema(minimum = 1)]
    pub version: i64,
    /// When the order was created here.
    pub created_at: Instant,
    /// When the order was last changed.
    pub updated_at: Instant,
    /// Who orders.
    pub client_id: ClientId,
    /// Who works with the client.
    pub owner_id: UserId,
    /// The owner's team.
    pub team_id: TeamId,
    /// Whether the client is designated as key.
    pub is_key: bool,
    /// Business: The number that people know the order by; unique, with gaps.
    #[schema(value_type = Text<50>)]
    pub number: OrderNumber,
    /// Who wrote the order. They cannot approve it while it waits for approval.
    pub author_id: UserId,
    /// Who else edited its terms or its lines; they cannot approve it either.
    #[schema(value_type = Vec<UserId>, max_items = 1000)]
    pub editor_ids: Jsonb<Vec<UserId>>,
    /// Personal: Why the order was last rejected, or returned by its department; `null` once it is submitted or handed over
    /// again.
    pub return_reason: Option<Text<1000>>,
    /// Why it needed approval when it was last submitted: the limits of its submitter that it exceeds. A limit that the
    /// caller may not know is left out.
    #[schema(value_type = Vec<Limit>, max_items = 10)]
    pub exceeded: Jsonb<Vec<Limit>>,
    /// How far the order is; changed by transitions.
    pub status: OrderStatus,
    /// How urgent the order is.
    pub priority: Priority,
    /// The currency of all amounts.
    pub currency: CurrencyCode,
    /// How its amounts are rounded: as the organisation rounded when the lines were written.
    pub rounding: Rounding,
    /// What is rounded, each line or the whole order.
    pub rounded_per: RoundedPer,
    /// Whether its unit prices include the tax.
    pub prices_include_tax: bool,
    /// The day of the order: when it was drafted, or once it is submitted, when it was submitted.
    pub ordered_on: Day,
    /// The sum of the lines after discount, before tax.
    pub net_total: Total,
    /// The sum of the lines' taxes.
    pub tax_total: Total,
    /// `net_total` and `tax_total` together.
    pub total: Total,
    /// Who executes the order, once it is handed over.
    pub department_id: Option<DepartmentId>,
    /// When the department is to be done.
    pub due_at: Option<Instant>,
    /// When the order was submitted.
    pub submitted_at: Option<Instant>,
    /// Who approved the order. This is the user who submitted it, when it was within their limits.
    pub approved_by: Option<UserId>,
    /// When the order was handed to the department.
    pub handed_over_at: Option<Instant>,
    /// When the last of it was fulfilled.
    pub fulfilled_at: Option<Instant>,
    /// What the department wants to know before it goes on; `null` once it is answered.
    #[schema(value_type = Option<Asked>)]
    pub question: Option<Jsonb<Asked>>,
    /// The request to cancel the order while the department works on it; `null` once the department has given its word.
    #[schema(value_type = Option<Asked>)]
    pub cancellation: Option<Jsonb<Asked>>,
    /// The fields that callers write.
    #[diesel(embed)]
    #[serde(flatten)]
    pub terms: OrderTerms,
}

/// What somebody asked about an order, and waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Asked {
    /// Who asked.
    pub by: Option<UserId>,
    /// When.
    pub at: Instant,
    /// Personal: What, or why.
    pub reason: Text<1000>,
}

/// The fields of an order that callers write.
#[derive(
    Clone, Debug, Default, PartialEq, Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize, ToSchema,
)]
#[diesel(table_name = orders, treat_none_as_null = true, treat_none_as_default_value = false)]
#[serde(deny_unknown_fields)]
pub struct OrderTerms {
    /// The contract that the order is under. Its rules hold when the order is submitted and approved; for a past
    /// order, they hold for the day of the order.
    pub contract_id: Option<ContractId>,
    /// When the client would like to have it.
    pub requested_delivery_on: Option<Day>,
    /// Personal: What else is to be said.
    pub comment: Option<Prose>,
    /// Personal: The values of the organisation's own fields, by their names.
    #[serde(default)]
    #[schema(value_type = CustomValues)]
    pub custom_fields: Jsonb<CustomValues>,
    /// Business: The ids by which other systems know the order, at most twenty. Each is unique in its source.
    #[serde(default, deserialize_with = "bounds::at_most::<20, _, _, _>")]
    #[schema(value_type = Vec<ExternalId>, max_items = 20)]
    pub external_ids: Jsonb<Vec<ExternalId>>,
}

impl Terms for OrderTerms {
    const PATCH: PatchText = PatchText {
        name: "OrderPatch",
        description: "The fields of an order to change.",
        example: r#"{"priority": "high", "comment": null}"#,
    };

    fn breaches(&self) -> Vec<FieldError> {
        external_ids::repeated(&self.external_ids.0).collect()
    }
}

/// An order's number.
pub type OrderNumber = Text<50>;

/// How urgent an order is.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    ToSchema,
    AsRefStr,
    EnumString,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[diesel(sql_type = diesel::sql_types::Text)]
#[schema(as = OrderPriority)]
pub enum Priority {
    /// In its turn.
    Normal,
    /// Before the normal ones; the default for key clients.
    High,
    /// Before all others.
    Urgent,
}
stored_as_text!(Priority);

impl Priority {
    /// The priority of an order for which none is given.
    pub fn initial(is_key: bool) -> Self {
        if is_key { Self::High } else { Self::Normal }
    }
}

/// One line of an order. Name, unit, price and tax rate are kept as they were when the line was written.
#[derive(
    Clone, Debug, PartialEq, Queryable, Selectable, Insertable, Identifiable, Associations, Serialize, ToSchema,
)]
#[diesel(table_name = order_lines, belongs_to(Order))]
pub struct OrderLine {
    /// Identifier.
    pub id: OrderLineId,
    /// The order.
    #[serde(skip)]
    pub order_id: OrderId,
    /// The place among the lines, from 1.
    #[schema(minimum = 1, maximum = 200)]
    pub position: i16,
    /// What is ordered.
    pub product_id: ProductId,
    /// The product's name.
    pub name: Line,
    /// The product's unit.
    pub unit: Text<50>,
    /// How much is ordered.
    pub quantity: Quantity,
    /// What one unit costs before discount and tax.
    pub unit_price: Amount,
    /// What is taken off.
    pub discount_percent: Percent,
    /// The rate of the tax.
    pub tax_rate: Percent,
    /// Business: Why the tax is not that of the product.
    pub tax_reason: Option<Text<200>>,
    /// Quantity × unit price after discount, without tax, rounded as the order says.
    pub net_amount: Total,
    /// The tax, rounded as the order says.
    pub tax_amount: Total,
    /// How much of it is fulfilled.
    pub fulfilled_quantity: FulfilledQuantity,
    /// How much of what was delivered came back.
    pub returned_quantity: FulfilledQuantity,
}

impl OrderLine {
    /// What the line adds to the order's totals.
    pub fn amounts(&self) -> Amounts {
        Amounts { net: self.net_amount, tax: self.tax_amount }
    }

    /// Whether all of it is fulfilled.
    pub fn is_complete(&self) -> bool {
        self.fulfilled_quantity.value() == self.quantity.value()
    }
}

impl Order {
    /// How its amounts are made.
    pub fn rules(&self) -> Rules {
        let Self { rounding, rounded_per, prices_include_tax, .. } = *self;
        Rules { rounding, rounded_per, prices_include_tax }
    }

    /// The same with amounts that are made by these rules from now on.
    #[must_use]
    pub fn by(self, Rules { rounding, rounded_per, prices_include_tax }: Rules) -> Self {
        Self { rounding, rounded_per, prices_include_tax, ..self }
    }
}

/// An order with its lines, sorted by position. They are changed and recorded together.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct OrderWithLines {
    /// The order.
    #[serde(flatten)]
    pub order: Order,
    /// Its lines.
    pub lines: Vec<OrderLine>,
}

impl OrderWithLines {
    /// Sets the order's totals to the sums of its lines; `None` when they exceed the largest total.
    #[must_use]
    pub fn totalled(mut self) -> Option<Self> {
        let (amounts, total) = sum(self.lines.iter().map(OrderLine::amounts))?;
        self.order.net_total = amounts.net;
        self.order.tax_total = amounts.tax;
        self.order.total = total;
        Some(self)
    }
}

/// A step in an order's history.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, Serialize, ToSchema)]
#[diesel(table_name = order_events, treat_none_as_default_value = false)]
#[schema(as = OrderEventFields)]
pub struct OrderEvent {
    /// Identifier.
    pub id: OrderEventId,
    /// The order.
    #[serde(skip)]
    pub order_id: OrderId,
    /// The order's client.
    #[serde(skip)]
    pub client_id: ClientId,
    /// When it happened.
    pub at: Instant,
    /// Who did it; the system itself when `null`.
    pub actor_id: Option<UserId>,
    /// What was done: `created`, `recorded`, `submitted`, `withdrawn`, `approved`, `rejected`, `reopened`, `handed_over`,
    /// `changed`, `asked`, `answered`, `accepted`, `started`, `fulfilled`, `corrected`, `taken_back`, `returned`, `closed`,
    /// `cancellation_requested`, `cancellation_declined` or `cancelled`.
    #[schema(max_length = 30, example = "submitted")]
    pub action: String,
    /// The status before.
    pub from_status: Option<OrderStatus>,
    /// The status after.
    pub to_status: OrderStatus,
    /// Why, when a reason was given.
    pub reason: Option<Text<1000>>,
    /// The limits of the submitter that the order exceeds: why it waits for approval. A limit that the caller may not know
    /// is left out.
    #[schema(value_type = Vec<Limit>, max_items = 10)]
    pub exceeded: Jsonb<Vec<Limit>>,
    /// The figures of the step.
    #[schema(value_type = EventDetails)]
    pub details: Jsonb<EventDetails>,
}

/// The figures of a step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = OrderEventDetails)]
pub struct EventDetails {
    /// Of which lines something was delivered, corrected or taken back.
    #[schema(max_items = 200)]
    pub lines: Vec<EventLine>,
    /// What was changed about an order under way.
    #[schema(max_items = 10)]
    pub changes: Vec<EventChange>,
    /// Business: The paper that went with it, such as a delivery note.
    pub document: Option<Text<100>>,
}

/// What a step did to a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = OrderEventLine)]
pub struct EventLine {
    /// The line.
    pub line_id: OrderLineId,
    /// Its place among the lines.
    #[schema(minimum = 1, maximum = 200)]
    pub position: i16,
    /// How much was delivered or taken back in all before the step.
    pub before: FulfilledQuantity,
    /// How much after it.
    pub after: FulfilledQuantity,
}

/// What a step changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = OrderEventChange)]
pub struct EventChange {
    /// The field.
    #[schema(max_length = 30, example = "priority")]
    pub field: String,
    /// Its value before; left out for a text.
    #[schema(max_length = 40)]
    pub from: Option<String>,
    /// Its value after; left out for a text.
    #[schema(max_length = 40)]
    pub to: Option<String>,
}

impl Resource for OrderLine {
    const NAME: &'static str = "order_lines";
}

impl Resource for Order {
    const NAME: &'static str = "orders";
}

impl Entity for Order {
    fn uuid(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn client(&self) -> Option<Uuid> {
        Some(self.client_id.uuid())
    }
}

impl Custom for Order {
    const RESOURCE: CustomResource = CustomResource::Orders;

    fn given(&self) -> Given<'_> {
        Given { open: &self.terms.custom_fields.0, confidential: None, kind: None, status: Some(self.status.as_ref()) }
    }

    fn values_mut(&mut self) -> &mut CustomValues {
        &mut self.terms.custom_fields.0
    }
}

impl Owned for Order {
    const DEPARTMENT: Option<&'static str> = Some("department_id");
}

impl Belongs for Order {
    fn ownership(&self) -> Option<Ownership> {
        Some(Ownership { owner: self.owner_id, team: self.team_id, is_key: self.is_key })
    }

    fn is_of_one(&self, departments: &[Uuid]) -> bool {
        self.department_id.is_some_and(|id| departments.contains(id.as_uuid()))
    }
}

impl Resource for OrderWithLines {
    const NAME: &'static str = Order::NAME;
}

impl Entity for OrderWithLines {
    fn uuid(&self) -> Uuid {
        self.order.uuid()
    }

    fn version(&self) -> i64 {
        self.order.version
    }

    fn client(&self) -> Option<Uuid> {
        self.order.client()
    }
}
