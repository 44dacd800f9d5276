//! The fate of each row that is a client.

use std::collections::{HashMap, hash_map};

use uuid::Uuid;

use super::entry::Entry;
use crate::{
    access::{Actor, Create, Read as ReadRight, ReadConfidential, Update, UserId},
    change::{Tx, begin_custom, permit_confidential, unique_keys},
    clients::{self, Client, ClientId, ClientTerms, Identifiers, Twin},
    error::{Error, Result},
    external_ids::{self, ExternalId},
    imports::{
        filling::lacking,
        kind::{About, Earlier},
        model::Duplicates,
        reader::{Read, notes_of, refused},
        row::Fate,
        rows::Checked,
    },
    users::{self, Owner},
    values::members_of,
};

/// The owners whom rows have named, or why they cannot be owners.
type Owners = HashMap<UserId, Result<Owner>>;

/// The fates of rows.
///
/// # Errors
/// When the database fails.
pub async fn find(
    tx: &mut Tx<'_>,
    about: &About<'_>,
    mut earlier: Earlier<'_>,
    rows: Vec<Read<'_, Entry>>,
) -> Result<Vec<Checked>> {
    let leads: Vec<Option<Client>> = rows.iter().map(|row| lead(tx, row.entry.as_ref()?)).collect();
    let known: Vec<&Client> = leads.iter().flatten().collect();
    let twins = if known.is_empty() { Vec::new() } else { clients::twins(tx, &known).await? };
    let holders = holders(tx, &known).await?;
    let (mut twins, mut owners) = (twins.into_iter(), Owners::new());
    let mut checked = Vec::with_capacity(rows.len());
    for (row, lead) in rows.into_iter().zip(leads) {
        let mut fate = row.unfit();
        if let (Some(lead), Some(entry)) = (&lead, &row.entry) {
            let twin = twins.next().and_then(|(twin, _)| twin);
            let twin = lead.terms.external_ids.0.iter().find_map(|id| holders.get(id.id.as_str()).cloned()).or(twin);
            fate.keys = keys(lead);
            let found = (earlier.line(&fate.keys), twin);
            decide(tx, about, (entry, row.is_wrong), lead, found, &mut fate, &mut owners).await?;
            about.refuse_repeated(&earlier, unique_keys(tx.actor(), lead), &mut fate);
        }
        if fate.fate == Fate::Create {
            earlier.note(&fate.keys, fate.line);
        }
        checked.push(fate);
    }
    Ok(checked)
}

/// By what a client is known.
fn keys(lead: &Client) -> Vec<String> {
    let external = lead.terms.external_ids.0.iter().map(ExternalId::key);
    Identifiers::of(lead).keys().into_iter().chain(external).collect()
}

/// The clients that have the ids of `leads` already, by the id.
async fn holders(tx: &mut Tx<'_>, leads: &[&Client]) -> Result<HashMap<String, Twin>> {
    let ids: Vec<&ExternalId> = leads.iter().flat_map(|lead| lead.terms.external_ids.0.iter()).collect();
    let held = external_ids::holders::<Client>(tx, &ids).await?;
    let rows: Vec<ClientId> = held.iter().map(|holder| holder.row_id.into()).collect();
    let seen = match tx.scope::<Client, ReadRight>() {
        Ok(scope) if !rows.is_empty() => clients::find_all(tx, &scope, &rows).await?,
        _ => Vec::new(),
    };
    let twin = |holder: external_ids::Holder| {
        let client = seen.iter().map(|client| client.id).find(|id| id.uuid() == holder.row_id);
        let matched = vec!["external_id".to_owned()];
        (holder.external_id.as_str().to_owned(), Twin { client, owner_name: None, matched })
    };
    Ok(held.into_iter().map(twin).collect())
}

/// The client that a row would make. Who owns it is looked at separately.
fn lead(tx: &Tx<'_>, entry: &Entry) -> Option<Client> {
    let Actor::Caller(caller) = tx.actor() else { return None };
    let owner = Owner { id: caller.user_id, team_id: caller.team_id, role: caller.role() };
    Some(Client::lead(Uuid::nil().into(), entry.kind, &owner, entry.terms.clone(), tx.now()))
}

/// The fate of a row with a name. That there is the client already matters more than that something else is wrong.
async fn decide(
    tx: &mut Tx<'_>,
    about: &About<'_>,
    (entry, is_wrong): (&Entry, bool),
    lead: &Client,
    (earlier, twin): (Option<i64>, Option<Twin>),
    fate: &mut Checked,
    owners: &mut Owners,
) -> Result<()> {
    if let Some(line) = earlier {
        fate.fate = Fate::Duplicate;
        fate.duplicate_of_line = Some(line);
        return Ok(());
    }
    if let Some(twin) = twin {
        fate.fate = Fate::Duplicate;
        fate.target_id = twin.client.map(ClientId::uuid);
        let fills = about.import.terms.duplicates == Duplicates::Fill && !is_wrong;
        if let (true, Some(id)) = (fills, twin.client) {
            fate.fate = match filling(tx, id, &lead.terms).await? {
                Some(patch) if patch.is_empty() => Fate::Unchanged,
                Some(_) => Fate::Update,
                None => Fate::Duplicate,
            };
        }
        return Ok(());
    }
    if is_wrong {
        return Ok(());
    }
    if let Some(refusal) = refusal(tx, entry, lead, owners).await? {
        fate.notes.extend(notes_of(&refusal, about.language));
        return Ok(());
    }
    fate.fate = Fate::Create;
    Ok(())
}

/// Why the actor may not make this client for its owner.
async fn refusal(tx: &mut Tx<'_>, entry: &Entry, lead: &Client, owners: &mut Owners) -> Result<Option<Error>> {
    let scope = tx.scope::<Client, Create>()?;
    let Some(id) = entry.owner.or_else(|| tx.user_id()) else { return Ok(None) };
    if let hash_map::Entry::Vacant(unknown) = owners.entry(id) {
        unknown.insert(users::find_owner(tx, id, "/owner_id").await);
    }
    let owner = match owners.get(&id) {
        Some(Ok(owner)) => *owner,
        Some(Err(error)) => return Ok(Some(error.copy())),
        None => return Ok(None),
    };
    let mut client = Client { owner_id: owner.id, team_id: owner.team_id, ..lead.clone() };
    let breaches = client.kind_breaches();
    if !breaches.is_empty() {
        return Ok(Some(Error::fields(breaches)));
    }
    let permitted = scope.permit_owner(owner.id, owner.team_id).and_then(|()| permit_confidential(tx.actor(), &client));
    match permitted {
        Ok(()) => Ok(refused(begin_custom(tx, &mut client).await)?.err()),
        Err(error) => Ok(Some(error)),
    }
}

/// The fields that `terms` has and the client lacks, if the actor may change the client; `None` otherwise.
///
/// # Errors
/// When the database fails.
pub async fn filling(
    tx: &mut Tx<'_>,
    id: ClientId,
    terms: &ClientTerms,
) -> Result<Option<serde_json::Map<String, serde_json::Value>>> {
    let (Ok(read), Ok(update)) = (tx.scope::<Client, ReadRight>(), tx.scope::<Client, Update>()) else {
        return Ok(None);
    };
    let client = clients::find(tx, &read, id).await?;
    if update.permit(&client).is_err() || client.refuse_archived().is_err() {
        return Ok(None);
    }
    let mut new = lacking(terms, &client.terms)?;
    let sees = tx.actor().may::<Client, ReadConfidential>(&client);
    let hidden = members_of::<Client>().confidential();
    new.retain(|name, _| sees || !hidden.contains(&name.as_str()));
    Ok(Some(new))
}
