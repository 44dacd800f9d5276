//! `GET /v1/clients/{id}`.

use actix_web::web::{Data, Path};

use super::{
    model::ClientParams,
    view::{ClientDetails, page},
};
use crate::{
    access::{Read, Scope},
    clients::{self, Client, ClientId},
    clock::Clock,
    db::Db,
    error::Result,
    http::{Fields, Query, Routes, Tagged, endpoint},
};

/// The operations on the page of a client.
pub fn routes(api: &mut Routes) {
    api.add("clients", [endpoint!(get_client)]);
}

/// Get a client
///
/// Use it to show one client, and to read the `ETag` that a change asks for.
///
/// `include` puts in what a page of the client shows: the first of its contacts, interactions, contracts and orders, and what
/// there is in all. The lists of each have the rest.
#[utoipa::path(
    get,
    path = "/v1/clients/{id}",
    responses((status = 200, description = "The client, with what was included."))
)]
async fn get_client(
    scope: Scope<Client, Read>,
    id: Path<ClientId>,
    query: Query<ClientParams>,
    clock: Data<Clock>,
    db: Db,
) -> Result<Tagged<ClientDetails>> {
    let Query(params) = query;
    let fields = Fields::parse(params.fields.as_deref())?;
    let db = db.reader(params.include.cost()).await?;
    let client = clients::find(&db, &scope, *id).await?;
    Ok(Tagged::new(page(&db, client, &params.include, scope.actor(), clock.now()).await?, fields))
}
