//! The steps of an order's life, `/v1/orders/{id}/<verb>`.

use actix_web::web::Path;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    bodies::{ApproveOrder, ExecuteOrder, Fulfilment, HandOver, HandOverOrder},
    fulfil,
    model::{Order, OrderId, OrderWithLines},
    status::Transition,
    steps,
    view::{self, OrderView},
};
use crate::{
    access::{Scope, Update},
    change::{Change, Reason, RequiredReason, Tx},
    error::Result,
    http::{Body, Changed, IfMatch, Reply, ReplyOf, endpoint, reply::kind},
};

/// The operations that are steps.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(endpoint!(submit_order))
        .service(endpoint!(approve_order))
        .service(endpoint!(reject_order))
        .service(endpoint!(reopen_order))
        .service(endpoint!(hand_over_order))
        .service(endpoint!(accept_order))
        .service(endpoint!(start_order))
        .service(endpoint!(fulfil_order))
        .service(endpoint!(return_order))
        .service(endpoint!(close_order))
        .service(endpoint!(cancel_order));
}

async fn reply(tx: &mut Tx<'_>, order: OrderWithLines) -> Result<ReplyOf<kind::Changed<OrderView>>> {
    Reply::ok(&view::changed(tx, order, tx.actor()).await?)
}

/// Submit an order
///
/// Within the caller's limits the order is approved at once. Over them it waits for approval, and its history names the
/// limits. The rules of its contract must hold.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/submit",
    tag = "orders",
    params(("id" = OrderId, Path, description = "The order.")),
    responses((status = 200, description = "The changed order."))
)]
async fn submit_order(
    scope: Scope<Order, Update>,
    id: Path<OrderId>,
    seen: IfMatch,
    change: Change,
    body: Body<Reason>,
) -> Result<Changed<OrderView>> {
    let Body(body) = body;
    change
        .run(async |tx| {
            let order = steps::submit(tx, &scope, *id, &seen, body.reason).await?;
            reply(tx, order).await
        })
        .await
}

/// Approve an order
///
/// From submitted to approved, by someone who neither wrote nor submitted the order, and whose own limits
/// cover it.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/approve",
    tag = "orders",
    params(("id" = OrderId, Path, description = "The order.")),
    responses((status = 200, description = "The changed order."))
)]
async fn approve_order(
    scope: Scope<Order, ApproveOrder>,
    id: Path<OrderId>,
    seen: IfMatch,
    change: Change,
    body: Body<Reason>,
) -> Result<Changed<OrderView>> {
    let Body(body) = body;
    change
        .run(async |tx| {
            let order = steps::approve(tx, &scope, *id, &seen, body.reason).await?;
            reply(tx, order).await
        })
        .await
}

/// Reject an order
///
/// From submitted to rejected.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/reject",
    tag = "orders",
    params(("id" = OrderId, Path, description = "The order.")),
    responses((status = 200, description = "The changed order."))
)]
async fn reject_order(
    scope: Scope<Order, ApproveOrder>,
    id: Path<OrderId>,
    seen: IfMatch,
    change: Change,
    body: Body<RequiredReason>,
) -> Result<Changed<OrderView>> {
    let Body(body) = body;
    change
        .run(async |tx| {
            let order = steps::step(tx, &scope, *id, &seen, Transition::Reject, Some(body.reason)).await?;
            reply(tx, order).await
        })
        .await
}

/// Reopen an order
///
/// From rejected back to draft.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/reopen",
    tag = "orders",
    params(("id" = OrderId, Path, description = "The order.")),
    responses((status = 200, description = "The changed order."))
)]
async fn reopen_order(
    scope: Scope<Order, Update>,
    id: Path<OrderId>,
    seen: IfMatch,
    change: Change,
    body: Body<Reason>,
) -> Result<Changed<OrderView>> {
    let Body(body) = body;
    change
        .run(async |tx| {
            let order = steps::step(tx, &scope, *id, &seen, Transition::Reopen, body.reason).await?;
            reply(tx, order).await
        })
        .await
}

/// Hand an order over
///
/// From approved into a department's queue, with the time when it is due. A draft within the caller's limits is submitted
/// and so approved in the same request, which needs `orders:update` too; its history tells each step. A draft that needs
/// approval is refused with the `limit` that it is over, and nothing is changed.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/hand-over",
    tag = "orders",
    params(("id" = OrderId, Path, description = "The order.")),
    responses((status = 200, description = "The changed order."))
)]
async fn hand_over_order(
    scope: Scope<Order, HandOverOrder>,
    id: Path<OrderId>,
    seen: IfMatch,
    change: Change,
    body: Body<HandOver>,
) -> Result<Changed<OrderView>> {
    let Body(body) = body;
    change
        .run(async |tx| {
            let order = steps::hand_over(tx, &scope, *id, &seen, body).await?;
            reply(tx, order).await
        })
        .await
}

/// Accept an order
///
/// From handed over to accepted: the department takes it on.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/accept",
    tag = "orders",
    params(("id" = OrderId, Path, description = "The order.")),
    responses((status = 200, description = "The changed order."))
)]
async fn accept_order(
    scope: Scope<Order, ExecuteOrder>,
    id: Path<OrderId>,
    seen: IfMatch,
    change: Change,
    body: Body<Reason>,
) -> Result<Changed<OrderView>> {
    let Body(body) = body;
    change
        .run(async |tx| {
            let order = steps::step(tx, &scope, *id, &seen, Transition::Accept, body.reason).await?;
            reply(tx, order).await
        })
        .await
}

/// Start an order
///
/// From accepted to in progress.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/start",
    tag = "orders",
    params(("id" = OrderId, Path, description = "The order.")),
    responses((status = 200, description = "The changed order."))
)]
async fn start_order(
    scope: Scope<Order, ExecuteOrder>,
    id: Path<OrderId>,
    seen: IfMatch,
    change: Change,
    body: Body<Reason>,
) -> Result<Changed<OrderView>> {
    let Body(body) = body;
    change
        .run(async |tx| {
            let order = steps::step(tx, &scope, *id, &seen, Transition::Start, body.reason).await?;
            reply(tx, order).await
        })
        .await
}

/// Fulfil an order
///
/// Notes what is delivered now, line by line, at most what remains. When nothing remains the order is fulfilled; until
/// then it is in progress.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/fulfil",
    tag = "orders",
    params(("id" = OrderId, Path, description = "The order.")),
    responses((status = 200, description = "The changed order."))
)]
async fn fulfil_order(
    scope: Scope<Order, ExecuteOrder>,
    id: Path<OrderId>,
    seen: IfMatch,
    change: Change,
    body: Body<Fulfilment>,
) -> Result<Changed<OrderView>> {
    let Body(body) = body;
    change
        .run(async |tx| {
            let order = fulfil::fulfil(tx, &scope, *id, &seen, body).await?;
            reply(tx, order).await
        })
        .await
}

/// Return an order
///
/// Out of the department's queue back to approved, while nothing of it is fulfilled.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/return",
    tag = "orders",
    params(("id" = OrderId, Path, description = "The order.")),
    responses((status = 200, description = "The changed order."))
)]
async fn return_order(
    scope: Scope<Order, ExecuteOrder>,
    id: Path<OrderId>,
    seen: IfMatch,
    change: Change,
    body: Body<RequiredReason>,
) -> Result<Changed<OrderView>> {
    let Body(body) = body;
    change
        .run(async |tx| {
            let order = steps::step(tx, &scope, *id, &seen, Transition::Return, Some(body.reason)).await?;
            reply(tx, order).await
        })
        .await
}

/// Close an order
///
/// From fulfilled to closed.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/close",
    tag = "orders",
    params(("id" = OrderId, Path, description = "The order.")),
    responses((status = 200, description = "The changed order."))
)]
async fn close_order(
    scope: Scope<Order, Update>,
    id: Path<OrderId>,
    seen: IfMatch,
    change: Change,
    body: Body<Reason>,
) -> Result<Changed<OrderView>> {
    let Body(body) = body;
    change
        .run(async |tx| {
            let order = steps::step(tx, &scope, *id, &seen, Transition::Close, body.reason).await?;
            reply(tx, order).await
        })
        .await
}

/// Cancel an order
///
/// From any status before fulfilled.
#[utoipa::path(
    post,
    path = "/v1/orders/{id}/cancel",
    tag = "orders",
    params(("id" = OrderId, Path, description = "The order.")),
    responses((status = 200, description = "The changed order."))
)]
async fn cancel_order(
    scope: Scope<Order, Update>,
    id: Path<OrderId>,
    seen: IfMatch,
    change: Change,
    body: Body<RequiredReason>,
) -> Result<Changed<OrderView>> {
    let Body(body) = body;
    change
        .run(async |tx| {
            let order = steps::step(tx, &scope, *id, &seen, Transition::Cancel, Some(body.reason)).await?;
            reply(tx, order).await
        })
        .await
}
