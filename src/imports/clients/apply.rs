//! Makes clients of rows, and fills those that there are.

use serde_json::{Map, Value, json};

use super::{
    entry::{Entry, Past},
    fates::filling,
};
use crate::{
    access::{Create, Update},
    change::Tx,
    clients::{self, Client, ClientChange, ClientId, ClientStart, ClientTerms, Entered},
    contacts::{self, Contact, ContactTerms},
    db::Jsonb,
    error::{Error, Result},
    http::{IfMatch, Parts, Patch},
    imports::{
        filling::names,
        kind::About,
        reader::{Read, notes_of},
        row::Fate,
        rows::Applied,
    },
    interactions::{self, Channel, Direction, Interaction, InteractionStart, InteractionTerms, Purpose},
    values::{Entity, Language, Line},
};

/// Does what was found out about rows.
///
/// # Errors
/// When the database fails, or for a row that is to be told by itself.
pub async fn all(tx: &mut Tx<'_>, about: &About<'_>, rows: Vec<Read<'_, Entry>>) -> Result<Vec<Applied>> {
    let mut applied = Vec::with_capacity(rows.len());
    let mut new = Vec::new();
    for row in rows {
        match row.row.fate {
            Some(Fate::Create) => new.push(row),
            _ => applied.push(fill(tx, &row).await?),
        }
    }
    applied.extend(create(tx, new, about.language).await?);
    Ok(applied)
}

/// Creates the clients of rows with their contacts and what passed before.
async fn create(tx: &mut Tx<'_>, new: Vec<Read<'_, Entry>>, language: Language) -> Result<Vec<Applied>> {
    let scope = tx.scope::<Client, Create>()?;
    let (mut rows, mut bodies, mut applied) = (Vec::new(), Vec::new(), Vec::new());
    for mut row in new {
        match row.entry.take() {
            Some(Entry { kind, terms, owner, contact, past }) => {
                let start = ClientStart { kind, owner_id: owner, allow_duplicate: None };
                let words = contact.as_ref().map(ContactTerms::search_words).unwrap_or_default();
                bodies.push((Parts(start, terms), words));
                rows.push((row, contact, past));
            }
            None => applied.push(row.kept(Fate::Error, None)),
        }
    }
    let entered = clients::insert_all(tx, &scope, bodies).await?;
    let mut persons = Vec::new();
    let mut before: Vec<(Client, Past)> = Vec::new();
    for (entered, (mut row, contact, past)) in entered.into_iter().zip(rows) {
        applied.push(match entered {
            Entered::Created(client) => {
                let made = Applied { target_version: Some(1), ..row.kept(Fate::Create, Some(client.uuid())) };
                if let Some(contact) = contact {
                    persons.push(((*client).clone(), contact));
                }
                if past != Past::default() {
                    before.push((*client, past));
                }
                made
            }
            Entered::Twin(twin) => row.kept(Fate::Duplicate, twin.client.map(ClientId::uuid)),
            Entered::Refused(error) => {
                row.notes.extend(notes_of(&error, language));
                row.kept(Fate::Error, None)
            }
        });
    }
    if !persons.is_empty() {
        let scope = tx.scope::<Contact, Create>()?;
        let persons = persons.iter().map(|(client, terms)| (client, terms.clone())).collect();
        contacts::insert_first(tx, &scope, persons).await?;
    }
    for (client, past) in before {
        remember(tx, &client, past, language).await?;
    }
    Ok(applied)
}

/// Keeps what is known of the time before as an interaction with the client.
async fn remember(tx: &mut Tx<'_>, client: &Client, past: Past, language: Language) -> Result<()> {
    let scope = tx.scope::<Interaction, Create>()?;
    let subject = match (past.last_deal_on.is_some(), language) {
        (true, Language::En) => "Last deal, from an import",
        (true, Language::Ru) => "Последняя сделка, из импорта",
        (false, Language::En) => "Comment, from an import",
        (false, Language::Ru) => "Комментарий, из импорта",
    };
    let start = InteractionStart {
        client_id: client.id,
        user_id: None,
        scheduled_at: None,
        occurred_at: past.last_deal_on.map(crate::values::Day::start),
        next: None,
    };
    let terms = InteractionTerms {
        contact_id: None,
        channel: Channel::Other,
        direction: Direction::default(),
        purpose: Purpose::Other,
        duration_seconds: None,
        subject: Line::parse(subject).map_err(Error::internal)?,
        summary: past.comment,
        outcome: None,
        contract_id: None,
        order_id: None,
        external_ids: Jsonb::default(),
        custom_fields: Jsonb::default(),
    };
    interactions::insert(tx, &scope, Parts(start, terms)).await.map(drop)
}

/// Fills the empty fields of the client that a row is about.
async fn fill(tx: &mut Tx<'_>, row: &Read<'_, Entry>) -> Result<Applied> {
    let target = row.row.target_id;
    let (Some(id), Some(entry)) = (target.map(ClientId::from), &row.entry) else {
        return Ok(row.kept(Fate::Error, None));
    };
    match filling(tx, id, &entry.terms).await? {
        Some(members) if members.is_empty() => Ok(row.kept(Fate::Unchanged, target)),
        Some(members) => {
            let filled = names(&members);
            let client = patch(tx, id, members, &IfMatch::Any).await?;
            Ok(Applied { target_version: Some(client.version()), filled, ..row.kept(Fate::Update, target) })
        }
        None => Ok(row.kept(Fate::Duplicate, target)),
    }
}

/// Changes members of a client, as whoever imports.
///
/// # Errors
/// As every change of a client.
pub async fn patch(tx: &mut Tx<'_>, id: ClientId, members: Map<String, Value>, seen: &IfMatch) -> Result<Client> {
    let scope = tx.scope::<Client, Update>()?;
    let patch: Patch<ClientTerms> = serde_json::from_value(json!(members)).map_err(Error::internal)?;
    clients::update(tx, &scope, id, seen, Parts(ClientChange { allow_duplicate: None }, patch)).await
}
