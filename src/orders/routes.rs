//! `/v1/orders`, and the queues of `/v1/departments`.

use actix_web::web::{Json, Path};

use super::{
    bodies::{NewOrder, NewPastOrder, OrderPatch, RecordOrder},
    filter::{HistoryFilter, OrderFilter, OrderParams, QueueFilter},
    model::{Order, OrderId},
    queries, record,
    summary::{self, OrderSummary, SummaryParams},
    update,
    view::{self, OrderEventView, OrderView, views},
};
use crate::{
    access::{Create, Read, Scope, Update},
    change::Change,
    db::{Cost, Db},
    departments::DepartmentId,
    error::Result,
    http::{Changed, Created, Fields, IfMatch, Query, Reply, Routes, Tagged, endpoint},
    list::{ListQuery, Page, RowsQuery},
};

/// The operations on orders that are not steps.
pub fn routes(api: &mut Routes) {
    api.add(
        "orders",
        [
            endpoint!(list_orders),
            endpoint!(create_order),
            endpoint!(summarize_orders),
            endpoint!(record_order),
            endpoint!(get_order),
            endpoint!(update_order),
            endpoint!(list_order_history),
            endpoint!(list_department_queue),
        ],
    );
}

/// List orders
///
/// Use it to find orders by client, status, number or date, such as those that wait for approval.
///
/// The lines are there only when included.
#[utoipa::path(
    get,
    path = "/v1/orders",
    responses((status = 200, description = "A page of the orders within reach."))
)]
async fn list_orders(scope: Scope<Order, Read>, query: ListQuery<OrderFilter>, db: Db) -> Result<Page<OrderView>> {
    let db = db.reader(query.cost).await?;
    let mut page = queries::list(&db, &scope, &query).await?;
    let orders = std::mem::take(&mut page.data);
    Ok(page.with(views(&db, orders, &query.filter.include, scope.actor()).await?))
}

/// Draft an order
///
/// Use it to draft what a client wants; submit or hand over the draft afterwards.
///
/// The server computes all amounts: a line's net amount is quantity × unit price less the discount, its tax is that times the tax
/// rate, and the totals are the sums of the lines. The organisation says how they are rounded, and whether unit prices include
/// the tax; the order keeps these rules.
#[utoipa::path(
    post,
    path = "/v1/orders",
    responses((status = 201, description = "The draft."))
)]
async fn create_order(scope: Scope<Order, Create>, change: Change, new: NewOrder) -> Result<Created<OrderView>> {
    change
        .run(async |tx| {
            let order = queries::insert(tx, &scope, new).await?;
            Reply::created(&view::changed(tx, order).await?)
        })
        .await
}

/// Sum orders
///
/// Use it for a report: the turnover of a month, of a client or of a manager.
///
/// How many orders there are and what they come to in each currency, over the orders that the list gives with the same filters;
/// without `status`, without drafts, rejected and cancelled ones. With `product_id`, the lines of these products are summed. `by`
/// makes groups, each in its currency.
#[utoipa::path(
    get,
    path = "/v1/orders/summary",
    responses((status = 200, description = "The sums."))
)]
async fn summarize_orders(
    scope: Scope<Order, Read>,
    query: RowsQuery<SummaryParams, OrderFilter>,
    db: Db,
) -> Result<Json<OrderSummary>> {
    let RowsQuery { of, filter } = query;
    let db = db.reader(Cost::Large).await?;
    Ok(Json(summary::summary(&db, &scope, &filter, of.by).await?))
}

/// Record a past order
///
/// Use it to bring in orders from another system.
///
/// With its real dates, and with its own number where it had one. No limits are checked: the order has happened
/// already.
#[utoipa::path(
    post,
    path = "/v1/orders/record",
    responses((status = 201, description = "The recorded order."))
)]
async fn record_order(
    scope: Scope<Order, RecordOrder>,
    change: Change,
    new: NewPastOrder,
) -> Result<Created<OrderView>> {
    change
        .run(async |tx| {
            let order = record::record(tx, &scope, new).await?;
            Reply::created(&view::changed(tx, order).await?)
        })
        .await
}

/// Get an order
///
/// Use it to show one order with its lines, and to read the `ETag` that a change asks for.
#[utoipa::path(
    get,
    path = "/v1/orders/{id}",
    responses((status = 200, description = "The order with its lines."))
)]
async fn get_order(
    scope: Scope<Order, Read>,
    id: Path<OrderId>,
    query: Query<OrderParams>,
    db: Db,
) -> Result<Tagged<OrderView>> {
    let Query(params) = query;
    let fields = Fields::parse(params.fields.as_deref())?;
    let db = db.reader(Cost::Small).await?;
    let order = queries::find(&db, &scope, *id).await?;
    Ok(Tagged::new(view::view(&db, order, &params.include, scope.actor()).await?, fields))
}

/// Change an order
///
/// Use it while the order is a draft, and to change how it is executed.
///
/// All of a draft can be changed; given lines replace all lines and are priced anew. Of an order that is approved or under way,
/// `priority`, `comment`, the due time in its department's queue, its ids in other systems and custom fields can be.
#[utoipa::path(
    patch,
    path = "/v1/orders/{id}",
    responses((status = 200, description = "The changed order."))
)]
async fn update_order(
    scope: Scope<Order, Update>,
    id: Path<OrderId>,
    seen: IfMatch,
    change: Change,
    patch: OrderPatch,
) -> Result<Changed<OrderView>> {
    change
        .run(async |tx| {
            let order = update::update(tx, &scope, *id, &seen, patch).await?;
            Reply::ok(&view::changed(tx, order).await?)
        })
        .await
}

/// List an order's history
///
/// Use it to see why an order stands where it stands.
///
/// Every step with who took it, when and why, newest first. `exceeded` says why a submitted order waits.
#[utoipa::path(
    get,
    path = "/v1/orders/{id}/history",
    responses((status = 200, description = "A page of the steps."))
)]
async fn list_order_history(
    scope: Scope<Order, Read>,
    id: Path<OrderId>,
    query: ListQuery<HistoryFilter>,
    db: Db,
) -> Result<Page<OrderEventView>> {
    let db = db.reader(query.cost).await?;
    let (order, mut page) = queries::history(&db, &scope, *id, &query).await?;
    let events = std::mem::take(&mut page.data);
    Ok(page.with(view::history(&db, &order, events, scope.actor()).await?))
}

/// List a department's queue
///
/// Use it as a department's list of what to do next.
///
/// The orders handed to the department that are not fulfilled yet: by priority, key clients' first, then by due time.
#[utoipa::path(
    get,
    path = "/v1/departments/{id}/queue",
    responses((status = 200, description = "A page of the queue, as far as it is within reach."))
)]
async fn list_department_queue(
    scope: Scope<Order, Read>,
    id: Path<DepartmentId>,
    query: ListQuery<QueueFilter>,
    db: Db,
) -> Result<Page<OrderView>> {
    let db = db.reader(query.cost).await?;
    let mut page = queries::queue(&db, &scope, *id, &query).await?;
    let orders = std::mem::take(&mut page.data);
    Ok(page.with(views(&db, orders, &query.filter.include, scope.actor()).await?))
}
