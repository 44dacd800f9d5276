//! `/v1/clients/{id}/timeline`.

use actix_web::{get, web::Path};
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    model::{EntryView, TimelineFilter},
    queries,
};
use crate::{
    access::{Read, Scope},
    clients::{Client, ClientId},
    db::Db,
    error::Result,
    list::{ListQuery, Page, PageParams},
};

/// The operations on timelines.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_client_timeline);
}

/// List what happened with a client
///
/// Newest first: the client's own changes, its contacts, interactions that took place, steps of contracts and of orders.
/// Kinds of resources that the caller may not read of this client are left out.
#[utoipa::path(
    tag = "clients",
    params(("id" = ClientId, Path, description = "The client."), TimelineFilter, PageParams),
    responses((status = 200, description = "A page of the client's timeline.", body = Page<EntryView>)),
    extensions(("x-permission" = json!("clients:read")))
)]
#[get("/v1/clients/{id}/timeline")]
async fn list_client_timeline(
    scope: Scope<Client, Read>,
    id: Path<ClientId>,
    query: ListQuery<TimelineFilter>,
    db: Db,
) -> Result<Page<EntryView>> {
    let db = db.reader(query.cost).await?;
    queries::list(&db, &scope, *id, &query).await
}
