//! The dry run: finds out what would become of each row, and changes nothing.

use std::collections::HashMap;

use aws_lc_rs::digest;
use uuid::Uuid;

use super::{
    entry::{Entry, Reader},
    load::load,
    model::{Duplicates, Import, ImportId, ImportState},
    owners::Owners,
    queries,
    row::{Fate, Note},
    rows::{self, Checked, Loaded, Wanted},
};
use crate::{
    access::{Actor, Create, Read, Scope, Update},
    background_jobs::{Progress, Run, Stopped},
    change::{Tx, permit_confidential, save},
    clients::{self, Client, ClientId, ClientTerms, Identifiers, Twin},
    db::Jsonb,
    error::{Error, Result},
    users::Owner,
    values::{Language, confidential::reveal},
};

/// How many rows are looked at in one transaction.
const CHUNK: i64 = 250;

/// What the rows before have said, by their keys.
type Seen = HashMap<[u8; 8], i64>;

/// Does the job of a check.
///
/// # Errors
/// Why it goes no further.
pub async fn work(run: Run) -> Result<(), Stopped> {
    let import = load(&run).await?;
    let mut seen = Seen::new();
    for (line, keys) in run.chunk(async |tx, progress| begin(tx, progress, &import).await).await? {
        seen.extend(keys.iter().map(|key| (digest_of(key), line)));
    }
    let mut after = 0;
    loop {
        let checked = run.chunk(async |tx, progress| chunk(tx, progress, &import, after, &seen).await).await?;
        let Some(last) = checked.last() else { break };
        after = last.line;
        let created = checked.iter().filter(|row| row.fate == Fate::Create);
        seen.extend(created.flat_map(|row| row.keys.iter().map(|key| (digest_of(key), row.line))));
    }
    run.chunk(async |tx, _| end(tx, import.id).await).await
}

async fn begin(tx: &mut Tx<'_>, progress: &mut Progress, import: &Import) -> Result<Vec<(i64, Vec<String>)>> {
    tx.scope::<Client, Create>()?;
    progress.total = import.row_count;
    let known = rows::keys(tx, import).await?;
    Ok(known)
}

async fn end(tx: &mut Tx<'_>, id: ImportId) -> Result<()> {
    let before = queries::locked(tx, id).await?;
    let counts = Jsonb(rows::counts(tx, &before).await?);
    let after = Import { state: ImportState::Checked, counts, ..before.clone() };
    save(tx, "checked", &before, after).await.map(drop)
}

async fn chunk(
    tx: &mut Tx<'_>,
    progress: &mut Progress,
    import: &Import,
    after: i64,
    seen: &Seen,
) -> Result<Vec<Checked>> {
    let rows = rows::next(tx, import, Wanted::Unchecked, after, CHUNK).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let checked = fates(tx, import, &rows, seen).await?;
    rows::check(tx, import, &checked).await?;
    progress.done += i64::try_from(checked.len()).map_err(Error::internal)?;
    Ok(checked)
}

/// The entries of rows, as the actor reads them.
///
/// # Errors
/// When the database fails.
pub async fn entries(tx: &mut Tx<'_>, import: &Import, rows: &[Loaded]) -> Result<(Vec<Entry>, Language)> {
    let owners = Owners::load(tx).await?;
    let Actor::Caller(caller) = tx.actor() else { return Err(Error::internal("an import of nobody")) };
    let reader = Reader::new(import, &owners, tx.actor(), caller, tx.today());
    Ok((rows.iter().map(|row| reader.read(row)).collect(), caller.locale.language))
}

async fn fates(tx: &mut Tx<'_>, import: &Import, rows: &[Loaded], seen: &Seen) -> Result<Vec<Checked>> {
    let (entries, language) = entries(tx, import, rows).await?;
    let leads: Vec<Option<Client>> = entries.iter().map(|entry| lead(tx, entry)).collect();
    let known: Vec<&Client> = leads.iter().flatten().collect();
    let twins = if known.is_empty() { Vec::new() } else { clients::twins(tx, &known).await? };
    let mut twins = twins.into_iter();
    let mut here = Seen::new();
    let mut checked = Vec::with_capacity(rows.len());
    for ((row, entry), lead) in rows.iter().zip(entries).zip(leads) {
        let twin = if lead.is_some() { twins.next().and_then(|(twin, _)| twin) } else { None };
        let mut fate = Checked {
            line: row.line,
            fate: Fate::Error,
            target_id: None,
            duplicate_of_line: None,
            notes: entry.notes.clone(),
            keys: Vec::new(),
        };
        if let Some(lead) = &lead {
            fate.keys = Identifiers::of(lead).keys();
            let earlier = fate.keys.iter().map(|key| digest_of(key)).find_map(|key| seen.get(&key).or(here.get(&key)));
            decide(tx, import, &entry, lead, (earlier.copied(), twin), &mut fate, language).await?;
        }
        if fate.fate == Fate::Create {
            here.extend(fate.keys.iter().map(|key| (digest_of(key), row.line)));
        }
        checked.push(fate);
    }
    Ok(checked)
}

/// The client that a row would make. Who owns it is looked at separately.
fn lead(tx: &mut Tx<'_>, entry: &Entry) -> Option<Client> {
    let (kind, terms) = entry.client.clone()?;
    let Actor::Caller(caller) = tx.actor() else { return None };
    let owner = Owner { id: caller.user_id, team_id: caller.team_id, role: caller.role() };
    Some(Client::lead(Uuid::nil().into(), kind, &owner, terms, tx.now()))
}

/// The fate of a row with a name. That there is the client already matters more than that something else is wrong.
async fn decide(
    tx: &mut Tx<'_>,
    import: &Import,
    entry: &Entry,
    lead: &Client,
    (earlier, twin): (Option<i64>, Option<Twin>),
    fate: &mut Checked,
    language: Language,
) -> Result<()> {
    if let Some(line) = earlier {
        fate.fate = Fate::Duplicate;
        fate.duplicate_of_line = Some(line);
        return Ok(());
    }
    if let Some(twin) = twin {
        fate.fate = Fate::Duplicate;
        fate.target_id = twin.client.map(ClientId::uuid);
        let fills = import.terms.duplicates == Duplicates::Fill && !entry.is_wrong;
        if let (true, Some(id)) = (fills, twin.client) {
            fate.fate = match filling(tx, id, &lead.terms).await? {
                Some(patch) if patch.is_empty() => Fate::Unchanged,
                Some(_) => Fate::Update,
                None => Fate::Duplicate,
            };
        }
        return Ok(());
    }
    if entry.is_wrong {
        return Ok(());
    }
    if let Some(refusal) = refusal(tx, entry, lead).await? {
        fate.notes.extend(notes_of(&refusal, language));
        return Ok(());
    }
    fate.fate = Fate::Create;
    Ok(())
}

/// Why the actor may not make this client for its owner.
async fn refusal(tx: &mut Tx<'_>, entry: &Entry, lead: &Client) -> Result<Option<Error>> {
    let scope = tx.scope::<Client, Create>()?;
    let Some(id) = entry.owner.or_else(|| tx.user_id()) else { return Ok(None) };
    let owner = match crate::users::find_owner(tx, id, "/owner_id").await {
        Ok(owner) => owner,
        Err(error) => return Ok(Some(error)),
    };
    let client = Client { owner_id: owner.id, team_id: owner.team_id, ..lead.clone() };
    let breaches = client.kind_breaches();
    if !breaches.is_empty() {
        return Ok(Some(Error::fields(breaches)));
    }
    let permitted = scope.permit_owner(owner.id, owner.team_id).and_then(|()| permit_confidential(tx.actor(), &client));
    Ok(permitted.err())
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
    let (Ok(read), Ok(update)) = (tx.scope::<Client, Read>(), tx.scope::<Client, Update>()) else { return Ok(None) };
    let client = clients::find(tx, &read, id).await?;
    if update.permit(&client).is_err() || client.refuse_archived().is_err() {
        return Ok(None);
    }
    let members = |terms: &ClientTerms| match reveal(true, || serde_json::to_value(terms)) {
        Ok(serde_json::Value::Object(members)) => Ok(members),
        Ok(_) => Err(Error::internal("terms that are no object")),
        Err(error) => Err(Error::internal(error)),
    };
    let (mut new, old) = (members(terms)?, members(&client.terms)?);
    let sees = tx.actor().may::<Client, crate::access::ReadConfidential>(&client);
    let hidden = crate::values::members_of::<Client>().confidential();
    new.retain(|name, value| {
        let is_there = !is_empty(value) && (sees || !hidden.contains(&name.as_str()));
        is_there && old.get(name).is_none_or(is_empty)
    });
    Ok(Some(new))
}

fn is_empty(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Null => true,
        serde_json::Value::Array(items) => items.is_empty(),
        serde_json::Value::Object(members) => members.values().all(is_empty),
        _ => false,
    }
}

/// What a refusal says, as notes of the row.
pub fn notes_of(error: &Error, language: Language) -> Vec<Note> {
    let told = error.document(language, "", "");
    let whole = Note { column: None, head: None, code: told.code, detail: told.detail };
    if told.errors.is_empty() {
        return vec![whole];
    }
    let field =
        |field: crate::error::ProblemField| Note { column: None, head: None, code: field.code, detail: field.detail };
    told.errors.into_iter().map(field).collect()
}

/// The beginning of a digest: it tells the keys of a file apart, and takes little memory.
fn digest_of(key: &str) -> [u8; 8] {
    let mut short = [0; 8];
    let digest = digest::digest(&digest::SHA256, key.as_bytes());
    short.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
    short
}

/// The right to make clients, for what applies rows.
pub fn right(tx: &Tx<'_>) -> Result<Scope<Client, Create>> {
    tx.scope()
}
