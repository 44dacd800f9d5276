//! New interactions: those that took place, those that are planned, and next steps planned along with the former.

use diesel_async::RunQueryDsl;

use super::{
    kinds::{Direction, Purpose},
    model::{Interaction, InteractionTerms, NewInteraction, NextInteraction},
    outreach,
    queries::breached,
    status::InteractionStatus,
};
use crate::{
    access::{Action, Create, Scope, UserId},
    change::{Row, Tx, begin_custom},
    clients::{self, Client},
    db::{Jsonb, schema::interactions},
    error::{Error, OnConstraint, Result},
    http::Parts,
    users,
    values::Invalid,
};

/// Logs an interaction that took place, and plans the next one if it is given; or plans an interaction.
///
/// # Errors
/// 403 for a client or a user out of reach, 409 when the client is archived or the person may not be approached, 422 for
/// values against the rules.
pub async fn insert(
    tx: &mut Tx<'_>,
    scope: &Scope<Interaction, Create>,
    new: NewInteraction,
) -> Result<(Interaction, Option<Interaction>)> {
    let Parts(start, terms) = new;
    let client = clients::hold_to_touch(tx, start.client_id, "/client_id").await?;
    scope.permit(&client)?;
    let user_id = match start.is_planned() {
        true => assignee(tx, scope, &client, start.user_id, "/user_id").await?,
        false => doer(tx, scope, start.user_id, "/user_id").await?,
    };
    let mut breaches = start.breaches();
    let mut row = Interaction { scheduled_at: start.scheduled_at, ..row(tx, &client, user_id, terms) };
    if start.scheduled_at.is_none() {
        row.status = InteractionStatus::Done;
        row.occurred_at = start.occurred_at.or(Some(tx.now()));
    }
    breaches.extend(row.breaches(tx.now()));
    if !breaches.is_empty() {
        return Err(Error::fields(breaches));
    }
    begin_custom(tx, &mut row).await?;
    write(tx, &row, "").await?;
    let next = match start.next {
        Some(next) => Some(follow_up(tx, scope, &client, &row, next).await?),
        None => None,
    };
    clients::touch(tx, &client).await?;
    Ok((row, next))
}

/// Plans the step after `done`. The caller has locked `client`.
///
/// # Errors
/// 403 and 422 as for [`insert`], with pointers below `/next`.
pub async fn follow_up(
    tx: &mut Tx<'_>,
    scope: &Scope<Interaction, Create>,
    client: &Client,
    done: &Interaction,
    next: NextInteraction,
) -> Result<Interaction> {
    let user_id = assignee(tx, scope, client, next.user_id, "/next/user_id").await?;
    let terms = InteractionTerms {
        contact_id: next.contact_id.or(done.terms.contact_id),
        channel: next.channel.unwrap_or(done.terms.channel),
        direction: Direction::default(),
        purpose: next.purpose.unwrap_or(Purpose::FollowUp),
        duration_seconds: None,
        subject: next.subject.unwrap_or_else(|| done.terms.subject.clone()),
        summary: None,
        outcome: None,
        contract_id: None,
        order_id: None,
        custom_fields: Jsonb::default(),
        external_ids: Jsonb::default(),
    };
    let row = Interaction {
        scheduled_at: Some(next.scheduled_at),
        follows_id: Some(done.id),
        ..row(tx, client, user_id, terms)
    };
    write(tx, &row, "/next").await?;
    Ok(row)
}

/// Who is to do something with `client`: the caller, or someone whom the caller may give work to and who can see the client.
///
/// # Errors
/// 422 at `pointer` for a user who does not exist, is not active or cannot see the client, 403 for a user out of reach.
pub async fn assignee(
    tx: &mut Tx<'_>,
    scope: &Scope<Interaction, impl Action>,
    client: &Client,
    named: Option<UserId>,
    pointer: &str,
) -> Result<UserId> {
    let user_id = doer(tx, scope, named, pointer).await?;
    clients::refuse_blind(tx, user_id, client, pointer).await?;
    Ok(user_id)
}

/// Who did something: the caller, or someone for whom the caller may log it. Whoever did it may be out of the client's reach
/// by now.
///
/// # Errors
/// 422 at `pointer` for a user who does not exist or is not active, 403 for a user out of reach.
async fn doer(
    tx: &mut Tx<'_>,
    scope: &Scope<Interaction, impl Action>,
    named: Option<UserId>,
    pointer: &str,
) -> Result<UserId> {
    let user_id = named.or_else(|| tx.user_id());
    let user_id = user_id.ok_or_else(|| Error::field(pointer, Invalid::Required))?;
    let user = users::owner(tx, user_id, pointer).await?;
    scope.permit_owner(user.id, user.team_id)?;
    Ok(user.id)
}

/// An interaction with `client` that is planned for no moment yet.
fn row(tx: &mut Tx<'_>, client: &Client, user_id: UserId, terms: InteractionTerms) -> Interaction {
    Interaction {
        id: tx.new_id(),
        version: 1,
        created_at: tx.now(),
        updated_at: tx.now(),
        client_id: client.id,
        owner_id: client.owner_id,
        team_id: client.team_id,
        is_key: client.is_key,
        user_id,
        status: InteractionStatus::Planned,
        scheduled_at: None,
        occurred_at: None,
        follows_id: None,
        terms,
    }
}

/// Writes a new row. `parent` is the pointer to the object in the body that its fields come from.
async fn write(tx: &mut Tx<'_>, row: &Interaction, parent: &str) -> Result<()> {
    outreach::permit(tx, row, parent).await?;
    row.refuse_taken(tx, None).await?;
    let insert = diesel::insert_into(interactions::table).values(row);
    insert.execute(&mut **tx).await.on_constraint(|name| breached(name, parent))?;
    tx.created(row);
    Ok(())
}
