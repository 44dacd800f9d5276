//! Every query on interactions.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, dsl::sql, pg::Pg, sql_types::Bool};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{
    due::Window,
    filter::{InteractionFilter, InteractionSort},
    insert::assignee,
    model::{Interaction, InteractionId, InteractionPatch, InteractionTerms},
    outreach,
};
use crate::{
    access::{Action, Read, Scope, Update, Within},
    change::{Patched, Row, Tx, check_custom, lock, patched, refuse_held, save, unknown_reference},
    clients::{self, Client, ClientId},
    db::{Sql, columns_of, schema::interactions},
    error::{Error, OnConstraint, Result},
    external_ids,
    http::{IfMatch, Parts},
    list::{By, ByCustom, ListQuery, Page, Sort, SortKey, SortValue, Spelling, keyset_within, search},
    values::{Entity, Instant, Resource},
};

static SAVE: Sql = Sql::new();

type Boxed = interactions::BoxedQuery<'static, Pg>;

/// The query for the rows of `filter` within reach. The page and its total both use it.
fn filtered(within: Within<Interaction>, filter: &InteractionFilter, due: Option<Window>, spelling: Spelling) -> Boxed {
    let mut query = interactions::table.filter(within).into_boxed();
    if !filter.id.is_empty() {
        query = query.filter(interactions::id.eq_any(filter.id.clone()));
    }
    if !filter.client_id.is_empty() {
        query = query.filter(interactions::client_id.eq_any(filter.client_id.clone()));
    }
    if !filter.contact_id.is_empty() {
        query = query.filter(interactions::contact_id.eq_any(filter.contact_id.clone()));
    }
    if !filter.user_id.is_empty() {
        query = query.filter(interactions::user_id.eq_any(filter.user_id.clone()));
    }
    if !filter.owner_id.is_empty() {
        query = query.filter(interactions::owner_id.eq_any(filter.owner_id.clone()));
    }
    if !filter.contract_id.is_empty() {
        query = query.filter(interactions::contract_id.eq_any(filter.contract_id.clone()));
    }
    if !filter.order_id.is_empty() {
        query = query.filter(interactions::order_id.eq_any(filter.order_id.clone()));
    }
    query = of_kind(query, filter);
    query = in_time(query, filter, due);
    match &filter.q {
        Some(words) => search(query, Interaction::NAME, words, spelling),
        None => query,
    }
}

fn of_kind(mut query: Boxed, filter: &InteractionFilter) -> Boxed {
    if !filter.channel.is_empty() {
        query = query.filter(interactions::channel.eq_any(filter.channel.clone()));
    }
    if let Some(direction) = filter.direction {
        query = query.filter(interactions::direction.eq(direction));
    }
    if !filter.purpose.is_empty() {
        query = query.filter(interactions::purpose.eq_any(filter.purpose.clone()));
    }
    if !filter.status.is_empty() {
        query = query.filter(interactions::status.eq_any(filter.status.clone()));
    }
    if !filter.outcome.is_empty() {
        query = query.filter(interactions::outcome.eq_any(filter.outcome.clone()));
    }
    query
}

fn in_time(mut query: Boxed, filter: &InteractionFilter, due: Option<Window>) -> Boxed {
    if let Some(from) = filter.at_from {
        query = query.filter(interactions::at.ge(from));
    }
    if let Some(to) = filter.at_to {
        query = query.filter(interactions::at.lt(to));
    }
    if let Some(known) =
        external_ids::known::<Interaction>(filter.external_source.as_ref(), filter.external_id.as_ref())
    {
        query = query.filter(known);
    }
    if let Some(from) = filter.updated_at_from {
        query = query.filter(interactions::updated_at.ge(from));
    }
    if let Some(to) = filter.updated_at_to {
        query = query.filter(interactions::updated_at.lt(to));
    }
    let Some(window) = due else { return query };
    // The status is a literal in the SQL, not a parameter, so that the planner can use the partial index.
    query = query.filter(sql::<Bool>("interactions.status = 'planned'"));
    if let Some(from) = window.from {
        query = query.filter(interactions::at.ge(from));
    }
    match window.to {
        Some(to) => query.filter(interactions::at.lt(to)),
        None => query,
    }
}

/// A page of the interactions within reach; `now` decides which of them are due.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: &AsyncPgConnection,
    scope: &Scope<Interaction, Read>,
    query: &ListQuery<InteractionFilter>,
    now: Instant,
) -> Result<Page<Interaction>> {
    let filter = &query.filter;
    let due = filter.due.map(|due| due.window(now, filter.zone_or(scope.actor().zone())));
    let custom = ByCustom::asked::<Interaction>(scope.actor(), &filter.custom_field, filter.custom_sort.as_ref())?;
    let by = By::asked(filter.sort, filter.q.as_ref(), Sort { key: InteractionSort::At, descending: true })
        .or_custom(&custom);
    let order = by.order(Interaction::NAME, column);
    let load = async |spelling| {
        let page = keyset_within(
            scope,
            |within| custom.narrow(filtered(within, filter, due, spelling)),
            order.spelled(spelling),
            query.after.clone(),
            query.limit,
        );
        page.select(columns_of::<Interaction>()).load(&mut &*db).await
    };
    let found = query.spelled(filter.q.as_ref(), load).await?;
    let total = match query.total {
        true => {
            Some(custom.counted(filtered(scope.visible(), filter, due, found.1)).count().get_result(&mut &*db).await?)
        }
        false => None,
    };
    query.page_of_search(found, total, |interaction: &Interaction| {
        (by.key(|sort| value(sort, interaction)), interaction.uuid())
    })
}

fn column(sort: InteractionSort) -> SortKey {
    match sort {
        InteractionSort::At => SortKey::Column("at"),
        InteractionSort::UpdatedAt => SortKey::Column("updated_at"),
    }
}

fn value(sort: InteractionSort, interaction: &Interaction) -> SortValue {
    match sort {
        InteractionSort::At => SortValue::Instant(interaction.at()),
        InteractionSort::UpdatedAt => SortValue::Instant(interaction.updated_at),
    }
}

/// The interaction `id`, within reach.
///
/// # Errors
/// 404 when there is none.
pub async fn find(
    mut db: &AsyncPgConnection,
    scope: &Scope<Interaction, Read>,
    id: InteractionId,
) -> Result<Interaction> {
    interactions::table
        .filter(interactions::id.eq(id))
        .filter(scope.visible())
        .select(columns_of::<Interaction>())
        .first(&mut db)
        .await
        .optional()?
        .ok_or_else(Error::not_found)
}

/// Changes the fields that `patch` names.
///
/// # Errors
/// 404, 403, 412, 409 when the person may not be approached, 422 for values against the rules or not open to change in the
/// present status.
pub async fn update(
    tx: &mut Tx<'_>,
    scope: &Scope<Interaction, Update>,
    id: InteractionId,
    seen: &IfMatch,
    Parts(moved, patch): InteractionPatch,
) -> Result<Interaction> {
    let (client, before) = lock_with_client(tx, scope, id, seen).await?;
    let mut breaches = moved.breaches(before.status);
    if breaches.is_empty() && moved.user_id.is_some_and(|user| user != before.user_id) {
        assignee(tx, scope, &client, moved.user_id, "/user_id").await?;
    }
    let mut after = patched(&before, &patch)?;
    after.user_id = moved.user_id.unwrap_or(before.user_id);
    after.occurred_at = moved.occurred_at.or(before.occurred_at);
    // A patch that changes nothing is not refused for values that the interaction has already.
    if after != before {
        breaches.extend(after.breaches(tx.now()));
    }
    if !breaches.is_empty() {
        return Err(Error::fields(breaches));
    }
    if outreach::is_new(&before, &after) {
        outreach::permit(tx, &after, "").await?;
    }
    let has_moved = after.at() != before.at();
    let after = save(tx, "updated", &before, after).await?;
    if has_moved {
        clients::touch(tx, &client).await?;
    }
    Ok(after)
}

/// Locks the interaction `id` for a change, as [`lock`] does, and its client before it.
///
/// # Errors
/// 404, 403, 412, in this order.
pub async fn lock_with_client<A: Action>(
    tx: &mut Tx<'_>,
    scope: &Scope<Interaction, A>,
    id: InteractionId,
    seen: &IfMatch,
) -> Result<(Client, Interaction)> {
    let visible = interactions::table.filter(interactions::id.eq(id)).filter(scope.visible());
    let client_id: Option<ClientId> = visible.select(interactions::client_id).first(&mut **tx).await.optional()?;
    let client = clients::lock_to_touch(tx, client_id.ok_or_else(Error::not_found)?).await?;
    Ok((client, lock(tx, scope, id, seen).await?))
}

impl Row for Interaction {
    type Id = InteractionId;

    async fn find_locked<A: Action>(
        tx: &mut Tx<'_>,
        scope: &Scope<Self, A>,
        id: InteractionId,
    ) -> Result<Option<Self>> {
        let row = interactions::table.filter(interactions::id.eq(id)).filter(scope.visible());
        Ok(row.select(columns_of::<Self>()).for_no_key_update().first(&mut **tx).await.optional()?)
    }

    async fn write(&self, tx: &mut Tx<'_>) -> Result<()> {
        let update = SAVE.of(diesel::update(interactions::table.find(self.id)).set(self.clone()));
        update.execute(&mut **tx).await.on_constraint(|name| breached(name, ""))?;
        Ok(())
    }

    async fn check_values(&self, tx: &mut Tx<'_>, before: &Self) -> Result<()> {
        check_custom(tx, before, self).await
    }

    async fn refuse_taken(&self, tx: &mut Tx<'_>, before: Option<&Self>) -> Result<()> {
        refuse_held(tx, before, self).await
    }

    fn advance(&mut self, now: Instant) {
        self.version += 1;
        self.updated_at = now;
    }
}

impl Patched for Interaction {
    type Terms = InteractionTerms;

    fn terms(&self) -> &InteractionTerms {
        &self.terms
    }

    fn terms_mut(&mut self) -> &mut InteractionTerms {
        &mut self.terms
    }
}

/// The error for a contact, a contract or an order that does not belong to the client. `parent` is the pointer to the
/// object with the field.
pub fn breached(constraint: &str, parent: &str) -> Option<Error> {
    let field = match constraint {
        "interactions_contact_id_fkey" => "contact_id",
        "interactions_contract_id_fkey" => "contract_id",
        "interactions_order_id_fkey" => "order_id",
        _ => return None,
    };
    Some(unknown_reference(&format!("{parent}/{field}")))
}
