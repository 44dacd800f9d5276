//! Does what the check has found, part by part. Each part is one transaction that marks its rows, so that none is done twice.

use serde_json::{Map, Value, json};

use super::{
    check::{entries, filling, notes_of, right},
    entry::{Entry, Past},
    model::{Import, ImportId, ImportState},
    queries,
    row::{Fate, Note},
    rows::{self, Applied, Loaded, Wanted},
};
use crate::{
    access::{Create, Update},
    background_jobs::{Progress, Run, Stopped},
    change::{Tx, save},
    clients::{self, Client, ClientChange, ClientId, ClientStart, ClientTerms, Entered},
    contacts::{self, Contact},
    db::Jsonb,
    error::{Error, Result},
    http::{IfMatch, Parts, Patch},
    interactions::{self, Channel, Direction, Interaction, InteractionStart, InteractionTerms, Purpose},
    values::{Entity, Language, Line},
};

/// How many rows are applied in one transaction.
const CHUNK: i64 = 250;

/// Does the job of applying an import.
///
/// # Errors
/// Why it goes no further.
pub async fn work(run: Run) -> Result<(), Stopped> {
    let id = ImportId::from(run.subject());
    let import = run.chunk(async |tx, progress| begin(tx, progress, id).await).await?;
    let mut size = CHUNK;
    loop {
        match run.chunk(async |tx, progress| chunk(tx, progress, &import, size).await).await {
            Ok(0) => break,
            Ok(_) => size = CHUNK,
            // What one row does must not keep the others from being applied: they are taken one by one, and the one is told.
            Err(Stopped::Failed(error))
                if error.problem().status().is_client_error() && error.retry_after_seconds().is_none() =>
            {
                if size > 1 {
                    size = 1;
                    continue;
                }
                run.chunk(async |tx, progress| refuse(tx, progress, &import, error.copy()).await).await?;
            }
            Err(stopped) => return Err(stopped),
        }
    }
    run.chunk(async |tx, _| end(tx, id).await).await
}

async fn begin(tx: &mut Tx<'_>, progress: &mut Progress, id: ImportId) -> Result<Import> {
    right(tx)?;
    let import = queries::locked(tx, id).await?;
    let counts = &import.counts.0;
    progress.total = Some(counts.create + counts.update - counts.applied);
    Ok(import)
}

async fn end(tx: &mut Tx<'_>, id: ImportId) -> Result<()> {
    let before = queries::locked(tx, id).await?;
    let counts = Jsonb(rows::counts(tx, &before).await?);
    let after = Import { state: ImportState::Applied, counts, ..before.clone() };
    save(tx, "applied", &before, after).await.map(drop)
}

async fn chunk(tx: &mut Tx<'_>, progress: &mut Progress, import: &Import, size: i64) -> Result<usize> {
    let loaded = rows::next(tx, import, Wanted::Unapplied, 0, size).await?;
    if loaded.is_empty() {
        return Ok(0);
    }
    let (entries, language) = entries(tx, import, &loaded).await?;
    let mut applied = Vec::with_capacity(loaded.len());
    let mut new = Vec::new();
    for (row, entry) in loaded.iter().zip(entries) {
        match row.fate {
            Some(Fate::Create) => new.push((row, entry)),
            _ => applied.push(fill(tx, row, entry).await?),
        }
    }
    applied.extend(create(tx, new, language).await?);
    let now = tx.now();
    rows::apply(tx, import, &applied, now).await?;
    progress.done += i64::try_from(applied.len()).map_err(Error::internal)?;
    Ok(applied.len())
}

/// Marks the next row as one that cannot be applied.
async fn refuse(tx: &mut Tx<'_>, progress: &mut Progress, import: &Import, error: Error) -> Result<()> {
    let loaded = rows::next(tx, import, Wanted::Unapplied, 0, 1).await?;
    let (_, language) = entries(tx, import, &[]).await?;
    let notes = notes_of(&error, language);
    let refused: Vec<Applied> = loaded.iter().map(|row| kept(row.line, Fate::Error, None, notes.clone())).collect();
    let now = tx.now();
    rows::apply(tx, import, &refused, now).await?;
    progress.done += 1;
    Ok(())
}

/// A row that changed nothing after all.
fn kept(line: i64, fate: Fate, client: Option<ClientId>, notes: Vec<Note>) -> Applied {
    Applied { line, fate, target_id: client.map(ClientId::uuid), target_version: None, notes, filled: Vec::new() }
}

/// Creates the clients of rows with their contacts and what passed before.
async fn create(tx: &mut Tx<'_>, new: Vec<(&Loaded, Entry)>, language: Language) -> Result<Vec<Applied>> {
    let scope = right(tx)?;
    let (mut lines, mut bodies, mut applied) = (Vec::new(), Vec::new(), Vec::new());
    for (row, entry) in new {
        let Entry { client, owner, contact, past, notes, .. } = entry;
        match client {
            Some((kind, terms)) => {
                bodies.push(Parts(ClientStart { kind, owner_id: owner, allow_duplicate: None }, terms));
                lines.push((row.line, contact, past, notes));
            }
            None => applied.push(kept(row.line, Fate::Error, None, notes)),
        }
    }
    let entered = clients::insert_all(tx, &scope, bodies).await?;
    let mut persons = Vec::new();
    let mut before: Vec<(Client, Past)> = Vec::new();
    for (entered, (line, contact, past, mut notes)) in entered.into_iter().zip(lines) {
        applied.push(match entered {
            Entered::Created(client) => {
                let row = Applied { target_version: Some(1), ..kept(line, Fate::Create, Some(client.id), notes) };
                if let Some(contact) = contact {
                    persons.push(((*client).clone(), contact));
                }
                if past != Past::default() {
                    before.push((*client, past));
                }
                row
            }
            Entered::Twin(twin) => kept(line, Fate::Duplicate, twin.client, notes),
            Entered::Refused(error) => {
                notes.extend(notes_of(&error, language));
                kept(line, Fate::Error, None, notes)
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
    };
    interactions::insert(tx, &scope, Parts(start, terms)).await.map(drop)
}

/// Fills the empty fields of the client that a row is about.
async fn fill(tx: &mut Tx<'_>, row: &Loaded, entry: Entry) -> Result<Applied> {
    let target = row.target_id.map(ClientId::from);
    let (Some(id), Some((_, terms))) = (target, &entry.client) else {
        return Ok(kept(row.line, Fate::Error, None, entry.notes));
    };
    match filling(tx, id, terms).await? {
        Some(members) if members.is_empty() => Ok(kept(row.line, Fate::Unchanged, target, entry.notes)),
        Some(members) => {
            let filled: Vec<String> = members.keys().cloned().collect();
            let client = patch(tx, id, members, &IfMatch::Any).await?;
            let whole = kept(row.line, Fate::Update, target, entry.notes);
            Ok(Applied { target_version: Some(client.version()), filled, ..whole })
        }
        None => Ok(kept(row.line, Fate::Duplicate, target, entry.notes)),
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
