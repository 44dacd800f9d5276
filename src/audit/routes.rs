//! `/v1/audit`.

use actix_web::get;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{
    model::{AuditEntry, AuditEntryView, AuditFilter},
    queries,
};
use crate::{
    access::{actions::Read, scope::Scope},
    db::Db,
    error::Result,
    rest::list::{ListQuery, Page, PageParams},
};

/// The operations on the audit log.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_audit_entries);
}

/// List changes
///
/// Every change of every resource: who made it, when, in which request, and each field's value before and after. Newest
/// first, unless `sort` says otherwise.
#[utoipa::path(
    tag = "audit",
    params(AuditFilter, PageParams),
    responses((status = 200, description = "A page of the changes.", body = Page<AuditEntryView>)),
    extensions(("x-permission" = json!("audit:read")))
)]
#[get("/v1/audit")]
async fn list_audit_entries(
    scope: Scope<AuditEntry, Read>,
    query: ListQuery<AuditFilter>,
    db: Db,
) -> Result<Page<AuditEntryView>> {
    let mut db = db.connect().await?;
    queries::list(&mut db, &scope, &query).await
}
