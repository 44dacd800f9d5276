//! The query of a client's timeline.

use diesel::{BoolExpressionMethods, ExpressionMethods, PgArrayExpressionMethods, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use strum::IntoEnumIterator;

use super::model::{Entry, EntryResource, EntryView, TimelineFilter, TimelineInclude, client_timeline};
use crate::{
    access::{Actor, Read, ReadConfidential, Scope},
    clients::{self, Client, ClientId},
    db::columns_of,
    error::Result,
    list::{ListQuery, Page, SortBy, SortValue, keyset},
    users,
    values::members_of,
};

/// A page of what happened with a client, newest first.
///
/// # Errors
/// 404 for a client out of reach.
pub async fn list(
    mut db: &AsyncPgConnection,
    scope: &Scope<Client, Read>,
    client: ClientId,
    query: &ListQuery<TimelineFilter>,
) -> Result<Page<EntryView>> {
    let client = clients::find(db, scope, client).await?;
    let filter = &query.filter;
    let knows_all = scope.actor().may::<Client, ReadConfidential>(&client);
    let filtered = || {
        let mut rows = client_timeline::table
            .filter(client_timeline::client_id.eq(client.id.uuid()))
            .filter(client_timeline::resource.eq_any(visible(scope.actor(), &client, &filter.resource)))
            .into_boxed();
        if !knows_all {
            // A change of nothing but confidential fields would be an entry without any field.
            let hidden = client_timeline::fields.is_contained_by(confidential_fields());
            rows = rows.filter(
                client_timeline::resource
                    .ne(EntryResource::Clients)
                    .or(client_timeline::fields.eq(Vec::<String>::new()))
                    .or(diesel::dsl::not(hidden)),
            );
        }
        if let Some(from) = filter.at_from {
            rows = rows.filter(client_timeline::at.ge(from));
        }
        if let Some(to) = filter.at_to {
            rows = rows.filter(client_timeline::at.lt(to));
        }
        rows
    };
    let newest_first = SortBy::column("client_timeline", "at", true);
    let mut entries: Vec<Entry> = keyset(filtered(), newest_first, query.after.clone(), query.limit)
        .select(columns_of::<Entry>())
        .load(&mut db)
        .await?;
    let total = match query.total {
        true => Some(filtered().count().get_result(&mut db).await?),
        false => None,
    };
    if !knows_all {
        entries.iter_mut().for_each(Entry::redact);
    }
    let page = query.page(entries, total, |entry| (SortValue::Instant(entry.at), entry.id))?;
    with_actors(db, page, filter).await
}

/// The kinds of resources among those `asked` for that `actor` may read of `client`.
fn visible(actor: &Actor, client: &Client, asked: &[EntryResource]) -> Vec<EntryResource> {
    let may = |resource: EntryResource| {
        // Which orders are of whose department does not stand in the timeline.
        let is_bound = resource == EntryResource::Orders && actor.is_bound_to_departments();
        let permission = format!("{}:read", resource.as_ref());
        !is_bound && actor.reaches(&permission, client)
    };
    EntryResource::iter().filter(|resource| asked.is_empty() || asked.contains(resource)).filter(|r| may(*r)).collect()
}

fn confidential_fields() -> Vec<String> {
    members_of::<Client>().confidential().iter().map(|name| (*name).to_owned()).collect()
}

impl Entry {
    /// Takes the names of confidential fields out.
    fn redact(&mut self) {
        self.fields.retain(|field| !members_of::<Client>().confidential().contains(&field.as_str()));
    }
}

async fn with_actors(db: &AsyncPgConnection, page: Page<Entry>, filter: &TimelineFilter) -> Result<Page<EntryView>> {
    let ids = if filter.include.has(TimelineInclude::Actor) {
        page.data.iter().filter_map(|entry| entry.actor_id).collect()
    } else {
        Vec::new()
    };
    let actors = users::references(db, ids).await?;
    Ok(page.map(|entry| {
        let actor = entry.actor_id.and_then(|id| actors.get(&id).cloned());
        EntryView { entry, actor }
    }))
}
