//! `/v1/clients/{id}/transfer`, `/v1/client-transfers` and `/v1/users/{id}/block`.

use actix_web::web::Path;

use super::{
    block, bulk,
    model::{Blocking, ClientTransfer, ClientTransferResult, Transfer},
    plan::Right,
    transfer,
};
use crate::{
    access::{Scope, Update, UserId},
    change::Change,
    clients::{Client, ClientId, ClientView, TransferClient, changed},
    db::{Cost, Db},
    error::Result,
    http::{Body, Changed, IfMatch, NoParams, Plain, Query, Reply, Routes, endpoint},
    users::{User, UserView},
};

/// The operations that change who owns clients.
pub fn routes(api: &mut Routes) {
    api.add("clients", [endpoint!(transfer_client), endpoint!(preview_client_transfer), endpoint!(transfer_clients)]);
    api.add("users", [endpoint!(block_user)]);
}

/// Transfer a client
///
/// Use it when somebody leaves, or when work is shared out anew.
///
/// Gives the client to another owner, within the team unless the right reaches further. Nobody takes a colleague's client
/// for themselves unless it reaches everywhere. A key client goes only to
/// someone whose role may own key clients. What the old owner had planned with the client becomes the new owner's task.
/// Whoever may read the client finds the reason and the note at `/v1/clients/{id}/owners`.
#[utoipa::path(
    post,
    path = "/v1/clients/{id}/transfer",
    responses((status = 200, description = "The changed client."))
)]
async fn transfer_client(
    scope: Scope<Client, TransferClient>,
    id: Path<ClientId>,
    seen: IfMatch,
    change: Change,
    body: Body<Transfer>,
) -> Result<Changed<ClientView>> {
    let Body(body) = body;
    change
        .run(async |tx| {
            let client = transfer::transfer(tx, &scope, *id, &seen, body).await?;
            Reply::ok(&changed(tx, client).await?)
        })
        .await
}

/// Preview a transfer of many clients
///
/// Use it before `POST /v1/client-transfers`, with the same body, to see what it would do.
///
/// Tells how many clients would go, how many planned interactions would go along, and which clients cannot go, and why.
/// Nothing is changed.
#[utoipa::path(
    post,
    path = "/v1/client-transfers/preview",
    responses((status = 200, description = "What the transfer would do."))
)]
async fn preview_client_transfer(
    scope: Right,
    _: Query<NoParams>,
    transfer: Body<ClientTransfer>,
    db: Db,
) -> Result<Plain<ClientTransferResult>> {
    let Body(transfer) = transfer;
    let db = db.reader(Cost::Small).await?;
    let result = bulk::preview(&db, &scope, &transfer).await?;
    Ok(Reply::json(&result)?.reply.into_response(false).into())
}

/// Transfer many clients
///
/// Use it when somebody leaves or gets another region, and their clients go to one colleague.
///
/// Gives clients of one owner to one receiver, at most 500 in one request: those that are named, or else the first of those
/// that are not archived. For each client the rules are those of `POST /v1/clients/{id}/transfer`. When some cannot go,
/// nothing is done and the refusal names ten of them, unless `skip_those_that_cannot_go` is set. Send it again while
/// `remaining_count` is above zero.
#[utoipa::path(
    post,
    path = "/v1/client-transfers",
    responses((status = 200, description = "What was transferred."))
)]
async fn transfer_clients(
    scope: Right,
    change: Change,
    transfer: Body<ClientTransfer>,
) -> Result<Plain<ClientTransferResult>> {
    let Body(transfer) = transfer;
    change.run(async |tx| Reply::json(&bulk::transfer(tx, &scope, transfer).await?)).await
}

/// Block a user
///
/// Use it when somebody leaves, and when an account may be in wrong hands.
///
/// The user's sessions end at once. The last active supervisor cannot be blocked, and nobody blocks themselves. Somebody must
/// receive the user's clients that are not archived, at most 1,000 of them, and their planned interactions: without a
/// `receiver_id`, the refusal tells how many there are. Planned interactions with a colleague's client that the receiver
/// cannot see go to that client's owner.
#[utoipa::path(
    post,
    path = "/v1/users/{id}/block",
    responses((status = 200, description = "The blocked user."))
)]
async fn block_user(
    scope: Scope<User, Update>,
    id: Path<UserId>,
    seen: IfMatch,
    change: Change,
    blocking: Body<Blocking>,
) -> Result<Changed<UserView>> {
    let Body(blocking) = blocking;
    change
        .run(async |tx| {
            let user = block::block(tx, &scope, *id, &seen, blocking).await?;
            Reply::ok(&UserView::of(user, tx.actor()))
        })
        .await
}
