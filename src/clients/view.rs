//! A client as a caller sees it.

use std::collections::{BTreeMap, HashMap, HashSet};

use diesel_async::AsyncPgConnection;
use futures_util::future::try_join;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    contact_points,
    filter::ClientInclude,
    model::{Archive, Client, ClientId, DesignateKey, TransferClient},
    primary_contact::{ContactRef, primary_contacts},
    status::ClientStatus,
    steps::STEPS,
    under_way,
};
use crate::{
    access::{Actor, Erase, Update, UserId},
    change::Tx,
    error::{Error, Result},
    http::{Shown, View},
    list::Words,
    users::{self, UserRef},
};

/// A client, what the caller may do with it, and what was included.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Client, example = json!({"id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e2f", "version": 3, "custom_fields": {},
    "created_at": "2026-11-20T09:30:00Z", "updated_at": "2026-11-24T09:30:00Z", "kind": "organization", "name": "Romashka",
    "legal_name": "OOO Romashka", "tax_id": "7707083893", "kpp": "773601001", "registration_number": "1027700132195",
    "foreign_ids": [{"country": "KZ", "kind": "tax", "number": "600400123456"}],
    "bank_accounts": [{"bank": "Sberbank", "bic": "044525225", "account": "40702810938000060473", "correspondent_account": "30101810400000000225"}],
    "parent_id": null, "industry": "Retail", "status": "active",
    "source": "exhibition", "email": "office@romashka.example", "other_emails": [{"label": "invoices", "address": "buh@romashka.example"}],
    "phone": "+74951234567", "other_phones": [{"label": "reception", "number": "+78182652010;ext=12"}],
    "formatted_phones": {"+74951234567": "+7 495 123-45-67", "+78182652010;ext=12": "+7 818 265-20-10 ext. 12"},
    "messengers": [{"kind": "telegram", "handle": "@romashka"}],
    "address": {"street": "Tverskaya 1", "city": "Moscow", "region": null, "postal_code": "125009", "country": "RU"},
    "website": "https://romashka.example/", "employees": 120, "language": "ru", "timezone": "Europe/Moscow",
    "owner_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e30", "team_id": "01936f0e-8d5b-7c3a-9e2f-4b6a8c0d1e31", "is_key": false,
    "tags": ["wholesale"], "external_ids": [{"source": "erp", "id": "4711"}], "last_verified_at": "2026-11-01T09:30:00Z",
    "last_interaction_at": "2026-11-23T14:00:00Z", "next_interaction_at": "2026-12-01T10:00:00Z", "archived_from": null,
    "lost_reason_id": null, "lost_at": null, "actions": ["update", "verify", "mark-dormant", "mark-lost", "archive"]}))]
pub struct ClientView {
    #[serde(flatten)]
    #[schema(value_type = Client)]
    client: Shown<Client>,
    /// What the caller may do with the client now.
    actions: Vec<&'static str>,
    /// The telephone numbers as people read them, by the number.
    formatted_phones: BTreeMap<String, String>,
    /// Who works with the client, when included.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<UserRef>,
    /// The contact to turn to first, when it is included and exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    primary_contact: Option<ContactRef>,
}

/// The client just changed, as the caller who changed it sees it.
///
/// # Errors
/// When the database fails.
pub async fn changed(tx: &mut Tx<'_>, client: Client) -> Result<ClientView> {
    let view = views(tx, vec![client], &Words::default(), tx.actor()).await?.pop();
    view.ok_or_else(Error::not_found)
}

impl View for ClientView {
    type Row = Client;

    fn row(&self) -> &Client {
        &self.client
    }
}

/// What decides, besides the state of a client, what can be done with it.
struct Circumstances {
    /// Whether its owner may own key clients.
    may_be_key: bool,
    /// Whether orders or contracts are under way with it.
    is_busy: bool,
}

/// What `actor` may do with `client` in its present state.
fn actions(client: &Client, actor: &Actor, circumstances: &Circumstances) -> Vec<&'static str> {
    let update = actor.may::<Client, Update>(client);
    let archived = client.status == ClientStatus::Archived;
    let mut actions = Vec::new();
    if !archived {
        let designate = actor.may::<Client, DesignateKey>(client);
        let offered = [
            ("update", update),
            ("verify", update),
            ("transfer", actor.may::<Client, TransferClient>(client)),
            (
                "designate-key",
                designate && !client.is_key && circumstances.may_be_key && actor.user_id() != Some(client.owner_id),
            ),
            ("revoke-key", designate && client.is_key),
        ];
        actions.extend(offered.into_iter().filter(|(_, may)| *may).map(|(name, _)| name));
    }
    let steps = STEPS.iter().filter(|step| step.transition.target(client.status, client.archived_from).is_some());
    let steps = steps.filter(|step| !(circumstances.is_busy && step.transition.is_departure()));
    actions.extend(steps.filter(|step| (step.may)(actor, client)).map(|step| <&str>::from(step.transition)));
    if !circumstances.is_busy && actor.may::<Client, Erase>(client) {
        actions.push("erase");
    }
    actions
}

/// `clients` as `actor` sees them, with what `include` asks for, in one query for each kind.
///
/// # Errors
/// When the database fails.
pub async fn views(
    db: &AsyncPgConnection,
    clients: Vec<Client>,
    include: &Words<ClientInclude>,
    actor: &Actor,
) -> Result<Vec<ClientView>> {
    let owners: HashMap<UserId, UserRef> = if include.has(ClientInclude::Owner) {
        users::references(db, clients.iter().map(|client| client.owner_id).collect()).await?
    } else {
        HashMap::new()
    };
    let mut primary_contacts = if include.has(ClientInclude::PrimaryContact) {
        primary_contacts(db, actor, clients.iter().map(|client| client.id).collect()).await?
    } else {
        HashMap::new()
    };
    let (key_owners, busy) = try_join(key_owners(db, &clients, actor), busy(db, &clients, actor)).await?;
    let view = |client: Client| {
        let owner = owners.get(&client.owner_id).cloned();
        let may_be_key = key_owners.contains(&client.owner_id);
        let actions = actions(&client, actor, &Circumstances { may_be_key, is_busy: busy.contains(&client.id) });
        let primary_contact = primary_contacts.remove(&client.id);
        let formatted_phones = contact_points::formatted(client.terms.phone.as_ref(), &client.terms.other_phones.0);
        ClientView { client: Shown::to(actor, client), actions, formatted_phones, owner, primary_contact }
    };
    Ok(clients.into_iter().map(view).collect())
}

/// The owners who may own key clients. Looked up only for clients that `actor` could designate as key.
async fn key_owners(db: &AsyncPgConnection, clients: &[Client], actor: &Actor) -> Result<HashSet<UserId>> {
    let could = |client: &&Client| !client.is_key && actor.may::<Client, DesignateKey>(client);
    let owners: Vec<UserId> = clients.iter().filter(could).map(|client| client.owner_id).collect();
    users::key_owners(db, owners).await
}

/// The clients with something under way. Looked up only for clients that `actor` could archive, mark lost or erase.
async fn busy(db: &AsyncPgConnection, clients: &[Client], actor: &Actor) -> Result<HashSet<ClientId>> {
    let archives = |client: &Client| client.status != ClientStatus::Archived && actor.may::<Client, Archive>(client);
    let could = |client: &&Client| archives(client) || actor.may::<Client, Erase>(client);
    let clients: Vec<ClientId> = clients.iter().filter(could).map(|client| client.id).collect();
    under_way::busy(db, &clients).await
}
