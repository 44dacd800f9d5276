//! An interaction as a caller sees it.

use std::collections::HashMap;

use diesel_async::AsyncPgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    filter::{InteractionInclude, InteractionIncludes},
    model::Interaction,
    steps::STEPS,
};
use crate::{
    access::{Actor, Update},
    change::Tx,
    clients::{self, ClientRef, ContactRef},
    contacts,
    error::Result,
    http::View,
    users::{self, UserRef},
    values::Instant,
};

/// An interaction, what the caller may do with it, and what was included.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Interaction, example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e40", "version": 2, "external_ids": [], "custom_fields": {},
    "created_at": "2026-11-20T09:30:00Z", "updated_at": "2026-11-24T09:30:00Z",
    "client_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "owner_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30",
    "team_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31", "is_key": false, "contact_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e32",
    "user_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30", "channel": "phone", "direction": "outbound", "purpose": "negotiation",
    "status": "done", "scheduled_at": "2026-11-24T09:00:00Z", "occurred_at": "2026-11-24T09:05:00Z",
    "at": "2026-11-24T09:05:00Z", "duration_seconds": 540, "subject": "Prices for 2027",
    "summary": "They ask for a discount of 3 %.", "outcome": "positive", "contract_id": null, "order_id": null,
    "follows_id": null, "actions": ["update"]}))]
pub struct InteractionView {
    #[serde(flatten)]
    interaction: Interaction,
    /// When it takes or took place: `occurred_at`, or else `scheduled_at`.
    at: Instant,
    /// What the caller may do with the interaction now.
    actions: Vec<&'static str>,
    /// The next step, where this request planned one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    next: Option<Box<InteractionView>>,
    /// The client, when included.
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<ClientRef>,
    /// The person at the client, when included.
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<ContactRef>,
    /// Who does or did it, when included.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<UserRef>,
}

impl InteractionView {
    /// `interaction` as `actor` sees it at `now`.
    pub fn of(interaction: Interaction, actor: &Actor, now: Instant) -> Self {
        let actions = actions(&interaction, actor, now);
        Self { at: interaction.at(), interaction, actions, next: None, client: None, contact: None, user: None }
    }

    /// The same, with the next step that was planned along with it.
    #[must_use]
    pub fn with_next(self, next: Option<Self>) -> Self {
        Self { next: next.map(Box::new), ..self }
    }
}

impl View for InteractionView {
    type Row = Interaction;

    fn row(&self) -> &Interaction {
        &self.interaction
    }
}

/// The interaction just changed, as the caller who changed it sees it.
pub fn changed(tx: &Tx<'_>, interaction: Interaction) -> InteractionView {
    InteractionView::of(interaction, tx.actor(), tx.now())
}

/// What `actor` may do with `interaction` in its present state.
fn actions(interaction: &Interaction, actor: &Actor, now: Instant) -> Vec<&'static str> {
    if !actor.may::<Interaction, Update>(interaction) {
        return Vec::new();
    }
    let passed = interaction.has_passed(now);
    let steps = STEPS.iter().filter(|step| step.transition.target(interaction.status, passed).is_some());
    let offered = steps.filter(|step| (step.may)(actor, interaction)).map(|step| step.transition.into());
    std::iter::once("update").chain(offered).collect()
}

/// `interactions` as `actor` sees them at `now`, with what `include` asks for, in one query for each kind.
///
/// # Errors
/// When the database fails.
pub async fn views(
    db: &AsyncPgConnection,
    interactions: Vec<Interaction>,
    include: &InteractionIncludes,
    actor: &Actor,
    now: Instant,
) -> Result<Vec<InteractionView>> {
    let clients = if include.has(InteractionInclude::Client) {
        clients::references(db, actor, interactions.iter().map(|row| row.client_id).collect()).await?
    } else {
        HashMap::new()
    };
    let contacts = if include.has(InteractionInclude::Contact) {
        contacts::references(db, actor, interactions.iter().filter_map(|row| row.terms.contact_id).collect()).await?
    } else {
        HashMap::new()
    };
    let users = if include.has(InteractionInclude::User) {
        users::references(db, interactions.iter().map(|row| row.user_id).collect()).await?
    } else {
        HashMap::new()
    };
    let view = |row: Interaction| InteractionView {
        client: clients.get(&row.client_id).cloned(),
        contact: row.terms.contact_id.and_then(|id| contacts.get(&id).cloned()),
        user: users.get(&row.user_id).cloned(),
        ..InteractionView::of(row, actor, now)
    };
    Ok(interactions.into_iter().map(view).collect())
}
