//! `/v1/clients/{id}/timeline`.

use actix_web::web::Path;

use super::{
    model::{EntryView, TimelineFilter},
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

/// The operations on timelines.
pub fn routes(api: &mut Routes) {
    api.add("clients", [endpoint!(list_client_timeline)]);
}

/// List what happened with a client
///
/// Use it to prepare for a call: it shows at once what was said, agreed and ordered.
///
/// Newest first: changes of the client and its contacts, interactions that are no longer planned, steps of contracts
/// and of orders. Kinds of resources that the caller may not read of this client are left out.
#[utoipa::path(
    get,
    path = "/v1/clients/{id}/timeline",
    responses((status = 200, description = "A page of the client's timeline."))
)]
async fn list_client_timeline(
    scope: Scope<Client, Read>,
    id: Path<ClientId>,
    query: ListQuery<TimelineFilter>,
    db: Db,
) -> Result<Page<EntryView>> {
    let db = db.reader(query.cost).await?;
    queries::list(&db, &scope, *id, &query).await
}
