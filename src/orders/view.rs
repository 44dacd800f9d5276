//! An order as a caller sees it.

use std::collections::HashMap;

use diesel_async::AsyncPgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    circumstances::{Circumstances, circumstances},
    filter::{OrderInclude, OrderIncludes},
    life,
    limits::{self, Limit},
    lines,
    model::{Order, OrderEvent, OrderLine, OrderWithLines},
    status::{OrderStatus, Transition},
    steps::STEPS,
};
use crate::{
    access::{Actor, Update},
    change::Tx,
    clients::{self, ClientRef},
    db::Jsonb,
    departments::{self, DepartmentRef},
    error::{Error, Result},
    http::View,
    users::{self, UserRef},
};

/// An order, what the caller may do with it, and what was included.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Order, example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "version": 3, "custom_fields": {},
    "created_at": "2026-11-20T09:30:00Z", "updated_at": "2026-11-24T09:30:00Z",
    "client_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30", "owner_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31",
    "team_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e32", "is_key": false, "number": "O-2026-000123", "contract_id": null,
    "author_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31", "editor_ids": [], "return_reason": null, "exceeded": [], "status": "handed_over", "priority": "normal", "currency": "RUB",
    "rounding": "half_up", "rounded_per": "line", "prices_include_tax": false, "question": null, "cancellation": null,
    "ordered_on": "2026-11-20", "requested_delivery_on": "2026-12-10", "comment": "Deliver to the back door",
    "external_ids": [{"source": "erp", "id": "4711"}],
    "net_total": "1140.00", "tax_total": "228.00", "total": "1368.00",
    "department_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e33", "due_at": "2026-12-01T15:00:00Z",
    "submitted_at": "2026-11-20T10:00:00Z", "approved_by": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31",
    "handed_over_at": "2026-11-24T09:30:00Z", "fulfilled_at": null, "actions": ["cancel"],
    "lines": [{"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e34", "position": 1,
        "product_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e35", "name": "Paper", "unit": "box", "quantity": "12.000",
        "unit_price": "100.00", "discount_percent": "5.00", "tax_rate": "20.00", "tax_reason": null,
        "net_amount": "1140.00", "tax_amount": "228.00", "fulfilled_quantity": "0.000", "returned_quantity": "0.000"}]}))]
pub struct OrderView {
    #[serde(flatten)]
    order: Order,
    /// What the caller may do with the order now.
    actions: Vec<&'static str>,
    /// The lines; in a list when included.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_items = 200)]
    lines: Option<Vec<OrderLine>>,
    /// The client, when included.
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<ClientRef>,
    /// Who works with the client, when included.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<UserRef>,
    /// The department that executes the order, when included.
    #[serde(skip_serializing_if = "Option::is_none")]
    department: Option<DepartmentRef>,
}

impl View for OrderView {
    type Row = Order;

    fn row(&self) -> &Order {
        &self.order
    }
}

/// The order just changed, as the caller who changed it sees it.
///
/// # Errors
/// When the database fails.
pub async fn changed(tx: &mut Tx<'_>, order: OrderWithLines) -> Result<OrderView> {
    let OrderWithLines { order, lines } = order;
    let mut view = one(views(tx, vec![order], &OrderIncludes::default(), tx.actor()).await?)?;
    view.lines = Some(lines);
    Ok(view)
}

/// `order` with its lines, as `actor` sees it, with what `include` asks for.
///
/// # Errors
/// When the database fails.
pub async fn view(db: &AsyncPgConnection, order: Order, include: &OrderIncludes, actor: &Actor) -> Result<OrderView> {
    let lines = lines::of(db, std::slice::from_ref(&order)).await?.remove(&order.id).unwrap_or_default();
    let mut view = one(views(db, vec![order], include, actor).await?)?;
    view.lines = Some(lines);
    Ok(view)
}

fn one(views: Vec<OrderView>) -> Result<OrderView> {
    views.into_iter().next().ok_or_else(Error::not_found)
}

/// `orders` as `actor` sees them, with what `include` asks for, in one query for each kind.
///
/// # Errors
/// When the database fails.
pub async fn views(
    db: &AsyncPgConnection,
    orders: Vec<Order>,
    include: &OrderIncludes,
    actor: &Actor,
) -> Result<Vec<OrderView>> {
    let circumstances = circumstances(db, &orders).await?;
    let matters = orders.iter().filter(|order| Transition::possible(order.status).any(Transition::begins_business));
    let gone = clients::gone(db, matters.map(|order| order.client_id).collect()).await?;
    let mut lines = match include.has(OrderInclude::Lines) {
        true => Some(lines::of(db, &orders).await?),
        false => None,
    };
    let clients = match include.has(OrderInclude::Client) {
        true => clients::references(db, actor, orders.iter().map(|order| order.client_id).collect()).await?,
        false => HashMap::new(),
    };
    let owners = match include.has(OrderInclude::Owner) {
        true => users::references(db, orders.iter().map(|order| order.owner_id).collect()).await?,
        false => HashMap::new(),
    };
    let departments = match include.has(OrderInclude::Department) {
        true => departments::references(db, orders.iter().filter_map(|order| order.department_id).collect()).await?,
        false => HashMap::new(),
    };
    let unknown = Circumstances::default();
    let view = |mut order: Order| OrderView {
        actions: actions(
            &order,
            gone.contains(&order.client_id),
            circumstances.get(&order.id).unwrap_or(&unknown),
            actor,
        ),
        lines: lines.as_mut().map(|lines| lines.remove(&order.id).unwrap_or_default()),
        client: clients.get(&order.client_id).cloned(),
        owner: owners.get(&order.owner_id).cloned(),
        department: order.department_id.and_then(|id| departments.get(&id).cloned()),
        order: {
            order.exceeded = Jsonb(Limit::known_to(actor, &order, &order.exceeded.0));
            order
        },
    };
    Ok(orders.into_iter().map(view).collect())
}

/// What `actor` may do with `order` in its present state. `is_gone` is whether its client is lost or archived.
fn actions(order: &Order, is_gone: bool, circumstances: &Circumstances, actor: &Actor) -> Vec<&'static str> {
    let update = (order.status.can_be_changed() && actor.may::<Order, Update>(order)).then_some("update");
    let steps = STEPS.iter().filter(|step| step.transition.target(order.status, true).is_some());
    let steps = steps.filter(|step| !(is_gone && step.transition.begins_business()));
    let offered = steps.filter(|step| (step.may)(actor, order) && fits(step.transition, order, circumstances, actor));
    update.into_iter().chain(offered.map(|step| step.transition.into())).collect()
}

/// Whether the circumstances of `order` let `actor` take a step that its status allows.
fn fits(step: Transition, order: &Order, circumstances: &Circumstances, actor: &Actor) -> bool {
    match step {
        Transition::Approve => limits::offers_approval(order, circumstances, actor),
        Transition::HandOver if order.status == OrderStatus::Draft => actor.may::<Order, Update>(order),
        Transition::Return => !circumstances.begun,
        Transition::TakeBack if !order.status.is_executed() => circumstances.begun,
        _ => life::is_open(step, order),
    }
}

/// A step in an order's history, and who took it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderEvent, example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "at": "2026-11-24T09:30:00Z",
    "actor_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31", "action": "submitted", "from_status": "draft",
    "to_status": "submitted", "reason": null, "exceeded": ["max_order_amount"],
    "details": {"lines": [], "changes": [], "document": null},
    "actor": {"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31", "name": "Anna Petrova", "job_title": "Sales manager"}}))]
pub struct OrderEventView {
    #[serde(flatten)]
    event: OrderEvent,
    /// The one who took it; the system itself when `null`.
    actor: Option<UserRef>,
}

/// `events` of `order` as `actor` sees them, with the names of the users who took the steps, in one query.
///
/// # Errors
/// When the database fails.
pub async fn history(
    db: &AsyncPgConnection,
    order: &Order,
    events: Vec<OrderEvent>,
    actor: &Actor,
) -> Result<Vec<OrderEventView>> {
    let actors = users::references(db, events.iter().filter_map(|event| event.actor_id).collect()).await?;
    let view = |mut event: OrderEvent| {
        event.exceeded = Jsonb(Limit::known_to(actor, order, &event.exceeded.0));
        let actor = event.actor_id.and_then(|id| actors.get(&id).cloned());
        OrderEventView { event, actor }
    };
    Ok(events.into_iter().map(view).collect())
}
