//! `/v1/clients/{id}/transfer`.

use actix_web::web::Path;

use super::{model::Transfer, transfer};
use crate::{
    access::Scope,
    change::Change,
    clients::{Client, ClientId, ClientView, TransferClient, changed},
    error::Result,
    http::{Body, Changed, IfMatch, Reply, Routes, endpoint},
};

/// The operation that changes who owns a client.
pub fn routes(api: &mut Routes) {
    api.add("clients", [endpoint!(transfer_client)]);
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
