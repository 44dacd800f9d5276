//! The query of the audit log.

use diesel::{ExpressionMethods, QueryDsl, SelectableHelper, dsl::sql, pg::Pg, sql_types::Bool};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::model::{AuditEntry, AuditEntryView, AuditFilter, AuditInclude, AuditSort};
use crate::{
    access::{Read, Scope},
    change::Outcome,
    db::schema::audit_events,
    error::{Error, Result},
    list::{ListQuery, Page, Sort, SortBy, SortValue, keyset},
    users,
};

fn filtered(filter: &AuditFilter) -> audit_events::BoxedQuery<'static, Pg> {
    let mut query = audit_events::table.into_boxed();
    if !filter.actor_id.is_empty() {
        query = query.filter(audit_events::actor_id.eq_any(filter.actor_id.clone()));
    }
    if !filter.api_key_id.is_empty() {
        query = query.filter(audit_events::api_key_id.eq_any(filter.api_key_id.clone()));
    }
    if !filter.resource.is_empty() {
        query = query.filter(audit_events::resource.eq_any(filter.resource.clone()));
    }
    if let Some(id) = filter.resource_id {
        query = query.filter(audit_events::resource_id.eq(id));
    }
    if let Some(id) = filter.client_id {
        query = query.filter(audit_events::client_id.eq(id));
    }
    if !filter.action.is_empty() {
        query = query.filter(audit_events::action.eq_any(filter.action.clone()));
    }
    match filter.outcome {
        None => {}
        Some(Outcome::Done) => query = query.filter(audit_events::outcome.eq(Outcome::Done)),
        // Written as a literal, so that Postgres can use the partial index of refusals even in a generic plan.
        Some(Outcome::Refused) => query = query.filter(sql::<Bool>("outcome = 'refused'")),
    }
    if let Some(from) = filter.at_from {
        query = query.filter(audit_events::at.ge(from));
    }
    if let Some(to) = filter.at_to {
        query = query.filter(audit_events::at.lt(to));
    }
    query
}

/// A page of all entries.
///
/// # Errors
/// 403 for a right that does not reach everything: an entry belongs to nobody.
pub async fn list(
    mut db: &AsyncPgConnection,
    scope: &Scope<AuditEntry, Read>,
    query: &ListQuery<AuditFilter>,
) -> Result<Page<AuditEntryView>> {
    if !scope.covers_all() {
        return Err(Error::forbidden("audit:read"));
    }
    let filter = &query.filter;
    let sort = filter.sort.unwrap_or(Sort { key: AuditSort::At, descending: true });
    let order = SortBy::column("audit_events", "at", sort.descending);
    let mut entries: Vec<AuditEntry> = keyset(filtered(filter), order, query.after.clone(), query.limit)
        .select(AuditEntry::as_select())
        .load(&mut db)
        .await?;
    let total = match query.total {
        true => Some(filtered(filter).count().get_result(&mut db).await?),
        false => None,
    };
    for entry in &mut entries {
        entry.complete();
        entry.redact(scope.actor());
    }
    let page = query.page(entries, total, |entry| (SortValue::Instant(entry.at), entry.id.uuid()))?;
    with_actors(db, page, filter).await
}

async fn with_actors(
    db: &AsyncPgConnection,
    page: Page<AuditEntry>,
    filter: &AuditFilter,
) -> Result<Page<AuditEntryView>> {
    let ids = if filter.include.has(AuditInclude::Actor) {
        page.data.iter().filter_map(|entry| entry.actor_id).collect()
    } else {
        Vec::new()
    };
    let actors = users::references(db, ids).await?;
    Ok(page.map(|entry| {
        let actor = entry.actor_id.and_then(|id| actors.get(&id).cloned());
        AuditEntryView { entry, actor }
    }))
}
