//! Every query on interactions.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl, SelectableHelper, dsl::sql, pg::Pg, sql_types::Bool};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::{
    filter::{InteractionFilter, InteractionSort},
    kinds::{Channel, Direction, Purpose},
    model::{Interaction, InteractionId, InteractionPatch, NewInteraction, NextInteraction},
    status::InteractionStatus,
};
use crate::{
    access::{
        actions::{Action, Create, Read, Update},
        caller::UserId,
        scope::Scope,
    },
    clients::{self, Client, ClientId},
    db::{Cached, schema::interactions},
    error::{Error, OnConstraint, Result},
    rest::{
        change::{Tx, unknown_reference},
        entity::{Entity, Resource},
        etag::IfMatch,
        id::Id,
        invalid::Invalid,
        keyset::{KeyValue, Order, keyset},
        list::{ListQuery, Page, Sort},
        search::search,
        text::Line,
        time::Instant,
    },
    users,
};

type Boxed = interactions::BoxedQuery<'static, Pg>;

/// The rows of `filter` within reach: for the page and for its total alike.
fn filtered(scope: &Scope<Interaction, Read>, filter: &InteractionFilter, now: Instant) -> Boxed {
    let mut query = interactions::table.filter(scope.visible()).into_boxed();
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
    query = in_time(query, filter, now);
    match &filter.q {
        Some(words) => search(query, Interaction::NAME, words),
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

fn in_time(mut query: Boxed, filter: &InteractionFilter, now: Instant) -> Boxed {
    if let Some(from) = filter.at_from {
        query = query.filter(interactions::at.ge(from));
    }
    if let Some(to) = filter.at_to {
        query = query.filter(interactions::at.lt(to));
    }
    if let Some(from) = filter.updated_at_from {
        query = query.filter(interactions::updated_at.ge(from));
    }
    if let Some(to) = filter.updated_at_to {
        query = query.filter(interactions::updated_at.lt(to));
    }
    let Some(due) = filter.due else { return query };
    let window = due.window(now, filter.zone());
    // The status stands in the text, not in a parameter, so that the plan can use the partial index.
    query = query.filter(sql::<Bool>("interactions.status = 'planned'"));
    if let Some(from) = window.from {
        query = query.filter(interactions::at.ge(from));
    }
    match window.to {
        Some(to) => query.filter(interactions::at.lt(to)),
        None => query,
    }
}

/// A page of the interactions within reach, as they are at `now`.
///
/// # Errors
/// The database's.
pub async fn list(
    db: &mut AsyncPgConnection,
    scope: &Scope<Interaction, Read>,
    query: &ListQuery<InteractionFilter>,
    now: Instant,
) -> Result<Page<Interaction>> {
    let filter = &query.filter;
    let by_default = Sort { key: InteractionSort::At, descending: true };
    let order = match (filter.sort, &filter.q) {
        (None, Some(words)) => Order::rank(Interaction::NAME, words.as_str()),
        (sort, _) => {
            let sort = sort.unwrap_or(by_default);
            Order::column(Interaction::NAME, column(sort.key), sort.descending)
        }
    };
    let rows = keyset(filtered(scope, filter, now), order, query.after.clone(), query.limit)
        .select(Interaction::as_select())
        .load(db)
        .await?;
    let total = match query.total {
        true => Some(filtered(scope, filter, now).count().get_result(db).await?),
        false => None,
    };
    query.page(rows, total, |interaction: &Interaction| {
        let key = match (filter.sort, &filter.q) {
            (None, Some(_)) => KeyValue::Rank,
            (sort, _) => value(sort.unwrap_or(by_default).key, interaction),
        };
        (key, interaction.uuid())
    })
}

fn column(sort: InteractionSort) -> &'static str {
    match sort {
        InteractionSort::At => "at",
        InteractionSort::UpdatedAt => "updated_at",
    }
}

fn value(sort: InteractionSort, interaction: &Interaction) -> KeyValue {
    match sort {
        InteractionSort::At => KeyValue::Instant(interaction.at()),
        InteractionSort::UpdatedAt => KeyValue::Instant(interaction.updated_at),
    }
}

/// The interaction `id`, within reach.
///
/// # Errors
/// 404 when there is none.
pub async fn find(
    db: &mut AsyncPgConnection,
    scope: &Scope<Interaction, Read>,
    id: InteractionId,
) -> Result<Interaction> {
    interactions::table
        .filter(interactions::id.eq(id))
        .filter(scope.visible())
        .select(Interaction::as_select())
        .first(db)
        .await
        .optional()?
        .ok_or_else(Error::not_found)
}

/// Logs an interaction that took place, with the next one where that is planned along, or plans one.
///
/// # Errors
/// 403 for a client or a user out of reach, 409 when the client is archived, 422 for values against the rules.
pub async fn insert(
    tx: &mut Tx<'_>,
    scope: &Scope<Interaction, Create>,
    new: NewInteraction,
) -> Result<(Interaction, Option<Interaction>)> {
    let client = clients::hold_to_touch(tx, new.client_id, "/client_id").await?;
    scope.permit(&client)?;
    let user_id = assignee(tx, scope, new.user_id, "/user_id").await?;
    let mut breaches = new.breaches();
    let mut row = row(tx, &client, user_id, new.channel, new.purpose, new.subject);
    if new.scheduled_at.is_none() {
        row.status = InteractionStatus::Done;
        row.occurred_at = new.occurred_at.or(Some(tx.now()));
    }
    let row = Interaction {
        contact_id: new.contact_id,
        direction: new.direction.unwrap_or(row.direction),
        scheduled_at: new.scheduled_at,
        duration_seconds: new.duration_seconds,
        summary: new.summary,
        outcome: new.outcome,
        contract_id: new.contract_id,
        order_id: new.order_id,
        ..row
    };
    breaches.extend(row.breaches(tx.now()));
    if !breaches.is_empty() {
        return Err(Error::fields(breaches));
    }
    write(tx, &row, "").await?;
    let next = match new.next {
        Some(next) => Some(follow_up(tx, scope, &client, &row, next).await?),
        None => None,
    };
    clients::touch(tx, &client).await?;
    Ok((row, next))
}

/// Plans the step after `done` with the held `client`.
///
/// # Errors
/// 403 and 422 as [`insert`], below `/next`.
pub async fn follow_up(
    tx: &mut Tx<'_>,
    scope: &Scope<Interaction, Create>,
    client: &Client,
    done: &Interaction,
    next: NextInteraction,
) -> Result<Interaction> {
    let user_id = assignee(tx, scope, next.user_id, "/next/user_id").await?;
    let channel = next.channel.unwrap_or(done.channel);
    let purpose = next.purpose.unwrap_or(Purpose::FollowUp);
    let subject = next.subject.unwrap_or_else(|| done.subject.clone());
    let row = Interaction {
        contact_id: next.contact_id.or(done.contact_id),
        scheduled_at: Some(next.scheduled_at),
        follows_id: Some(done.id),
        ..row(tx, client, user_id, channel, purpose, subject)
    };
    write(tx, &row, "/next").await?;
    Ok(row)
}

/// Who is to do something: the caller, or someone whom the caller may give work to.
///
/// # Errors
/// 422 at `pointer` for a user who does not exist or may not sign in, 403 for one out of reach.
async fn assignee(
    tx: &mut Tx<'_>,
    scope: &Scope<Interaction, impl Action>,
    named: Option<UserId>,
    pointer: &str,
) -> Result<UserId> {
    let user_id = named.or_else(|| tx.caller().map(|caller| caller.user_id));
    let user_id = user_id.ok_or_else(|| Error::field(pointer, Invalid::Required))?;
    let user = users::owner(tx, user_id, pointer).await?;
    scope.permit_owner(user.id, user.team_id)?;
    Ok(user.id)
}

/// A planned interaction with the held `client`, with all that is optional left out.
fn row(
    tx: &Tx<'_>,
    client: &Client,
    user_id: UserId,
    channel: Channel,
    purpose: Purpose,
    subject: Line,
) -> Interaction {
    Interaction {
        id: Id::generate(),
        version: 1,
        created_at: tx.now(),
        updated_at: tx.now(),
        client_id: client.id,
        owner_id: client.owner_id,
        team_id: client.team_id,
        is_key: client.is_key,
        contact_id: None,
        user_id,
        channel,
        direction: Direction::Outbound,
        purpose,
        status: InteractionStatus::Planned,
        scheduled_at: None,
        occurred_at: None,
        duration_seconds: None,
        subject,
        summary: None,
        outcome: None,
        contract_id: None,
        order_id: None,
        follows_id: None,
    }
}

/// Writes a new row; `parent` is where its fields stand in the body.
async fn write(tx: &mut Tx<'_>, row: &Interaction, parent: &str) -> Result<()> {
    let insert = diesel::insert_into(interactions::table).values(row);
    insert.execute(&mut **tx).await.on_constraint(|name| breached(name, parent))?;
    tx.created(row);
    Ok(())
}

/// Changes what `patch` names.
///
/// # Errors
/// 404, 403, 412, 422 for values against the rules or not open to change in the present status.
pub async fn update(
    tx: &mut Tx<'_>,
    scope: &Scope<Interaction, Update>,
    id: InteractionId,
    seen: &IfMatch,
    patch: InteractionPatch,
) -> Result<Interaction> {
    let (client, before) = lock(tx, scope, id, seen).await?;
    let mut breaches = patch.breaches(before.status);
    if breaches.is_empty() && patch.user_id.is_some_and(|user| user != before.user_id) {
        assignee(tx, scope, patch.user_id, "/user_id").await?;
    }
    let mut after = before.clone();
    patch.apply(&mut after);
    // What stands there already is not held against a change of something else.
    if after != before {
        breaches.extend(after.breaches(tx.now()));
    }
    if !breaches.is_empty() {
        return Err(Error::fields(breaches));
    }
    let moved = after.at() != before.at();
    let after = save(tx, "updated", &before, after).await?;
    if moved {
        clients::touch(tx, &client).await?;
    }
    Ok(after)
}

/// The interaction `id` for a change, locked after its client: seen, permitted and of the version that the caller has
/// seen.
///
/// # Errors
/// 404, 403, 412, in this order.
pub async fn lock<A: Action>(
    tx: &mut Tx<'_>,
    scope: &Scope<Interaction, A>,
    id: InteractionId,
    seen: &IfMatch,
) -> Result<(Client, Interaction)> {
    let visible = || interactions::table.filter(interactions::id.eq(id)).filter(scope.visible());
    let client_id: Option<ClientId> = visible().select(interactions::client_id).first(&mut **tx).await.optional()?;
    let client = clients::lock_to_touch(tx, client_id.ok_or_else(Error::not_found)?).await?;
    let interaction = visible()
        .select(Interaction::as_select())
        .for_no_key_update()
        .first(&mut **tx)
        .await
        .optional()?
        .ok_or_else(Error::not_found)?;
    scope.permit(&interaction)?;
    seen.check(interaction.version)?;
    Ok((client, interaction))
}

/// Writes `after` and records what `action` changed; nothing when nothing did.
///
/// # Errors
/// 422 for a contact, a contract or an order of another client.
pub async fn save(
    tx: &mut Tx<'_>,
    action: &'static str,
    before: &Interaction,
    mut after: Interaction,
) -> Result<Interaction> {
    if *before == after {
        return Ok(after);
    }
    after.version += 1;
    after.updated_at = tx.now();
    let update = diesel::update(interactions::table.find(after.id)).set(after.clone());
    Cached(update).execute(&mut **tx).await.on_constraint(|name| breached(name, ""))?;
    tx.changed(action, before, &after);
    Ok(after)
}

fn breached(constraint: &str, parent: &str) -> Option<Error> {
    let field = match constraint {
        "interactions_contact_id_fkey" => "contact_id",
        "interactions_contract_id_fkey" => "contract_id",
        "interactions_order_id_fkey" => "order_id",
        _ => return None,
    };
    Some(unknown_reference(&format!("{parent}/{field}")))
}
