//! `/v1/clients/{id}/owners`.

use actix_web::web::Path;

use super::{
    model::{ClientOwnerView, OwnerFilter},
    queries,
};
use crate::{
    access::{Read, Scope},
    clients::{Client, ClientId},
    db::Db,
    error::Result,
    http::{Routes, endpoint},
    list::{ListQuery, Page},
};

/// The operations on the owners of clients.
pub fn routes(api: &mut Routes) {
    api.add("clients", [endpoint!(list_client_owners)]);
}

/// List who owned a client
///
/// Use it to learn whom to ask about what was agreed before, and what the last owner left to be known.
///
/// Newest first: the present owner, and each one before, with the reason and the note of the transfer. A move of the owner
/// to another team is no change of the owner.
#[utoipa::path(
    get,
    path = "/v1/clients/{id}/owners",
    responses((status = 200, description = "A page of the client's owners."))
)]
async fn list_client_owners(
    scope: Scope<Client, Read>,
    id: Path<ClientId>,
    query: ListQuery<OwnerFilter>,
    db: Db,
) -> Result<Page<ClientOwnerView>> {
    let db = db.reader(query.cost).await?;
    queries::list(&db, &scope, *id, &query).await
}
