//! `/v1/orders`, and the queues of `/v1/departments`.

use actix_web::{
    HttpResponse, get, patch, post,
    web::{Json, Path},
};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    bodies::{NewOrder, NewPastOrder, OrderPatch, RecordOrder},
    filter::{HistoryFilter, OrderFilter, OrderParams, QueueFilter, SummaryFilter},
    model::{Order, OrderId},
    queries::{self, OrderSummary},
    record,
    view::{self, OrderEventView, OrderView, views},
};
use crate::{
    access::{Create, Read, Scope, Update},
    change::Change,
    db::{Cost, Db},
    departments::DepartmentId,
    error::Result,
    http::{Body, Fields, IfMatch, Query, Reply, Tagged},
    list::{ListQuery, Page, PageParams},
};

/// The operations on orders that are not steps.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_orders)
        .service(create_order)
        .service(summarize_orders)
        .service(record_order)
        .service(get_order)
        .service(update_order)
        .service(list_order_history)
        .service(list_department_queue);
}

/// List orders
///
/// The lines are there only when included.
#[utoipa::path(
    tag = "orders",
    params(OrderFilter, PageParams),
    responses((status = 200, description = "A page of the orders within reach.", body = Page<OrderView>)),
    extensions(("x-permission" = json!("orders:read")))
)]
#[get("/v1/orders")]
async fn list_orders(scope: Scope<Order, Read>, query: ListQuery<OrderFilter>, db: Db) -> Result<Page<OrderView>> {
    let db = db.reader(query.cost).await?;
    let mut page = queries::list(&db, &scope, &query).await?;
    let orders = std::mem::take(&mut page.data);
    Ok(page.with(views(&db, orders, &query.filter.include, scope.actor()).await?))
}

/// Draft an order
///
/// The server computes all amounts: a line's net amount is quantity × unit price less the discount, its tax is that
/// times the tax rate, each rounded half away from zero to four decimals; the totals are the sums of the lines.
#[utoipa::path(
    tag = "orders",
    request_body = NewOrder,
    responses((status = 201, description = "The draft.", body = OrderView)),
    extensions(("x-permission" = json!("orders:create")))
)]
#[post("/v1/orders")]
async fn create_order(scope: Scope<Order, Create>, change: Change, new: Body<NewOrder>) -> Result<HttpResponse> {
    let Body(new) = new;
    change
        .run(async |tx| {
            let order = queries::insert(tx, &scope, new).await?;
            Reply::created(&view::changed(tx, order, tx.actor()).await?)
        })
        .await
}

/// Sum orders
///
/// How many orders there are and what they come to in each currency, over exactly the orders that the list gives with
/// the same filters.
#[utoipa::path(
    tag = "orders",
    params(SummaryFilter),
    responses((status = 200, description = "The sums.", body = OrderSummary)),
    extensions(("x-permission" = json!("orders:read")))
)]
#[get("/v1/orders/summary")]
async fn summarize_orders(
    scope: Scope<Order, Read>,
    query: Query<SummaryFilter>,
    db: Db,
) -> Result<Json<OrderSummary>> {
    let Query(SummaryFilter(filter)) = query;
    let db = db.reader(Cost::Large).await?;
    Ok(Json(queries::summary(&db, &scope, &filter).await?))
}

/// Record a past order
///
/// With its real dates, and with its own number where it had one. No limits are asked: it has happened already.
#[utoipa::path(
    tag = "orders",
    request_body = NewPastOrder,
    responses((status = 201, description = "The recorded order.", body = OrderView)),
    extensions(("x-permission" = json!("orders:record")))
)]
#[post("/v1/orders/record")]
async fn record_order(
    scope: Scope<Order, RecordOrder>,
    change: Change,
    new: Body<NewPastOrder>,
) -> Result<HttpResponse> {
    let Body(new) = new;
    change
        .run(async |tx| {
            let order = record::record(tx, &scope, new).await?;
            Reply::created(&view::changed(tx, order, tx.actor()).await?)
        })
        .await
}

/// Get an order
#[utoipa::path(
    tag = "orders",
    params(("id" = OrderId, Path, description = "The order."), OrderParams),
    responses((status = 200, description = "The order with its lines.", body = OrderView)),
    extensions(("x-permission" = json!("orders:read")))
)]
#[get("/v1/orders/{id}")]
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
    Ok(Tagged::new(view::whole(&db, order, &params.include, scope.actor()).await?, fields))
}

/// Change a draft
///
/// Only a draft can be changed; given lines replace all lines.
#[utoipa::path(
    tag = "orders",
    params(("id" = OrderId, Path, description = "The order.")),
    request_body = OrderPatch,
    responses((status = 200, description = "The changed draft.", body = OrderView)),
    extensions(("x-permission" = json!("orders:update")))
)]
#[patch("/v1/orders/{id}")]
async fn update_order(
    scope: Scope<Order, Update>,
    id: Path<OrderId>,
    seen: IfMatch,
    change: Change,
    patch: Body<OrderPatch>,
) -> Result<HttpResponse> {
    let Body(patch) = patch;
    change
        .run(async |tx| {
            let order = queries::update(tx, &scope, *id, &seen, patch).await?;
            Reply::ok(&view::changed(tx, order, tx.actor()).await?)
        })
        .await
}

/// List an order's history
///
/// Every step with who took it, when and why, newest first. `exceeded` tells why a submitted order waits.
#[utoipa::path(
    tag = "orders",
    params(("id" = OrderId, Path, description = "The order."), PageParams),
    responses((status = 200, description = "A page of the steps.", body = Page<OrderEventView>)),
    extensions(("x-permission" = json!("orders:read")))
)]
#[get("/v1/orders/{id}/history")]
async fn list_order_history(
    scope: Scope<Order, Read>,
    id: Path<OrderId>,
    query: ListQuery<HistoryFilter>,
    db: Db,
) -> Result<Page<OrderEventView>> {
    let db = db.reader(query.cost).await?;
    let mut page = queries::history(&db, &scope, *id, &query).await?;
    let events = std::mem::take(&mut page.data);
    Ok(page.with(view::history(&db, events).await?))
}

/// List a department's queue
///
/// The orders handed to the department that are not fulfilled yet: by priority, key clients' first, then by due time.
#[utoipa::path(
    tag = "orders",
    params(("id" = DepartmentId, Path, description = "The department."), QueueFilter, PageParams),
    responses((status = 200, description = "A page of the queue, as far as it is within reach.", body = Page<OrderView>)),
    extensions(("x-permission" = json!("orders:read")))
)]
#[get("/v1/departments/{id}/queue")]
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
