//! A contact as a caller sees it.

use std::collections::{BTreeMap, HashSet};

use diesel_async::AsyncPgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    model::{Contact, ContactId, ContactInclude, ContactIncludes},
    queries::referred_to,
    steps::STEPS,
};
use crate::{
    access::{Actor, Delete, Erase, Update},
    change::Tx,
    clients::{self, ClientRef},
    error::{Error, Result},
    http::View,
};

/// A contact, what the caller may do with it, and what was included.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Contact, example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e40", "version": 2, "external_ids": [], "custom_fields": {},
    "created_at": "2026-11-20T09:30:00Z", "updated_at": "2026-11-24T09:30:00Z", "client_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f",
    "owner_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30", "team_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31", "is_key": false,
    "retired_at": null, "name": "Maria Anders", "job_title": "Head of purchasing", "decision_role": "decision_maker",
    "email": "maria@romashka.example", "other_emails": [], "phone": "+74951234567", "other_phones": [],
    "formatted_phones": {"+74951234567": "+7 495 123-45-67"}, "messengers": [{"kind": "telegram", "handle": "@maria"}],
    "is_primary": true, "consents": [{"channel": "email", "purpose": "marketing", "given_at": "2026-11-20T09:30:00Z",
    "withdrawn_at": null, "source": "web form"}], "actions": ["update", "delete", "retire"]}))]
pub struct ContactView {
    #[serde(flatten)]
    contact: Contact,
    /// What the caller may do with the contact now.
    actions: Vec<&'static str>,
    /// The telephone numbers as people read them, by the number.
    formatted_phones: BTreeMap<String, String>,
    /// The client that the person is at, when included.
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<ClientRef>,
}

impl View for ContactView {
    type Row = Contact;

    fn row(&self) -> &Contact {
        &self.contact
    }
}

/// `contacts` as `actor` sees them, with what `include` asks for, in a number of queries that does not grow with them.
///
/// # Errors
/// When the database fails.
pub async fn views(
    db: &AsyncPgConnection,
    contacts: Vec<Contact>,
    include: &ContactIncludes,
    actor: &Actor,
) -> Result<Vec<ContactView>> {
    // A contact of an archived client cannot be changed, whether the caller may see the client or not.
    let viewer = if include.has(ContactInclude::Client) { actor } else { &Actor::System };
    let clients = clients::references(db, viewer, contacts.iter().map(|contact| contact.client_id).collect()).await?;
    let referred_to = referred_to(db, contacts.iter().map(|contact| contact.id).collect()).await?;
    let view = |contact: Contact| {
        let client = clients.get(&contact.client_id);
        let archived = client.is_some_and(ClientRef::is_archived);
        let mut actions = if archived { Vec::new() } else { actions(&contact, &referred_to, actor) };
        actions.extend(actor.may::<Contact, Erase>(&contact).then_some("erase"));
        let client = client.filter(|_| include.has(ContactInclude::Client)).cloned();
        let formatted_phones = clients::formatted_phones(contact.terms.phone.as_ref(), &contact.terms.other_phones.0);
        ContactView { contact, actions, formatted_phones, client }
    };
    Ok(contacts.into_iter().map(view).collect())
}

/// One contact, as [`views`] gives it.
///
/// # Errors
/// When the database fails.
pub async fn view(
    db: &AsyncPgConnection,
    contact: Contact,
    include: &ContactIncludes,
    actor: &Actor,
) -> Result<ContactView> {
    let mut views = views(db, vec![contact], include, actor).await?;
    views.pop().ok_or_else(Error::not_found)
}

/// The contact just changed, as the caller who changed it sees it.
///
/// # Errors
/// When the database fails.
pub async fn changed(tx: &mut Tx<'_>, contact: Contact) -> Result<ContactView> {
    view(tx, contact, &ContactIncludes::default(), tx.actor()).await
}

/// What `actor` may do with a contact at a client that is not archived.
fn actions(contact: &Contact, referred_to: &HashSet<ContactId>, actor: &Actor) -> Vec<&'static str> {
    let offered = [
        ("update", actor.may::<Contact, Update>(contact)),
        ("delete", actor.may::<Contact, Delete>(contact) && !referred_to.contains(&contact.id)),
    ];
    let steps = STEPS.iter().filter(|step| step.transition.is_possible(contact) && (step.may)(actor, contact));
    let steps = steps.map(|step| <&str>::from(step.transition));
    offered.into_iter().filter(|(_, may)| *may).map(|(name, _)| name).chain(steps).collect()
}
